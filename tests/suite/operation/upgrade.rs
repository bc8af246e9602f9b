//! Upgrades: a database of the previous schema with data in it comes up to the present one, and is then like a fresh one.

use anxin::app::export;
use anxin::store::{Backend, Db, StoreError, migrate};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;

use crate::both;
use crate::suite::ground::{App, KEY, fact, project};
use crate::suite::http::accounts;
use crate::suite::http::workers::{crew, enrol, worker};

/// The last migration of the release before this one.
const PREVIOUS: &str = "0032_entry_matching/common";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything that the database says of its own shape, in an order that does not depend on its history.
fn shape(db: &Db) -> Vec<String> {
    let sqlite = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS line FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY line";
    let postgres = "SELECT line FROM ( \
         SELECT 'column ' || table_name || ' ' || rank() OVER (PARTITION BY table_name ORDER BY ordinal_position) || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '') AS line \
           FROM information_schema.columns WHERE table_schema = 'public' \
         UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT 'constraint ' || conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
       ) AS shape WHERE line NOT LIKE '%punch_rows_20%' ORDER BY line";
    let sql = match db.backend() {
        Backend::Sqlite => sqlite,
        Backend::Postgres => postgres,
    };
    let rows: Result<Vec<Line>, StoreError> = db.read_blocking(|conn| Ok(diesel::sql_query(sql).load(conn)?));
    rows.unwrap().into_iter().map(|row| row.line).collect()
}

both!(an_upgraded_database_is_like_a_fresh_one_and_keeps_its_data, |app| {
    let fresh = shape(&app.ground.db);
    assert!(fresh.len() > 50, "the shape was not read");
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew)]).await;
    accounts::open(&manager, &site, "330500010001").await;
    fact(&manager, &site, "2025-12-10", json!({"kind": "started"})).await;
    app.drain();
    let exported = |app: &App| app.read(export::export).unwrap();
    let before = exported(&app);
    let down = migrate::down_to(&app.ground.db, PREVIOUS).unwrap();
    assert!(!down.is_empty());
    assert_ne!(shape(&app.ground.db), fresh);
    let pending: Vec<String> = migrate::pending(&app.ground.db).unwrap().into_iter().map(|step| step.name).collect();
    assert_eq!(pending, down.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(migrate::up(&app.ground.db).unwrap(), pending);
    assert_eq!(shape(&app.ground.db), fresh, "fresh and upgraded are equal");
    let upgraded = app.restarted(KEY, |_| ()).unwrap();
    assert_eq!(exported(&upgraded), before);
    assert_eq!(upgraded.broken(), Vec::<String>::new());
    // And it works: what came with the new schema takes data.
    let manager = upgraded.labour_manager();
    manager.post("/api/v1/me/email", json!({"email": "m@example.cn", "language": "zh"})).send().await.expect(200);
});

both!(each_step_goes_down_and_up_alone, |app| {
    let db = &app.ground.db;
    let fresh = shape(db);
    let steps: Vec<String> = migrate::all(db.backend()).unwrap().into_iter().map(|step| step.name).collect();
    // The first steps hold what every later one refers to; from the second release on each is taken back by itself.
    for pair in steps.windows(2).rev().take_while(|pair| pair[1].as_str() >= "0014") {
        let [before, name] = [&pair[0], &pair[1]];
        let again = || {
            let taken_back = migrate::down_to(db, before).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(taken_back, std::slice::from_ref(name));
            let done = migrate::up_to(db, name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(done, std::slice::from_ref(name));
            shape(db)
        };
        assert_eq!(again(), again(), "{name}");
        migrate::down_to(db, before).unwrap();
    }
    assert!(migrate::up(db).unwrap().len() > 50);
    assert_eq!(shape(db), fresh);
    assert!(migrate::up_to(db, "0099_nothing/common").is_err());
    assert!(migrate::down_to(db, "0099_nothing/common").is_err());
});
