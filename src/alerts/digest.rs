//! The mails that tell people of their notices: one digest a person a day, and what is urgent at once.
//!
//! A mail is composed from notices whose project the person may still see at that moment. Without an address, or with mail switched
//! off, nothing is marked as told, so nothing is lost when an address comes later.

use std::collections::BTreeMap;

use askama::Template;

use super::table::{self, NoticeRow};
use super::{NoticeState, Words};
use crate::base::Day;
use crate::base::id::{ProjectId, UserId};
use crate::projects::{self, Site};
use crate::store::outbox::{self, NewMail};
use crate::store::{Tx, jobs};
use crate::users;
use crate::users::contacts;
use crate::users::contacts::actions::Contact;
use crate::web::{Ctx, Lang, Problem, Scope};

/// Matters that one digest tells at most; the rest follows the next day.
pub const ITEMS_MAX: usize = 100;

/// Open notices that are looked at for one digest.
const LOOKED_AT_MAX: i64 = 2000;

/// A matter as it stands in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    title: String,
    cure: String,
    citation: Option<String>,
    rule: Option<String>,
    day: Option<Day>,
    urgent: bool,
    link: Option<String>,
}

/// The matters of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    id: ProjectId,
    name: String,
    code: String,
    items: Vec<Item>,
}

#[derive(Template)]
#[template(path = "alerts/digest_zh.txt", escape = "none")]
struct InChinese<'a> {
    name: &'a str,
    day: Day,
    urgent: bool,
    count: usize,
    groups: &'a [Group],
    rest: usize,
    base_url: &'a str,
}

#[derive(Template)]
#[template(path = "alerts/digest_en.txt", escape = "none")]
struct InEnglish<'a> {
    name: &'a str,
    day: Day,
    urgent: bool,
    count: usize,
    groups: &'a [Group],
    rest: usize,
    base_url: &'a str,
}

/// What a mail is made of.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// How the person is called.
    pub name: &'a str,
    /// Lang.
    pub language: Lang,
    /// Day.
    pub day: Day,
    /// Whether it could not wait.
    pub urgent: bool,
    /// Matters by project.
    pub groups: &'a [Group],
    /// Matters that wait for the next one.
    pub rest: usize,
    /// Where the pages are, without a slash at the end; empty for no links.
    pub base_url: &'a str,
}

impl Draft<'_> {
    fn count(&self) -> usize {
        self.groups.iter().map(|group| group.items.len()).sum()
    }

    /// The subject: how many matters, of which project where there is one.
    pub fn subject(&self) -> String {
        let count = self.count();
        let of = match self.groups {
            [one] => one.name.clone(),
            _ if self.language == Lang::Zh => format!("{} 个项目", self.groups.len()),
            _ => format!("{} projects", self.groups.len()),
        };
        match (self.language, self.urgent) {
            (Lang::Zh, true) => format!("[安薪] 紧急：{of}有 {count} 项"),
            (Lang::Zh, false) => format!("[安薪] {} 摘要：{of}有 {count} 项新情况", self.day),
            (Lang::En, true) => format!("[anxin] Urgent: {count} on {of}"),
            (Lang::En, false) => format!("[anxin] Digest of {}: {count} new on {of}", self.day),
        }
    }

    /// The body as plain text.
    ///
    /// # Errors
    /// A template that does not render: a bug.
    pub fn body(&self) -> Result<String, Problem> {
        let Draft { name, language, day, urgent, groups, rest, base_url } = *self;
        let count = self.count();
        let text = match language {
            Lang::Zh => InChinese { name, day, urgent, count, groups, rest, base_url }.render(),
            Lang::En => InEnglish { name, day, urgent, count, groups, rest, base_url }.render(),
        };
        text.map_err(|error| Problem::internal(&error.to_string()))
    }
}

fn item_of(row: &NoticeRow, language: Lang) -> Result<Item, Problem> {
    let words: Words = serde_json::from_str(&row.words).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Item {
        title: words.title(language).to_owned(),
        cure: words.cure(language).to_owned(),
        citation: words.citation,
        rule: words.rule,
        day: words.day,
        urgent: row.urgent,
        link: words.link,
    })
}

/// Enqueues a digest for everybody who has not been told of something.
pub fn enqueue_all(tx: &mut Tx<'_>, ctx: &Ctx, day: Day) -> Result<usize, Problem> {
    if !ctx.ground.settings.upkeep.mail_enabled {
        return Ok(0);
    }
    let users = table::users_with_open(tx.conn())?;
    for user in &users {
        jobs::enqueue(tx.conn(), ctx.id(), "digest_one", &format!("{user} {day}"), ctx.now)?;
    }
    Ok(users.len())
}

/// Writes one person's digest of a day; a second one of the same day is not written. Says whether there was one.
pub fn write_one(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, day: Day) -> Result<bool, Problem> {
    if !ctx.ground.settings.upkeep.mail_enabled || !contacts::table::is_active(tx.conn(), user)? {
        return Ok(false);
    }
    let contact = contacts::actions::of(tx.conn(), ctx.vault(), user)?;
    if contact.email.is_none() {
        return Ok(false);
    }
    let grants = users::table::grants_of(tx.conn(), user, ctx.today)?;
    let places = grants.iter().filter_map(|row| row.grant()).map(|grant| grant.on).collect();
    let scope = Scope { actor: user.to_string(), user: Some(user), places };
    let mut sites: BTreeMap<ProjectId, Option<Site>> = BTreeMap::new();
    let (mut told, mut rest) = (Vec::new(), 0);
    for row in table::open_of(tx.conn(), user, LOOKED_AT_MAX)? {
        // A right that has ended since hides the project; its notices wait for a right that comes back.
        let site = sites.entry(row.project_id).or_insert_with(|| projects::enter(tx.conn(), &scope, row.project_id).ok());
        match site {
            Some(_) if told.len() < ITEMS_MAX => told.push(row),
            Some(_) => rest += 1,
            None => {}
        }
    }
    let groups = grouped(&told, &sites, contact.language)?;
    let mail = Mail { user, contact: &contact, groups: &groups, told: &told, rest, urgent: false, day };
    write(tx, ctx, &mail, format!("digest {user} {day}"))
}

/// Tells a person at once of urgent notices of one project that are new. Says whether a mail was written.
pub fn tell_at_once(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, user: UserId, rows: &[NoticeRow]) -> Result<bool, Problem> {
    let Some(first) = rows.first() else { return Ok(false) };
    let told: Vec<NoticeRow> = rows.iter().filter(|row| row.state == NoticeState::Open).take(ITEMS_MAX).cloned().collect();
    if !ctx.ground.settings.upkeep.mail_enabled {
        return Ok(false);
    }
    let contact = contacts::actions::of(tx.conn(), ctx.vault(), user)?;
    if contact.email.is_none() {
        return Ok(false);
    }
    let sites = BTreeMap::from([(site.id, Some(site.clone()))]);
    let groups = grouped(&told, &sites, contact.language)?;
    let mail = Mail { user, contact: &contact, groups: &groups, told: &told, rest: 0, urgent: true, day: ctx.today };
    write(tx, ctx, &mail, format!("urgent {} {}", first.id, ctx.now.0))
}

fn grouped(rows: &[NoticeRow], sites: &BTreeMap<ProjectId, Option<Site>>, language: Lang) -> Result<Vec<Group>, Problem> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let Some(Some(site)) = sites.get(&row.project_id) else { continue };
        if groups.last().is_none_or(|group| group.id != site.id) {
            groups.push(Group { id: site.id, name: site.name.clone(), code: site.code.clone(), items: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.items.push(item_of(row, language)?);
        }
    }
    Ok(groups)
}

struct Mail<'a> {
    user: UserId,
    contact: &'a Contact,
    groups: &'a [Group],
    told: &'a [NoticeRow],
    rest: usize,
    urgent: bool,
    day: Day,
}

fn write(tx: &mut Tx<'_>, ctx: &Ctx, mail: &Mail<'_>, dedupe: String) -> Result<bool, Problem> {
    if mail.told.is_empty() {
        return Ok(false);
    }
    let upkeep = &ctx.ground.settings.upkeep;
    let person = users::table::find(tx.conn(), mail.user)?.ok_or_else(Problem::not_found)?;
    let draft = Draft {
        name: &person.name,
        language: mail.contact.language,
        day: mail.day,
        urgent: mail.urgent,
        groups: mail.groups,
        rest: mail.rest,
        base_url: &upkeep.base_url,
    };
    let new = NewMail {
        user: mail.user,
        dedupe,
        language: mail.contact.language.to_string(),
        kind: if mail.urgent { "urgent" } else { "digest" },
        subject: draft.subject(),
        body: draft.body()?,
    };
    let is_new = outbox::enqueue(tx.conn(), ctx.vault(), ctx.id(), &new, &upkeep.mail_domain, ctx.now)?;
    if is_new {
        for row in mail.told {
            table::mark_told(tx.conn(), row, ctx.now)?;
        }
    }
    Ok(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<Group> {
        let item = |title: &str, cure: &str, urgent: bool| Item {
            title: title.into(),
            cure: cure.into(),
            citation: Some("《保障农民工工资支付条例》（国务院令第724号）第26条".into()),
            rule: Some("R724-26".into()),
            day: Day::of(2026, 2, 20),
            urgent,
            link: None,
        };
        let plain =
            Item { citation: None, rule: None, day: None, ..item("考勤设备 CK01 1号门 无信号", "检查电源", false) };
        vec![
            Group {
                id: ProjectId(1),
                name: "测试花园一期".into(),
                code: "T-0001".into(),
                items: vec![item("开设农民工工资专用账户", "开设并备案专用账户", true), plain],
            },
            Group {
                id: ProjectId(2),
                name: "测试大桥".into(),
                code: "T-0002".into(),
                items: vec![item("工资按时足额支付", "", false)],
            },
        ]
    }

    fn shown(language: Lang, urgent: bool, rest: usize, base_url: &str) -> String {
        let groups = groups();
        let name = if language == Lang::Zh { "陈守义" } else { "Chen Shouyi" };
        let day = Day::of(2026, 3, 2).unwrap();
        let draft = Draft { name, language, day, urgent, groups: &groups, rest, base_url };
        format!("Subject: {}\n\n{}", draft.subject(), draft.body().unwrap())
    }

    #[test]
    fn the_digest_speaks_both_languages() {
        insta::assert_snapshot!("digest_zh", shown(Lang::Zh, false, 0, "https://anxin.example.cn"));
        insta::assert_snapshot!("digest_en", shown(Lang::En, false, 3, ""));
        insta::assert_snapshot!("urgent_zh", shown(Lang::Zh, true, 0, ""));
        insta::assert_snapshot!("urgent_en", shown(Lang::En, true, 0, "https://anxin.example.cn"));
    }

    #[test]
    fn a_subject_of_one_project_names_it() {
        let groups = &groups()[..1];
        let day = Day::of(2026, 3, 2).unwrap();
        let draft = Draft { name: "x", language: Lang::En, day, urgent: false, groups, rest: 0, base_url: "" };
        assert_eq!(draft.subject(), "[anxin] Digest of 2026-03-02: 2 new on 测试花园一期");
    }
}
