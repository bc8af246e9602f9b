//! Writing a version of a profile, and letting an account go by one.

use super::table::{self, ChoiceRow, ProfileRow};
use super::{CREDITS_BACK_DAYS_MAX, DEFAULT, LINES_MAX, Profile, SILENCE_DAYS_MAX};
use crate::accounts::table as accounts;
use crate::base::Fen;
use crate::base::id::{AccountId, RecordId};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::iso20022::limits::{CARD_MAX, CARD_MIN, CharSet, NAME_MAX, TEXT_MAX as PAY_TEXT_MAX};

/// The shortest text that a payment can have: `工资`.
const PAY_TEXT_MIN: usize = 2;
/// The longest code and name, in characters.
const TEXT_MAX: usize = 100;

fn check(profile: &Profile) -> Result<(), Problem> {
    let code_fits = (1..=40).contains(&profile.code.len())
        && profile.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !code_fits {
        let problem = Problem::invalid(
            "代码应为 1 至 40 位小写字母、数字或短横线。",
            "A code has 1 to 40 small letters, digits or dashes.",
        );
        return Err(problem.at("code", "bad_format"));
    }
    let name = profile.name.trim().chars().count();
    if name == 0 || name > TEXT_MAX {
        return Err(Problem::invalid("应为 1 至 100 个字。", "Write 1 to 100 characters.").at("name", "missing_field"));
    }
    let whole = [
        ("lines_max", profile.lines_max, 1, LINES_MAX),
        ("silence_days", profile.silence_days, 1, SILENCE_DAYS_MAX),
        ("credits_back_days", profile.credits_back_days, 0, CREDITS_BACK_DAYS_MAX),
    ];
    for (place, value, least, most) in whole {
        between(place, value, least, most)?;
    }
    let limits = profile.limits;
    for (place, value, least, most) in [
        ("name_max", limits.name_max, 1, NAME_MAX),
        ("card_min", limits.card_min, CARD_MIN, limits.card_max),
        ("card_max", limits.card_max, CARD_MIN, CARD_MAX),
        ("text_max", limits.text_max, PAY_TEXT_MIN, PAY_TEXT_MAX),
    ] {
        between(place, value, least, most)?;
    }
    for (place, amount) in [("file_max", profile.file_fen_max), ("line_max", profile.line_fen_max)] {
        if amount.is_some_and(|amount| amount <= Fen::ZERO) {
            return Err(Problem::invalid("限额应大于零。", "A limit is more than nothing.").at(place, "bad_amount"));
        }
    }
    Ok(())
}

fn between<T: PartialOrd + std::fmt::Display>(place: &str, value: T, least: T, most: T) -> Result<(), Problem> {
    if value >= least && value <= most {
        return Ok(());
    }
    let problem = Problem::invalid(format!("应在 {least} 与 {most} 之间。"), format!("It lies between {least} and {most}."));
    Err(problem.at(place, "over_limit"))
}

/// Refuses whoever runs only a part of the house.
pub fn whole_house(ctx: &Ctx) -> Result<(), Problem> {
    if ctx.scope.is_everything() { Ok(()) } else { Err(Problem::not_found()) }
}

/// Writes the next version of a profile; the same contents again change nothing.
///
/// # Errors
/// `not_found` for whoever has not the whole house, since a profile is every project's; `invalid` for a limit out of range.
pub fn write(tx: &mut Tx<'_>, ctx: &Ctx, profile: &Profile) -> Result<ProfileRow, Problem> {
    whole_house(ctx)?;
    check(profile)?;
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let last = table::latest(tx.conn(), &profile.code)?;
    if let Some(last) = last.clone().filter(|last| Profile::from(last.clone()) == *profile) {
        return Ok(last);
    }
    let row = ProfileRow {
        code: profile.code.clone(),
        version: last.map_or(1, |last| last.version.saturating_add(1)),
        name: profile.name.trim().to_owned(),
        detail_pays: profile.detail_pays,
        accc_pays: profile.accc_pays,
        acsc_pays: profile.acsc_pays,
        acsp_pays: profile.acsp_pays,
        credits_back_days: profile.credits_back_days,
        lines_max: profile.lines_max,
        file_fen_max: profile.file_fen_max,
        line_fen_max: profile.line_fen_max,
        batch_booking: profile.batch_booking,
        order_version: profile.order_version,
        silence_days: profile.silence_days,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
        name_max: table::limit_kept(profile.limits.name_max, NAME_MAX),
        card_min: table::limit_kept(profile.limits.card_min, CARD_MIN),
        card_max: table::limit_kept(profile.limits.card_max, CARD_MAX),
        card_luhn: profile.limits.card_luhn.then_some(true),
        text_max: table::limit_kept(profile.limits.text_max, PAY_TEXT_MAX),
        charset: Some(profile.limits.charset).filter(|set| *set != CharSet::Any),
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "write_bank_profile", &format!("{}/{}", row.code, row.version))?;
    Ok(row)
}

/// Lets an account go by a profile from now on; what the bank said before stays as it was understood.
///
/// # Errors
/// `not_found` without such an account, `invalid` without such a profile.
pub fn choose(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, account: AccountId, profile: &str) -> Result<ChoiceRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let account = accounts::find(tx.conn(), site.id, account)?.ok_or_else(Problem::not_found)?;
    if profile != DEFAULT && table::latest(tx.conn(), profile)?.is_none() {
        return Err(Problem::invalid("没有这个银行档案。", "There is no such bank profile.").at("profile", "unknown_reference"));
    }
    let row = ChoiceRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        account_id: account.id,
        profile: profile.to_owned(),
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_choice(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "choose_bank_profile", &account.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}
