//! `law try`: a change of law over the stored history, for people at a terminal.

use std::path::Path;

use super::house::{ground, refused};
use super::{TryArgs, Verdict, say};
use crate::amendments::place_of;
use crate::base::RegionCode;
use crate::laboratory::report::{FindingRun, Said};
use crate::laboratory::{Change, Report, Span, changed, try_over};
use crate::store::StoreError;
use crate::web::{Ctx, Problem};

/// Differences that are printed; the JSON holds more.
const PRINTED_MAX: usize = 50;

fn setup(why: String) -> StoreError {
    StoreError::Setup(why)
}

/// The place of a file inside the configuration: named by its path, by the region inside it, or by the parameters' file of that name.
fn place_in_law(path: &Path, wording: &str, known: &[(String, String)]) -> Option<String> {
    let path = path.to_string_lossy().replace('\\', "/");
    for root in ["law/", "calendar/"] {
        if let Some(at) = path.rfind(root).filter(|at| *at == 0 || path.get(..*at).is_some_and(|before| before.ends_with('/')))
            && let Some(name) = path.get(at..).filter(|name| place_of(name).is_some())
        {
            return Some(name.to_owned());
        }
    }
    let region = wording.lines().find_map(|line| line.trim().strip_prefix("region")?.trim_start().strip_prefix('='));
    if let Some(code) = region.and_then(|rest| rest.split('"').nth(1)).and_then(|code| code.parse::<RegionCode>().ok()) {
        return Some(format!("law/regions/{code}.toml"));
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    known.iter().map(|(known, _)| known).find(|known| known.rsplit('/').next() == Some(name)).cloned()
}

pub fn run(config_dir: Option<&Path>, args: &TryArgs) -> Result<Verdict, StoreError> {
    let sets = args.sets.iter().map(|text| {
        let pair = text.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.to_owned()));
        pair.ok_or_else(|| setup(format!("--set `{text}`: write KEY=VALUE / 请写成 参数=值")))
    });
    let sets = sets.collect::<Result<Vec<_>, _>>()?;
    let region: Option<RegionCode> =
        args.region.as_ref().map(|code| code.parse().map_err(|error| setup(format!("--region: {error}")))).transpose()?;
    let (_, ground) = ground(config_dir, &args.place, args.place.open_existing()?)?;
    let ctx = Ctx::of_the_house(&ground, "cli");
    let law = ground.in_force();
    let file = match &args.file {
        None => None,
        Some(path) => {
            let wording = std::fs::read_to_string(path).map_err(|error| setup(format!("`{}`: {error}", path.display())))?;
            let place = place_in_law(path, &wording, &law.files).ok_or_else(|| {
                setup(format!(
                    "`{}`: write `region = \"CODE\"` at its top, or name it like a law file (law/parameters/deposit.toml) / 请在文件开头写明 region，或按法规文件命名",
                    path.display()
                ))
            })?;
            Some((place, wording))
        }
    };
    let span = Span::of(args.from, args.to, ctx.today).map_err(|problem| refused(&problem))?;
    let tried = match changed(&law, &Change { sets, region, file }, span) {
        Ok(tried) => tried,
        Err(problem) => return not_taken(&problem),
    };
    let report = ground.db.read_blocking(|conn| try_over(conn, &ctx, tried, span, None));
    let report = report.map_err(|problem: Problem| refused(&problem))?;
    if args.json {
        say(&serde_json::to_string_pretty(&report).map_err(|error| setup(error.to_string()))?)?;
    } else {
        print(&report)?;
    }
    say(&report.summary())?;
    Ok(Verdict::Holds)
}

/// What the loader refuses, fault by fault.
fn not_taken(problem: &Problem) -> Result<Verdict, StoreError> {
    for fault in &problem.faults {
        say(&format!("{} {} / {}", fault.place, fault.zh, fault.en))?;
    }
    say(&format!("not tried: {} faults", problem.faults.len()))?;
    Ok(Verdict::Fails)
}

fn said(said: &Said) -> String {
    let level = if said.level == "none" { String::new() } else { format!(" {}", said.level) };
    let since = said.since.map(|day| format!(" since {day}")).unwrap_or_default();
    format!("{}{level}{since}", said.state)
}

fn print(report: &Report) -> Result<(), StoreError> {
    for change in &report.changes {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        say(&format!("{} {}: {} → {}", change.turn, change.entry, side(&change.before), side(&change.after)))?;
    }
    for count in &report.rules {
        say(&format!(
            "{}  {} → {}  × {}  {} / {}",
            count.rule, count.old, count.new, count.findings, count.title_zh, count.title_en
        ))?;
    }
    for count in &report.gates {
        say(&format!("gate {}  {} → {}  × {}", count.gate, count.old, count.new, count.answers))?;
    }
    let FindingsAndAnswers { lines, more } = listed(report);
    for line in lines {
        say(&line)?;
    }
    if more > 0 {
        say(&format!("… and {more} more / 另有 {more} 项"))?;
    }
    Ok(())
}

/// The lines that are printed and how many are not.
struct FindingsAndAnswers {
    lines: Vec<String>,
    more: u64,
}

fn listed(report: &Report) -> FindingsAndAnswers {
    let finding = |run: &FindingRun| {
        let is_same = run.old.state == run.new.state && run.old.cure_en != run.new.cure_en;
        let cure = if is_same { format!("  ({} → {})", run.old.cure_en, run.new.cure_en) } else { String::new() };
        format!(
            "  {} {}–{} ({} d)  {}  {} → {}{cure}",
            run.code,
            run.from,
            run.to,
            run.days,
            run.rule,
            said(&run.old),
            said(&run.new)
        )
    };
    let mut lines: Vec<String> = report.findings.iter().map(finding).collect();
    lines.extend(report.answers.iter().map(|run| {
        format!("  {} {}–{} ({} d)  gate {}  {} → {}", run.code, run.from, run.to, run.days, run.gate, run.old, run.new)
    }));
    let left_out = lines.len().saturating_sub(PRINTED_MAX);
    lines.truncate(PRINTED_MAX);
    FindingsAndAnswers { lines, more: u64::try_from(left_out).unwrap_or(0) + report.more_findings + report.more_answers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_placed_by_path_region_or_name() {
        let known = vec![("law/parameters/deposit.toml".to_owned(), String::new())];
        let place = |path: &str, text: &str| place_in_law(Path::new(path), text, &known);
        assert_eq!(place("/tmp/mine/law/regions/330784.toml", "").as_deref(), Some("law/regions/330784.toml"));
        assert_eq!(place("law/parameters/deposit.toml", "").as_deref(), Some("law/parameters/deposit.toml"));
        assert_eq!(place("draft.toml", "# x\nregion = \"640000\"\n").as_deref(), Some("law/regions/640000.toml"));
        assert_eq!(place("deposit.toml", "").as_deref(), Some("law/parameters/deposit.toml"));
        assert_eq!(place("lawless/draft.toml", ""), None);
    }
}
