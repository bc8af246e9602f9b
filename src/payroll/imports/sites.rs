//! Which site a row names: another one of the same general contractor is refused, since its wages are not this project's; a name that no
//! site has is told. Deliberately absent: sites of other contractors, whose names are not the asker's to know.

use std::collections::HashSet;

use crate::base::id::{PartyId, ProjectId};
use crate::projects::{Site, table};
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::pay_sheet::PayRow;
use crate::wire::text::{clip, squeezed};

/// Other sites of the contractor whose names are known.
const SITES_MAX: usize = 400;

/// The shortest name by which a site is known inside longer words, in characters.
const NAME_MIN: usize = 4;

/// Words at the end of a site's name that one leaves out as one likes.
const ENDINGS: [&str; 3] = ["项目部", "项目", "工程"];

/// A name or code without blanks, width, case and usual endings.
fn plain(name: &str) -> String {
    let mut text = squeezed(name).to_lowercase();
    while let Some(rest) = ENDINGS.iter().find_map(|ending| text.strip_suffix(ending)).filter(|rest| !rest.is_empty()) {
        text = rest.to_owned();
    }
    text
}

/// What the sites are called, for rows that name theirs.
#[derive(Debug, Clone, Default)]
pub(super) struct Sites {
    /// Name and code of the project, without blanks.
    own: [String; 2],
    /// Names and codes of the general contractor's other projects.
    others: HashSet<String>,
}

impl Sites {
    /// Of the projects of the same general contractor.
    pub fn gather(conn: &mut AnyConn, site: &Site, contractor: Option<PartyId>) -> Result<Self, Problem> {
        let asked: Vec<PartyId> = contractor.into_iter().collect();
        let theirs = table::of_parties(conn, &asked)?.into_iter().map(|(id, _)| id);
        let ids: Vec<ProjectId> = theirs.filter(|id| *id != site.id).take(SITES_MAX).collect();
        let words = |name: &str, code: &str| [plain(name), plain(code)];
        let others = table::some(conn, &ids)?.iter().flat_map(|row| words(&row.name, &row.code)).collect();
        Ok(Sites { own: words(&site.name, &site.code), others })
    }

    /// Refuses a row that names another site on record; a name that none has is told, since people write names in their own way.
    pub fn check(&self, row: &PayRow, tell: &mut impl FnMut(&str, &str, String, String)) -> Option<(String, String)> {
        let said = row.project.as_deref().map(plain).filter(|said| !self.own.contains(said))?;
        let shown = clip(row.project.as_deref().unwrap_or_default(), 40);
        if self.others.contains(&said) {
            let zh = format!("该行写的是另一个项目“{shown}”；请导入到该项目，或改正项目名称。");
            let en = format!("The row names another project, `{shown}`; import it there, or mend the name.");
            tell("project", "unknown_reference", zh, en);
            return None;
        }
        Some((
            format!("表中项目名称“{shown}”与本项目登记的名称不同；请核对是否本项目的工资。"),
            format!("The sheet names the project `{shown}`, which is not this one's name on record; check whose wages they are."),
        ))
    }

    /// Refuses a file whose words above the header name another site on record and not this one.
    ///
    /// # Errors
    /// `invalid`, naming what stands there.
    pub fn require(&self, titles: &[String], sheet: &str) -> Result<(), Problem> {
        let is_of = |title: &String, name: &String| name.chars().count() >= NAME_MIN && plain(title).contains(name.as_str());
        let is_own = titles.iter().any(|title| self.own.iter().any(|name| is_of(title, name)));
        let other = titles.iter().find(|title| self.others.iter().any(|name| is_of(title, name)));
        let Some(title) = other.filter(|_| !is_own) else { return Ok(()) };
        let shown = clip(title, 60);
        let problem = Problem::invalid(
            format!("表头上方写的是另一个项目：“{shown}”；请选对项目或文件。"),
            format!("What stands above the header names another project, `{shown}`; choose the right project or file."),
        );
        Err(problem.at(format!("{sheet}!A1"), "unknown_reference"))
    }
}
