//! The desk's work apart from wages: companies, projects, contracts, accounts, deposits, boards, people who come and go.

use rust_decimal::Decimal;

use super::city::{Company, Plan, Trouble};
use super::story::Stage;
use super::{gates, passages};
use crate::accounts::actions::{NewAccount, file_account, open_account, prescribed_name};
use crate::base::id::{DocumentId, PartyId};
use crate::base::person::Uscc;
use crate::base::{Day, Fen, Rounding};
use crate::cases::CaseKind;
use crate::cases::actions::{NewCase, open_case};
use crate::credit;
use crate::credit::CreditKind;
use crate::credit::actions::NewRecord;
use crate::deposits::actions::{NewDeposit, NewEvent};
use crate::deposits::{self, DepositEvent, DepositKind};
use crate::documents::DocumentKind;
use crate::documents::actions::{NewDocument, keep};
use crate::notice_board::{self, BoardItem};
use crate::parties::actions::NewParty;
use crate::parties::{self, PartyKind};
use crate::projects::actions::{NewParticipation, NewProject, add_crew, join, record_fact, register};
use crate::projects::{self, Fact, PartyRole, Site};
use crate::web::{Ctx, Problem};
use crate::workers::actions::NewEnrolment;
use crate::workers::{self, IdKind, Paper};

/// Days after the contract.
const DEPOSIT_AFTER: i64 = 12;
const ACCOUNT_AFTER: i64 = 20;
const FILING_AFTER: i64 = 24;
/// Days before the first month of work.
const PERMIT_BEFORE: i64 = 12;
const DEVICE_BEFORE: i64 = 3;
/// Days after the finish.
const PUBLICITY_AFTER: i64 = 10;
/// Day of the month on which the owner transfers labour cost.
pub const TRANSFER_DAY: u32 = 8;
/// Day of the month on which wages of the month before are due.
const PAY_DAY: u32 = 15;
/// Crews of a project.
const CREWS: &[&str] = &["一班组", "二班组", "三班组"];

/// What the desk does on the day.
pub fn desk(stage: &mut Stage<'_, '_>) -> Result<(), Problem> {
    let city = stage.city;
    if stage.day == city.first_day() {
        companies(stage)?;
    }
    for plan in &city.projects {
        let registered_on = plan.contract_on.max(city.first_day().plus_days(1));
        if stage.day == registered_on {
            project(stage, plan)?;
        }
        let Some(site) = stage.site(plan)? else { continue };
        let falls = |day: Day| stage.day == day.max(registered_on);
        let (deposit, account) = (plan.contract_on.plus_days(DEPOSIT_AFTER), plan.contract_on.plus_days(ACCOUNT_AFTER));
        let (filing, permit) = (plan.contract_on.plus_days(FILING_AFTER), city.begin.plus_days(-PERMIT_BEFORE));
        let (falls_deposit, falls_account, falls_filing) = (falls(deposit), falls(account), falls(filing));
        if falls_deposit {
            lodge(stage, plan, &site, deposit)?;
        }
        if falls_account {
            account_of(stage, plan, &site, account)?;
        }
        if falls_filing {
            file(stage, plan, &site, filing)?;
        }
        if stage.day == permit {
            permit_of(stage, plan, &site)?;
        }
        if stage.day == city.begin.plus_days(-DEVICE_BEFORE) {
            passages::bind_device(stage, plan, &site)?;
        }
        if stage.day == plan.started_on {
            fact(stage, &site, stage.day, &Fact::Started {}, None)?;
            board(stage, &site)?;
        } else if stage.day.day_of_month() == 2 && stage.day > plan.started_on && !is_over(stage, plan) {
            board(stage, &site)?;
        }
        if plan.trouble == Trouble::Closing && stage.day == city.finished_on().plus_days(PUBLICITY_AFTER) {
            closing(stage, &site)?;
        }
    }
    Ok(())
}

fn is_over(stage: &Stage<'_, '_>, plan: &Plan) -> bool {
    plan.trouble == Trouble::Closing && stage.day > stage.city.finished_on()
}

/// The credit code of a company, whole.
pub fn uscc(company: &Company) -> Result<Uscc, Problem> {
    Uscc::from_body(&company.body).ok_or_else(|| Problem::internal("a company of the demonstration has no credit code"))
}

/// The party that a company was registered as.
pub fn party(stage: &mut Stage<'_, '_>, company: Option<&Company>) -> Result<PartyId, Problem> {
    let company = company.ok_or_else(|| Problem::internal("the demonstration names a company that it does not have"))?;
    let (code, ctx) = (uscc(company)?, stage.ctx());
    let row = parties::table::by_uscc(stage.tx.conn(), &ctx.scope, code.as_str())?;
    row.map(|row| row.id).ok_or_else(|| Problem::internal("a company of the demonstration is not registered"))
}

fn companies(stage: &mut Stage<'_, '_>) -> Result<(), Problem> {
    let city = stage.city;
    for company in city.owners.iter().chain(&city.contractors).chain(&city.subcontractors) {
        let kind = if company.body.starts_with("91") { PartyKind::Enterprise } else { PartyKind::PublicBody };
        let new = NewParty { uscc: uscc(company)?, name: company.name.clone(), kind, parent: None };
        let ctx = stage.ctx();
        parties::actions::register(stage.tx, &ctx, &new)?;
    }
    for company in &city.contractors {
        let party = party(stage, Some(company))?;
        for region in ["330000", "350000", "650000"] {
            for (kind, valid_on) in [(CreditKind::CleanSince, city.begin.plus_months(-26)), (CreditKind::NotListed, stage.day)] {
                let region = region.parse().map_err(|error| Problem::unreadable("region", &error))?;
                let new =
                    NewRecord {
                        party, kind, region, valid_on, until_on: None, source: "演示：监察机构查询结果".to_owned()
                    };
                let ctx = stage.ctx();
                credit::actions::record(stage.tx, &ctx, &new)?;
            }
        }
    }
    super::logins::add(stage)
}

/// Records a fact from a day on.
pub fn fact(stage: &mut Stage<'_, '_>, site: &Site, on: Day, fact: &Fact, paper: Option<DocumentId>) -> Result<(), Problem> {
    let ctx = stage.ctx();
    record_fact(stage.tx, &ctx, site, on, fact, paper).map(|_| ())
}

/// Keeps a paper that says what it would be.
pub fn paper(stage: &mut Stage<'_, '_>, site: &Site, kind: DocumentKind, title: &str) -> Result<DocumentId, Problem> {
    let text = format!("演示文件，非真实材料。\n{title}\n{} {}\n{}\n", site.code, site.name, stage.day);
    let name = format!("{title}.txt");
    let new = NewDocument { kind, name, media_type: "text/plain".to_owned(), bytes: text.into_bytes() };
    let ctx = stage.ctx();
    keep(stage.tx, &ctx, site.id, &new).map(|head| head.id)
}

fn project(stage: &mut Stage<'_, '_>, plan: &Plan) -> Result<(), Problem> {
    let city = stage.city;
    let owner = party(stage, city.owners.get(plan.owner))?;
    let general_contractor = party(stage, city.contractors.get(plan.contractor))?;
    let region = plan.region.parse().map_err(|error| Problem::unreadable("region", &error))?;
    let new = NewProject {
        code: plan.code.clone(),
        name: plan.name.to_owned(),
        region,
        owner,
        general_contractor,
        from_on: plan.contract_on,
    };
    let ctx = stage.ctx();
    let row = register(stage.tx, &ctx, &new)?;
    let site = projects::site(stage.tx.conn(), row.id)?;
    let mut employer = general_contractor;
    if let Some(number) = plan.subcontractor {
        employer = party(stage, city.subcontractors.get(number))?;
        let new = NewParticipation {
            party: employer,
            role: PartyRole::Subcontractor,
            under: Some(general_contractor),
            from_on: plan.contract_on,
        };
        let ctx = stage.ctx();
        join(stage.tx, &ctx, &site, &new)?;
    }
    let site = projects::site(stage.tx.conn(), row.id)?;
    for name in CREWS {
        let ctx = stage.ctx();
        add_crew(stage.tx, &ctx, &site, name, employer, plan.contract_on)?;
    }
    let contract = paper(stage, &site, DocumentKind::Contract, "施工合同")?;
    let commitment = paper(stage, &site, DocumentKind::FundsCommitment, "建设资金落实承诺书")?;
    let is_public = plan.trouble == Trouble::Closing;
    let months = Decimal::from(if is_public { 4 } else { 18 });
    let first: [(Fact, Option<DocumentId>); 8] = [
        (Fact::Contract { sum: plan.sum, period_months: months }, Some(contract)),
        (Fact::Industry { industry: plan.industry.to_owned() }, None),
        (Fact::Funding { government: is_public }, None),
        (
            Fact::LabourCost { share: None, monthly: Some(plan.monthly), transfer_day: TRANSFER_DAY, cycle_months: Decimal::ONE },
            Some(contract),
        ),
        (Fact::PayDay { day: PAY_DAY }, None),
        (Fact::FundsCommitment { given: true }, Some(commitment)),
        (Fact::OwnerMoney { overdue: false, amount: None, led_to_arrears: false }, None),
        (Fact::LabourManager { name: plan.manager.clone() }, None),
    ];
    for (one, paper) in first {
        fact(stage, &site, plan.contract_on, &one, paper)?;
    }
    if plan.subcontractor.is_some() {
        fact(stage, &site, plan.contract_on, &Fact::EntrustedPayment { subcontractor: employer }, None)?;
    }
    Ok(())
}

/// What the demonstration lodges: the usual rate of the region, or as the project's trouble has it.
fn deposit_of(plan: &Plan) -> Result<Option<Fen>, Problem> {
    let per_mille = match (plan.trouble, plan.region) {
        (Trouble::NoDeposit, _) => return Ok(None),
        (Trouble::ShortDeposit, _) => 2,
        (_, "350500") => 15,
        (_, "650100") => 20,
        _ => 10,
    };
    Ok(Some(plan.sum.times(Decimal::new(per_mille, 3), Rounding::Up)?))
}

fn lodge(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, on: Day) -> Result<(), Problem> {
    let Some(amount) = deposit_of(plan)? else { return Ok(()) };
    let is_cash = plan.trouble == Trouble::ShortDeposit;
    let lasts = if plan.trouble == Trouble::GuaranteeEnds { 12 } else { 24 };
    let document = paper(stage, site, DocumentKind::DepositGuarantee, if is_cash { "保证金存单" } else { "银行保函" })?;
    let new = NewDeposit {
        kind: if is_cash { DepositKind::Cash } else { DepositKind::LetterOfGuarantee },
        amount,
        issuer: "演示商业银行".to_owned(),
        lodged_on: on,
        ends_on: (!is_cash).then(|| on.plus_months(lasts)),
        document: Some(document),
    };
    let ctx = stage.ctx();
    deposits::actions::lodge(stage.tx, &ctx, site, &new).map(|_| ())
}

fn account_of(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, on: Day) -> Result<(), Problem> {
    let is_bare = plan.trouble == Trouble::NoAgreement;
    let agreement =
        if is_bare { None } else { Some(paper(stage, site, DocumentKind::AccountAgreement, "专用账户三方监管协议")?) };
    let ctx = stage.ctx();
    let prescribed = prescribed_name(stage.tx.conn(), &ctx, site, stage.day)?.unwrap_or_default();
    let new = NewAccount {
        number: plan.account_number(),
        sub_ledger: String::new(),
        name: if is_bare { format!("{}工资户", plan.name) } else { prescribed },
        bank_name: "演示商业银行".to_owned(),
        bank_code: "999000000001".to_owned(),
        opened_on: on,
        agreement,
        succeeds: None,
        // Two banks of the demonstration prove each line by the debit's details, the others report on it.
        detail_means_paid: details_prove(plan),
    };
    open_account(stage.tx, &ctx, site, &new).map(|_| ())
}

/// Whether the bank of the project proves payment by the details of the debit.
pub fn details_prove(plan: &Plan) -> bool {
    matches!(plan.number, 1 | 2)
}

fn file(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, on: Day) -> Result<(), Problem> {
    if plan.trouble == Trouble::NoAgreement {
        return Ok(());
    }
    let ctx = stage.ctx();
    let Some(account) = crate::accounts::actions::account_on(stage.tx.conn(), site, stage.day)? else { return Ok(()) };
    file_account(stage.tx, &ctx, site, account.id, on).map(|_| ())
}

fn permit_of(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let bond = paper(stage, site, DocumentKind::PaymentBond, "工程款支付担保")?;
    let amount = plan.sum.times(Decimal::new(1, 1), Rounding::HalfUp)?;
    let ends_on = stage.day.plus_months(30);
    let guarantor = "演示融资担保有限公司".to_owned();
    fact(stage, site, stage.day, &Fact::PaymentBond { amount, issuer: guarantor, ends_on }, Some(bond))?;
    gates::ask_for_permit(stage, site)?;
    let permit = paper(stage, site, DocumentKind::Permit, "施工许可证")?;
    let number = format!("{}{:08}", plan.region, 20_250_000 + plan.number + 1);
    fact(stage, site, stage.day, &Fact::Permit { number }, Some(permit))
}

fn board(stage: &mut Stage<'_, '_>, site: &Site) -> Result<(), Problem> {
    let photo = paper(stage, site, DocumentKind::NoticeBoardPhoto, "维权信息告示牌照片")?;
    let ctx = stage.ctx();
    notice_board::actions::record(stage.tx, &ctx, site, BoardItem::ALL, Some(photo), stage.day).map(|_| ())
}

/// Those who come to the site today.
pub fn enrol(stage: &mut Stage<'_, '_>, plan: &Plan) -> Result<(), Problem> {
    let coming = plan.people.iter().filter(|person| plan.started_on.plus_days(person.enters_after) == stage.day);
    let coming: Vec<_> = coming.cloned().collect();
    if coming.is_empty() {
        return Ok(());
    }
    let Some(site) = stage.site(plan)? else { return Ok(()) };
    let crews = projects::table::crews_of(stage.tx.conn(), site.id)?;
    for person in coming {
        let crew = crews.get(person.crew).or(crews.first()).map(|crew| crew.id);
        let new = NewEnrolment {
            name: person.name,
            id_kind: IdKind::IdCard,
            id_number: person.id_number,
            phone: Some(person.phone),
            crew: crew.ok_or_else(|| Problem::internal("a project of the demonstration has no crews"))?,
            trade: person.trade.to_owned(),
            pin: Some(person.pin),
            paper: if person.has_contract { Paper::LabourContract } else { Paper::WorkAgreement },
            paper_document: None,
            safety_trained: true,
            card: person.card,
            bank_name: Some(person.bank_name),
            day_rate: person.day_rate,
            entered_on: stage.day,
        };
        let ctx = stage.ctx();
        workers::actions::enrol(stage.tx, &ctx, &site, &new)?;
    }
    Ok(())
}

/// The last evening of the finished project: everybody leaves.
pub fn finish(stage: &mut Stage<'_, '_>) -> Result<(), Problem> {
    let city = stage.city;
    if stage.day != city.finished_on() {
        return Ok(());
    }
    for plan in city.projects.iter().filter(|plan| plan.trouble == Trouble::Closing) {
        let Some(site) = stage.site(plan)? else { continue };
        fact(stage, &site, stage.day, &Fact::Finished {}, None)?;
        for row in workers::table::active_on(stage.tx.conn(), site.id, stage.day)? {
            let ctx = stage.ctx();
            workers::actions::leave(stage.tx, &ctx, &site, row.id, stage.day)?;
        }
    }
    Ok(())
}

/// The closing publicity of the finished project begins; price audit and settlement are not done.
fn closing(stage: &mut Stage<'_, '_>, site: &Site) -> Result<(), Problem> {
    for one in [
        Fact::PriceAudit { done: false },
        Fact::Settlement { complete: false },
        Fact::ClosingPublicity {},
        Fact::ClosingPromise {},
    ] {
        fact(stage, site, stage.day, &one, None)?;
    }
    for lodged in deposits::actions::all(stage.tx.conn(), site, None)? {
        let ctx = stage.ctx();
        let event = NewEvent { kind: DepositEvent::PublicityStarted, happened_on: stage.day, amount: Fen::ZERO, document: None };
        deposits::actions::record_event(stage.tx, &ctx, site, lodged.deposit.id, &event)?;
    }
    Ok(())
}

/// The owner is found to owe project money.
pub fn owner_owes(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let amount = Some(Fen(plan.monthly.0 * 2));
    fact(stage, site, stage.day, &Fact::OwnerMoney { overdue: true, amount, led_to_arrears: false }, None)
}

/// Workers complain to the labour authority.
pub fn complaint(stage: &mut Stage<'_, '_>, site: &Site) -> Result<(), Problem> {
    let new = NewCase { kind: CaseKind::Complaint, opened_on: stage.day, workers: Some(4), amount: None };
    let ctx: Ctx = stage.ctx();
    open_case(stage.tx, &ctx, site, &new).map(|_| ())
}
