//! Findings: what a rule says of a project on a day, with citation, evidence and cure. And the card of systems made of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Day, Moment, RegionCode};

use super::LawBook;
use super::book::{Citation, Standing};
use super::facts::Fact;
use super::questions::given::choices;
use super::questions::warning::Level;

choices! {
    /// One of the systems that a project must have in place.
    System {
        /// 实名制.
        RealName = "real_name",
        /// 专用账户.
        Account = "account",
        /// 人工费用分账.
        LabourSplit = "labour_split",
        /// 工资支付表.
        Payroll = "payroll",
        /// 总包代发.
        PayOnBehalf = "pay_on_behalf",
        /// 工资保证金.
        Deposit = "deposit",
        /// 维权信息告示牌.
        NoticeBoard = "notice_board",
        /// 工程款支付担保.
        PaymentBond = "payment_bond",
        /// 欠薪.
        Arrears = "arrears",
    }
}

choices! {
    /// What a rule says. The order is that of rank on the card.
    State {
        /// The rule is not in force, or does not concern the project.
        NotInForce = "not_in_force",
        /// Kept, or not due yet.
        Kept = "kept",
        /// A fact is missing.
        NotKnown = "not_known",
        /// Broken.
        Broken = "broken",
    }
}

/// A fact that the finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is, in Chinese.
    pub label_zh: String,
    /// What it is, in English.
    pub label_en: String,
    /// The value as text; `None` where it is not known.
    pub value: Option<String>,
    /// The record that says so.
    pub source: Option<String>,
    /// When it was seen there.
    pub seen_at: Option<Moment>,
}

/// What one rule says of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Rule id.
    pub rule: String,
    /// Version of the rule; 0 in findings older than versions.
    #[serde(default)]
    pub version: u32,
    /// The system it belongs to.
    pub system: System,
    /// What the rule says.
    pub state: State,
    /// How urgent.
    pub level: Level,
    /// Document and article.
    pub citation: Citation,
    /// Words of the article, where the book has them.
    pub words: Option<String>,
    /// How firmly the rule stands.
    pub status: Standing,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// First day of the breach, where it is known.
    pub since: Option<Day>,
    /// What to do, in Chinese; empty where nothing.
    pub cure_zh: String,
    /// What to do, in English.
    pub cure_en: String,
    /// Who must supply the missing fact.
    pub keeper: Option<String>,
    /// Who owes the duty.
    pub owed_by: String,
}

/// State and level of one system on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemState {
    /// The worst state of its findings.
    pub state: State,
    /// The highest level.
    pub level: Level,
}

/// All findings of a project on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// One for each rule, in the order of systems.
    pub findings: Vec<Finding>,
    /// State of each system.
    pub card: BTreeMap<System, SystemState>,
}

impl Assessment {
    /// The card is made of the findings and of nothing else.
    pub(super) fn of(findings: Vec<Finding>) -> Assessment {
        let mut card = BTreeMap::new();
        for finding in &findings {
            let entry = card.entry(finding.system).or_insert(SystemState { state: finding.state, level: finding.level });
            entry.state = entry.state.max(finding.state);
            entry.level = entry.level.max(finding.level);
        }
        Assessment { findings, card }
    }
}

/// Where findings are judged: the law, the region and the day.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) book: &'a LawBook,
    pub(super) region: RegionCode,
    pub(super) as_of: Day,
}

impl Bench<'_> {
    /// Begins a finding of that rule.
    pub(super) fn on(&self, system: System, rule: &str) -> Draft {
        let known = self.book.rule(rule);
        let holds = known.is_some_and(|known| known.holds_on(self.as_of));
        let citation = known.map(|known| known.citation.clone());
        Draft {
            holds,
            finding: Finding {
                rule: rule.to_owned(),
                version: known.map_or(0, |known| known.version),
                system,
                state: State::NotInForce,
                level: Level::None,
                citation: citation.unwrap_or(Citation { document: String::new(), article: None, article_unverified: false }),
                words: known.and_then(|known| self.book.words(known)).map(|article| article.words.clone()),
                status: known.map(|known| known.standing).unwrap_or_default(),
                evidence: Vec::new(),
                since: None,
                cure_zh: String::new(),
                cure_en: String::new(),
                keeper: None,
                owed_by: known.map(|known| known.owes.clone()).unwrap_or_default(),
            },
        }
    }
}

/// A finding before its state. Under a rule that is not in force every end is `not_in_force`.
pub(super) struct Draft {
    holds: bool,
    finding: Finding,
}

impl Draft {
    /// Adds a fact as evidence.
    pub(super) fn shows<T>(mut self, zh: &str, en: &str, fact: &Fact<T>, show: impl FnOnce(&T) -> String) -> Self {
        self.finding.evidence.push(Evidence {
            label_zh: zh.to_owned(),
            label_en: en.to_owned(),
            value: fact.value().map(show),
            source: fact.source().map(str::to_owned),
            seen_at: fact.seen_at(),
        });
        self
    }

    fn end(mut self, state: State) -> Finding {
        if self.holds {
            self.finding.state = state;
        } else {
            self.finding.level = Level::None;
        }
        self.finding
    }

    /// The rule does not concern the project.
    pub(super) fn not_concerned(self) -> Finding {
        self.end(State::NotInForce)
    }

    /// Kept, or not due yet.
    pub(super) fn kept(self) -> Finding {
        self.end(State::Kept)
    }

    /// A fact is missing; `keeper` must supply it.
    pub(super) fn not_known(mut self, keeper: Option<&str>) -> Finding {
        self.finding.keeper = Some(keeper.unwrap_or("").to_owned());
        self.finding.cure_zh = "补充缺少的事实".to_owned();
        self.finding.cure_en = "supply the fact that is missing".to_owned();
        self.end(State::NotKnown)
    }

    /// Broken since a day, and what to do.
    pub(super) fn broken(mut self, level: Level, since: Option<Day>, zh: &str, en: &str) -> Finding {
        self.finding.level = level;
        self.finding.since = since;
        self.finding.cure_zh = zh.to_owned();
        self.finding.cure_en = en.to_owned();
        self.end(State::Broken)
    }
}

/// A day that may be known not to have come, as text for evidence.
pub(super) fn day_text(day: &Option<Day>) -> String {
    day.map_or_else(|| "无 / none".to_owned(), |day| day.to_string())
}

/// The keeper of the first fact that is not known.
pub(super) fn keeper_of<'a>(keepers: &[Option<&'a str>]) -> Option<&'a str> {
    keepers.iter().flatten().copied().next()
}
