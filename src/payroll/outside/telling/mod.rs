//! Payments outside the wage account, told by one person with a paper and confirmed by another: only then are the lines cleared.
//!
//! Whoever owes the wages would otherwise make them paid by saying so. Deliberately absent: what the deposit paid, which is a step of its
//! order and its own person's to take, and who ought to have paid.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::table::{StepRow, ToldRow};
use super::{ITEMS_MAX, NewClearing, Payer, checked, clear, reference_of};
use crate::base::id::{CrewId, LineId, PartyId, ProjectId, RecordId, UserId};
use crate::base::{Day, Fen, words};
use crate::projects::{self, PartyRole, Site};
use crate::store::{AnyConn, Chain, Tx};
use crate::users::contacts;
use crate::users::second::{self, person};
use crate::users::table::{self as users, GrantRow};
use crate::web::{Code, Ctx, Grant, Problem, Role, Scope};
use crate::workers;

words! {
    /// What was decided about a payment that was told.
    pub enum ClearingStep, "decision about a payment" {
        /// A second person confirmed it: the lines are cleared.
        Confirmed = "confirmed",
        /// A second person refused it.
        Refused = "refused",
        /// Whoever told it took it back.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(ClearingStep);
crate::web::openapi::word_schema!(ClearingStep);

/// Characters of a note.
pub const NOTE_MAX: usize = 500;

impl ToldRow {
    /// The lines with what each was paid.
    ///
    /// # Errors
    /// `internal` for a row that this service did not write.
    pub fn lines(&self) -> Result<Vec<(LineId, Fen)>, Problem> {
        serde_json::from_str(&self.items).map_err(|_| Problem::internal("a payment whose lines cannot be read"))
    }
}

/// Puts on record what somebody says was paid; it clears nothing yet.
///
/// # Errors
/// As [`clear`], so that nobody confirms what cannot be; and `invalid` without a paper or with a line twice, `not_allowed` for a
/// machine's key.
pub fn tell(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewClearing) -> Result<ToldRow, Problem> {
    let told_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    if new.payer == Payer::Deposit {
        let (zh, en) = ("保证金支付请在保证金事项中登记。", "A payment out of the deposit is a step of its order.");
        return Err(Problem::invalid(zh, en).at("payer", "bad_format"));
    }
    let Some(document_id) = new.document else {
        let (zh, en) = (
            "请附上付款凭证（document_id）：没有材料的支付不能登记。",
            "Name the paper that shows the payment (document_id): without one it is not put on record.",
        );
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    };
    let reference = reference_of(tx, ctx, site, new)?;
    let (mut seen, mut payees) = (BTreeSet::new(), Vec::new());
    for (index, (id, amount)) in new.items.iter().enumerate().take(ITEMS_MAX) {
        let place = format!("items.{index}");
        if !seen.insert(*id) {
            return Err(Problem::invalid("同一行出现了两次。", "The line is named twice.").at(&place, "duplicate"));
        }
        let line = checked(tx, site, new, reference, *id, *amount, &place)?;
        payees.push((place, line.enrolment_id));
    }
    if new.payer == Payer::Subcontractor {
        of_one_subcontractor(tx.conn(), site, new.paid_on, &payees)?;
    }
    let items = serde_json::to_string(&new.items).map_err(|_| Problem::internal("lines cannot be written"))?;
    let row = ToldRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        payer: new.payer,
        reference: reference.to_owned(),
        paid_on: new.paid_on,
        document_id,
        items,
        told_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "tell_clearing", &row.id.to_string())?;
    Ok(row)
}

/// A subcontractor pays the wages that are its own debt, of the workers of its crews (R724-30): what it pays to another's is that one's
/// settlement.
fn of_one_subcontractor(conn: &mut AnyConn, site: &Site, on: Day, payees: &[(String, RecordId)]) -> Result<(), Problem> {
    let contractor = site.party(PartyRole::GeneralContractor, on);
    let crews: BTreeMap<CrewId, PartyId> =
        projects::table::crews_of(conn, site.id)?.into_iter().map(|crew| (crew.id, crew.party_id)).collect();
    let enrolled: BTreeMap<RecordId, CrewId> =
        workers::table::of_project(conn, site.id)?.into_iter().map(|row| (row.id, row.crew_id)).collect();
    let mut first = None;
    for (place, enrolment) in payees {
        let employer =
            enrolled.get(enrolment).and_then(|crew| crews.get(crew)).copied().filter(|party| Some(*party) != contractor);
        let is_one = employer.is_some() && first.is_none_or(|first| Some(first) == employer);
        if !is_one {
            let (zh, en) = (
                "分包单位只清偿其本单位班组工人的工资，一次一家；总包直接用工或者其他分包的工人，请按实际付款方登记（规则 R724-30）。",
                "A subcontractor pays the workers of its own crews, one subcontractor at a time; of the general contractor's or another's \
                 workers name whoever paid (rule R724-30).",
            );
            return Err(Problem::invalid(zh, en).at(place, "sum_mismatch"));
        }
        first = first.or(employer);
    }
    Ok(())
}

/// The roles that a person holds over a project today, under whichever account of theirs manages its wages: a second account with the
/// manager's address is the manager.
///
/// # Errors
/// What the store says.
pub fn roles_over(conn: &mut AnyConn, ctx: &Ctx, site: &Site, user: UserId) -> Result<Vec<Role>, Problem> {
    let parties = site.present();
    let covers = |grant: &Grant| {
        let scope = Scope { actor: String::new(), user: None, places: vec![grant.on] };
        scope.covers_project(site.id, site.region, &parties)
    };
    let grants = users::grants_of(conn, user, ctx.today)?;
    let mut roles: Vec<Role> = grants.iter().filter_map(GrantRow::grant).filter(covers).map(|grant| grant.role).collect();
    if !roles.contains(&Role::LabourManager) {
        for row in contacts::table::grants_of_roles(conn, &[Role::LabourManager], ctx.today)? {
            let is_here = row.grant().as_ref().is_some_and(covers);
            if is_here && contacts::is_one_person(conn, ctx.vault(), (row.user_id, user), ctx.now)? {
                roles.push(Role::LabourManager);
                break;
            }
        }
    }
    Ok(roles)
}

/// Refuses a confirmation out of the house of whoever told it: two managers of one contractor are one side, and so are two people of
/// the owner. What a subcontractor paid neither it nor the general contractor confirms: that debt is both of theirs (R724-30).
fn require_other_side(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    (payer, told_by): (Payer, UserId),
    decided_by: UserId,
) -> Result<(), Problem> {
    let (first, second) = (roles_over(conn, ctx, site, told_by)?, roles_over(conn, ctx, site, decided_by)?);
    let one_side = [Role::LabourManager, Role::Owner].into_iter().find(|role| first.contains(role) && second.contains(role));
    let is_debtor =
        payer == Payer::Subcontractor && [Role::LabourManager, Role::Subcontractor].iter().any(|role| second.contains(role));
    if is_debtor {
        let (zh, en) = (
            "分包单位的支付须由建设单位或监管部门核对回单后确认：分包、总包都是该工资的责任方（规则 R724-30）。",
            "What a subcontractor paid the owner or an authority confirms by the paper: subcontractor and general contractor both owe that \
             wage (rule R724-30).",
        );
        return Err(Problem::new(Code::NotAllowed, zh, en).at("decided_by", "second_person"));
    }
    if one_side.is_none() {
        return Ok(());
    }
    let (zh, en) = (
        "登记人一方的人不能确认这笔支付；请由另一方（分包单位、建设单位、监管部门）核对回单后确认。",
        "Nobody of the side that told the payment confirms it; another side (subcontractor, owner, authority) looks at the paper.",
    );
    Err(Problem::new(Code::NotAllowed, zh, en).at("decided_by", "second_person"))
}

/// Whether the one who asks may confirm what this person told: another person of another side.
///
/// # Errors
/// What the store says.
pub fn may_confirm(conn: &mut AnyConn, ctx: &Ctx, site: &Site, payer: Payer, told_by: UserId) -> Result<bool, Problem> {
    let allowed = second::require(conn, ctx, &told_by.to_string())
        .and_then(|decided_by| require_other_side(conn, ctx, site, (payer, told_by), decided_by));
    match allowed {
        Ok(()) => Ok(true),
        Err(problem) if problem.code == Code::NotAllowed => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// The lines of payments that were told and wait for a decision.
///
/// # Errors
/// `internal` for a row that this service did not write.
pub fn waiting_lines(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<LineId>, Problem> {
    let decided: BTreeSet<RecordId> = table::steps_of(conn, project)?.into_iter().map(|step| step.clearing_id).collect();
    let mut waiting = BTreeSet::new();
    for told in table::of_project(conn, project)?.iter().filter(|told| !decided.contains(&told.id)) {
        waiting.extend(told.lines()?.into_iter().map(|(line, _)| line));
    }
    Ok(waiting)
}

/// Decides about a payment that was told: confirmed or refused by another person than the one who told it, taken back by that one. A
/// confirmed one clears its lines.
///
/// # Errors
/// `not_allowed` for the wrong person, also under another account with the same e-mail, and for a confirmation by the teller's side;
/// `conflict` when it was decided already;
/// `invalid` for a refusal without a reason; as [`clear`] where a line was paid meanwhile.
pub fn decide(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, step: ClearingStep, note: &str) -> Result<StepRow, Problem> {
    let decided_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    // Taken first, so that two who decide at once stand in a queue.
    let recorded_seq = tx.seq(chain)?;
    let told = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if table::step_of(tx.conn(), site.id, id)?.is_some() {
        return Err(Problem::conflict("该笔支付已有决定。", "It has been decided already.").at("clearing", "bad_state"));
    }
    if step != ClearingStep::Withdrawn {
        second::require(tx.conn(), ctx, &told.told_by.to_string())?;
        if step == ClearingStep::Confirmed {
            require_other_side(tx.conn(), ctx, site, (told.payer, told.told_by), decided_by)?;
        }
    } else if told.told_by != decided_by {
        return Err(Problem::new(Code::NotAllowed, "只有登记人可以撤回。", "Only whoever told it takes it back."));
    }
    let note = note.trim();
    let length = note.chars().count();
    if length > NOTE_MAX || (length == 0 && step == ClearingStep::Refused) {
        let problem = Problem::invalid("请写明原因（最多 500 字）。", "Give the reason, at most 500 characters.");
        return Err(problem.at("note", if length == 0 { "missing_field" } else { "over_limit" }));
    }
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        clearing_id: id,
        step,
        note: note.to_owned(),
        decided_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_step(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "decide_clearing", &format!("{step} {id}"))?;
    if step == ClearingStep::Confirmed {
        let new = NewClearing {
            payer: told.payer,
            reference: told.reference.clone(),
            paid_on: told.paid_on,
            document: Some(told.document_id),
            items: told.lines()?,
            from_cash: false,
        };
        clear(tx, ctx, site, &new)?;
    }
    Ok(row)
}
