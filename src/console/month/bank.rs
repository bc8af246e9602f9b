//! Bank files, by whoever may feed them: a bank's clerk without any project, or a labour manager.

use askama::Template;

use crate::accounts::{self, Purpose};
use crate::base::id::ProjectId;
use crate::console::{Frame, Shown, show};
use crate::projects::enter;
use crate::settlement::{self, Receipt};
use crate::store::spool::Spool;
use crate::web::{Form, Problem, Verb, Visit};

/// Path that the kept message names.
const PATH: &str = "/bank";

#[derive(Template)]
#[template(path = "console/month/bank.html")]
struct BankPage {
    f: Frame,
    told: Option<Told>,
}

/// What came of a file.
struct Told {
    file: String,
    receipt: Receipt,
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
    show(&BankPage { f: Frame::of(&visit), told: None })
}

pub(super) async fn take(form: Form) -> Shown {
    let file = form.file("file")?;
    let name = file.name.clone().unwrap_or_default();
    let handed =
        settlement::http::read(&form.visit.ctx, file.name.clone(), file.media_type.clone(), Spool::of(file.bytes.clone()), PATH)
            .await;
    let receipt = form.write(Verb::FeedBank, move |tx, ctx| settlement::take(tx, ctx, &handed)).await?;
    let visit = form.visit.clone();
    let told = visit
        .read(move |conn, visit| {
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
            Ok::<_, Problem>(Told { file: name, receipt, places })
        })
        .await?;
    show(&BankPage { f: Frame::of(&visit), told: Some(told) })
}
