//! PINs of six digits: the stronger second means of a link, used instead of the end of the identity number where a worker has one.
//!
//! A worker chooses it before two persons, each known by their own log-in, or gets one that the service drew on a slip that is folded
//! and handed over. It is kept as argon2id and shown once at most; wrong answers count on the link as any do. Whoever prints a slip
//! could read it, and the record says that it was a slip and whose. Deliberately absent: messages to telephones, and telling a PIN again.

pub mod table;

use self::table::PinRow;
use crate::base::id::{ProjectId, RecordId, UserId, WorkerId};
use crate::base::words;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, StoreError, Tx, Vault};
use crate::users::{self, password, second};
use crate::web::{Ctx, Problem, Scope};
use crate::workers;

words! {
    /// Where a PIN comes from.
    pub enum PinOrigin, "origin of a PIN" {
        /// The worker chose it before two persons.
        Chosen = "chosen",
        /// The service drew it and it was handed over on a slip.
        Slip = "slip",
        /// There is none any more.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(PinOrigin);

/// Digits of a PIN.
pub const PIN_DIGITS: usize = 6;

/// Draws for one slip at most; one in some thousands is weak.
const DRAWS_MAX: usize = 20;

/// Whether it is six digits that nobody tries first: not all alike, not a run up or down.
fn is_strong(pin: &str) -> bool {
    let digits: Vec<i32> = pin.bytes().filter(u8::is_ascii_digit).map(i32::from).collect();
    let steps = |wanted: i32| digits.iter().zip(digits.iter().skip(1)).all(|(one, next)| next - one == wanted);
    pin.len() == PIN_DIGITS && digits.len() == PIN_DIGITS && !steps(0) && !steps(1) && !steps(-1)
}

/// Draws a PIN.
pub fn draw(vault: &Vault) -> Result<String, Problem> {
    for _ in 0..DRAWS_MAX {
        let number = u64::from_be_bytes(vault.random::<8>()?) % 1_000_000;
        let pin = format!("{number:06}");
        if is_strong(&pin) {
            return Ok(pin);
        }
    }
    Err(Problem::internal("the source of chance gives the same again and again"))
}

/// Hashes a PIN; slow on purpose, so it is done outside any transaction.
///
/// # Errors
/// `invalid` for one that is not six digits or is among those that everybody tries.
pub fn hashed(vault: &Vault, pin: &str) -> Result<String, Problem> {
    if !is_strong(pin) {
        let (zh, en) = ("密码应为六位数字，不能全部相同或连续。", "A PIN is six digits, not all alike and no run.");
        return Err(Problem::invalid(zh, en).at("pin", "bad_format"));
    }
    password::hash(pin, &vault.random::<16>()?)
}

/// How a PIN came about.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// Chosen before whoever acts and this other person, whose password was just checked.
    Before(UserId),
    /// Drawn and printed.
    OnSlip,
}

/// Keeps a worker's PIN from its hash; the one before counts no more.
///
/// # Errors
/// `not_found` for an enrolment that the project has not, `invalid` for a PIN that is the end of the identity number (which `pin` is
/// compared with), for a witness who is whoever acts or has nothing to do with the project.
pub fn keep(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    (pin, hash): (&str, &str),
    given: Given,
) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let row = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    let worker = workers::table::worker(tx.conn(), row.worker_id)?
        .ok_or_else(|| StoreError::Damaged(format!("enrolment {enrolment} names a person who is gone")))?;
    let number = workers::lookups::id_number(tx.conn(), ctx.vault(), &worker)?;
    if number.contains(pin) {
        let (zh, en) = ("密码不能取自证件号码。", "A PIN is not a part of the identity number.");
        return Err(Problem::invalid(zh, en).at("pin", "bad_format"));
    }
    let (origin, witness) = match given {
        Given::Before(witness) => {
            check_witness(tx.conn(), ctx, site, witness)?;
            (PinOrigin::Chosen, Some(witness.to_string()))
        }
        Given::OnSlip => (PinOrigin::Slip, None),
    };
    append(tx, ctx, site, row.worker_id, (origin, Some(hash.to_owned()), witness))
}

/// Takes a worker's PIN away: the end of the identity number counts again.
///
/// # Errors
/// `not_found` for an enrolment that the project has not, `conflict` where there is none.
pub fn withdraw(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let row = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if of_worker(tx.conn(), site.id, row.worker_id)?.is_none() {
        return Err(Problem::conflict("该工人没有签字密码。", "The worker has no PIN.").at("pin", "bad_state"));
    }
    append(tx, ctx, site, row.worker_id, (PinOrigin::Withdrawn, None, None))
}

fn append(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    worker_id: WorkerId,
    (origin, pin_hash, witness): (PinOrigin, Option<String>, Option<String>),
) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let row = PinRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        worker_id,
        origin,
        pin_hash,
        witness,
        set_by: ctx.actor().to_owned(),
        set_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "set_sign_pin", &format!("{origin} {worker_id}"))?;
    Ok(())
}

/// The second person is somebody else and has the project in their scope.
fn check_witness(conn: &mut AnyConn, ctx: &Ctx, site: &Site, witness: UserId) -> Result<(), Problem> {
    let refuse = |zh: &str, en: &str| Err(Problem::invalid(zh, en).at("witness", "second_person"));
    if second::is_asker(conn, ctx, &witness.to_string())? {
        return refuse("在场的第二人须是另一人。", "The second person is somebody else.");
    }
    let grants = users::table::grants_of(conn, witness, ctx.today)?;
    let places = grants.iter().filter_map(|row| row.grant()).map(|grant| grant.on).collect();
    let scope = Scope { actor: witness.to_string(), user: Some(witness), places };
    if crate::projects::enter(conn, &scope, site.id).is_err() {
        return refuse("第二人与本项目无关。", "The second person has nothing to do with the project.");
    }
    Ok(())
}

/// The PIN of a worker, where they have one.
pub fn of_worker(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Option<PinRow>, StoreError> {
    Ok(table::latest(conn, project, worker)?.filter(|row| row.pin_hash.is_some()))
}

impl PinRow {
    /// Whether what was typed is the PIN. Slow on purpose.
    pub fn accepts(&self, typed: &str) -> bool {
        self.pin_hash.as_deref().is_some_and(|hash| password::matches(typed.trim(), hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_that_nobody_tries_first() {
        for strong in ["274913", "100000", "112233", "121212"] {
            assert!(is_strong(strong), "{strong}");
        }
        for weak in ["111111", "123456", "654321", "012345", "12345", "1234567", "12a456", "", "１２３４５６"] {
            assert!(!is_strong(weak), "{weak}");
        }
    }
}
