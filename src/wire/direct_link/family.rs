//! Which element is which field: the settings of one family of direct-link files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::wire::bank::StatementKind;

/// Bytes of a file's beginning in which its root stands.
const HEAD_MAX: usize = 4096;

const EMBEDDED: [(&str, &str); 2] = [
    ("cmbsdkpgk.toml", include_str!("../../../config/direct_link/cmbsdkpgk.toml")),
    ("ofx.toml", include_str!("../../../config/direct_link/ofx.toml")),
];

/// Names in the order in which they are believed.
pub type Names = Vec<String>;

/// What the file is to the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Statement,
    Report,
    Sheet,
}

/// The settings of one family.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Name of the format, as it is told and stored.
    pub format: String,
    /// Elements by which a file of the family is known.
    pub roots: Names,
    /// Elements that hold one account's movements.
    pub statements: Names,
    /// Elements that are one movement.
    pub entries: Names,
    /// Elements that are one payment's result.
    pub results: Names,
    kind: Kind,
    /// What no bank's document confirmed.
    pub unconfirmed: Names,
    pub(super) answer: Answer,
    pub(super) statement: StatementNames,
    pub(super) entry: EntryNames,
    pub(super) result: ResultNames,
    /// The bank's word for a result as an ISO 20022 status.
    pub words: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub code: Names,
    pub text: Names,
    pub good: Names,
    pub begins: Names,
    pub ends: Names,
    pub yes: Names,
    #[serde(default)]
    pub form: Names,
    #[serde(default)]
    pub forms: Names,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementNames {
    pub account: Names,
    pub owner: Names,
    pub currency: Names,
    pub id: Names,
    pub from: Names,
    pub to: Names,
    pub opening: Names,
    pub closing: Names,
    pub closing_on: Names,
    pub available: Names,
    pub available_on: Names,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryNames {
    pub booked_on: Names,
    pub value_on: Names,
    pub amount: Names,
    pub unsigned: bool,
    pub credit: Names,
    pub debit: Names,
    pub mark: Names,
    pub credit_marks: Names,
    pub debit_marks: Names,
    pub currency: Names,
    pub bank_ref: Names,
    pub entry_ref: Names,
    pub code: Names,
    pub reversal: Names,
    pub reversal_marks: Names,
    pub balance: Names,
    pub end_to_end_id: Names,
    pub counterparty: Names,
    pub counterparty_account: Names,
    pub text: Names,
    pub return_reason: Names,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultNames {
    pub message_id: Names,
    pub end_to_end_id: Names,
    pub status: Names,
    /// Every status element that is there counts, joined; otherwise the first alone.
    pub status_of_all: bool,
    pub amount: Names,
    pub bank_ref: Names,
    pub reason: Names,
    pub reason_text: Names,
}

impl Family {
    /// What the file is to the books.
    pub fn kind(&self) -> StatementKind {
        match self.kind {
            Kind::Statement => StatementKind::Statement,
            Kind::Report => StatementKind::Report,
            Kind::Sheet => StatementKind::Sheet,
        }
    }
}

/// Every family, in order of format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Families(Vec<Family>);

static KNOWN: LazyLock<Families> = LazyLock::new(|| Families::read(&[]).unwrap_or(Families(Vec::new())));

impl Default for Families {
    fn default() -> Self {
        Self::embedded().clone()
    }
}

impl Families {
    /// Those that this program brings.
    pub fn embedded() -> &'static Families {
        &KNOWN
    }

    /// The embedded families with these files laid over them by file name.
    ///
    /// # Errors
    /// A file that does not read, a family without root or account element, two of one format.
    pub fn read(over: &[(String, String)]) -> Result<Self, String> {
        let mut files: BTreeMap<&str, &str> = EMBEDDED.into_iter().collect();
        files.extend(over.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut all: BTreeMap<String, Family> = BTreeMap::new();
        for (name, text) in files {
            let family: Family = toml::from_str(text).map_err(|error| format!("direct_link/{name}: {error}"))?;
            let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
            let odd = family.roots.iter().find(|root| root.is_empty() || !root.chars().all(is_name));
            if family.roots.is_empty() || odd.is_some() || family.statement.account.is_empty() {
                return Err(format!(
                    "direct_link/{name}: `roots` are capital letters and digits, `statement.account` names an element / roots 只能是大写字母和数字，statement.account 不能为空"
                ));
            }
            if all.insert(family.format.clone(), family).is_some() {
                return Err(format!("direct_link/{name}: two files have one `format` / 两个文件的 format 相同"));
            }
        }
        Ok(Self(all.into_values().collect()))
    }

    /// Every family.
    pub fn all(&self) -> impl Iterator<Item = &Family> {
        self.0.iter()
    }

    /// The family of a file, by the root within its first 4 KiB; every encoding that banks use for it leaves ASCII as it is.
    pub fn of(&self, bytes: &[u8]) -> Option<&Family> {
        let head = bytes.get(..HEAD_MAX).unwrap_or(bytes);
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        if !head.starts_with(b"<") && !head.starts_with(b"OFXHEADER") {
            return None;
        }
        let head: String = head.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect();
        self.0.iter().find(|family| {
            family.roots.iter().any(|root| {
                head.match_indices(&format!("<{root}")).any(|(at, found)| {
                    let after = head.get(at + found.len()..).and_then(|rest| rest.chars().next());
                    after.is_some_and(|c| c == '>' || c.is_ascii_whitespace())
                })
            })
        })
    }
}
