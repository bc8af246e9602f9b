//! The worked example of the specification with its variants, the reader's limits, and bodies that are broken on purpose.

use proptest::prelude::*;

use super::answer::{Fault, Wrong};
use super::cipher::AppSecret;
use super::form::{FormFault, Parameters, redacted};
use super::json::{self, Json, JsonFault};
use super::methods::{Field, Kind, Method, NOT_SERVED, Need, Shape};
use super::profile::{NATIONAL, Platforms};
use super::reading::{Reader, missing, timestamp};
use super::sign::{has_lost_plus, holds, same, sign, signed_text};

const SECRET: &str = "AnxinDemoSecret0AnxinDemoSecret1";
const DATA: &str = r#"{"projectCode":"119999202611210001","teamSysNo":1500000001,"dataList":[{"idCardType":"01","idCardNumber":"2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=","date":"2026-11-21 07:58:03","direction":"01","channel":"1号门","attendType":"001"}]}"#;
const PYTHON_DATA: &str = r#"{"projectCode": "119999202611210001", "teamSysNo": 1500000001, "dataList": [{"idCardType": "01", "idCardNumber": "2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=", "date": "2026-11-21 07:58:03", "direction": "01", "channel": "1\u53f7\u95e8", "attendType": "001"}]}"#;
const SIGN: &str = "ae90640525ac2031830400469672c39e75631888cc0428b77cf0b15d19830894";
const HASHED: &str = r#"appid=119999202611210001&data={"projectcode":"119999202611210001","teamsysno":1500000001,"datalist":[{"idcardtype":"01","idcardnumber":"2q5m3tmqc5q+sbt51vhpmjltxw1jen2jkrb3/wezixk=","date":"2026-11-21 07:58:03","direction":"01","channel":"1号门","attendtype":"001"}]}&format=json&method=workerattendance.add&nonce=3f9a0c7be2d14856&timestamp=20261121080500&version=1.0&appsecret=anxindemosecret0anxindemosecret1"#;
const BODY: &str = "appid=119999202611210001&data=%7B%22projectCode%22%3A%22119999202611210001%22%2C%22teamSysNo%22%3A1500000001%2C%22dataList%22%3A%5B%7B%22idCardType%22%3A%2201%22%2C%22idCardNumber%22%3A%222Q5M3tmQc5Q%2Bsbt51vHpMJLtXW1jEn2JKrb3%2Fwezixk%3D%22%2C%22date%22%3A%222026-11-21+07%3A58%3A03%22%2C%22direction%22%3A%2201%22%2C%22channel%22%3A%221%E5%8F%B7%E9%97%A8%22%2C%22attendType%22%3A%22001%22%7D%5D%7D&format=json&method=WorkerAttendance.Add&nonce=3f9a0c7be2d14856&timestamp=20261121080500&version=1.0&sign=ae90640525ac2031830400469672c39e75631888cc0428b77cf0b15d19830894";

fn secret() -> AppSecret {
    AppSecret::parse(SECRET).unwrap()
}

fn request(data: &str, more: &[(&str, &str)]) -> Parameters {
    let mut pairs = vec![
        ("appid", "119999202611210001"),
        ("method", "WorkerAttendance.Add"),
        ("version", "1.0"),
        ("format", "json"),
        ("timestamp", "20261121080500"),
        ("nonce", "3f9a0c7be2d14856"),
        ("data", data),
    ];
    for (key, value) in more {
        pairs.retain(|(known, _)| known != key);
        pairs.push((key, value));
    }
    Parameters::of(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

#[test]
fn the_worked_example_holds_to_the_letter() {
    assert_eq!(secret().encrypt("11999919900101032X"), "2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=");
    assert_eq!(secret().encrypt("6219999999999999994"), "klA/qPEJvxRv3r4ZN5yI0mCfcLYkTDXkf9n22oWYNPw=");
    assert_eq!(secret().decrypt("2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=").unwrap(), "11999919900101032X");
    let asked = request(DATA, &[]);
    assert_eq!(signed_text(&asked, &secret()), HASHED);
    assert_eq!(HASHED.len(), 412);
    assert_eq!(sign(&asked, &secret()), SIGN);
    let wire = Parameters::parse(BODY.as_bytes()).unwrap();
    assert!(holds(&wire, &secret()));
    assert_eq!(wire.get("data"), Some(DATA));
    assert_eq!(Parameters::parse(wire.encoded().as_bytes()).unwrap(), wire);
    let upper = request(DATA, &[("sign", &SIGN.to_uppercase())]);
    assert!(holds(&upper, &secret()));
    assert!(!holds(&request(DATA, &[("sign", &SIGN.replace('a', "b"))]), &secret()));
    assert!(!holds(&asked, &secret()), "no signature at all");
}

#[test]
fn the_variants_pass_and_fail_as_stated() {
    assert_eq!(sign(&request(PYTHON_DATA, &[]), &secret()), "486a4dac2b36df469a76f50827916e69e58f25507bf643c1b988f851f299a970");
    let corp = "2U3RYIzPxaYxZPIsxTpCQo5LAqVPepsJccjXL3zpy6Q=";
    assert_eq!(secret().encrypt("DemoCorpSecret20261121080500"), corp);
    assert_eq!(
        sign(&request(DATA, &[("corpsign", corp)]), &secret()),
        "dd388188554a7d1fd2c87f5c106d2a5367add46a7361851229287154fda381db"
    );
    assert_eq!(sign(&request(DATA, &[("appsecret", SECRET)]), &secret()), SIGN);
    let swap = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let cipher = "2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=";
    let swapped: String = cipher.chars().map(swap).collect();
    assert_eq!(sign(&request(&DATA.replace(cipher, &swapped), &[]), &secret()), SIGN);
    let asked = request(
        r#"{"requestSerialCode":"workerattendance-add-2026112108-1-0001"}"#,
        &[("method", "AsyncHandleResult.Query"), ("nonce", "100001"), ("timestamp", "20261121080530")],
    );
    assert_eq!(sign(&asked, &secret()), "00fbf7c54756d83a675fe1c86dcf01f0c4ca1ee7277d2f47502211f368dab7df");
    assert_eq!(sign(&request("Ａ", &[]), &secret()), sign(&request("ａ", &[]), &secret()));
    let (_, faults) = read(Method::AttendanceAdd, &DATA.replace(cipher, &swapped));
    assert!(
        matches!(faults.as_slice(), [Fault { wrong: Wrong::BadCipher | Wrong::BadFormat | Wrong::BadCheckDigit, .. }]),
        "{faults:?}"
    );
}

pub(super) fn read(method: Method, data: &str) -> (super::record::Message, Vec<Fault>) {
    let platforms = Platforms::default();
    let (secret, profile) = (secret(), platforms.get(NATIONAL).unwrap());
    let reader = Reader { secret: &secret, platforms: &platforms, profile, today: "2026-11-21".parse().unwrap() };
    reader.read(&json::parse(data).unwrap(), method.shape())
}

pub(super) fn texts(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(Fault::text).collect()
}

#[test]
fn an_unescaped_plus_is_told_and_not_mended() {
    let body = BODY.replace("%2B", "+");
    let wire = Parameters::parse(body.as_bytes()).unwrap();
    assert!(!holds(&wire, &secret()));
    assert!(has_lost_plus(wire.get("data").unwrap()));
    assert!(!has_lost_plus(DATA));
}

#[test]
fn a_posted_secret_is_never_kept() {
    for body in ["appid=1&appsecret=S3cret&data=x", "AppSecret=S3cret&appid=1", "appid=1&%61ppsecret=S3cret"] {
        let kept = String::from_utf8(redacted(body.as_bytes())).unwrap();
        assert!(!kept.contains("S3cret") && kept.contains("=***") && kept.contains("appid=1"), "{kept}");
    }
    assert_eq!(redacted(BODY.as_bytes()), BODY.as_bytes(), "any other body stays as it is");
    assert!(!format!("{:?}", secret()).contains("Anxin"));
}

#[test]
fn secrets_have_thirty_two_bytes() {
    for odd in ["", "short", &"x".repeat(31), &"x".repeat(33), &"密".repeat(11)] {
        assert!(AppSecret::parse(odd).is_none());
    }
    assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "abcd") && !same("", "a"));
}

#[test]
fn a_form_is_read_as_it_came() {
    let parsed = Parameters::parse(b"a=1+2&b=%e5%8f%B7&c&d=&=x&e=%zz").unwrap();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        parsed.pairs(),
        [pair("a", "1 2"), pair("b", "号"), pair("c", ""), pair("d", ""), pair("", "x"), pair("e", "%zz")]
    );
    assert_eq!(parsed.get("A"), Some("1 2"));
    assert_eq!(parsed.get("c"), None);
    assert_eq!(Parameters::parse(b"a=%ff"), Err(FormFault::BadEncoding));
    assert_eq!(Parameters::parse(b"a=1&a=2"), Err(FormFault::Twice("a".into())));
    let many = (0..70).map(|n| format!("k{n}=1")).collect::<Vec<_>>().join("&");
    assert_eq!(Parameters::parse(many.as_bytes()), Err(FormFault::TooMany));
}

#[test]
fn timestamps_are_fourteen_digits() {
    assert_eq!(timestamp("20261121080500").unwrap().to_string(), "2026-11-21 08:05:00");
    for odd in ["", "2026112108050", "202611210805000", "20261131080500", "20261121240000", "20261121 80500"] {
        assert!(timestamp(odd).is_none(), "{odd}");
    }
}

#[test]
fn numbers_keep_their_text_and_keys_their_case_only_where_it_matters() {
    let data = json::parse(r#"{"A": 11.20, "a": "x", "B": 12345678901234567890.5, "n": "null", "e": ""}"#).unwrap();
    assert_eq!(data.get("A"), Some(&Json::Number("11.20".into())));
    assert_eq!(data.get("a"), Some(&Json::Text("x".into())), "the exact case wins");
    assert_eq!(data.get("b").and_then(Json::scalar), Some("12345678901234567890.5"));
    assert!(data.filled("n").is_none() && data.filled("e").is_none() && data.filled("absent").is_none());
    assert_eq!(json::parse(r#""\ud83d\ude00 \u53f7 \ud800x""#), Ok(Json::Text("😀 号 \u{FFFD}x".into())));
    for odd in ["", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "-", "+1", "nul", "\"\n\"", "\"\\x\"", "1 2", "{a:1}", "NaN"] {
        assert_eq!(json::parse(odd), Err(JsonFault::Malformed), "{odd}");
    }
    assert_eq!(json::parse("\"a\\u0000b\""), Err(JsonFault::Nul));
    assert_eq!(json::parse(&"[".repeat(100)), Err(JsonFault::TooMuch));
    assert_eq!(json::parse(&format!("[{}1]", "1,".repeat(json::VALUES_MAX))), Err(JsonFault::TooMuch));
}

/// A value that a field of this kind may have.
fn sample(kind: Kind) -> Json {
    let text = |text: &str| Json::Text(text.to_owned());
    match kind {
        Kind::Text(_) => text("测试"),
        Kind::Code("idCardType") => text("01"),
        Kind::Code("workType") => text("020"),
        Kind::Code("workRole") => text("20"),
        Kind::Code("category" | "direction") => text("01"),
        Kind::Code("prjStatus") => text("003"),
        Kind::Code("attendType") => text("001"),
        Kind::Code("corpType") => text("006"),
        Kind::Code("unit") => text("81"),
        Kind::Code("bank") => text("102"),
        Kind::Code(_) | Kind::Flag => text("1"),
        Kind::Uscc => text("91119999MA0000007J"),
        Kind::Area => text("119999"),
        Kind::Phone => text("13800000000"),
        Kind::Day | Kind::PastDay => text("2026-11-20"),
        Kind::Month => text("2026-10"),
        Kind::Clock => text("2026-11-21 07:58:03.123"),
        Kind::Money => Json::Number("6500.5".into()),
        Kind::Decimal => text("21.5"),
        Kind::Count => Json::Number("1500000001".into()),
        Kind::SecretText(_) => Json::Text(secret().encrypt("1199-1")),
        Kind::SecretId => Json::Text(secret().encrypt(" １1999919900101032x ")),
        Kind::SecretCard => Json::Text(secret().encrypt("6219999999999999994")),
        Kind::SecretAccount => Json::Text(secret().encrypt("3301000012345678")),
        Kind::Image(_) => text("/9j/4AAQ"),
        Kind::Files(_) => Json::List(vec![Json::Object(vec![("name".into(), text("a.jpg"))])]),
        Kind::Items(fields, _) => Json::List(vec![object(fields)]),
    }
}

pub(super) fn object(fields: &[Field]) -> Json {
    Json::Object(fields.iter().map(|field| (field.key.to_owned(), sample(field.kind))).collect())
}

pub(super) fn whole(shape: &Shape) -> Json {
    let Json::Object(mut members) = object(shape.root) else { panic!("an object") };
    if let Some(list) = &shape.list {
        members.push((list.key.to_owned(), Json::List(vec![object(list.fields)])));
    }
    Json::Object(members)
}

pub(super) fn without(data: &Json, key: &str) -> Json {
    Json::Object(data.members().iter().filter(|(known, _)| known != key).cloned().collect())
}

pub(super) fn with(data: &Json, key: &str, value: Json) -> Json {
    let mut members = without(data, key).members().to_vec();
    members.push((key.to_owned(), value));
    Json::Object(members)
}

pub(super) fn written(data: &Json) -> String {
    match data {
        Json::Null => "null".into(),
        Json::Bool(flag) => flag.to_string(),
        Json::Number(text) => text.clone(),
        Json::Text(text) => serde_json::Value::String(text.clone()).to_string(),
        Json::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(",")),
        Json::Object(members) => {
            let pair = |(key, value): &(String, Json)| format!("{}:{}", serde_json::Value::String(key.clone()), written(value));
            format!("{{{}}}", members.iter().map(pair).collect::<Vec<_>>().join(","))
        }
    }
}

#[test]
fn whole_messages_of_every_method_are_read_without_a_fault() {
    for method in Method::ALL {
        let data = whole(method.shape());
        assert_eq!(missing(&data, method.shape()), [], "{method}");
        let (message, faults) = read(*method, &written(&data));
        assert_eq!(texts(&faults), Vec::<String>::new(), "{method}");
        assert_eq!(message.items.len(), usize::from(method.shape().list.is_some()));
    }
}

#[test]
fn every_mandatory_field_is_missed_by_its_path() {
    for method in Method::ALL {
        let (shape, data) = (method.shape(), whole(method.shape()));
        for field in shape.root.iter().filter(|field| field.need == Need::Must) {
            let told = texts(&missing(&without(&data, field.key), shape));
            assert_eq!(told, [format!("[{}]不能为空!", field.key)], "{method}");
            for empty in [Json::Null, Json::Text(String::new()), Json::Text("null".into())] {
                assert_eq!(texts(&missing(&with(&data, field.key, empty), shape)), told, "{method}");
            }
            if let Kind::Items(inner, _) = field.kind {
                for one in inner.iter().filter(|one| one.need == Need::Must) {
                    let item = without(&object(inner), one.key);
                    let told = texts(&missing(&with(&data, field.key, Json::List(vec![item])), shape));
                    assert_eq!(told, [format!("[{}][0][{}]不能为空!", field.key, one.key)], "{method}");
                }
            }
        }
        let Some(list) = &shape.list else { continue };
        assert_eq!(texts(&missing(&without(&data, list.key), shape)), [format!("[{}]不能为空!", list.key)], "{method}");
        for field in list.fields.iter().filter(|field| field.need == Need::Must) {
            let good = object(list.fields);
            let items = Json::List(vec![good.clone(), without(&good, field.key)]);
            let told = texts(&missing(&with(&data, list.key, items), shape));
            assert_eq!(told, [format!("[{}][1][{}]不能为空!", list.key, field.key)], "{method}");
        }
        let too_many = Json::List(vec![object(list.fields); list.max + 1]);
        let told = texts(&missing(&with(&data, list.key, too_many), shape));
        assert_eq!(told, [format!("[{}]数量不能超过{}!", list.key, list.max)], "{method}");
        let most = Json::List(vec![object(list.fields); list.max]);
        assert_eq!(missing(&with(&data, list.key, most), shape), [], "{method}");
    }
}

#[test]
fn fields_that_hang_on_others_are_missed_with_them() {
    let shape = Method::PayrollAdd.shape();
    let list = shape.list.unwrap();
    let back = without(&object(list.fields), "backPayMonth");
    let data = |item: Json| with(&whole(shape), "detailList", Json::List(vec![item]));
    assert_eq!(texts(&missing(&data(back.clone()), shape)), ["[detailList][0][backPayMonth]不能为空!"]);
    assert_eq!(missing(&data(with(&back, "isBackPay", Json::Number("0".into()))), shape), []);
    let team = Method::TeamAdd.shape();
    let alone = without(&whole(team), "entryAttachments");
    assert_eq!(texts(&missing(&alone, team)), ["[entryAttachments]不能为空!"]);
    assert_eq!(missing(&without(&alone, "entryTime"), team), []);
    let six = with(&whole(team), "entryAttachments", Json::List(vec![Json::Null; 6]));
    assert_eq!(texts(&missing(&six, team)), ["[entryAttachments]数量不能超过5!"]);
}

#[test]
fn the_list_of_contracts_may_have_any_name() {
    let shape = Method::ContractAdd.shape();
    let data = whole(shape);
    let renamed = with(&without(&data, "contractList"), "workerContracts", data.get("contractList").unwrap().clone());
    assert_eq!(missing(&renamed, shape), []);
    assert_eq!(read(Method::ContractAdd, &written(&renamed)).0.items.len(), 1);
    let other = Method::AttendanceAdd.shape();
    let data = whole(other);
    let renamed = with(&without(&data, "dataList"), "punches", data.get("dataList").unwrap().clone());
    assert_eq!(texts(&missing(&renamed, other)), ["[dataList]不能为空!"], "elsewhere the name is confirmed");
}

#[test]
fn values_are_read_as_stated() {
    let told = |method: Method, key: &str, value: Json| {
        let shape = method.shape();
        let data = match &shape.list {
            Some(list) if list.fields.iter().any(|field| field.key == key) => {
                with(&whole(shape), list.key, Json::List(vec![with(&object(list.fields), key, value)]))
            }
            _ => with(&whole(shape), key, value),
        };
        texts(&read(method, &written(&data)).1)
    };
    let text = |text: &str| Json::Text(text.to_owned());
    let pay = |key, value| told(Method::PayrollAdd, key, value);
    for good in [text("6500"), Json::Number("11.2".into()), text("0.01"), Json::Number("0".into())] {
        assert_eq!(pay("totalPayAmount", good), Vec::<String>::new());
    }
    for bad in [text("11.201"), text("-1"), text("1e3"), text("一百"), text("99999999999999999999"), text("1,000")] {
        assert_eq!(pay("totalPayAmount", bad), ["[detailList][0][totalPayAmount]金额格式不正确!"]);
    }
    assert_eq!(pay("backPayMonth", text("2026-09-15")), Vec::<String>::new());
    assert_eq!(pay("balanceDate", text("2026-11-22")), ["[detailList][0][balanceDate]不能大于当前日期!"]);
    assert_eq!(pay("payMonth", text("2026-12")), ["[payMonth]不能大于当前日期!"]);
    let worker = |key, value| told(Method::ProjectWorkerAdd, key, value);
    assert_eq!(worker("workType", text("999")), ["[workerList][0][workType]不在字典范围内!"]);
    assert_eq!(worker("idCardNumber", text("no base64")), ["[workerList][0][idCardNumber]解密失败!"]);
    let wrong = secret().encrypt("119999199001010013");
    assert_eq!(worker("idCardNumber", Json::Text(wrong)), ["[workerList][0][idCardNumber]证件号码校验位不正确!"]);
    let no_day = secret().encrypt("119999199002300011");
    assert_eq!(worker("idCardNumber", Json::Text(no_day)), ["[workerList][0][idCardNumber]格式不正确!"]);
    assert_eq!(worker("headImage", text("aGVsbG8=")), ["[workerList][0][headImage]格式不正确!"]);
    assert_eq!(worker("isTeamLeader", text("2")), ["[workerList][0][isTeamLeader]不在字典范围内!"]);
    let clock = |value| told(Method::AttendanceAdd, "date", text(value));
    assert_eq!(clock("2026-11-21 23:59:59"), Vec::<String>::new());
    assert_eq!(clock("2026-11-22 00:00:00"), ["[dataList][0][date]不能大于当前日期!"]);
    for odd in ["2026-11-31 08:00:00", "2026-11-21 24:61:00", "2026-11-21T08:00:00", "2026-11-21"] {
        assert_eq!(clock(odd), ["[dataList][0][date]格式不正确!"], "{odd}");
    }
    let upper = written(&whole(Method::PayrollAdd.shape())).replace("payBankCardNumber", "PayBankCardNumber");
    assert_eq!(read(Method::PayrollAdd, &upper).1, []);
}

#[test]
fn the_same_said_otherwise_is_the_same_content() {
    let one = read(Method::AttendanceAdd, DATA).0;
    assert_eq!(one, read(Method::AttendanceAdd, PYTHON_DATA).0);
    assert_eq!(one.items[0].content(), read(Method::AttendanceAdd, PYTHON_DATA).0.items[0].content());
    assert_ne!(one.items[0].content(), read(Method::AttendanceAdd, &DATA.replace("07:58:03", "07:58:04")).0.items[0].content());
    assert!(!format!("{one:?}").contains("11999919900101032X"), "no number in a log");
}

#[test]
fn profiles_are_data() {
    let own = r#"
        code = "own"
        name = "自有平台"
        name_en = "Own platform"
        paths = ["/own.api"]
        tolerance_seconds = 300
        accept_utc = false
        corpsign = false
        unknown_codes = "error"
        tables_of = "national"
        [[tables]]
        name = "workType"
        valid_from = "2026-01-01"
        [tables.codes]
        777 = "新工种"
    "#;
    let all = Platforms::read(&[("own.toml".into(), own.into())]).unwrap();
    let profile = all.get("own").unwrap();
    let on = |day: &str| day.parse().unwrap();
    assert!(all.allows(profile, "workType", "777", on("2026-01-01")));
    assert!(!all.allows(profile, "workType", "020", on("2026-01-01")), "a later table takes the place of the earlier one");
    assert!(all.allows(profile, "workType", "020", on("2025-12-31")), "before it the table of the other profile holds");
    assert!(all.allows(profile, "prjStatus", "003", on("2026-01-01")));
    let province = all.get("labour-province").unwrap();
    assert!(all.allows(province, "workType", "999", on("2026-01-01")), "others than the national profile only warn");
    assert_eq!(all.paths(), ["/open.api", "/own.api", "/smjk/service/HrssOpenREST/biz/execProcess"]);
    for (from, to) in [
        ("/own.api", "own.api"),
        ("/own.api", "/api/v1/x"),
        ("\"national\"", "\"nobody\""),
        ("300", "-1"),
        ("\"own\"", "\"national\""),
    ] {
        assert!(Platforms::read(&[("own.toml".into(), own.replacen(from, to, 1))]).is_err(), "{from}");
    }
}

#[test]
fn methods_are_found_without_regard_to_case() {
    assert_eq!(Method::find("projectworker.ADD"), Some(Method::ProjectWorkerAdd));
    assert_eq!(Method::find("projecttraining.add"), Some(Method::TrainingAdd));
    assert!(NOT_SERVED.iter().all(|name| Method::find(name).is_none()));
}

proptest! {
    #[test]
    fn mutated_bodies_never_panic(at in 0usize..BODY.len(), byte in any::<u8>(), cut in 0usize..BODY.len()) {
        let mut body = BODY.as_bytes().to_vec();
        body[at] = byte;
        for body in [&body[..], &body[..cut], &body[cut..]] {
            let Ok(parameters) = Parameters::parse(body) else { continue };
            let _ = holds(&parameters, &secret());
            let _ = redacted(body);
            if let Ok(data) = json::parse(parameters.get("data").unwrap_or_default()) {
                for method in Method::ALL {
                    let _ = missing(&data, method.shape());
                    let _ = read(*method, &written(&data));
                }
            }
        }
    }

    #[test]
    fn any_text_is_json_for_both_readers_or_for_none(text in "[\\[\\]{}\",:0-9eE.+\\- a-z\\\\]{0,24}") {
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        // A number beyond a float is one to us and none to the other reader; two halves of a pair are its business too.
        if theirs.is_ok() {
            prop_assert!(json::parse(&text).is_ok(), "{text}");
        }
        if let Ok(ours) = json::parse(&text)
            && !text.contains(['e', 'E', '\\'])
        {
            prop_assert!(theirs.is_ok(), "{text} {ours:?}");
        }
    }

    #[test]
    fn what_is_encrypted_opens_again_and_nothing_else_does(plain in "\\PC{0,40}", noise in "[A-Za-z0-9+/=]{0,60}") {
        prop_assert_eq!(secret().decrypt(&secret().encrypt(&plain)), Some(plain));
        let _ = secret().decrypt(&noise);
    }

    #[test]
    fn a_form_goes_there_and_back(key in "[a-z]{1,8}", value in "\\PC{0,40}") {
        let parameters = Parameters::of(vec![(key, value)]);
        prop_assert_eq!(Parameters::parse(parameters.encoded().as_bytes()).unwrap(), parameters);
    }
}
