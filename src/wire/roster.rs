//! The roster (花名册): workers of a project with their companies, crews and papers, row by row.
//!
//! Every faulty row is refused with its place and what to do, and never sinks its neighbours. Codes (trade, nation,
//! education) are kept as written, as code or as name; the slice that takes the row knows the tables.

use std::collections::HashMap;

use super::reason::Reason;
use super::sheet::Workbook;
use super::sheet::table::{Column, SheetProblem, Table, remarks, row_number};
use crate::base::person::{BankCard, IdNumber, Phone};
use crate::base::{Day, Fen, Unreadable, person::Uscc};

mod write;

pub use write::{write_csv, write_template, write_xlsx};

const fn column(key: &'static str, names: &'static [&'static str], required: bool) -> Column {
    Column { key, names, required }
}

/// Columns of the roster, in the order of the export.
pub const COLUMNS: [Column; 28] = [
    column("uscc", &["企业统一社会信用代码", "统一社会信用代码", "信用代码"], true),
    column("company", &["企业名称", "企业", "公司名称"], false),
    column("crew", &["班组名称", "班组"], true),
    column("name", &["工人姓名", "姓名"], true),
    column("leader", &["是否为班组长", "是否班组长"], false),
    column("id_kind", &["证件类型"], false),
    column("id", &["证件号码", "身份证号", "身份证号码", "身份证"], true),
    column("trade", &["当前工种", "工种"], true),
    column("worker_kind", &["工人类型"], false),
    column("card", &["发放工资银行卡号", "银行卡号", "工资卡号"], false),
    column("bank", &["发放工资银行名称", "开户行", "银行名称"], false),
    column("bank_link", &["工资卡银行联号", "银行联号", "联行号"], false),
    column("bank_code", &["工资卡银行代码", "银行代码"], false),
    column("insured", &["是否购买保险"], false),
    column("nation", &["民族"], false),
    column("address", &["地址", "住址", "家庭住址"], false),
    column("politics", &["政治面貌"], false),
    column("union_joined", &["加入工会时间"], false),
    column("phone", &["手机号码", "手机号", "联系电话"], true),
    column("education", &["文化程度"], false),
    column("issuer", &["发证机关"], false),
    column("papers_from", &["证件有效期起"], false),
    column("papers_until", &["证件有效期止"], false),
    // What the platform's template adds to the national one, so that nobody types it a second time.
    column("pin", &["考勤编号", "考勤号", "工号"], false),
    column("day_rate", &["日工资", "日工资标准"], false),
    column("entered_on", &["进场日期", "进场时间", "入场日期"], false),
    column("paper", &["用工书面文件", "劳动合同", "合同类型"], false),
    column("trained", &["入场安全教育", "安全教育", "是否安全教育"], false),
];

/// Number of a worker's papers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaperNumber {
    /// Citizen's identity number (证件类型 01).
    Citizen(IdNumber),
    /// Any other papers: kind and 1 to 32 characters.
    Other(String, String),
}

impl PaperNumber {
    /// The plain number. Whoever calls this shows or stores personal data.
    pub fn as_str(&self) -> &str {
        match self {
            PaperNumber::Citizen(id) => id.as_str(),
            PaperNumber::Other(_, number) => number,
        }
    }

    /// Kind of papers as written; `01` for a citizen.
    pub fn kind(&self) -> &str {
        match self {
            PaperNumber::Citizen(_) => "01",
            PaperNumber::Other(kind, _) => kind,
        }
    }
}

/// A worker of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Row in the sheet, from 1.
    pub row: u32,
    /// Credit code of the employer.
    pub uscc: Uscc,
    /// Name of the employer.
    pub company: Option<String>,
    /// Name of the crew.
    pub crew: String,
    /// Name of the worker.
    pub name: String,
    /// Whether the leader of the crew.
    pub leader: Option<bool>,
    /// Number of the worker's papers.
    pub papers: PaperNumber,
    /// Trade, as code or name.
    pub trade: String,
    /// Kind of worker, as code or name.
    pub worker_kind: Option<String>,
    /// Card for wages.
    pub card: Option<BankCard>,
    /// Bank of the card.
    pub bank: Option<String>,
    /// Bank link number (联行号), 12 digits.
    pub bank_link: Option<String>,
    /// Bank code.
    pub bank_code: Option<String>,
    /// Whether insured.
    pub insured: Option<bool>,
    /// Nation, as code or name.
    pub nation: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Political status, as code or name.
    pub politics: Option<String>,
    /// Day of joining the union.
    pub union_joined: Option<Day>,
    /// Telephone; not everybody has one.
    pub phone: Option<Phone>,
    /// Education, as code or name.
    pub education: Option<String>,
    /// Authority that issued the papers.
    pub issuer: Option<String>,
    /// First day of the papers.
    pub papers_from: Option<Day>,
    /// Last day of the papers; absent also when they hold for ever (长期).
    pub papers_until: Option<Day>,
    /// Number at the gate.
    pub pin: Option<String>,
    /// Wage for a day.
    pub day_rate: Option<Fen>,
    /// First day on site.
    pub entered_on: Option<Day>,
    /// What binds the worker to the employer.
    pub paper: Option<WorkPaper>,
    /// Whether trained in safety.
    pub trained: Option<bool>,
}

/// What binds a worker to the employer, as a roster says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkPaper {
    /// 劳动合同.
    LabourContract,
    /// 用工书面协议.
    WorkAgreement,
    /// 无.
    Nothing,
}

impl WorkPaper {
    /// As written in a roster.
    pub fn name(self) -> &'static str {
        match self {
            WorkPaper::LabourContract => "劳动合同",
            WorkPaper::WorkAgreement => "用工书面协议",
            WorkPaper::Nothing => "无",
        }
    }
}

/// What a roster file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    /// Good rows.
    pub rows: Vec<RosterRow>,
    /// What is wrong with the others: at least one problem for each refused row.
    pub problems: Vec<SheetProblem>,
    /// What is odd in rows that were taken: a card that fails Luhn's rule.
    pub warnings: Vec<SheetProblem>,
    /// Remarks on the file, Chinese and English.
    pub remarks: Vec<(String, String)>,
    /// Rows refused.
    pub refused: u32,
    /// Name of the sheet.
    pub sheet: String,
    /// Letters of the columns that the sheet has, by key.
    pub letters: Vec<(&'static str, String)>,
}

impl Roster {
    /// Place of a cell as people name it, of the row where the sheet has no such column.
    pub fn place(&self, row: u32, key: &str) -> String {
        let letters = self.letters.iter().find(|(known, _)| *known == key).map_or("", |(_, letters)| letters);
        format!("{}!{letters}{row}", self.sheet)
    }
}

/// Reads the roster of the first sheet that has one. `today` bounds dates of birth.
pub fn parse(book: &Workbook, today: Day) -> Roster {
    let mut roster = Roster::default();
    for sheet in &book.sheets {
        match Table::find(sheet, &COLUMNS) {
            Ok(table) => {
                roster.problems.clear();
                roster.remarks = remarks(sheet);
                roster.remarks.extend(table.mended(&["uscc", "id", "phone", "card", "pin", "day_rate", "entered_on"]));
                roster.sheet.clone_from(&sheet.name);
                let letters = COLUMNS.iter().filter_map(|column| Some((column.key, table.letters(column.key)?)));
                roster.letters = letters.collect();
                read_rows(&table, today, &mut roster);
                return roster;
            }
            // What is said about the first sheet helps most; the others may be instructions.
            Err(problems) if roster.problems.is_empty() => roster.problems = problems,
            Err(_) => {}
        }
    }
    roster
}

fn read_rows(table: &Table<'_>, today: Day, roster: &mut Roster) {
    let mut seen: HashMap<PaperNumber, u32> = HashMap::new();
    let mut cards: HashMap<String, u32> = HashMap::new();
    // A line of sums at the end is nobody: it names a total and has no number.
    let is_sum = |row: usize| table.text(row, "id").is_none() && table.is_total(row, "name");
    for row in table.rows().filter(|row| !table.is_blank(*row) && !is_sum(*row)) {
        let before = roster.problems.len();
        let read = read_row(table, row, today, &mut roster.problems);
        let Some(worker) = read.filter(|_| roster.problems.len() == before) else {
            roster.refused = roster.refused.saturating_add(1);
            continue;
        };
        if let Some(first) = seen.get(&worker.papers) {
            let (zh, en) = (format!("证件号码与第 {first} 行重复"), format!("the same papers stand in row {first}"));
            let words = (zh.as_str(), en.as_str(), "删除其中一行 / delete one of the rows");
            roster.problems.push(table.problem(row, "id", Reason::IdReused, words));
            roster.refused = roster.refused.saturating_add(1);
            continue;
        }
        if worker.card.as_ref().is_some_and(|card| !card.luhn_holds()) {
            let words = ("银行卡号校验位不符", "the card number fails its check digit", "请核对卡号 / check the number");
            roster.warnings.push(table.problem(row, "card", Reason::BadFormat, words));
        }
        if let Some(card) = &worker.card {
            let first = *cards.entry(card.as_str().to_owned()).or_insert(worker.row);
            if first != worker.row {
                let (zh, en) = (format!("银行卡号与第 {first} 行相同"), format!("the same card stands in row {first}"));
                let words =
                    (zh.as_str(), en.as_str(), "工资应付至本人银行卡，请核对 / wages go to each worker's own card: check it");
                roster.warnings.push(table.problem(row, "card", Reason::IdReused, words));
            }
        }
        seen.insert(worker.papers.clone(), worker.row);
        roster.rows.push(worker);
    }
}

/// Keeps the value or notes the problem, so that one row shows all its faults at once.
pub(super) fn kept<T>(read: Result<T, SheetProblem>, problems: &mut Vec<SheetProblem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// A cell that did not parse into a value of the domain.
pub(super) fn unreadable(table: &Table<'_>, row: usize, key: &str, zh: &str, fault: &Unreadable) -> SheetProblem {
    // The fault's own text hides the value where it is personal.
    let en = format!("not a {}: {}", fault.what, fault.why);
    table.problem(row, key, Reason::BadFormat, (zh, &en, "核对后按文本重新填写 / check it and type it again as text"))
}

pub(super) fn read_card(table: &Table<'_>, row: usize) -> Result<Option<BankCard>, SheetProblem> {
    match table.identifier(row, "card")? {
        None => Ok(None),
        Some(text) => {
            let card = BankCard::parse(&text);
            card.map(Some).map_err(|fault| unreadable(table, row, "card", "银行卡号应为 13 至 19 位数字", &fault))
        }
    }
}

fn read_papers(table: &Table<'_>, row: usize, today: Day) -> Result<PaperNumber, SheetProblem> {
    let number = match table.identifier(row, "id")? {
        Some(number) => number,
        None => table.wanted(row, "id")?,
    };
    let kind = table.text(row, "id_kind").unwrap_or_else(|| "01".to_owned());
    if ["01", "1", "身份证", "居民身份证"].contains(&kind.as_str()) {
        let id = IdNumber::parse(&number, today);
        return id.map(PaperNumber::Citizen).map_err(|fault| unreadable(table, row, "id", "身份证号码不正确", &fault));
    }
    if number.chars().count() > 32 || number.chars().any(char::is_control) {
        let words = ("证件号码应为 1 至 32 个字符", "a number of papers has 1 to 32 characters", "请核对 / check it");
        return Err(table.problem(row, "id", Reason::BadFormat, words));
    }
    Ok(PaperNumber::Other(kind, number))
}

fn read_row(table: &Table<'_>, row: usize, today: Day, problems: &mut Vec<SheetProblem>) -> Option<RosterRow> {
    let uscc = table
        .wanted(row, "uscc")
        .and_then(|text| Uscc::parse(&text).map_err(|fault| unreadable(table, row, "uscc", "统一社会信用代码不正确", &fault)));
    let phone = read_phone(table, row);
    let until = match table.text(row, "papers_until").as_deref() {
        Some("长期" | "永久") => Ok(None),
        _ => table.day(row, "papers_until"),
    };
    // Every field is read before any is missed.
    let uscc = kept(uscc, problems);
    let phone = kept(phone, problems);
    let crew = kept(table.wanted(row, "crew"), problems);
    let name = kept(table.wanted(row, "name"), problems);
    let trade = kept(table.wanted(row, "trade"), problems);
    let papers = kept(read_papers(table, row, today), problems);
    let card = kept(read_card(table, row), problems);
    let bank_link = kept(read_link(table, row), problems);
    let leader = kept(table.yes_no(row, "leader"), problems);
    let insured = kept(table.yes_no(row, "insured"), problems);
    let union_joined = kept(table.day(row, "union_joined"), problems);
    let papers_from = kept(table.day(row, "papers_from"), problems);
    let papers_until = kept(until, problems);
    let pin = kept(table.identifier(row, "pin"), problems);
    let day_rate = kept(table.money(row, "day_rate"), problems);
    let entered_on = kept(table.day(row, "entered_on"), problems);
    let paper = kept(read_work_paper(table, row), problems);
    let trained = kept(table.yes_no(row, "trained"), problems);
    let text = |key| table.text(row, key);
    Some(RosterRow {
        row: row_number(row),
        uscc: uscc?,
        company: text("company"),
        crew: crew?,
        name: name?,
        leader: leader?,
        papers: papers?,
        trade: trade?,
        worker_kind: text("worker_kind"),
        card: card?,
        bank: text("bank"),
        bank_link: bank_link?,
        bank_code: text("bank_code"),
        insured: insured?,
        nation: text("nation"),
        address: text("address"),
        politics: text("politics"),
        union_joined: union_joined?,
        phone: phone?,
        education: text("education"),
        issuer: text("issuer"),
        papers_from: papers_from?,
        papers_until: papers_until?,
        pin: pin?,
        day_rate: day_rate?,
        entered_on: entered_on?,
        paper: paper?,
        trained: trained?,
    })
}

/// The telephone; somebody without one is enrolled all the same, as on the page and by the API.
fn read_phone(table: &Table<'_>, row: usize) -> Result<Option<Phone>, SheetProblem> {
    if table.text(row, "phone").is_none_or(|text| text == "-" || text == "无") {
        return table.unbroken(row, "phone").map(|()| None);
    }
    let text = table.wanted(row, "phone")?;
    Phone::parse(&text).map(Some).map_err(|fault| unreadable(table, row, "phone", "手机号码不正确", &fault))
}

fn read_link(table: &Table<'_>, row: usize) -> Result<Option<String>, SheetProblem> {
    let text = table.text(row, "bank_link");
    if text.as_ref().is_some_and(|text| text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit())) {
        let words = ("联行号应为 12 位数字", "a bank link number has 12 digits", "请核对 / check it");
        return Err(table.problem(row, "bank_link", Reason::BadFormat, words));
    }
    Ok(text)
}

fn read_work_paper(table: &Table<'_>, row: usize) -> Result<Option<WorkPaper>, SheetProblem> {
    match table.text(row, "paper").as_deref() {
        None => Ok(None),
        Some("劳动合同" | "是" | "已签" | "有") => Ok(Some(WorkPaper::LabourContract)),
        Some("用工书面协议" | "书面协议" | "用工协议" | "劳务协议") => Ok(Some(WorkPaper::WorkAgreement)),
        Some("无" | "否" | "未签" | "-") => Ok(Some(WorkPaper::Nothing)),
        Some(found) => {
            let (zh, en) = (format!("“{found}”不是用工书面文件的种类"), format!("`{found}` is no kind of work paper"));
            let fix = "填“劳动合同”“用工书面协议”或“无” / write 劳动合同, 用工书面协议 or 无";
            Err(table.problem(row, "paper", Reason::BadFormat, (&zh, &en, fix)))
        }
    }
}

#[cfg(test)]
mod tests;
