//! The law to be read: the book in force, rules with the words of their articles, numbers with their chain of regions and their dated
//! values, what changed when; and the laboratory, where a change is tried before anybody proposes it.
//!
//! Open to whoever is logged in, since the law is public; the laboratory is for those who may propose or approve changes.

mod laboratory;
mod pages;
mod reading;

use actix_web::web;

use super::Frame;
use crate::web::{Access, Route, Verb};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let (read, tries) = (Access::Myself, Access::Holds(Verb::TryLaw));
    vec![
        Route::page("/law", read, "The law book in force", || web::get().to(pages::front)),
        Route::page("/law/rules/{rule}", read, "A rule with the words of its article", || web::get().to(reading::rule)),
        Route::page("/law/parameters", read, "The numbers of the law", || web::get().to(pages::parameters)),
        Route::page("/law/parameters/{parameter}", read, "A number by region and day", || web::get().to(reading::parameter)),
        Route::page("/law/regions", read, "Regions that have a file", || web::get().to(pages::regions)),
        Route::page("/law/regions/{region}", read, "A region with all its values", || web::get().to(reading::region)),
        Route::page("/law/instruments/{instrument}", read, "A law with its articles", || web::get().to(reading::instrument)),
        Route::page("/law/articles/{article}", read, "The words of an article", || web::get().to(reading::article)),
        Route::page("/law/changes", read, "What changed when", || web::get().to(pages::changes)),
        Route::page("/law/laboratory", tries, "Try a change of law", || web::get().to(laboratory::form)),
        Route::form("/law/laboratory", tries, "Try a change of law", || web::post().to(laboratory::try_one)),
    ]
}

/// Class and words of a standing's badge.
pub(crate) fn standing<'x>(f: &Frame, word: &'x str) -> (&'static str, &'x str) {
    match word {
        "in_force" => ("good", f.t("现行有效", "in force")),
        "unverified" => ("warn", f.t("待核实", "unverified")),
        "draft" => ("warn", f.t("征求意见稿", "draft")),
        "superseded" => ("unknown", f.t("已被替代", "superseded")),
        other => ("unknown", other),
    }
}

/// Who owes a duty, in words.
fn owes(f: &Frame, word: &str) -> String {
    let named = match word {
        "anyone" => f.t("任何单位和个人", "anyone"),
        "employer" => f.t("用人单位", "employer"),
        "court" => f.t("人民法院", "court"),
        "police" => f.t("公安机关", "police"),
        "arbitration" => f.t("劳动争议仲裁机构", "arbitration body"),
        other => return f.word(other).into_owned(),
    };
    named.to_owned()
}

/// A value with its unit in words: `30 天`, `5,000,000.00 元`, `是`.
fn value(f: &Frame, text: &str, unit: &str) -> String {
    let bare = text.split(' ').next().unwrap_or(text);
    match unit {
        "yuan" => format!("{} {}", super::frame::grouped(text), f.t("元", "yuan")),
        "truth" if text == "true" => f.t("是", "yes").to_owned(),
        "truth" => f.t("否", "no").to_owned(),
        "day" => format!("{bare} {}", f.t("天", if bare == "1" { "day" } else { "days" })),
        "workday" => format!("{bare} {}", f.t("个工作日", if bare == "1" { "working day" } else { "working days" })),
        "month" => format!("{bare} {}", f.t("个月", if bare == "1" { "month" } else { "months" })),
        "brackets" if f.is_zh() => {
            let zh = text.replace("else ", "其余 ").replace("(cap ", "（上限 ").replace(')', "）").replace("; ", "；");
            zh.replace("< ", "低于 ").replace(": ", " 元：")
        }
        _ => text.to_owned(),
    }
}
