//! The journal names what was changed behind its back.

use diesel::connection::SimpleConnection;

use crate::both;
use crate::suite::ground::{App, project};

fn behind_its_back(app: &App, sql: &'static str) -> Vec<String> {
    app.write(move |tx, _| Ok(tx.conn().batch_execute(sql)?)).unwrap();
    app.broken()
}

both!(a_changed_row_is_named, |app| {
    project(&app.labour_manager(), 1, "330784").await;
    assert_eq!(app.broken(), Vec::<String>::new());
    let broken = behind_its_back(&app, "UPDATE projects SET name = 'x'");
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].starts_with("projects prj-") && broken[0].ends_with("the row was changed"), "{broken:?}");
});

both!(a_row_that_went_or_came_is_named, |app| {
    project(&app.labour_manager(), 1, "330784").await;
    let broken = behind_its_back(&app, "DELETE FROM project_parties WHERE role = 'owner'");
    assert!(broken.len() == 1 && broken[0].ends_with("the row is gone"), "{broken:?}");
    let sql = "INSERT INTO parties (id, uscc, name, kind, created_at, recorded_seq) VALUES (7, 'x', 'y', 'bank', 0, 1)";
    let broken = behind_its_back(&app, sql);
    assert!(
        broken.iter().any(|line| line.starts_with("parties") && line.ends_with("the journal knows no such row")),
        "{broken:?}"
    );
});

both!(a_cut_or_rewritten_chain_is_named, |app| {
    project(&app.labour_manager(), 1, "330784").await;
    let broken = behind_its_back(&app, "UPDATE journal SET actor = 'nobody' WHERE chain = 'organisation' AND seq = 1");
    assert!(broken.iter().any(|line| line.contains("journal organisation 1")), "{broken:?}");
    let sql =
        "DELETE FROM journal WHERE chain = 'organisation' AND seq = (SELECT MAX(seq) FROM journal WHERE chain = 'organisation')";
    let broken = behind_its_back(&app, sql);
    assert!(broken.iter().any(|line| line.starts_with("chain_heads organisation")), "{broken:?}");
});

both!(a_change_without_a_journal_line_is_refused, |app| {
    let result = app.write(|tx, _| {
        let row = anxin::parties::table::PartyRow {
            id: anxin::base::id::PartyId(9),
            uscc: "u".into(),
            name: "n".into(),
            kind: anxin::parties::PartyKind::Bank,
            parent_id: None,
            created_at: anxin::base::Moment(0),
            recorded_seq: tx.seq(anxin::store::Chain::Organisation)?,
        };
        Ok(anxin::parties::table::insert(tx, &row)?)
    });
    assert!(result.is_err());
    assert_eq!(app.read(|conn, _| Ok(anxin::parties::table::all(conn)?.len())).unwrap(), 0);
});
