//! Points that others have not settled: norms that are not published, forms that no maker's document confirms. Each is a setting or an
//! entry of a file, and is told here with the value that this service works by, so that nobody takes an assumption for a fact.
//!
//! Deliberately absent: any change of them; that is the operator's, in the file that is named.

use crate::web::Settings;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::profile::UnknownCode;
use crate::wire::zkteco::Options;

/// A point with the value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPoint {
    /// What is open, in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// Where it is set: a file below the configuration folder, or a page.
    pub place: String,
    /// What holds now.
    pub value: String,
}

fn point(zh: &'static str, en: &'static str, place: impl Into<String>, value: impl Into<String>) -> OpenPoint {
    OpenPoint { zh, en, place: place.into(), value: value.into() }
}

/// The open points in force, by subject.
pub fn open_points(settings: &Settings) -> Vec<OpenPoint> {
    let mut points = Vec::new();
    for profile in settings.platforms.all() {
        let place = format!("platforms/{}", profile.code);
        let newest = profile.tables.iter().map(|table| table.valid_from).max();
        let tables = newest.map_or_else(
            || profile.tables_of.clone().unwrap_or_default(),
            |day| format!("{} × valid_from ≤ {day}", profile.tables.len()),
        );
        points.push(point("2019 年之后的实名制数据标准", "the real-name data standard after 2019", &*place, tables));
        let open: Vec<&str> = profile.tables.iter().filter(|table| table.open).map(|table| table.name.as_str()).collect();
        let unknown = match profile.unknown_codes {
            UnknownCode::Error => "error",
            UnknownCode::Warning => "warning",
        };
        points.push(point(
            "民族、政治面貌、文化程度等字典的取值",
            "values of the tables of nation, politics and culture",
            &*place,
            format!("unknown_codes = {unknown}; open = [{}]", open.join(", ")),
        ));
        points.push(point(
            "哪些培训类型是进场前的基本安全培训",
            "which types of training are the safety training before entry",
            &*place,
            format!("entry_training = [{}]", profile.entry_training.join(", ")),
        ));
        points.push(point(
            "时间戳容差与时区",
            "how far a timestamp may be off, and its zone",
            &*place,
            format!(
                "tolerance_seconds = {}, accept_utc = {}, corpsign = {}",
                profile.tolerance_seconds, profile.accept_utc, profile.corpsign
            ),
        ));
    }
    if let Some(list) = &Method::ContractAdd.shape().list {
        let value = if list.any_name { format!("{}, or the only list of objects", list.key) } else { list.key.to_owned() };
        points.push(point("劳动合同上传的列表字段名", "the name of the list of contracts", "platforms", value));
    }
    points.push(point(
        "异步结果 result 的形式",
        "the form of `result` of what is applied later",
        "platforms",
        "text; JSON as text where it worked",
    ));
    for family in settings.direct_link.all().filter(|family| !family.unconfirmed.is_empty()) {
        let place = format!("direct_link/{}", family.format);
        points.push(point("银企直连文件的字段", "elements of files of direct bank links", place, family.unconfirmed.join(", ")));
    }
    points.push(point(
        "企业网银流水的导出版式",
        "layouts of statements that corporate banks export",
        "wage account → bank profile",
        "read by the names of the columns; what is not known is told row by row",
    ));
    points.push(point(
        "监管平台与专户的数据标准",
        "field standards of regulators and wage accounts",
        "project → reports",
        "the fields that a platform's entry maps",
    ));
    points.push(point(
        "海康、大华设备的重发规则",
        "when Hikvision and Dahua machines send again",
        "service.toml [devices]",
        format!("200 after the commit, 503 with Retry-After before; {} requests a second", settings.device_rate_max),
    ));
    points.push(point(
        "考勤推送协议 4.x",
        "newer versions of attendance push (4.x)",
        "device → settings",
        format!("server_version = {}", Options::default().server_version),
    ));
    points.push(point(
        "考勤机的心跳间隔",
        "how often a gate machine is heard of",
        "service.toml [gates]",
        format!(
            "heartbeat_minutes = {}, hours = {}–{}",
            settings.gates.heartbeat_minutes, settings.gates.day_begins_hour, settings.gates.day_ends_hour
        ),
    ));
    let robots = settings.webhooks.iter().filter(|preset| preset.code != "plain").map(|preset| preset.code.as_str());
    points.push(point(
        "短信网关与群机器人的调用方式",
        "how message gateways and robots are called",
        "webhooks",
        robots.collect::<Vec<_>>().join(", "),
    ));
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;

    #[test]
    fn each_point_tells_where_it_is_set_and_what_holds() {
        let settings = Config::load(None).unwrap().settings(false);
        let points = open_points(&settings);
        assert!(points.iter().all(|one| !one.place.is_empty() && !one.zh.is_empty()), "{points:?}");
        let told = |en: &str| points.iter().filter(|one| one.en.contains(en)).map(|one| one.value.clone()).collect::<String>();
        assert!(told("list of contracts").starts_with("contractList"));
        assert!(told("safety training before entry").starts_with("entry_training = []"));
        assert!(told("timestamp").contains("tolerance_seconds = 600"));
        assert!(told("robots").contains("dingtalk-robot"));
        assert!(!told("direct bank links").is_empty());
    }
}
