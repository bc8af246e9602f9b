//! Migrations: one list that merges `common/` with the database's own folder by version, so that a fresh and an upgraded
//! database are equal. The texts are embedded.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use include_dir::{Dir, include_dir};

use super::StoreError;
use super::conn::{AnyConn, Backend, Db};

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// One step up, and its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `0003_projects/common`: version, name and folder; also the order.
    pub name: String,
    up: &'static str,
    down: &'static str,
}

/// The migrations of a database, oldest first; `common` before the database's own where both have a version.
pub fn all(backend: Backend) -> Result<Vec<Migration>, StoreError> {
    let own = match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    };
    let mut found = Vec::new();
    for folder in ["common", own] {
        let dir = MIGRATIONS.get_dir(folder).ok_or_else(|| StoreError::Setup(format!("no migrations in `{folder}`")))?;
        for step in dir.dirs() {
            let text = |file: &str| {
                let path = step.path().join(file);
                step.get_file(&path)
                    .and_then(|f| f.contents_utf8())
                    .ok_or_else(|| StoreError::Setup(format!("`{}` is missing", path.display())))
            };
            let version = step.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found.push(Migration { name: format!("{version}/{folder}"), up: text("up.sql")?, down: text("down.sql")? });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    name: String,
}

fn applied(conn: &mut AnyConn) -> Result<Vec<String>, StoreError> {
    conn.batch_execute("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY)")?;
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM schema_migrations ORDER BY name").load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Migrations that are not applied yet.
pub fn pending(db: &Db) -> Result<Vec<Migration>, StoreError> {
    let known = db.write_blocking(|tx| applied(tx.conn()))?;
    Ok(all(db.backend())?.into_iter().filter(|step| !known.contains(&step.name)).collect())
}

/// Migrations that are not applied yet, read without writing anything, for a database that a service runs on.
pub fn pending_on(conn: &mut AnyConn) -> Result<Vec<Migration>, StoreError> {
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM schema_migrations ORDER BY name").load(conn)?;
    let known: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    Ok(all(conn.backend())?.into_iter().filter(|step| !known.contains(&step.name)).collect())
}

/// Applies what is pending, each step in a transaction of its own; gives the names of the steps done.
pub fn up(db: &Db) -> Result<Vec<String>, StoreError> {
    apply(db, pending(db)?)
}

/// Applies what is pending up to a step and with it, as an older release would have.
///
/// # Errors
/// There is no such step, or the database refuses one.
pub fn up_to(db: &Db, name: &str) -> Result<Vec<String>, StoreError> {
    require(&all(db.backend())?, name)?;
    apply(db, pending(db)?.into_iter().filter(|step| step.name.as_str() <= name).collect())
}

fn require(steps: &[Migration], name: &str) -> Result<(), StoreError> {
    match steps.iter().any(|step| step.name == name) {
        true => Ok(()),
        false => Err(StoreError::Setup(format!("there is no migration `{name}`"))),
    }
}

fn apply(db: &Db, steps: Vec<Migration>) -> Result<Vec<String>, StoreError> {
    let mut done = Vec::new();
    for step in steps {
        let name = step.name.clone();
        db.write_blocking(move |tx| -> Result<(), StoreError> {
            tx.conn().batch_execute(step.up)?;
            diesel::sql_query("INSERT INTO schema_migrations (name) VALUES ($1)")
                .bind::<Text, _>(&step.name)
                .execute(tx.conn())?;
            Ok(())
        })?;
        done.push(name);
    }
    Ok(done)
}

/// Takes every step back, newest first; for the test that shows that each has a way back.
pub fn down(db: &Db) -> Result<(), StoreError> {
    for step in all(db.backend())?.into_iter().rev() {
        down_one(db, step)?;
    }
    Ok(())
}

/// Takes the steps after `name` back, newest first: the schema is then the one that `name` was the last step of. Gives their names.
///
/// # Errors
/// There is no such step, or the database refuses one.
pub fn down_to(db: &Db, name: &str) -> Result<Vec<String>, StoreError> {
    let steps = all(db.backend())?;
    require(&steps, name)?;
    let known = db.write_blocking(|tx| applied(tx.conn()))?;
    let mut done = Vec::new();
    let after = steps.into_iter().rev().take_while(|step| step.name != name);
    for step in after.filter(|step| known.contains(&step.name)) {
        done.push(step.name.clone());
        down_one(db, step)?;
    }
    Ok(done)
}

fn down_one(db: &Db, step: Migration) -> Result<(), StoreError> {
    db.write_blocking(move |tx| -> Result<(), StoreError> {
        tx.conn().batch_execute(step.down)?;
        diesel::sql_query("DELETE FROM schema_migrations WHERE name = $1").bind::<Text, _>(&step.name).execute(tx.conn())?;
        Ok(())
    })
}
