//! What is on record about a company's wage payments: listings, arrears, clean years of a deposit area (R65-11c, R65-12).
//!
//! Records are dated and stay; a correction is a later record. Nothing on record is not a clean record: it is not known.
//! Deliberately absent: scores and grades, and arrears of projects on this server, which their own sheets show.

pub mod actions;
pub mod http;
pub mod table;

use serde::Serialize;

use crate::base::id::PartyId;
use crate::base::{Day, RegionCode, words};
use crate::store::AnyConn;
use crate::web::Problem;
use table::CreditRow;

words! {
    /// What a record says.
    pub enum CreditKind, "kind of credit record" {
        /// On the list of seriously untrustworthy parties for arrears (失信联合惩戒名单), from the day to the last day of listing.
        SeriousList = "serious_list",
        /// Looked up on the day: on no such list.
        NotListed = "not_listed",
        /// Owed wages in the region from the day; `until_on` is the day on which the last was paid.
        Arrears = "arrears",
        /// Confirmed by the region's authority: no arrears there since the day.
        CleanSince = "clean_since",
    }
}
crate::store::types::word_column!(CreditKind);
crate::web::openapi::word_schema!(CreditKind);

/// A company's record in a deposit area on a day; `None` is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CreditStanding)]
pub struct Standing {
    /// On the list; not known when nobody ever looked.
    pub on_serious_list: Option<bool>,
    /// The last day in the area on which wages were owed, by the records: the day asked about while they still are.
    pub last_arrears_on: Option<Day>,
    /// The first day of the confirmed time without arrears that reaches to the day asked about.
    pub clean_since: Option<Day>,
    /// Full years of that time; nothing while arrears are younger than a year.
    pub clean_years: Option<u32>,
}

impl Standing {
    /// The last day of arrears on or after `from`: known when there was one, known to be none where the clean time reaches back
    /// that far, else not known.
    pub fn arrears_since(&self, from: Day) -> Option<Option<Day>> {
        match (self.last_arrears_on, self.clean_since) {
            (Some(day), _) if day >= from => Some(Some(day)),
            (_, Some(clean)) if clean <= from => Some(None),
            _ => None,
        }
    }
}

/// Folds a company's records into what is known for an area on a day.
pub fn standing_of(rows: &[CreditRow], area: RegionCode, as_of: Day) -> Standing {
    let told: Vec<&CreditRow> = rows.iter().filter(|row| row.valid_on <= as_of).collect();
    let in_area = |row: &&&CreditRow| area.holds(row.region) || row.region.holds(area);
    let arrears: Vec<&&CreditRow> = told.iter().filter(|row| row.kind == CreditKind::Arrears).filter(in_area).collect();
    let last_arrears_on = arrears.iter().map(|row| row.until_on.map_or(as_of, |end| end.min(as_of))).max();
    // Only a region that holds the whole area can vouch for it; arrears inside it start the time anew.
    let vouched =
        told.iter().filter(|row| row.kind == CreditKind::CleanSince && row.region.holds(area)).map(|row| row.valid_on).min();
    let still_owed = arrears.iter().any(|row| row.until_on.is_none_or(|end| end > as_of));
    let clean_since = vouched
        .filter(|_| !still_owed)
        .map(|since| last_arrears_on.map_or(since, |last| if last >= since { last.plus_days(1) } else { since }));
    let young = last_arrears_on.is_some_and(|last| full_years(last, as_of) == 0);
    Standing {
        on_serious_list: listed(&told, as_of),
        last_arrears_on,
        clean_since,
        clean_years: clean_since.map(|since| full_years(since, as_of)).or(young.then_some(0)),
    }
}

/// A listing that runs is a listing; one that ended, or a look that found none, says no.
fn listed(told: &[&CreditRow], as_of: Day) -> Option<bool> {
    let runs = |row: &&CreditRow| row.kind == CreditKind::SeriousList && row.until_on.is_none_or(|end| as_of <= end);
    if told.iter().any(runs) {
        return Some(true);
    }
    told.iter().any(|row| matches!(row.kind, CreditKind::SeriousList | CreditKind::NotListed)).then_some(false)
}

/// Full years from a day to another one (rule C-05).
fn full_years(from: Day, to: Day) -> u32 {
    let years = to.year().saturating_sub(from.year());
    let full = if from.plus_months(years.saturating_mul(12)) <= to { years } else { years.saturating_sub(1) };
    u32::try_from(full).unwrap_or(0)
}

/// A company's record in an area on a day.
pub fn standing(conn: &mut AnyConn, party: PartyId, area: RegionCode, as_of: Day) -> Result<Standing, Problem> {
    Ok(standing_of(&table::of_party(conn, party)?, area, as_of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Moment;
    use crate::base::id::RecordId;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn row(kind: CreditKind, region: &str, valid_on: &str, until_on: Option<&str>) -> CreditRow {
        CreditRow {
            id: RecordId(1),
            party_id: PartyId(1),
            kind,
            region: region.parse().unwrap(),
            valid_on: day(valid_on),
            until_on: until_on.map(day),
            value: String::new(),
            document_id: None,
            recorded_at: Moment(0),
            recorded_seq: 1,
        }
    }

    fn at(rows: &[CreditRow], as_of: &str) -> Standing {
        standing_of(rows, "330700".parse().unwrap(), day(as_of))
    }

    #[test]
    fn nothing_on_record_is_not_known() {
        let standing = at(&[], "2026-03-02");
        assert_eq!(standing, Standing { on_serious_list: None, last_arrears_on: None, clean_since: None, clean_years: None });
        assert_eq!(standing.arrears_since(day("2024-03-02")), None);
    }

    #[test]
    fn a_listing_runs_from_its_first_to_its_last_day() {
        let rows = [row(CreditKind::SeriousList, "330000", "2025-03-02", Some("2026-03-01"))];
        assert_eq!(at(&rows, "2025-03-01").on_serious_list, None);
        assert_eq!(at(&rows, "2025-03-02").on_serious_list, Some(true));
        assert_eq!(at(&rows, "2026-03-01").on_serious_list, Some(true));
        assert_eq!(at(&rows, "2026-03-02").on_serious_list, Some(false));
        let looked = [row(CreditKind::NotListed, "330000", "2026-01-05", None)];
        assert_eq!(at(&looked, "2026-01-04").on_serious_list, None);
        assert_eq!(at(&looked, "2026-01-05").on_serious_list, Some(false));
    }

    #[test]
    fn clean_years_count_from_the_confirmed_day_or_the_last_arrears() {
        let clean = row(CreditKind::CleanSince, "330000", "2023-03-02", None);
        assert_eq!(at(std::slice::from_ref(&clean), "2025-03-01").clean_years, Some(1));
        assert_eq!(at(std::slice::from_ref(&clean), "2025-03-02").clean_years, Some(2));
        let owed = row(CreditKind::Arrears, "330784", "2024-05-01", Some("2024-06-10"));
        let rows = [clean.clone(), owed.clone()];
        assert_eq!(at(&rows, "2024-05-20").clean_years, Some(0), "owed on that day");
        assert_eq!(at(&rows, "2026-06-10").clean_years, Some(1));
        assert_eq!(at(&rows, "2026-06-11").clean_years, Some(2));
        let elsewhere = row(CreditKind::Arrears, "330100", "2024-05-01", None);
        assert_eq!(at(&[clean.clone(), elsewhere], "2025-03-02").clean_years, Some(2), "another area");
        let county = row(CreditKind::CleanSince, "330784", "2020-01-01", None);
        assert_eq!(at(&[county], "2026-03-02").clean_years, None, "a county cannot vouch for the city");
        assert_eq!(at(&[owed], "2026-03-02").clean_years, None, "old arrears alone do not make it clean");
    }

    #[test]
    fn a_look_back_is_known_only_as_far_as_the_record_goes() {
        let rows = [row(CreditKind::CleanSince, "330000", "2025-01-01", None)];
        let standing = at(&rows, "2026-03-02");
        assert_eq!(standing.arrears_since(day("2025-03-02")), Some(None));
        assert_eq!(standing.arrears_since(day("2024-03-02")), None, "what was before is not known");
        let owed = [row(CreditKind::Arrears, "330784", "2025-05-01", Some("2025-06-10"))];
        assert_eq!(at(&owed, "2026-03-02").arrears_since(day("2024-03-02")), Some(Some(day("2025-06-10"))));
        assert_eq!(at(&owed, "2026-03-02").arrears_since(day("2025-06-11")), None);
        let open = [row(CreditKind::Arrears, "330784", "2025-05-01", None)];
        assert_eq!(at(&open, "2026-03-02").last_arrears_on, Some(day("2026-03-02")), "still owed");
    }
}
