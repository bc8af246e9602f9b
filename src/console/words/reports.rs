//! Words of reports to platforms: kinds of records, where they stand, what is wrong with what a platform believes.

use crate::reporting::{Belief, RecordState, ReportKind};
use crate::web::Lang;

/// A kind of record.
pub fn kind(lang: Lang, kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Company => lang.pick("企业", "company"),
        ReportKind::Project => lang.pick("项目", "project"),
        ReportKind::Subcontractor => lang.pick("参建单位", "company on the project"),
        ReportKind::Team => lang.pick("班组", "crew"),
        ReportKind::Worker => lang.pick("工人", "worker"),
        ReportKind::Entry => lang.pick("进退场", "entry or exit"),
        ReportKind::Contract => lang.pick("劳动合同", "labour contract"),
        ReportKind::Attendance => lang.pick("考勤", "attendance"),
        ReportKind::Payroll => lang.pick("工资", "wage"),
        ReportKind::Training => lang.pick("培训", "training"),
    }
}

/// Where a record stands, and the badge for it.
pub fn state(lang: Lang, state: RecordState) -> (&'static str, &'static str) {
    match state {
        RecordState::Incomplete => (lang.pick("资料不全", "incomplete"), "warn"),
        RecordState::Queued => (lang.pick("待上报", "queued"), "plain"),
        RecordState::Sent => (lang.pick("已发出", "sent"), "plain"),
        RecordState::Waiting => (lang.pick("等待结果", "waiting for the result"), "plain"),
        RecordState::Unknown => (lang.pick("未知，查询中", "not known, being asked for"), "unknown"),
        RecordState::Accepted => (lang.pick("平台已接收", "accepted"), "good"),
        RecordState::Refused => (lang.pick("平台已拒绝", "refused"), "bad"),
        RecordState::WithPerson => (lang.pick("待人工处理", "with a person"), "bad"),
    }
}

/// What is wrong with what a platform believes.
pub fn belief(lang: Lang, what: Belief) -> &'static str {
    match what {
        Belief::Differs => lang.pick("内容不同", "other values"),
        Belief::Missing => lang.pick("平台上已没有", "gone from the platform"),
        Belief::NotOurs => lang.pick("本系统已无此记录", "no longer on record here"),
    }
}
