//! Proposing an exceptional registration, deciding about it, ending it.

use super::table::{self, RegistrationRow, StepRow};
use super::{DAYS_MAX, ExceptionReason, ExceptionState, ExceptionStep, PayRoute, Registration, RuleWords, law_of};
use crate::base::Day;
use crate::base::id::{DocumentId, RecordId};
use crate::documents;
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::users::second::{self, person};
use crate::web::{Code, Ctx, Problem};
use crate::workers::table::{self as workers, EnrolmentRow};

/// Characters of a reason or a note.
pub const TEXT_MAX: usize = 500;
/// The fewest characters of one: a word is none.
pub const TEXT_MIN: usize = 4;

/// What people write when they mean that somebody else takes the wage.
const AGENTS: [&str; 6] = ["agent", "proxy", "crew_leader", "代领", "代收", "班组长"];

/// Somebody to be registered by exception.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// Who, as enrolled.
    pub enrolment: RecordId,
    /// Why.
    pub reason: ExceptionReason,
    /// What the case is.
    pub note: String,
    /// For an age: the text that names it.
    pub official_text: Option<String>,
    /// How the wage reaches the worker.
    pub pay_route: PayRoute,
    /// Why not to a card.
    pub route_reason: Option<String>,
    /// The paper about the payment in cash.
    pub route_document: Option<DocumentId>,
    /// Medical paper.
    pub medical_document: Option<DocumentId>,
    /// Insurance paper.
    pub insurance_document: Option<DocumentId>,
    /// By what else it was seen who the person is.
    pub second_means: Option<String>,
    /// First day.
    pub from_on: Day,
    /// Last day.
    pub until_on: Day,
    /// The registration that this one goes on from.
    pub renews: Option<RecordId>,
}

/// Reads a payment route. Somebody else is none, and the answer says which rules forbid it.
///
/// # Errors
/// `invalid` for an agent, with the rules, and for what is no route.
pub fn route_of(ctx: &Ctx, text: &str) -> Result<PayRoute, Problem> {
    if !AGENTS.contains(&text.trim()) {
        return text.trim().parse().map_err(|error| Problem::unreadable("pay_route", &error));
    }
    let rules: Vec<RuleWords> =
        law_of(&ctx.book()).into_iter().filter(|one| one.rule != "R724-28a" && one.rule != "R18-08").collect();
    let cited = |one: &RuleWords| format!("{}（{}）", one.title, one.citation);
    let zh = format!("工资只能支付给农民工本人，不得由他人代领：{}。", rules.iter().map(cited).collect::<Vec<_>>().join("；"));
    let ids: Vec<&str> = rules.iter().map(|one| one.rule.as_str()).collect();
    let en = format!("Wages go to the worker in person, never through somebody else ({}).", ids.join(", "));
    Err(Problem::invalid(zh, en).at("pay_route", "not_allowed"))
}

fn text(place: &str, told: &str) -> Result<String, Problem> {
    let told = told.trim();
    if !(TEXT_MIN..=TEXT_MAX).contains(&told.chars().count()) {
        let zh = format!("请写明 {TEXT_MIN} 至 {TEXT_MAX} 个字。");
        return Err(Problem::invalid(zh, format!("Write {TEXT_MIN} to {TEXT_MAX} characters.")).at(place, "missing_field"));
    }
    Ok(told.to_owned())
}

fn text_opt(place: &str, told: Option<&str>) -> Result<Option<String>, Problem> {
    told.map(str::trim).filter(|told| !told.is_empty()).map(|told| text(place, told)).transpose()
}

fn lacks(place: &str, zh: &str, en: &str) -> Problem {
    Problem::invalid(zh, en).at(place, "missing_field")
}

/// What a reason asks for besides. These are the service's own demands; the law files hold no age and no list of papers.
fn require_checks(new: &NewRegistration, official_text: Option<&str>, second_means: Option<&str>) -> Result<(), Problem> {
    match new.reason {
        ExceptionReason::OverAge if official_text.is_none() => Err(lacks(
            "official_text",
            "法规库中没有年龄数字：请按官方文件原文录入（文件名称、文号、条款和年龄）。",
            "The law files hold no age: enter it from the official text, with its name, number and article.",
        )),
        ExceptionReason::OverAge if new.medical_document.is_none() => {
            Err(lacks("medical_document_id", "请附体检证明。", "Give the medical paper."))
        }
        ExceptionReason::OverAge if new.insurance_document.is_none() => {
            Err(lacks("insurance_document_id", "请附保险凭证。", "Give the insurance paper."))
        }
        ExceptionReason::NoIdCard if second_means.is_none() => Err(lacks(
            "second_means",
            "请写明以何种第二方式核实了本人身份（如派出所证明、户口簿、亲属与班组长两人指认）。",
            "Say by what second means it was seen who the person is: a note of the police, the household register, two witnesses.",
        )),
        _ => Ok(()),
    }
}

/// What a route asks for: a card that is the worker's own, or a reason and a paper.
fn require_route(tx: &mut Tx<'_>, new: &NewRegistration, row: &EnrolmentRow, why: Option<&str>) -> Result<(), Problem> {
    if new.pay_route == PayRoute::CashInPerson {
        if why.is_none() {
            let en = "Say why the wage is paid in cash and not to a card.";
            return Err(lacks("route_reason", "请写明为何以现金支付而不付到银行卡。", en));
        }
        if new.route_document.is_none() {
            let en = "Give the paper: the worker's own signed statement or receipt.";
            return Err(lacks("route_document_id", "请附凭证：本人签字的说明或领款单。", en));
        }
        return Ok(());
    }
    let Some(index) = &row.card_index else {
        let en = "No card is on the enrolment; register the worker's own card first.";
        return Err(lacks("pay_route", "该工人没有登记银行卡，请先登记本人的银行卡。", en));
    };
    if workers::others_with_card(tx.conn(), index, row.worker_id)? > 0 {
        let (zh, en) = (
            "登记的银行卡同时在他人名下，工资须付至本人的卡（724 号令第三十一条）。",
            "The card is another worker's as well; wages go to the worker's own (R724-31b).",
        );
        return Err(Problem::invalid(zh, en).at("pay_route", "not_allowed"));
    }
    Ok(())
}

/// Proposes a registration; it holds once another person has confirmed it.
///
/// # Errors
/// `not_found` for an enrolment of another project, `invalid` with what the reason or the route lacks, or for days out of order,
/// `conflict` while another of the same reason waits or holds that is not renewed by it.
pub fn propose(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewRegistration) -> Result<Registration, Problem> {
    let proposed_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let enrolment = workers::find(tx.conn(), site.id, new.enrolment)?.ok_or_else(Problem::not_found)?;
    if !enrolment.holds_on(new.from_on) || new.from_on > ctx.today {
        let en = "It begins on a day of the enrolment, not ahead.";
        return Err(Problem::invalid("起始日应在在场期间内，且不晚于今天。", en).at("from_on", "bad_time"));
    }
    let days = new.until_on.days_since(new.from_on);
    if !(0..DAYS_MAX).contains(&days) || new.until_on < ctx.today {
        let zh = format!("截止日不早于今天，最长 {DAYS_MAX} 天，到期须续办。");
        let en = format!("It ends today or later and after {DAYS_MAX} days at most; then it is renewed.");
        return Err(Problem::invalid(zh, en).at("until_on", "bad_time"));
    }
    let note = text("note", &new.note)?;
    let official_text = text_opt("official_text", new.official_text.as_deref())?;
    let second_means = text_opt("second_means", new.second_means.as_deref())?;
    let route_reason = text_opt("route_reason", new.route_reason.as_deref())?;
    require_checks(new, official_text.as_deref(), second_means.as_deref())?;
    require_route(tx, new, &enrolment, route_reason.as_deref())?;
    for (document, place) in [
        (new.route_document, "route_document_id"),
        (new.medical_document, "medical_document_id"),
        (new.insurance_document, "insurance_document_id"),
    ] {
        documents::actions::require(tx.conn(), site.id, document, place)?;
    }
    require_free(tx, ctx, site, new)?;
    let row = RegistrationRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        enrolment_id: enrolment.id,
        worker_id: enrolment.worker_id,
        reason: new.reason,
        note,
        official_text,
        pay_route: new.pay_route,
        route_reason,
        route_document_id: new.route_document,
        medical_document_id: new.medical_document,
        insurance_document_id: new.insurance_document,
        second_means,
        from_on: new.from_on,
        until_on: new.until_on,
        renews_id: new.renews,
        proposed_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "register_exception", &row.id.to_string())?;
    Ok(Registration { row, steps: Vec::new() })
}

/// One reason has one registration at a time; a renewal follows the one that it names.
fn require_free(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewRegistration) -> Result<(), Problem> {
    let mut renewed = false;
    for other in Registration::of_project(tx.conn(), site.id)? {
        if other.row.enrolment_id != new.enrolment || other.row.reason != new.reason {
            continue;
        }
        let state = other.state_on(ctx.today);
        if Some(other.row.id) == new.renews {
            let holds = matches!(state, ExceptionState::InForce | ExceptionState::Lapsed);
            renewed = holds && new.until_on > other.row.until_on;
            continue;
        }
        if state == ExceptionState::Waiting || (state == ExceptionState::InForce && new.renews.is_none()) {
            let (zh, en) = (
                "该工人因同一原因已有待确认或有效的特殊登记；到期前请用“续办”。",
                "One for the same reason waits or holds already; renew that one.",
            );
            return Err(Problem::conflict(zh, en).at("reason", "duplicate"));
        }
    }
    if new.renews.is_some() && !renewed {
        let (zh, en) = (
            "续办的须是该工人同一原因、已确认的登记，且新的截止日更晚。",
            "Renewed is a confirmed one of this worker for this reason, and to a later day.",
        );
        return Err(Problem::invalid(zh, en).at("renews", "bad_state"));
    }
    Ok(())
}

/// Decides about a registration: confirmed or refused by another person than the one who proposed it, taken back by that one; one that
/// was confirmed is ended by either.
///
/// # Errors
/// `not_allowed` for the wrong person, also under another account with the same e-mail; `conflict` for a step that does not follow.
pub fn decide(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    step: ExceptionStep,
    note: &str,
) -> Result<Registration, Problem> {
    let decided_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    // Taken first, so that two who decide at once stand in a queue.
    let recorded_seq = tx.seq(chain)?;
    let found = Registration::of_project(tx.conn(), site.id)?.into_iter().find(|one| one.row.id == id);
    let mut found = found.ok_or_else(Problem::not_found)?;
    let last = found.steps.last().map(|step| step.step);
    let follows = match step {
        ExceptionStep::Ended => last == Some(ExceptionStep::Confirmed),
        ExceptionStep::Confirmed | ExceptionStep::Refused | ExceptionStep::Withdrawn => last.is_none(),
    };
    if !follows {
        let (zh, en) = ("该登记已有决定，或尚未确认。", "It has been decided already, or is not confirmed yet.");
        return Err(Problem::conflict(zh, en).at("registration", "bad_state"));
    }
    match step {
        ExceptionStep::Confirmed | ExceptionStep::Refused => {
            second::require(tx.conn(), ctx, &found.row.proposed_by.to_string())?;
        }
        ExceptionStep::Withdrawn if found.row.proposed_by != decided_by => {
            let (zh, en) = ("只有提出人可以撤回。", "Only whoever proposed it takes it back.");
            return Err(Problem::new(Code::NotAllowed, zh, en));
        }
        ExceptionStep::Withdrawn | ExceptionStep::Ended => {}
    }
    let note = if step == ExceptionStep::Confirmed { note.trim().chars().take(TEXT_MAX).collect() } else { text("note", note)? };
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        registration_id: id,
        step,
        note,
        decided_on: ctx.today,
        decided_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_step(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "decide_exception", &format!("{step} {id}"))?;
    found.steps.push(row);
    Ok(found)
}
