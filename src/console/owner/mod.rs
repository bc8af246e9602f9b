//! The labour-cost calendar of an owner over all its projects, and its secret address for calendar programs.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::{Frame, Shown, done, show};
use crate::base::id::PartyId;
use crate::base::{Day, Fen};
use crate::compliance::BANK;
use crate::labour_cost::{Item, Split, gather};
use crate::parties;
use crate::store::{Chain, journal};
use crate::users::feeds;
use crate::web::{Access, Form, Lang, Problem, Route, Scope, Verb, Visit};
use crate::wire::icalendar::{DayEvent, calendar};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![
        Route::page("/companies/{party}/labour-cost", Access::Holds(Verb::ReadMoney), "Labour-cost calendar of an owner", || {
            web::get().to(page)
        }),
        Route::form("/calendar-address", Access::Myself, "Make or renew my calendar address", || web::post().to(renew)),
        Route::form("/calendar-address/revoke", Access::Myself, "Revoke my calendar address", || web::post().to(revoke)),
        Route::page("/calendar/{token}/{owner}", Access::Public, "Labour-cost calendar for a calendar program", || {
            web::get().to(feed)
        })
        .serves("text/calendar"),
    ]
}

/// A transfer day of a project.
struct Line {
    project: String,
    id: crate::base::id::ProjectId,
    item: Item,
}

impl Line {
    /// What is missing to say whether the day was met.
    fn missing(&self) -> (&'static str, &'static str) {
        match self.item.amount {
            None => ("应拨金额：缺工程进度款记录", "the amount: progress money is not on record"),
            Some(_) => ("是否到账：缺开户银行流水", "whether it came: no statement of the bank tells of the day"),
        }
    }
}

#[derive(Template)]
#[template(path = "console/owner/page.html")]
struct OwnerPage {
    f: Frame,
    owner: PartyId,
    name: String,
    splits: Vec<Split>,
    more: bool,
    open: Vec<Line>,
    unclear: Vec<Line>,
    coming: Vec<Line>,
    short: Fen,
    has_address: bool,
    is_person: bool,
}

impl OwnerPage {
    fn badge(&self, split: &Split) -> &'static str {
        match split {
            _ if split.latest_days() > 0 => "bad",
            _ if !split.needs.is_empty() => "unknown",
            _ => "good",
        }
    }
}

async fn page(visit: Visit, party: web::Path<PartyId>) -> Shown {
    let owner = party.into_inner();
    let (name, splits, more, has_address) = visit
        .read(move |conn, visit| {
            let (splits, more) = gather::of_owner(conn, &visit.ctx, owner, visit.ctx.today)?;
            let name = parties::table::find(conn, &visit.ctx.scope, owner)?.ok_or_else(Problem::not_found)?.name;
            let has_address = match &visit.visitor {
                Some(visitor) => feeds::has(conn, visitor.user)?,
                None => false,
            };
            Ok((name, splits, more, has_address))
        })
        .await?;
    let today = visit.ctx.today;
    let lines = |wanted: &dyn Fn(&Item) -> bool| -> Vec<Line> {
        let mut found: Vec<Line> = Vec::new();
        for split in &splits {
            let items = split.items.iter().filter(|item| wanted(item));
            found.extend(items.map(|item| Line { project: split.name.clone(), id: split.project, item: item.clone() }));
        }
        found.sort_by_key(|line| (line.item.due_on, line.id));
        found
    };
    let open = lines(&|item| item.is_open(today));
    let unclear = lines(&|item| item.due_on < today && item.short.is_none());
    let coming = lines(&|item| item.due_on >= today);
    let short = Fen::total(splits.iter().map(|split| split.short))?;
    let is_person = visit.visitor.is_some();
    show(&OwnerPage { f: Frame::of(&visit), owner, name, splits, more, open, unclear, coming, short, has_address, is_person })
}

#[derive(Template)]
#[template(path = "console/owner/address.html")]
struct AddressPage {
    f: Frame,
    path: String,
    back: String,
}

async fn renew(form: Form) -> Shown {
    let user = form.visit.visitor.as_ref().map(|visitor| visitor.user).ok_or_else(Problem::not_allowed)?;
    let owner: PartyId = form.parse("owner")?;
    let ctx = form.visit.ctx.clone();
    let db = ctx.ground.db.clone();
    let token = db.write(move |tx| feeds::renew(tx, &ctx, user)).await?;
    // The address is shown once; only its hash is kept.
    let back = format!("/companies/{owner}/labour-cost");
    let base = &form.visit.ctx.ground.settings.upkeep.base_url;
    let path = format!("{base}/calendar/{token}/{owner}");
    show(&AddressPage { f: Frame::of(&form.visit), path, back })
}

async fn revoke(form: Form) -> Shown {
    let user = form.visit.visitor.as_ref().map(|visitor| visitor.user).ok_or_else(Problem::not_allowed)?;
    let owner: Option<PartyId> = form.parse_opt("owner")?;
    let ctx = form.visit.ctx.clone();
    let db = ctx.ground.db.clone();
    db.write(move |tx| feeds::revoke(tx, &ctx, user)).await?;
    let back = owner.map_or_else(|| "/me".to_owned(), |owner| format!("/companies/{owner}/labour-cost"));
    done(&back, "calendar_revoked", 1)
}

/// What is known of the money of a transfer day; what nobody knows is said with who would.
fn state(item: &Item, today: Day, lang: Lang) -> String {
    let planned = lang.pick("计划拨付", "planned");
    match (item.amount, item.short) {
        (None, _) => lang.pick("缺工程进度款记录", "progress money is not on record").to_owned(),
        (_, Some(short)) if !short.is_positive() => lang.pick("已到账", "received").to_owned(),
        (_, Some(_)) if item.due_on >= today && item.covered.is_positive() => {
            format!("{planned}{} {}", lang.pick("，其中已到", ", of which came"), item.covered)
        }
        _ if item.due_on >= today => planned.to_owned(),
        (_, Some(short)) => format!("{} {short}", lang.pick("尚缺", "still short")),
        (_, None) => format!("{}（{BANK}）", lang.pick("是否到账尚不知", "not known whether it came")),
    }
}

/// An event for each transfer day; it keeps its UID whatever becomes of the day, and its number grows with the project's record.
fn events(splits: &[(Split, i64)], lang: Lang, today: Day) -> Vec<DayEvent> {
    let mut found = Vec::new();
    for (split, records) in splits {
        for item in &split.items {
            let amount = item.amount.map_or_else(|| lang.pick("金额待定", "amount not known").to_owned(), |fen| fen.to_string());
            found.push(DayEvent {
                uid: match item.part {
                    1 => format!("{}-{}@anxin", split.project, item.period),
                    part => format!("{}-{}-{part}@anxin", split.project, item.period),
                },
                on: item.due_on,
                summary: format!("{} {amount} {}", lang.pick("拨付人工费用", "Labour cost"), split.name),
                description: format!("{} {}\n{}", split.code, item.period, state(item, today, lang)),
                sequence: u32::try_from(*records).unwrap_or(u32::MAX),
            });
        }
    }
    found
}

async fn feed(visit: Visit, path: web::Path<(String, PartyId)>) -> Shown {
    let (token, owner) = path.into_inner();
    let lang = visit.lang;
    let (name, splits) = visit
        .read(move |conn, visit| {
            let known = feeds::known(conn, &token, visit.ctx.today)?;
            // A wrong address and one that may not look are the same to whoever tries.
            let (user, grants) = known.ok_or_else(Problem::not_found)?;
            let scope = Scope::narrow(user.id.to_string(), Some(user.id), &grants, Verb::ReadMoney);
            let ctx = crate::web::Ctx { scope: scope.ok_or_else(Problem::not_found)?, ..visit.ctx.clone() };
            let name = parties::table::find(conn, &ctx.scope, owner)?.ok_or_else(Problem::not_found)?.name;
            let (found, _) = gather::of_owner(conn, &ctx, owner, ctx.today)?;
            let mut splits = Vec::with_capacity(found.len());
            for split in found {
                // The record only grows: money that the bank takes back makes the number no smaller.
                let records = journal::stands(conn, Chain::Project(split.project))?;
                splits.push((split, records));
            }
            Ok((name, splits))
        })
        .await?;
    let title = format!("{} · {name}", lang.pick("人工费用拨付", "Labour cost"));
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header(("Cache-Control", "private, no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .body(calendar(&title, &events(&splits, lang, visit.ctx.today), visit.ctx.now)))
}
