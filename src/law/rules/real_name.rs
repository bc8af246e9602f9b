//! Real-name management (实名制): registration and contract of everybody on the site, devices, labour manager.

use crate::law::book::ids::{R53_16, R724_28A, R724_28B};
use crate::law::facts::ProjectFacts;
use crate::law::finding::{Bench, Finding, System, day_text, keeper_of};
use crate::law::questions::warning::Level;

use super::working;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    vec![entry(bench, facts), device(bench, facts), manager(bench, facts)]
}

fn entry(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let real_name = &facts.real_name;
    let draft = bench
        .on(System::RealName, R724_28A)
        .shows("在场人数", "persons on site", &real_name.on_site, ToString::to_string)
        .shows("未实名登记", "not registered", &real_name.unregistered, ToString::to_string)
        .shows("无合同或协议", "without contract or agreement", &real_name.without_contract, ToString::to_string);
    let counts = [real_name.unregistered.get(), real_name.without_contract.get()];
    if counts.iter().flatten().any(|count| *count > 0) {
        let (zh, en) = (
            "补办实名登记和劳动合同（或者用工书面协议），否则退场",
            "register them and sign contracts or agreements, or have them leave",
        );
        return draft.broken(Level::Red, None, zh, en);
    }
    if real_name.on_site.get() == Some(0) || counts.iter().all(Option::is_some) {
        return draft.kept();
    }
    draft.not_known(keeper_of(&[real_name.unregistered.keeper(), real_name.without_contract.keeper()]))
}

/// Equipment must show a sign of life while work goes on.
fn device(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let seen = &facts.real_name.device_seen_on;
    let draft = bench.on(System::RealName, R53_16).shows("考勤设备最近在线", "device last seen", seen, day_text);
    if working(facts, bench.as_of) == Some(false) {
        return draft.not_concerned();
    }
    let silence = bench.book.value("real_name.device_silence", bench.region, bench.as_of).value;
    let days = silence.and_then(|dated| dated.value.as_span()).map(|span| i64::from(span.count));
    match (seen.get(), days, working(facts, bench.as_of)) {
        (Some(Some(day)), Some(days), _) if bench.as_of.days_since(day) <= days => draft.kept(),
        (Some(day), Some(days), Some(true)) => {
            let since = day.map(|day| day.plus_days(days + 1));
            draft.broken(Level::Yellow, since, "恢复或者安装考勤设备", "install the device or bring it back")
        }
        _ => draft.not_known(keeper_of(&[
            seen.keeper(),
            facts.milestones.started_on.keeper(),
            facts.milestones.finished_on.keeper(),
        ])),
    }
}

fn manager(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let named = &facts.labour_manager_named;
    let draft =
        bench.on(System::RealName, R724_28B).shows("已配备劳资专管员", "labour manager named", named, ToString::to_string);
    match named.get() {
        Some(true) => draft.kept(),
        Some(false) => draft.broken(Level::Yellow, None, "任命劳资专管员", "name a labour manager"),
        None => draft.not_known(named.keeper()),
    }
}
