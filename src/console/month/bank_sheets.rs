//! A bank's sheet whose columns or account a person has to say: the columns with masked samples, what each is, what follows from it, and
//! what was said before of sheets of the same bank.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::bank::{BankPage, Told, again_of};
use crate::accounts::{self, table::AccountRow};
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId};
use crate::base::person::masked;
use crate::console::{Frame, Shown, done, show};
use crate::settlement::sheets::actions::{self, Asked, ENCODINGS, Sums};
use crate::settlement::sheets::http::{LayoutView, standing};
use crate::settlement::sheets::waiting::{self, Waiting};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::wire::statement_sheet::{Field, wizard};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let feed = Access::Holds(Verb::FeedBank);
    let (list, one) =
        ("/projects/{project}/accounts/{account}/bank-sheets", "/projects/{project}/accounts/{account}/bank-sheets/{bank_sheet}");
    vec![
        Route::page(list, feed, "Sheets of an account's bank, and how they are read", || web::get().to(page)),
        Route::form(list, feed, "Upload a bank's sheet to see how it would be read", || web::post().to(upload)),
        Route::page(one, feed, "How a bank's sheet would be read", || web::get().to(look)),
        Route::form(one, feed, "Say what the columns of a bank's sheet are", || web::post().to(say)),
        Route::form(
            "/projects/{project}/accounts/{account}/bank-layouts/{bank_layout}/removal",
            feed,
            "Forget what was said of a header",
            || web::post().to(forget),
        ),
    ]
}

#[derive(Template)]
#[template(path = "console/month/bank_sheets.html")]
struct ListPage {
    f: Frame,
    account: AccountRow,
    layouts: Vec<LayoutView>,
    /// Sheets of the project that wait to be looked at.
    waiting: Vec<Waiting>,
}

impl ListPage {
    fn number(&self) -> String {
        masked(&self.account.number, 4, 4)
    }

    fn field(&self, word: &str) -> String {
        label(&self.f, word)
    }
}

fn label(f: &Frame, word: &str) -> String {
    let found = wizard::FIELDS.iter().find(|(_, known, ..)| *known == word);
    found.map_or_else(|| word.to_owned(), |(_, _, zh, en)| f.t(zh, en).to_owned())
}

#[derive(Template)]
#[template(path = "console/month/bank_sheet.html")]
struct SheetPage {
    f: Frame,
    account: AccountRow,
    id: InboxId,
    shown: actions::Shown,
    sums: Sums,
    remembered: Option<LayoutView>,
}

impl SheetPage {
    fn number(&self) -> String {
        masked(&self.account.number, 4, 4)
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        wizard::FIELDS.iter().map(|(_, word, zh, en)| (*word, self.f.t(zh, en).to_owned())).collect()
    }

    fn is_field(&self, column: &usize, word: &str) -> bool {
        let found = self.shown.mapping.columns.iter().find(|one| one.column == *column);
        found.and_then(|one| wizard::word_of(one.field)) == Some(word)
    }

    fn encodings(&self) -> &'static [&'static str] {
        &ENCODINGS
    }

    fn is_said(&self, encoding: &str) -> bool {
        self.shown.encoding.as_deref() == Some(encoding)
    }

    fn needs(&self, name: &str) -> bool {
        self.shown.missing.contains(&name)
    }

    fn can_be_booked(&self) -> bool {
        self.shown.missing.is_empty() && self.shown.faults.is_empty()
    }
}

type OfAccount = web::Path<(ProjectId, AccountId)>;
type OfSheet = web::Path<(ProjectId, AccountId, InboxId)>;

async fn page(visit: Visit, path: OfAccount) -> Shown {
    let (project, account) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let ctx = visit.need(Verb::FeedBank)?;
            let (_, account) = accounts::enter(conn, &ctx.scope, project, account)?;
            let waiting = waiting::of(conn, &ctx, Some(project))?;
            Ok::<_, Problem>(ListPage { f: Frame::of(visit), layouts: standing(conn, &account)?, waiting, account })
        })
        .await?;
    show(&page)
}

async fn upload(form: Form, path: OfAccount) -> Shown {
    let (project, account) = path.into_inner();
    let file = form.file("file")?;
    let file = (file.name.clone(), file.media_type.clone(), file.bytes.clone());
    let id = form
        .write(Verb::FeedBank, move |tx, ctx| {
            let (site, _) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
            actions::keep_file(tx, ctx, &site, file.clone())
        })
        .await?;
    done(&format!("/projects/{project}/accounts/{account}/bank-sheets/{id}"), "file_kept", 1)
}

#[derive(Deserialize)]
struct Wanted {
    sheet: Option<usize>,
    header_row: Option<usize>,
}

async fn look(visit: Visit, path: OfSheet, query: web::Query<Wanted>) -> Shown {
    let Wanted { sheet, header_row } = query.into_inner();
    shown(&visit, path.into_inner(), Asked { sheet, header_row, ..Asked::default() }).await
}

async fn shown(visit: &Visit, (project, account, id): (ProjectId, AccountId, InboxId), asked: Asked) -> Shown {
    let page = visit
        .read(move |conn, visit| {
            let ctx = visit.need(Verb::FeedBank)?;
            let (site, account) = accounts::enter(conn, &ctx.scope, project, account)?;
            let shown = actions::show(conn, &ctx, &site, &account, id, &asked)?;
            let remembered = shown.remembered.clone().map(|row| LayoutView::of(conn, row)).transpose()?;
            Ok::<_, Problem>(SheetPage { f: Frame::of(visit), account, id, sums: shown.sums(), remembered, shown })
        })
        .await?;
    show(&page)
}

/// What the form says of the sheet.
fn asked(form: &Form) -> Result<Asked, Problem> {
    let mut columns = BTreeMap::<usize, Field>::new();
    for said in form.all("column") {
        // `3:amount`: what the column at the place is; a place without a word is read past.
        if let Some((place, word)) = said.split_once(':').filter(|(_, word)| !word.is_empty()) {
            let unreadable = || Problem::invalid("列号无法识别，请刷新页面。", "The column cannot be read; reload the page.");
            let place = place.parse().map_err(|_| unreadable().at("column", "bad_format"))?;
            columns.insert(place, wizard::field_of(word).ok_or_else(|| unreadable().at("column", "bad_format"))?);
        }
    }
    let number = |name: &str| form.text(name).and_then(|text| text.parse::<usize>().ok());
    // Another sheet, row or encoding has other columns: what was said of those before does not count.
    let is_other = form.text("do") == Some("other");
    Ok(Asked {
        sheet: number("sheet"),
        header_row: number("header_row"),
        encoding: form.text("encoding").map(str::to_owned),
        columns: (!is_other).then_some(columns),
        again: again_of(form)?,
    })
}

async fn say(form: Form, path: OfSheet) -> Shown {
    let (project, account, id) = path.into_inner();
    let asked = asked(&form)?;
    if form.required("do")? != "take" {
        return shown(&form.visit, (project, account, id), asked).await;
    }
    let receipt = form
        .write(Verb::FeedBank, move |tx, ctx| {
            let (site, account) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
            actions::take(tx, ctx, &site, &account, id, &asked)
        })
        .await?;
    let visit = form.visit.clone();
    let told = visit.read(move |conn, visit| Told::of(conn, visit, String::new(), receipt)).await?;
    BankPage::shown(&visit, Some(told), None).await
}

async fn forget(form: Form, path: web::Path<(ProjectId, AccountId, RecordId)>) -> Shown {
    let (project, account, id) = path.into_inner();
    form.write(Verb::FeedBank, move |tx, ctx| {
        let (_, account) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
        actions::forget(tx, ctx, &account, id)
    })
    .await?;
    done(&format!("/projects/{project}/accounts/{account}/bank-sheets"), "layout_removed", 1)
}
