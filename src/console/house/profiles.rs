//! Profiles of banks: what each bank's words prove, its limits, and the next version of one. Only for whoever runs the whole house.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::accounts::profiles::{DEFAULT, OrderVersion, Profile, actions, table};
use crate::base::Moment;
use crate::console::month::amount_opt;
use crate::console::projects::bank_profile::{Setting, settings};
use crate::console::{Frame, Shown, done, show};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::wire::iso20022::limits::{CharSet, Limits};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/bank-profiles", operate, "What each bank is taken to mean", || web::get().to(list)),
        Route::form("/house/bank-profiles", operate, "Write the next version of a bank's profile", || web::post().to(write)),
    ]
}

#[derive(Deserialize)]
struct Query {
    code: Option<String>,
}

/// A profile as listed.
struct Listed {
    profile: Profile,
    /// Version, by whom, when; none for the built-in one.
    source: Option<(i32, String, Moment)>,
    settings: Vec<Setting>,
}

#[derive(Template)]
#[template(path = "console/house/profiles.html")]
struct ListPage {
    f: Frame,
    listed: Vec<Listed>,
    /// The one whose next version the form begins from.
    start: Profile,
    versions: &'static [OrderVersion],
    charsets: &'static [CharSet],
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let wanted = query.into_inner().code;
    let page = visit
        .read(move |conn, visit| {
            actions::whole_house(&visit.ctx)?;
            let listed_as = |profile: Profile, source| Listed { settings: settings(&profile, visit.lang), profile, source };
            let mut listed = vec![listed_as(Profile::built_in(), None)];
            for row in table::all(conn)? {
                listed.retain(|one| one.profile.code != row.code);
                let source = Some((row.version, row.recorded_by.clone(), row.recorded_at));
                listed.push(listed_as(Profile::from(row), source));
            }
            let code = wanted.unwrap_or_else(|| DEFAULT.to_owned());
            let start = listed.iter().find(|one| one.profile.code == code).map(|one| one.profile.clone());
            Ok(ListPage {
                f: Frame::of(visit),
                listed,
                start: start.ok_or_else(Problem::not_found)?,
                versions: OrderVersion::ALL,
                charsets: CharSet::ALL,
            })
        })
        .await?;
    show(&page)
}

async fn write(form: Form) -> Shown {
    actions::whole_house(&form.ctx(Verb::Operate)?)?;
    let number = |name: &str| -> Result<i32, Problem> {
        form.required(name)?.parse().map_err(|_| Problem::invalid("请填写整数。", "Write a whole number.").at(name, "bad_format"))
    };
    let usual = Limits::default();
    let length = |name: &str, usual: usize| -> Result<usize, Problem> {
        let Some(text) = form.text(name) else { return Ok(usual) };
        text.parse().map_err(|_| Problem::invalid("请填写整数。", "Write a whole number.").at(name, "bad_format"))
    };
    let profile = Profile {
        code: form.required("code")?.to_owned(),
        name: form.required("name")?.to_owned(),
        detail_pays: form.ticked("detail_pays"),
        accc_pays: form.ticked("accc_pays"),
        acsc_pays: form.ticked("acsc_pays"),
        acsp_pays: form.ticked("acsp_pays"),
        credits_back_days: number("credits_back_days")?,
        lines_max: number("lines_max")?,
        file_fen_max: amount_opt(&form, "file_max")?,
        line_fen_max: amount_opt(&form, "line_max")?,
        batch_booking: form.ticked("batch_booking"),
        order_version: form.parse("order_version")?,
        silence_days: number("silence_days")?,
        limits: Limits {
            name_max: length("name_max", usual.name_max)?,
            card_min: length("card_min", usual.card_min)?,
            card_max: length("card_max", usual.card_max)?,
            card_luhn: form.ticked("card_luhn"),
            text_max: length("text_max", usual.text_max)?,
            charset: form.parse_opt("charset")?.unwrap_or(usual.charset),
        },
    };
    form.write(Verb::Operate, move |tx, ctx| actions::write(tx, ctx, &profile)).await?;
    done("/house/bank-profiles", "profile_written", 1)
}
