//! What every page has around its own matter: language, who is logged in, the way about, what was just done.

use std::borrow::Cow;

use super::{in_query, words};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen, Moment};
use crate::payroll::items::labels;
use crate::web::{Lang, Verb, Visit};

/// The frame of a page; templates call it `f`.
pub struct Frame {
    /// The visit.
    pub visit: Visit,
}

/// An entry of the main navigation.
pub struct Way {
    /// Path.
    pub path: &'static str,
    /// Text.
    pub label: &'static str,
    /// Whether the page shown lies there.
    pub is_here: bool,
}

/// A value, however many references deep: templates pass what they loop over.
pub trait Shows<T> {
    /// The value itself.
    fn value(&self) -> T;
}

impl Shows<Fen> for Fen {
    fn value(&self) -> Fen {
        *self
    }
}

impl Shows<Moment> for Moment {
    fn value(&self) -> Moment {
        *self
    }
}

impl<T, S: Shows<T>> Shows<T> for &S {
    fn value(&self) -> T {
        S::value(self)
    }
}

/// Path, label and the verb that opens it; a visitor sees what they may open, and the first is where a log-in leads.
const WAYS: &[(&str, &str, &str, Verb)] = &[
    ("/projects", "项目", "Projects", Verb::ReadProjects),
    ("/gates", "闸口", "Gates", Verb::AskGates),
    ("/companies", "单位", "Companies", Verb::ReadProjects),
    ("/bank", "银行文件", "Bank files", Verb::FeedBank),
    ("/house/users", "用户", "Users", Verb::ManageUsers),
    ("/house/devices", "设备", "Devices", Verb::ManageDevices),
    ("/house/amendments", "修订", "Amendments", Verb::ApproveLaw),
    ("/house", "运行", "Operation", Verb::Operate),
];

/// Open to whoever is logged in: the law is public. Nobody's work begins there.
const LAW: (&str, &str, &str) = ("/law", "法规", "Law");

impl Frame {
    /// The frame of a visit.
    pub fn of(visit: &Visit) -> Self {
        Self { visit: visit.clone() }
    }

    /// The text of the page's language.
    pub fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.visit.lang.pick(zh, en)
    }

    /// Language tag of the page.
    pub fn tag(&self) -> &'static str {
        self.visit.lang.tag()
    }

    /// Whether the page is in Chinese.
    pub fn is_zh(&self) -> bool {
        self.visit.lang == Lang::Zh
    }

    /// The switch to the other language, coming back to this page.
    pub fn switch_path(&self) -> String {
        format!("/language/{}?next={}", self.visit.lang.other(), in_query(&self.visit.here))
    }

    /// What the switch says, in the language that it leads to.
    pub fn switch_label(&self) -> &'static str {
        self.visit.lang.other().pick("中文", "English")
    }

    /// Where this visitor may go.
    pub fn ways(&self) -> Vec<Way> {
        let here = self.visit.here.split('?').next().unwrap_or_default();
        let able = WAYS.iter().filter(|(_, _, _, verb)| self.visit.able(*verb).is_some());
        let mut open: Vec<(&'static str, &'static str, &'static str)> = able.map(|(path, zh, en, _)| (*path, *zh, *en)).collect();
        if self.visit.visitor.is_some() {
            // After what is everybody's daily work, before what runs the house.
            let place = open.iter().position(|(path, ..)| path.starts_with("/house")).unwrap_or(open.len());
            open.insert(place, LAW);
        }
        // `/house` and `/house/users` both begin alike: the longest that fits is the one.
        let best = open.iter().map(|way| way.0).filter(|path| is_below(here, path)).max_by_key(|path| path.len());
        let way = |(path, zh, en): &(&'static str, &'static str, &'static str)| Way {
            path,
            label: self.visit.lang.pick(zh, en),
            is_here: Some(*path) == best,
        };
        open.iter().map(way).collect()
    }

    /// Where a log-in leads.
    pub fn home(&self) -> &'static str {
        home(&self.visit)
    }

    /// Name of the visitor.
    pub fn name(&self) -> Option<&str> {
        self.visit.visitor.as_ref().map(|visitor| visitor.name.as_str())
    }

    /// The token that each form carries.
    pub fn csrf(&self) -> &str {
        self.visit.visitor.as_ref().map(|visitor| visitor.form_token.as_str()).unwrap_or_default()
    }

    /// A number for a form that orders money.
    pub fn key(&self) -> String {
        self.visit.fresh_key()
    }

    /// Whether the database is a demonstration.
    pub fn is_demo(&self) -> bool {
        self.visit.ctx.ground.settings.demo
    }

    /// The civil day.
    pub fn today(&self) -> Day {
        self.visit.ctx.today
    }

    /// Whether the visitor may do this somewhere (`pay_wages`, …).
    pub fn may(&self, verb: &str) -> bool {
        verb.parse().is_ok_and(|verb| self.visit.able(verb).is_some())
    }

    /// An amount with its thousands apart: `1,234,567.00`.
    pub fn yuan(&self, amount: impl Shows<Fen>) -> String {
        grouped(&amount.value().to_string())
    }

    /// A moment in Shanghai, to the minute.
    pub fn at(&self, moment: impl Shows<Moment>) -> String {
        moment.value().local().format("%Y-%m-%d %H:%M").to_string()
    }

    /// A word of the tables in the page's language.
    pub fn word<'w>(&self, word: &'w str) -> Cow<'w, str> {
        words::said(self.visit.lang, word)
    }

    /// The label of a wage item in the visitor's language.
    pub fn item_label<'w>(&self, label: &'w str) -> Cow<'w, str> {
        labels::in_language(label, self.visit.lang)
    }

    /// Why a bank did not pay, in words.
    pub fn bank_reason(&self, reason: &str) -> String {
        words::bank_reason(self.visit.lang, reason)
    }

    /// What a bank wrote, without the numbers of people and cards.
    pub fn bank_text(&self, text: &str) -> String {
        numbers_masked(text)
    }

    /// The half of a text that stands in both languages, `建设单位 / owner`; any other text is itself.
    pub fn half<'w>(&self, text: &'w str) -> &'w str {
        words::half(self.visit.lang, text)
    }

    /// What was just done, where a form led here.
    pub fn told(&self) -> Option<String> {
        let (_, query) = self.visit.here.split_once('?')?;
        let value = |wanted: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == wanted);
        let number: usize = value("n").and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
        words::told(self.visit.lang, value("told")?.1, number)
    }

    /// Where a problem page leads back to.
    pub fn back(&self) -> &str {
        self.visit.came_from.as_deref().unwrap_or("/")
    }
}

fn is_below(here: &str, path: &str) -> bool {
    here == path || here.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// The first page that a visitor may open; their own page where there is none.
pub fn home(visit: &Visit) -> &'static str {
    WAYS.iter().find(|(_, _, _, verb)| visit.able(*verb).is_some()).map_or("/me", |(path, ..)| path)
}

/// Puts a comma after every third digit before the point.
pub fn grouped(amount: &str) -> String {
    let (sign, rest) = amount.strip_prefix('-').map_or(("", amount), |rest| ("-", rest));
    let (whole, cents) = rest.split_once('.').map_or((rest, ""), |(whole, cents)| (whole, cents));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !cents.is_empty() {
        out.push('.');
        out.push_str(cents);
    }
    out
}

/// A value as text: an amount (digits and two decimals) with its thousands apart, anything else as it is.
pub fn amount_apart(text: &str) -> String {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text.strip_prefix('-').unwrap_or(text);
    match plain.split_once('.') {
        Some((whole, cents)) if is_digits(whole) && is_digits(cents) && cents.len() == 2 => grouped(text),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amounts_are_parted() {
        for (text, shown) in [
            ("1234567.00", "1,234,567.00"),
            ("-5000.10", "-5,000.10"),
            ("2026.3", "2026.3"),
            ("330784", "330784"),
            ("91330784MA0000001X", "91330784MA0000001X"),
            ("2026-03-02", "2026-03-02"),
            ("1.2.34", "1.2.34"),
            (".00", ".00"),
        ] {
            assert_eq!(amount_apart(text), shown, "{text}");
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (plain, shown) in [("0.00", "0.00"), ("999.99", "999.99"), ("1000.00", "1,000.00"), ("-1234567.05", "-1,234,567.05")]
        {
            assert_eq!(grouped(plain), shown);
        }
    }

    #[test]
    fn a_way_holds_what_lies_below_it() {
        assert!(is_below("/projects/prj-1", "/projects") && is_below("/projects", "/projects"));
        assert!(!is_below("/projectsx", "/projects"));
    }
}
