//! Bank files, by whoever may feed them: a bank's clerk without any project, or a labour manager.

use actix_web::web;
use askama::Template;

use crate::accounts::table::AccountRow;
use crate::accounts::{self, Purpose};
use crate::base::id::{PayRunId, ProjectId};
use crate::base::person::masked;
use crate::console::{Frame, Shown, show};
use crate::payroll::pay_run::table::head;
use crate::projects::enter;
use crate::settlement::sheets::waiting::{self, Waiting};
use crate::settlement::voiding::again::Again;
use crate::settlement::{self, Receipt, http, listed};
use crate::store::AnyConn;
use crate::store::spool::Spool;
use crate::web::{Form, Problem, Verb, Visit};

/// Accounts of which the page offers to be a sheet's.
const ACCOUNTS_MAX: i64 = 100;

/// Path that the kept message names.
const PATH: &str = "/bank";

/// The same of a list that was handed in on the page of its run.
const RUN_PATH: &str = "/runs/results";

#[derive(Template)]
#[template(path = "console/month/bank.html")]
pub(super) struct BankPage {
    pub f: Frame,
    pub told: Option<Told>,
    /// The run on whose page a list of results was handed in.
    pub run: Option<(ProjectId, PayRunId)>,
    /// Sheets of which nobody has said yet how they are read.
    pub waiting: Vec<Waiting>,
}

impl BankPage {
    /// The page with what was just told, and what waits.
    pub async fn shown(visit: &Visit, told: Option<Told>, run: Option<(ProjectId, PayRunId)>) -> Shown {
        let waiting = visit
            .read(|conn, visit| match visit.able(Verb::FeedBank) {
                Some(ctx) => waiting::of(conn, &ctx, None),
                None => Ok(Vec::new()),
            })
            .await?;
        show(&BankPage { f: Frame::of(visit), told, run, waiting })
    }

    fn number(&self, account: &AccountRow) -> String {
        masked(&account.number, 4, 4)
    }
}

/// What came of a file.
pub(super) struct Told {
    file: String,
    receipt: Receipt,
    /// Accounts of which a sheet that was not taken may be, with their names.
    accounts: Vec<AccountRow>,
    /// Account and, where the visitor may see it, the project of each statement.
    places: Vec<Place>,
}

/// Whether it is known what an entry is for.
fn is_explained(purpose: Purpose) -> bool {
    !matches!(purpose, Purpose::Unexplained | Purpose::ForeignDebit)
}

struct Place {
    account: String,
    /// Entries told for the first time whose purpose is known, and those that nothing explains.
    matched: i64,
    unexplained: i64,
    project: Option<(ProjectId, String)>,
}

impl Told {
    /// What came of a file, with the places of its statements.
    pub fn of(conn: &mut AnyConn, visit: &Visit, file: String, receipt: Receipt) -> Result<Told, Problem> {
        let money = visit.able(Verb::ReadMoney);
        let mut places = Vec::new();
        for one in &receipt.statements {
            let row = accounts::table::find(conn, one.project_id, one.account_id)?;
            let account = row.as_ref().map(|row| format!("{} {}", row.name, row.number)).unwrap_or_default();
            let purposes = match one.statement_id {
                Some(id) => accounts::table::purposes_of(conn, one.project_id, id)?,
                None => Vec::new(),
            };
            let count = |is_known: bool| {
                let wanted = purposes.iter().filter(|(purpose, _)| is_explained(*purpose) == is_known);
                wanted.map(|(_, count)| count).sum::<i64>()
            };
            let (matched, unexplained) = (count(true), count(false));
            let site = money.as_ref().map(|ctx| enter(conn, &ctx.scope, one.project_id));
            let project = site.and_then(Result::ok).map(|site| (site.id, site.name));
            places.push(Place { account, matched, unexplained, project });
        }
        let is_open = receipt.is_sheet && matches!(receipt.state.as_str(), "quarantined" | "part");
        let accounts = match visit.able(Verb::FeedBank).filter(|_| is_open) {
            Some(ctx) => settlement::sheets::table::accounts(conn, &ctx.scope, None, ACCOUNTS_MAX)?,
            None => Vec::new(),
        };
        Ok(Told { file, receipt, accounts, places })
    }

    fn number(&self, account: &AccountRow) -> String {
        masked(&account.number, 4, 4)
    }

    fn badge(&self) -> &'static str {
        match self.receipt.state.as_str() {
            "done" => "good",
            "part" => "warn",
            "quarantined" => "bad",
            _ => "unknown",
        }
    }

    /// Entries of all statements: new, merged, duplicates, in quarantine, words on lines.
    fn sums(&self) -> (usize, usize, usize, usize, usize) {
        self.receipt.statements.iter().fold((0, 0, 0, 0, 0), |sum, one| {
            (sum.0 + one.new, sum.1 + one.merged, sum.2 + one.duplicates, sum.3 + one.quarantined, sum.4 + one.results)
        })
    }

    fn place(&self, index: &usize) -> &str {
        self.places.get(*index).map_or("", |place| place.account.as_str())
    }

    fn matched(&self, index: &usize) -> i64 {
        self.places.get(*index).map_or(0, |place| place.matched)
    }

    fn unexplained(&self, index: &usize) -> i64 {
        self.places.get(*index).map_or(0, |place| place.unexplained)
    }

    fn project(&self, index: &usize) -> Option<&(ProjectId, String)> {
        self.places.get(*index).and_then(|place| place.project.as_ref())
    }
}

pub(super) async fn page(visit: Visit) -> Shown {
    BankPage::shown(&visit, None, None).await
}

pub(super) async fn take(form: Form) -> Shown {
    let run = form.text("run").map(str::to_owned);
    taken(form, run.as_deref(), PATH, None).await
}

/// Takes the bank's list of results of one run, on the run's own page.
pub(super) async fn take_results(form: Form, path: web::Path<(ProjectId, PayRunId)>) -> Shown {
    let (project, id) = path.into_inner();
    let look = move |conn: &mut AnyConn, visit: &Visit| -> Result<String, Problem> {
        let ctx = visit.able(Verb::FeedBank).ok_or_else(Problem::not_found)?;
        let site = enter(conn, &ctx.scope, project)?;
        Ok(head(conn, site.id, id)?.ok_or_else(Problem::not_found)?.message_id)
    };
    let message = form.visit.clone().read(look).await?;
    taken(form, Some(&message), RUN_PATH, Some((project, id))).await
}

/// What the form says of a file that was voided: a tick and a reason, or nothing.
pub(super) fn again_of(form: &Form) -> Result<Again, Problem> {
    Again::said(form.ticked("again").then(|| form.text("again_reason").unwrap_or_default()))
}

async fn taken(form: Form, run: Option<&str>, path: &'static str, of: Option<(ProjectId, PayRunId)>) -> Shown {
    let file = form.file("file")?;
    let name = file.name.clone().unwrap_or_default();
    let spool = Spool::of(file.bytes.clone());
    let mut handed = http::read(&form.visit.ctx, file.name.clone(), file.media_type.clone(), spool, path).await?;
    if let Some(run) = run {
        listed::name_run(&mut handed, run);
    }
    handed.again = again_of(&form)?;
    if of.is_some() && handed.file.payment_status.is_none() {
        let problem = Problem::invalid(
            "这不是代发结果清单：应有处理结果一列，以及代发编号，或姓名、账号和金额；对账单请在“银行文件”页面上传。",
            "This is no list of results: it has a column with the result, and ids of payments or payee, account and amount. Statements go \
             to the page of bank files.",
        );
        return Err(problem.at("file", "bad_format"));
    }
    let receipt = form.write(Verb::FeedBank, move |tx, ctx| settlement::take(tx, ctx, &handed)).await?;
    let visit = form.visit.clone();
    let told = visit.read(move |conn, visit| Told::of(conn, visit, name, receipt)).await?;
    BankPage::shown(&visit, Some(told), of).await
}
