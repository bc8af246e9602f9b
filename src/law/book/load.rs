//! Reads the files of law data into the parts of a book. What spans several files is checked in `checks.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::calendar::CalendarYear;
use crate::base::{Day, RegionCode};
use crate::law::tree::{self, Node, Table};

use super::fault::{Fault, Reader};
use super::value::{Citation, Dated, Standing};
use super::{Article, Instrument, RegionEntry, Rule};

/// Everything read so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) instruments: BTreeMap<String, Instrument>,
    pub(super) articles: BTreeMap<(String, String), Article>,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) values: Vec<Dated>,
    pub(super) regions: BTreeMap<RegionCode, RegionEntry>,
    pub(super) years: BTreeMap<i32, CalendarYear>,
    /// File and line of each rule and article, for faults that are found later.
    pub(super) lines: BTreeMap<String, (String, usize)>,
    pub(super) faults: Vec<Fault>,
}

/// A holiday of a notice is not longer than this.
const HOLIDAY_DAYS_MAX: i64 = 31;

impl Parts {
    /// Reads one file by its place in the configuration.
    pub(super) fn file(&mut self, path: &str, text: &str) -> Option<Table> {
        let table = match tree::parse(text) {
            Ok(table) => table,
            Err(e) => {
                let (zh, en) = (format!("不是有效的 TOML：{}", e.message), format!("not valid TOML: {}", e.message));
                self.faults.push(Fault { file: path.to_owned(), table: "(file)".to_owned(), line: e.line, zh, en });
                return None;
            }
        };
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["law", "instruments.toml"] => self.rows(path, &table, "instrument", Self::instrument),
            ["law", "rules.toml"] => self.rows(path, &table, "rule", Self::rule),
            ["law", "articles", _] => self.rows(path, &table, "article", Self::article),
            ["law", "parameters", _] => self.rows(path, &table, "value", Self::national_value),
            ["law", "regions", name] => self.region(path, name, &table),
            ["calendar", name] => self.year(path, name, &table),
            _ => self.fault(path, "(file)", 1, "不认识的文件位置", "this place in the configuration holds no law data"),
        }
        Some(table)
    }

    pub(super) fn fault(&mut self, file: &str, table: &str, line: usize, zh: &str, en: &str) {
        self.faults.push(Fault { file: file.to_owned(), table: table.to_owned(), line, zh: zh.to_owned(), en: en.to_owned() });
    }

    /// Calls `read` with each table of the list `name`, which must be the only key of the file.
    fn rows(&mut self, path: &str, table: &Table, name: &str, read: fn(&mut Self, &str, usize, &Table)) {
        Reader::new(path, "(file)", 1, table, &[name], &mut self.faults);
        self.list(path, table, name, |parts, line, row| read(parts, path, line, row));
    }

    fn list(&mut self, path: &str, table: &Table, name: &str, mut read: impl FnMut(&mut Self, usize, &Table)) {
        match table.get(name).map(|spot| (&spot.node, spot.line)) {
            Some((Node::List(items), _)) => {
                for item in items {
                    match &item.node {
                        Node::Table(row) => read(self, item.line, row),
                        _ => self.fault(path, name, item.line, "应为表", "must be a table"),
                    }
                }
            }
            Some((_, line)) => self.fault(path, name, line, "应为表的列表", "must be a list of tables"),
            None => {}
        }
    }

    fn instrument(&mut self, path: &str, line: usize, row: &Table) {
        let mut reader = Reader::new(path, "instrument", line, row, &["id", "name", "number", "from"], &mut self.faults);
        let fields = (reader.need_text("id"), reader.need_text("name"), reader.need_text("number"), reader.need_day("from"));
        let (Some(id), Some(name), Some(number), Some(from)) = fields else { return };
        if self.instruments.insert(id.clone(), Instrument { id: id.clone(), name, number, from }).is_some() {
            self.fault(path, &format!("instrument {id}"), line, "编号重复", "this id is there twice");
        }
    }

    fn article(&mut self, path: &str, line: usize, row: &Table) {
        let known = ["instrument", "article", "words", "paraphrase"];
        let mut reader = Reader::new(path, "article", line, row, &known, &mut self.faults);
        let paraphrase = reader.truth("paraphrase");
        let fields = (reader.need_text("instrument"), reader.need_text("article"), reader.need_text("words"));
        let (Some(instrument), Some(article), Some(words)) = fields else { return };
        self.lines.insert(format!("article {instrument} {article}"), (path.to_owned(), line));
        if self.articles.insert((instrument.clone(), article.clone()), Article { words, paraphrase }).is_some() {
            self.fault(path, &format!("article {instrument} {article}"), line, "条文重复", "this article is there twice");
        }
    }

    fn rule(&mut self, path: &str, line: usize, row: &Table) {
        const KNOWN: [&str; 14] = [
            "id",
            "title",
            "title_en",
            "instrument",
            "article",
            "article_unverified",
            "standing",
            "from",
            "to",
            "owes",
            "counts_towards",
            "knowledge",
            "convention",
            "version",
        ];
        let mut reader = Reader::new(path, "rule", line, row, &KNOWN, &mut self.faults);
        let id = reader.need_text("id");
        if let Some(id) = &id {
            reader.name = format!("rule {id}");
        }
        let titles = (reader.need_text("title"), reader.need_text("title_en"));
        let (instrument, article, owes) = (reader.need_text("instrument"), reader.text("article"), reader.need_text("owes"));
        let (from, to) = (reader.need_day("from"), reader.day("to"));
        let standing = standing(&mut reader, "standing");
        let (article_unverified, knowledge) = (reader.truth("article_unverified"), reader.truth("knowledge"));
        let (convention, version) = (reader.truth("convention"), reader.version());
        let counts_towards = reader.text("counts_towards");
        let (Some(id), (Some(title_zh), Some(title_en)), Some(instrument), Some(from)) = (id, titles, instrument, from) else {
            return;
        };
        let citation = Citation { document: instrument.clone(), article, article_unverified };
        let (Some(standing), Some(owes)) = (standing, owes) else { return };
        let rule = Rule {
            id: id.clone(),
            title_zh,
            title_en,
            instrument,
            citation,
            standing,
            from,
            to,
            owes,
            counts_towards,
            knowledge,
            convention,
            version,
        };
        self.lines.insert(format!("rule {id}"), (path.to_owned(), line));
        if self.rules.insert(id.clone(), rule).is_some() {
            self.fault(path, &format!("rule {id}"), line, "规则编号重复", "this rule is there twice");
        }
    }

    fn national_value(&mut self, path: &str, line: usize, row: &Table) {
        let known = ["key", "value", "unit", "rule", "from", "to", "instrument", "article", "status", "note"];
        let mut reader = Reader::new(path, "value", line, row, &known, &mut self.faults);
        let (rule, document, article) = (reader.need_text("rule"), reader.need_text("instrument"), reader.text("article"));
        let dated = dated(&mut reader, path, RegionCode::NATION, document, article);
        self.values.extend(dated.map(|dated| Dated { rule, ..dated }));
    }

    fn region(&mut self, path: &str, name: &str, table: &Table) {
        let mut reader = Reader::new(path, "(file)", 1, table, &["region", "name", "note", "value"], &mut self.faults);
        let (code, title, note) = (reader.need_text("region"), reader.need_text("name"), reader.text("note"));
        let code = code.and_then(|code| code.parse::<RegionCode>().ok());
        let fits = code.filter(|code| *code != RegionCode::NATION && name == format!("{code}.toml"));
        let (Some(region), Some(title)) = (fits, title) else {
            reader.fault(
                1,
                "`region` 应为六位行政区划代码，且与文件名一致",
                "`region` must be the six-digit code that is the file's name",
            );
            return;
        };
        self.regions.insert(region, RegionEntry { name: title, note });
        let known = ["key", "value", "unit", "from", "to", "document", "article", "status", "derogation", "note"];
        self.list(path, table, "value", |parts, line, row| {
            let mut reader = Reader::new(path, "value", line, row, &known, &mut parts.faults);
            let (document, article) = (reader.need_text("document"), reader.text("article"));
            let dated = dated(&mut reader, path, region, document, article);
            parts.values.extend(dated);
        });
    }

    fn year(&mut self, path: &str, name: &str, table: &Table) {
        let mut reader =
            Reader::new(path, "(file)", 1, table, &["year", "notice", "notice_on", "worked", "holiday"], &mut self.faults);
        let (number, _, _) = (reader.need_whole("year"), reader.need_text("notice"), reader.need_day("notice_on"));
        let year = number.and_then(|number| i32::try_from(number).ok()).filter(|year| name == format!("{year}.toml"));
        let worked: BTreeSet<Day> = reader.days("worked").into_iter().collect();
        let Some(year) = year else {
            reader.fault(1, "`year` 应与文件名一致", "`year` must be the year of the file's name");
            return;
        };
        if let Some(day) = worked.iter().find(|day| day.year() != year || !day.is_weekend()) {
            reader.fault(1, &format!("{day} 不是本年的周六或周日"), &format!("{day} is no Saturday or Sunday of the year"));
        }
        let mut holidays = BTreeSet::new();
        self.list(path, table, "holiday", |parts, line, row| {
            let mut reader = Reader::new(path, "holiday", line, row, &["name", "from", "to"], &mut parts.faults);
            reader.need_text("name");
            let (Some(from), Some(to)) = (reader.need_day("from"), reader.need_day("to")) else { return };
            if from.year() != year || to.year() != year || to < from || to.days_since(from) > HOLIDAY_DAYS_MAX {
                reader.fault(line, "假期起止日期有误", "a holiday begins and ends in its year and is at most 31 days long");
                return;
            }
            let mut day = from;
            while day <= to {
                if !holidays.insert(day) || worked.contains(&day) {
                    reader.fault(line, &format!("{day} 重复"), &format!("{day} is there twice"));
                }
                day = day.plus_days(1);
            }
        });
        self.years.insert(year, CalendarYear { holidays, workdays: worked });
    }
}

fn standing(reader: &mut Reader<'_>, key: &str) -> Option<Standing> {
    let word = reader.need_text(key)?;
    let standing = Standing::read(&word);
    if standing.is_none() {
        let line = reader.line();
        reader.fault(
            line,
            &format!("`{key}` 应为 in_force、unverified、draft 或 superseded"),
            &format!("`{key}` must be in_force, unverified, draft or superseded"),
        );
    }
    standing
}

/// Reads the part that national and regional values share. A value without a source gives a fault and nothing else.
fn dated(
    reader: &mut Reader<'_>,
    path: &str,
    region: RegionCode,
    document: Option<String>,
    article: Option<String>,
) -> Option<Dated> {
    let key = reader.need_text("key");
    if let Some(key) = &key {
        reader.name = format!("value {key}");
    }
    let (value, status) = (reader.value(), standing(reader, "status"));
    let (from, to) = (reader.need_day("from"), reader.day("to"));
    let (derogation, note) =
        if region == RegionCode::NATION { (None, reader.text("note")) } else { (reader.text("derogation"), reader.text("note")) };
    Some(Dated {
        key: key?,
        region,
        value: value?,
        from: from?,
        to,
        citation: Citation { document: document?, article, article_unverified: false },
        status: status?,
        rule: None,
        derogation,
        note,
        place: (path.to_owned(), reader.line()),
    })
}
