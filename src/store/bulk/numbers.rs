//! Small numbers under which punches are kept: of places (a machine at a project), of numbers at gates and of messages.
//!
//! A number is given once and never taken back after the commit that made it, so that who knows one may remember it. Deliberately absent:
//! a memory; the intake has one, and what it does not give is looked up here.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use foldhash::fast::RandomState;

use super::PunchRow;
use crate::store::conn::{AnyConn, Backend};
use crate::store::fixed::fixed;
use crate::store::{StoreError, schema};

/// What is known of places and numbers at gates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// By project and device.
    places: HashMap<(i64, i64), i32, RandomState>,
    /// By the id of the number at the gate.
    pins: HashMap<i64, i32, RandomState>,
}

impl Numbers {
    /// Takes up the number of a device at a project.
    pub fn know_place(&mut self, place: (i64, i64), number: i32) {
        self.places.insert(place, number);
    }

    /// Takes up the number of a number at a gate.
    pub fn know_pin(&mut self, id: i64, number: i32) {
        self.pins.insert(id, number);
    }

    /// Takes up what another knows.
    pub fn know_all(&mut self, other: &Numbers) {
        self.places.extend(&other.places);
        self.pins.extend(&other.pins);
    }

    /// Looks up what is not known yet of some punches; a place that is new gets its number.
    pub(super) fn complete(&mut self, conn: &mut AnyConn, rows: &[PunchRow]) -> Result<(), StoreError> {
        for row in rows {
            let place = (row.project_id, row.device_id);
            if !self.places.contains_key(&place) {
                let number = ensure_place(conn, place)?;
                self.know_place(place, number);
            }
        }
        let unknown = rows.iter().filter(|row| !self.pins.contains_key(&row.pin_id));
        let projects: BTreeSet<i64> = unknown.map(|row| row.project_id).collect();
        for project in projects {
            self.pins.extend(pins_of(conn, project)?);
        }
        Ok(())
    }

    /// The numbers of a punch's place and of its number at the gate, where both are known.
    pub(super) fn of(&self, row: &PunchRow) -> Option<(i32, i32)> {
        let place = self.places.get(&(row.project_id, row.device_id)).copied();
        place.zip(self.pins.get(&row.pin_id).copied())
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    number: i32,
}

fn place_of(conn: &mut AnyConn, (project, device): (i64, i64)) -> Result<Option<i32>, StoreError> {
    let found: Option<Number> = fixed("SELECT number FROM punch_places WHERE project_id = $1 AND device_id = $2")
        .big(project)
        .big(device)
        .get_result(conn)
        .optional()?;
    Ok(found.map(|row| row.number))
}

/// The number of a device at a project, made when it is new.
pub fn ensure_place(conn: &mut AnyConn, place: (i64, i64)) -> Result<i32, StoreError> {
    if let Some(number) = place_of(conn, place)? {
        return Ok(number);
    }
    fixed("INSERT INTO punch_places (project_id, device_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .big(place.0)
        .big(place.1)
        .execute(conn)?;
    place_of(conn, place)?.ok_or_else(|| StoreError::Damaged("the place of a machine was not stored".to_owned()))
}

fn pins_of(conn: &mut AnyConn, project: i64) -> Result<Vec<(i64, i32)>, StoreError> {
    use schema::pins as p;
    Ok(p::table.filter(p::project_id.eq(project)).select((p::id, p::number)).load(conn)?)
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    inbox_id: i64,
}

/// Gives the messages of some punches their numbers, in one statement however many they are.
pub(super) fn number_messages(conn: &mut AnyConn, rows: &[PunchRow]) -> Result<HashMap<i64, i64>, StoreError> {
    let mut ids: Vec<i64> = rows.iter().map(|row| row.inbox_id).collect();
    // A message's punches stand together mostly.
    ids.dedup();
    let ids: BTreeSet<i64> = ids.into_iter().collect();
    if let (Some(only), 1) = (ids.first(), ids.len()) {
        let told: Told =
            fixed("INSERT INTO punch_messages (inbox_id) VALUES ($1) RETURNING number, inbox_id").big(*only).get_result(conn)?;
        return Ok(HashMap::from([(told.inbox_id, told.number)]));
    }
    let listed: Vec<String> = ids.iter().map(i64::to_string).collect();
    let (text, list) = match conn.backend() {
        Backend::Sqlite => (
            "INSERT INTO punch_messages (inbox_id) SELECT said.value FROM json_each($1) said RETURNING number, inbox_id",
            format!("[{}]", listed.join(",")),
        ),
        Backend::Postgres => (
            "INSERT INTO punch_messages (inbox_id) SELECT said.id FROM unnest(CAST(CAST($1 AS TEXT) AS BIGINT[])) AS said (id) \
             RETURNING number, inbox_id",
            format!("{{{}}}", listed.join(",")),
        ),
    };
    let told: Vec<Told> = fixed(text).text(&list).load(conn)?;
    Ok(told.into_iter().map(|row| (row.inbox_id, row.number)).collect())
}

/// Takes back, before anybody can know them, the numbers of messages of which no punch was new: a machine may repeat itself for ever, and
/// what is read again is no message of its own then. In one statement however many they are.
pub(super) fn drop_idle(conn: &mut AnyConn, messages: &HashMap<i64, i64>, fresh: &[PunchRow]) -> Result<(), StoreError> {
    let busy: HashSet<i64, RandomState> = fresh.iter().map(|row| row.inbox_id).collect();
    let idle: BTreeSet<i64> = messages.iter().filter(|(inbox, _)| !busy.contains(inbox)).map(|(_, number)| *number).collect();
    if idle.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> = idle.iter().map(i64::to_string).collect();
    let (text, list) = match conn.backend() {
        Backend::Sqlite => (
            "DELETE FROM punch_messages WHERE number IN (SELECT said.value FROM json_each($1) said)",
            format!("[{}]", listed.join(",")),
        ),
        Backend::Postgres => (
            "DELETE FROM punch_messages WHERE number = ANY (CAST(CAST($1 AS TEXT) AS BIGINT[]))",
            format!("{{{}}}", listed.join(",")),
        ),
    };
    fixed(text).text(&list).execute(conn)?;
    Ok(())
}
