//! Migrations run up and down, and `schema.rs` says what they made.

use anxin::store::{StoreError, migrate};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::both;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Table → columns, from the text of `schema.rs`.
fn described() -> Vec<(String, Vec<String>)> {
    let text = include_str!("../../../src/store/schema.rs");
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line == "diesel::table! {" {
            inside = true;
        } else if inside && line.ends_with(") {") {
            tables.push((line.split(' ').next().unwrap().to_owned(), Vec::new()));
            inside = false;
        } else if let Some((column, _)) = line.split_once(" -> ")
            && let Some(table) = tables.last_mut()
        {
            table.1.push(column.to_owned());
        }
    }
    tables
}

both!(every_table_has_the_columns_that_the_code_knows, |app| {
    let tables = described();
    assert!(tables.len() > 30, "schema.rs was not read");
    for (table, columns) in tables {
        let sqlite = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        let postgres = format!(
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        );
        let sql = match app.ground.db.backend() {
            anxin::store::Backend::Sqlite => sqlite,
            anxin::store::Backend::Postgres => postgres,
        };
        let found: Vec<Name> = app.read(move |conn, _| Ok(diesel::sql_query(sql).load(conn)?)).unwrap();
        let found: Vec<String> = found.into_iter().map(|row| row.name).collect();
        assert_eq!(found, columns, "{table}");
    }
});

both!(migrations_go_down_and_up_again, |app| {
    let db = app.ground.db.clone();
    let up: Result<Vec<String>, StoreError> = migrate::down(&db).and_then(|()| migrate::up(&db));
    let up = up.unwrap();
    let names: Vec<String> = migrate::all(db.backend()).unwrap().into_iter().map(|step| step.name).collect();
    assert_eq!(up, names);
    assert!(migrate::pending(&db).unwrap().is_empty());
});
