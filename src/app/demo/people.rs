//! Invented people: names from lists of common ones, numbers with valid check digits in ranges that were never given out.
//!
//! Area code 119999 of identity numbers is not assigned, cards begin with 6219999, telephones with 1990000: none of them is anybody's.

use super::luck::Luck;
use crate::base::person::{BankCard, IdNumber};
use crate::base::{Day, Fen};

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "梁",
    "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "肖", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕",
];

const GIVEN: &[&str] = &[
    "建国", "志强", "秀英", "桂兰", "永福", "春生", "海燕", "国华", "玉梅", "大勇", "小军", "文斌", "德胜", "家明", "立新",
    "红霞", "长贵", "金宝", "水根", "福来", "学文", "平安", "万里", "有田", "守义", "克勤", "昌盛", "广林", "东升", "月娥",
    "双喜", "开元", "军", "伟", "芳", "磊", "敏", "涛", "静", "勇", "艳", "杰", "娟", "强", "明", "超", "霞", "刚",
];

/// Trades with the day rates that are usual for them, in yuan.
const TRADES: &[(&str, u32)] = &[
    ("钢筋工", 340),
    ("木工", 350),
    ("混凝土工", 310),
    ("砌筑工", 330),
    ("架子工", 360),
    ("抹灰工", 320),
    ("电工", 330),
    ("管道工", 320),
    ("电焊工", 370),
    ("普工", 240),
];

/// Banks of wage cards.
const CARD_BANKS: &[&str] = &["演示商业银行", "演示农村信用社", "演示储蓄银行"];

/// Somebody who works on one of the sites.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Identity number.
    pub id_number: String,
    /// Telephone number.
    pub phone: String,
    /// Wage card; `None` where it was never handed in.
    pub card: Option<String>,
    /// Bank of the card.
    pub bank_name: String,
    /// Trade.
    pub trade: &'static str,
    /// Wage for a day.
    pub day_rate: Fen,
    /// Number at the gate.
    pub pin: String,
    /// Which of the project's crews.
    pub crew: usize,
    /// Days after the start of work on which they enter the site.
    pub enters_after: i64,
    /// Whether a labour contract was signed, rather than a work agreement.
    pub has_contract: bool,
}

/// A name.
pub fn name(luck: &mut Luck) -> String {
    format!("{}{}", luck.pick(SURNAMES), luck.pick(GIVEN))
}

/// Somebody; `number` counts everybody in the city, `place` those of one project.
pub fn person(seed: u64, number: usize, place: usize) -> Person {
    let mut luck = Luck::of(seed, "person", number);
    let name = name(&mut luck);
    let trade = usize::try_from(luck.below(10)).ok().and_then(|place| TRADES.get(place)).copied().unwrap_or(("普工", 240));
    let (trade, usual) = trade;
    let rate = usual + luck.below(9) * 10;
    let id_number = id_number(&mut luck, number);
    let body = format!("6219999{:04}{:07}", luck.below(10_000), number);
    Person {
        name,
        id_number,
        phone: format!("1990000{:04}", number % 10_000),
        card: Some(format!("{body}{}", BankCard::luhn_digit(&body))),
        bank_name: luck.pick(CARD_BANKS).to_owned(),
        trade,
        day_rate: Fen(i64::from(rate) * 100),
        pin: format!("{}", 1001 + place),
        crew: place % 3,
        // Most come when work starts, the others within the first weeks.
        enters_after: if luck.happens(85) { 0 } else { i64::from(luck.below(20)) + 1 },
        has_contract: luck.happens(70),
    }
}

/// An identity number of a grown person; its order code makes it the only one.
fn id_number(luck: &mut Luck, number: usize) -> String {
    let year = 1966 + luck.below(38);
    let (month, day) = (1 + luck.below(12), 1 + luck.below(28));
    let body = format!("119999{year:04}{month:02}{day:02}{:03}", number % 1000);
    let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
    format!("{body}{}", IdNumber::check_of(&digits))
}

/// Seconds of the day at which somebody passes the gate, in and out; `None` on a day on which they stay away.
///
/// Three times in a hundred the day ends at noon.
pub fn passage(seed: u64, number: usize, day: Day) -> Option<(i32, i32)> {
    let since = usize::try_from(day.days_since(Day::of(2000, 1, 1)?)).ok()?;
    let mut luck = Luck::of(seed, "passage", number.wrapping_mul(100_000).wrapping_add(since));
    if luck.happens(6) {
        return None;
    }
    let minutes = |luck: &mut Luck, from: u32, span: u32| i32::try_from((from + luck.below(span)) * 60 + luck.below(60)).ok();
    let came = minutes(&mut luck, 6 * 60 + 35, 55)?;
    let left = if luck.happens(3) { minutes(&mut luck, 10 * 60, 30)? } else { minutes(&mut luck, 17 * 60 + 20, 80)? };
    Some((came, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_is_invented_sound_and_the_only_one() {
        let today: Day = "2026-03-31".parse().unwrap();
        let (mut numbers, mut cards) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..600 {
            let person = person(1, number, number);
            let id = IdNumber::parse(&person.id_number, today).unwrap();
            assert!(id.as_str().starts_with("119999"));
            assert!(id.born().unwrap().plus_months(16 * 12) < today);
            let card = person.card.unwrap();
            assert!(card.starts_with("6219999") && BankCard::parse(&card).unwrap().luhn_holds(), "{card}");
            assert!(crate::base::person::Phone::parse(&person.phone).is_ok());
            assert!(numbers.insert(person.id_number) && cards.insert(card));
        }
    }

    #[test]
    fn passages_are_in_order_and_repeat() {
        let day: Day = "2026-03-03".parse().unwrap();
        let mut away = 0;
        for number in 0..500 {
            assert_eq!(passage(1, number, day), passage(1, number, day));
            match passage(1, number, day) {
                Some((came, left)) => assert!(came < left && came < 8 * 3600 && left < 19 * 3600, "{came} {left}"),
                None => away += 1,
            }
        }
        assert!((10..60).contains(&away), "{away}");
    }
}
