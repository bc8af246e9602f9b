//! Passages that came after a work day was put right by two persons, and do not bear out what they said. Their word stands until a person
//! answers: by another correction, of the same day and decided by a second person, be it confirmed or refused. Nothing is written.

use super::night::{DAY_SECONDS, NOON};
use super::{Folding, is_proof, table};
use crate::attendance::corrections;
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::{AnyConn, StoreError, Vault};
use crate::workers::day_number;

/// What came after a correction and says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The correction that stands.
    pub correction: RecordId,
    /// Whose day.
    pub enrolment: RecordId,
    /// Which day.
    pub worked_on: Day,
    /// What the correction says, in hundredths of a work day.
    pub said_hundredths: i32,
    /// The passages that came since, in seconds of the day, past 86,400 on the morning after.
    pub times: Vec<i32>,
    /// When the last of them came in.
    pub came_at: Moment,
    /// The first and the last passage of the day, and what they make of it in hundredths.
    pub made: (i32, i32, i32),
}

/// What came after the corrections of some days and says otherwise, by day.
///
/// # Errors
/// A store that fails, a number that cannot be decrypted.
pub fn of_days(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    (first, last): (Day, Day),
) -> Result<Vec<Later>, StoreError> {
    let mut found = Vec::new();
    let answered = corrections::answered(conn, project, first, last)?;
    let Some(since) = answered.values().min().copied() else { return Ok(found) };
    let late = table::received_after(conn, project, (day_number(first), day_number(last) + 1), since)?;
    if late.is_empty() {
        return Ok(found);
    }
    let mut folding = Folding::new(conn, project, (first, last))?;
    for ((day, enrolment), correction) in folding.corrected.clone() {
        let number = day_number(day);
        let Some(answered) = answered.get(&(day, enrolment)) else { continue };
        let near = |pass: &&table::LatePass| {
            let is_near = pass.local_day == number || pass.local_day == number + 1 && pass.local_time < NOON;
            is_near && is_proof(pass.verify) && pass.received_at > *answered
        };
        let mut own: Vec<(i32, Moment)> = Vec::new();
        for pass in late.iter().filter(near) {
            let whose = folding.matcher.find(conn, vault, pass.pin_id, day)?;
            if whose.is_some_and(|(id, _)| id == enrolment) {
                own.push((pass.local_time + (pass.local_day - number) * DAY_SECONDS, pass.received_at));
            }
        }
        if own.is_empty() {
            continue;
        }
        let (people, _) = folding.people(conn, vault, number, day)?;
        let Some(made) = people.get(&(enrolment, correction.worker_id)).and_then(|tally| tally.worth()) else { continue };
        // What belongs to the shift of another day says nothing of this one.
        own.retain(|(time, _)| (made.first..=made.last).contains(time));
        let is_outside = |(time, _): &(i32, Moment)| !(correction.first_time..=correction.last_time).contains(time);
        let says_otherwise = made.hundredths != correction.hundredths || own.iter().any(is_outside);
        let Some(came_at) = own.iter().map(|(_, at)| *at).max().filter(|_| says_otherwise) else { continue };
        found.push(Later {
            correction: correction.id,
            enrolment,
            worked_on: day,
            said_hundredths: correction.hundredths,
            times: own.into_iter().map(|(time, _)| time).collect(),
            came_at,
            made: (made.first, made.last, made.hundredths),
        });
    }
    Ok(found)
}
