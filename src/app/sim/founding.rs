//! Before the first day of work: companies, the two who may change the law, projects with every paper that a gate wants to see.

use rust_decimal::Decimal;

use super::service::Service;
use super::world::{COMPANIES, CONTRACTOR, Plan, SUBCONTRACTOR, World};
use crate::accounts::actions::{NewAccount, file_account, open_account, prescribed_name};
use crate::attendance::devices::actions::{Binding, bind};
use crate::attendance::devices::{GateDirection, Maker};
use crate::base::id::{CrewId, DocumentId, PartyId, ProjectId, UserId};
use crate::base::person::Uscc;
use crate::base::{Day, Rounding};
use crate::credit::CreditKind;
use crate::credit::actions::NewRecord;
use crate::deposits::DepositKind;
use crate::deposits::actions::NewDeposit;
use crate::documents::DocumentKind;
use crate::documents::actions::{NewDocument, keep};
use crate::notice_board::BoardItem;
use crate::parties::PartyKind;
use crate::parties::actions::NewParty;
use crate::projects::actions::{NewParticipation, NewProject, add_crew, join, record_fact, register};
use crate::projects::{self, Fact, PartyRole, Site};
use crate::store::Tx;
use crate::users;
use crate::web::{Ctx, Problem};
use crate::wire::device::CHINA_OFFSET_MINUTES;
use crate::{credit, deposits, notice_board, parties};

/// Days between the contract and the first day of work.
const CONTRACT_BEFORE: i64 = 45;
/// Days before the first day of work on which everything is put on record.
pub const FOUNDED_BEFORE: i64 = 3;
/// Crews of a project.
const CREWS: &[&str] = &["一班组", "二班组", "三班组"];

/// A project as actors know it.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Project.
    pub id: ProjectId,
    /// Crews.
    pub crews: Vec<CrewId>,
}

/// What was founded.
#[derive(Debug, Clone)]
pub struct Founded {
    /// Companies in the order of [`COMPANIES`].
    pub parties: Vec<PartyId>,
    /// Two persons of the labour authority.
    pub users: [UserId; 2],
    /// Projects in the order of the world.
    pub projects: Vec<Ground>,
}

/// Puts everything on record.
pub fn found(service: &mut Service, world: &World) -> Result<Founded, Problem> {
    service.wait_until(world.first.plus_days(-FOUNDED_BEFORE), 9, 0);
    let first = world.first;
    let (parties, users) = service.step(move |tx, ctx, _| companies(tx, ctx, first))?;
    let mut projects = Vec::new();
    for plan in &world.projects {
        let (plan, parties) = (plan.clone(), parties.clone());
        projects.push(service.step(move |tx, ctx, _| project(tx, ctx, &plan, &parties, first))?);
    }
    Ok(Founded { parties, users, projects })
}

fn companies(tx: &mut Tx<'_>, ctx: &Ctx, first: Day) -> Result<(Vec<PartyId>, [UserId; 2]), Problem> {
    let mut ids = Vec::new();
    for (body, name) in COMPANIES {
        let uscc = Uscc::from_body(body).ok_or_else(|| Problem::internal("a company of the simulation has no credit code"))?;
        let new = NewParty { uscc, name: (*name).to_owned(), kind: PartyKind::Enterprise, parent: None };
        ids.push(parties::actions::register(tx, ctx, &new)?.id);
    }
    let contractor = of(&ids, CONTRACTOR)?;
    for region in ["330000", "350000", "650000"] {
        for (kind, valid_on) in [(CreditKind::CleanSince, first.plus_months(-26)), (CreditKind::NotListed, ctx.today)] {
            let region = region.parse().map_err(|error| Problem::unreadable("region", &error))?;
            let source = "模拟：监察机构查询结果".to_owned();
            let new = NewRecord { party: contractor, kind, region, valid_on, until_on: None, source };
            credit::actions::record(tx, ctx, &new)?;
        }
    }
    let one = users::actions::add_user(tx, ctx, "first", "甲", "!", false)?.id;
    let two = users::actions::add_user(tx, ctx, "second", "乙", "!", false)?.id;
    Ok((ids, [one, two]))
}

fn of<T: Copy>(list: &[T], place: usize) -> Result<T, Problem> {
    list.get(place).copied().ok_or_else(|| Problem::internal("the simulation names a company that it does not have"))
}

fn paper(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, kind: DocumentKind, title: &str) -> Result<DocumentId, Problem> {
    let (name, bytes) = (format!("{title}.txt"), format!("模拟文件。\n{title}\n{}\n{}\n", site.code, ctx.now).into_bytes());
    keep(tx, ctx, site.id, &NewDocument { kind, name, media_type: "text/plain".to_owned(), bytes }).map(|head| head.id)
}

fn project(tx: &mut Tx<'_>, ctx: &Ctx, plan: &Plan, parties: &[PartyId], first: Day) -> Result<Ground, Problem> {
    let contract_on = first.plus_days(-CONTRACT_BEFORE);
    let general_contractor = of(parties, CONTRACTOR)?;
    let new = NewProject {
        code: plan.code.clone(),
        name: plan.name.clone(),
        region: plan.region.parse().map_err(|error| Problem::unreadable("region", &error))?,
        owner: of(parties, plan.owner)?,
        general_contractor,
        from_on: contract_on,
    };
    let row = register(tx, ctx, &new)?;
    let site = projects::site(tx.conn(), row.id)?;
    let mut employer = general_contractor;
    if plan.number % 2 == 1 {
        employer = of(parties, SUBCONTRACTOR)?;
        let under = Some(general_contractor);
        let new = NewParticipation { party: employer, role: PartyRole::Subcontractor, under, from_on: contract_on };
        join(tx, ctx, &site, &new)?;
    }
    let site = projects::site(tx.conn(), row.id)?;
    let mut crews = Vec::new();
    for name in CREWS {
        crews.push(add_crew(tx, ctx, &site, name, employer, contract_on)?.id);
    }
    facts(tx, ctx, plan, &site, contract_on, first)?;
    if plan.number % 2 == 1 {
        record_fact(tx, ctx, &site, contract_on, &Fact::EntrustedPayment { subcontractor: employer }, None)?;
    }
    money(tx, ctx, plan, &site, contract_on)?;
    board(tx, ctx, &site)?;
    for (gate, name) in [(0, "北门"), (1, "南门")] {
        let binding = Binding {
            serial: plan.serial(gate),
            maker: Maker::Zkteco,
            gate: name.to_owned(),
            direction: GateDirection::ByState,
            offset_minutes: Some(CHINA_OFFSET_MINUTES),
            com_key: None,
            since: None,
        };
        bind(tx, ctx, &site, &binding)?;
    }
    Ok(Ground { id: row.id, crews })
}

fn facts(tx: &mut Tx<'_>, ctx: &Ctx, plan: &Plan, site: &Site, contract_on: Day, first: Day) -> Result<(), Problem> {
    let contract = paper(tx, ctx, site, DocumentKind::Contract, "施工合同")?;
    let commitment = paper(tx, ctx, site, DocumentKind::FundsCommitment, "建设资金落实承诺书")?;
    let bond = paper(tx, ctx, site, DocumentKind::PaymentBond, "工程款支付担保")?;
    let permit = paper(tx, ctx, site, DocumentKind::Permit, "施工许可证")?;
    let amount = plan.sum.times(Decimal::new(1, 1), Rounding::HalfUp)?;
    let (issuer, ends_on) = ("模拟融资担保有限公司".to_owned(), contract_on.plus_months(36));
    let labour = Fact::LabourCost { share: None, monthly: Some(plan.monthly), transfer_day: 8, cycle_months: Decimal::ONE };
    let all: [(Day, Fact, Option<DocumentId>); 11] = [
        (contract_on, Fact::Contract { sum: plan.sum, period_months: Decimal::from(24) }, Some(contract)),
        (contract_on, Fact::Industry { industry: "building".to_owned() }, None),
        (contract_on, Fact::Funding { government: false }, None),
        (contract_on, labour, Some(contract)),
        (contract_on, Fact::PayDay { day: plan.pay_day }, None),
        (contract_on, Fact::FundsCommitment { given: true }, Some(commitment)),
        (contract_on, Fact::OwnerMoney { overdue: false, amount: None, led_to_arrears: false }, None),
        (contract_on, Fact::LabourManager { name: "模拟专管员".to_owned() }, None),
        (contract_on, Fact::PaymentBond { amount, issuer, ends_on }, Some(bond)),
        (first.plus_days(-12), Fact::Permit { number: format!("{}20250{:03}", plan.region, plan.number + 1) }, Some(permit)),
        (first.plus_days(-FOUNDED_BEFORE), Fact::Started {}, None),
    ];
    for (on, fact, paper) in all {
        record_fact(tx, ctx, site, on, &fact, paper)?;
    }
    Ok(())
}

fn money(tx: &mut Tx<'_>, ctx: &Ctx, plan: &Plan, site: &Site, contract_on: Day) -> Result<(), Problem> {
    let guarantee = paper(tx, ctx, site, DocumentKind::DepositGuarantee, "银行保函")?;
    let new = NewDeposit {
        kind: DepositKind::LetterOfGuarantee,
        amount: plan.sum.times(Decimal::new(3, 2), Rounding::Up)?,
        issuer: "模拟商业银行".to_owned(),
        lodged_on: contract_on.plus_days(12),
        ends_on: Some(contract_on.plus_months(30)),
        document: Some(guarantee),
    };
    deposits::actions::lodge(tx, ctx, site, &new)?;
    let agreement = paper(tx, ctx, site, DocumentKind::AccountAgreement, "专用账户三方监管协议")?;
    let opened_on = contract_on.plus_days(20);
    let name = prescribed_name(tx.conn(), ctx, site, opened_on)?.unwrap_or_default();
    let new = NewAccount {
        number: plan.account_number(),
        sub_ledger: String::new(),
        name,
        bank_name: "模拟商业银行".to_owned(),
        bank_code: "999000000001".to_owned(),
        opened_on,
        agreement: Some(agreement),
        succeeds: None,
        detail_means_paid: plan.manner.proves(),
    };
    let account = open_account(tx, ctx, site, &new)?;
    file_account(tx, ctx, site, account.id, contract_on.plus_days(24)).map(|_| ())
}

/// A photograph of the rights notice board, whole.
pub fn board(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    let photo = paper(tx, ctx, site, DocumentKind::NoticeBoardPhoto, "维权信息告示牌照片")?;
    notice_board::actions::record(tx, ctx, site, BoardItem::ALL, Some(photo), ctx.today).map(|_| ())
}
