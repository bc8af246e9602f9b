//! The rights notice board (维权信息告示牌): there, complete, and shown by a photo that is not old.

use crate::law::book::ids::R724_34;
use crate::law::facts::ProjectFacts;
use crate::law::finding::{Bench, Finding, System, day_text, keeper_of};
use crate::law::questions::warning::Level;

use super::working;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    let board = &facts.notice_board;
    let draft = bench
        .on(System::NoticeBoard, R724_34)
        .shows("已设置", "present", &board.present, ToString::to_string)
        .shows("缺少的内容", "missing items", &board.missing_items, |items| items.join("、"))
        .shows("最近照片", "last photo", &board.photo_on, day_text);
    let going_on = working(facts, bench.as_of);
    if going_on == Some(false) {
        return vec![draft.not_concerned()];
    }
    let age = bench.book.value("notice_board.photo_age", bench.region, bench.as_of).value.and_then(|dated| dated.value.as_span());
    let months = age.map(|age| i32::try_from(age.count).unwrap_or(i32::MAX));
    let expired = board.photo_on.get().zip(months).map(|(photo, months)| match photo {
        Some(photo) => (bench.as_of > photo.plus_months(months)).then(|| Some(photo.plus_months(months).plus_days(1))),
        None => Some(None),
    });
    let missing = board.missing_items.value().map(Vec::as_slice);
    vec![match (board.present.get(), missing, expired) {
        (Some(false), _, _) => {
            draft.broken(Level::Yellow, None, "在施工现场醒目位置设立告示牌", "put the board up in a visible place")
        }
        (_, Some([_, ..]), _) => draft.broken(Level::Yellow, None, "补全告示牌内容", "complete the items of the board"),
        (_, _, Some(Some(since))) => {
            draft.broken(Level::Yellow, since, "重新拍摄告示牌照片", "take a new dated photo of the board")
        }
        (Some(true), Some([]), Some(None)) if going_on.is_some() => draft.kept(),
        _ => draft.not_known(keeper_of(&[
            board.present.keeper(),
            board.missing_items.keeper(),
            board.photo_on.keeper(),
            facts.milestones.started_on.keeper(),
        ])),
    }]
}
