//! Watched folders: files that a bank's program or a person puts into a folder are handed in by themselves.
//!
//! A file is taken when nobody writes it any more: its length and time are the same in two looks, or it was given its name after it had
//! been written under a temporary one. It is moved out of the senders' reach first, goes through the same inbox as an upload with the
//! rights of its folder and no others, and ends in `taken/` or `refused/` with a text beside it that says what came of it. Wherever the
//! process dies, the next look goes on: what was committed is known by its bytes and is only moved, anything else is read anew.
//! Deliberately absent: folders in folders, links, and anything that a file could say about where it goes.

mod missing;
mod note;
mod paths;
mod taking;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::base::Moment;
use crate::base::id::{AccountId, ProjectId};
use crate::store::StoreError;
use crate::web::{Ctx, Ground, Scope, ScopeOn};

use paths::{lies_in, listed, own_folders};
use taking::Outcome;

/// Watched folders at most.
const FOLDERS_MAX: usize = 64;
/// Entries of a folder that one look sees.
const ENTRIES_MAX: usize = 10_000;
/// Files of a folder that one look takes.
const FILES_MAX: usize = 200;
/// Tries of a file that the store does not take, before it is refused.
const TRIES_MAX: u32 = 20;
/// Bytes of a name that are kept of it.
const NAME_BYTES: usize = 160;
/// Endings of names under which a file is still being written.
const TEMPORARY: [&str; 6] = [".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"];

/// Why a folder cannot be watched beside another.
const TWICE: &str = "is watched already, or lies in a watched one / 已被监视，或在被监视的目录之内";

/// Where files wait while they are read.
const READING: &str = ".reading";
/// Where files go of which something was taken, or that came before.
const TAKEN: &str = "taken";
/// Where the others go.
const REFUSED: &str = "refused";

/// `[watch]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Seconds between two looks.
    pub poll_seconds: u64,
    /// The folders.
    pub folders: Vec<FolderConfig>,
}

/// `[[watch.folders]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder.
    pub path: PathBuf,
    /// The wage account that the bank files in it may be of.
    pub account: Option<AccountId>,
    /// The project whose rosters lie in it.
    pub project: Option<ProjectId>,
    /// What is done with a roster.
    #[serde(default)]
    pub take: TakeRoster,
}

/// What is done with a roster that came by a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeRoster {
    /// It waits for a person.
    #[default]
    Wait,
    /// Its good rows are taken.
    Good,
    /// All of it, or nothing.
    Whole,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Bank(AccountId),
    Roster(ProjectId, TakeRoster),
}

impl Purpose {
    /// The rights with which its files are handed in.
    fn scope(self) -> Scope {
        Scope::of_watched(match self {
            Purpose::Bank(id) => ScopeOn::Account(id),
            Purpose::Roster(id, _) => ScopeOn::Project(id),
        })
    }
}

/// What tells whether a file is still being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    len: u64,
    changed: Option<SystemTime>,
    /// Number of the file itself, whatever its name.
    node: u64,
}

impl Seen {
    fn of(meta: &Metadata) -> Self {
        Self { len: meta.len(), changed: meta.modified().ok(), node: node(meta) }
    }
}

#[cfg(unix)]
fn node(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn node(_: &Metadata) -> u64 {
    0
}

/// One watched folder.
struct Folder {
    /// As the settings name it.
    path: PathBuf,
    /// The folder itself, links followed; as the settings name it until it was found.
    root: PathBuf,
    /// Whether it was found.
    is_found: bool,
    purpose: Purpose,
    /// What the last look saw.
    seen: BTreeMap<OsString, Seen>,
    /// Tries of files that the store did not take.
    tries: BTreeMap<OsString, u32>,
    /// Whether it was told that it cannot be looked at.
    is_told: bool,
}

/// What one look did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Files of which something was taken, or that came before.
    pub taken: usize,
    /// Files of which nothing was taken.
    pub refused: usize,
    /// Files that are tried again at the next look.
    pub waiting: usize,
}

/// All watched folders.
pub struct Watch {
    ground: Arc<Ground>,
    folders: Vec<Folder>,
}

impl Watch {
    /// Reads the settings and makes the folders within the folders. A folder that is not there is looked for at every look, since a mount
    /// may come late; until then it stands among what is late and its keeper is told.
    ///
    /// # Errors
    /// A setting that is wrong, a folder that cannot be written to, each named.
    pub fn new(ground: Arc<Ground>, config: &WatchConfig) -> Result<Self, StoreError> {
        if config.folders.len() > FOLDERS_MAX {
            return Err(StoreError::Setup(format!("watch.folders: at most {FOLDERS_MAX} / 最多 {FOLDERS_MAX} 个")));
        }
        let mut folders: Vec<Folder> = Vec::new();
        for one in &config.folders {
            let wrong = |why: String| StoreError::Setup(format!("watch.folders `{}`: {why}", one.path.display()));
            let purpose = match (one.account, one.project) {
                (Some(account), None) => Purpose::Bank(account),
                (None, Some(project)) => Purpose::Roster(project, one.take),
                _ => {
                    return Err(wrong("give account or project, one of them / account 与 project 须给出且只给出一个".to_owned()));
                }
            };
            let found = one.path.canonicalize();
            let (root, is_found) = found.map_or_else(|_| (one.path.clone(), false), |root| (root, true));
            if folders.iter().any(|known| lies_in(&root, &known.root)) {
                return Err(wrong(TWICE.to_owned()));
            }
            if is_found {
                own_folders(&root).map_err(|error| wrong(error.to_string()))?;
            }
            let path = one.path.clone();
            folders.push(Folder { path, root, is_found, purpose, seen: BTreeMap::new(), tries: BTreeMap::new(), is_told: false });
        }
        let missing: Vec<String> = folders.iter().filter(|folder| !folder.is_found).map(Folder::named).collect();
        missing::forget_others(&ground, &missing)?;
        Ok(Self { ground, folders })
    }

    /// Looks at every folder once.
    pub fn look(&mut self) -> Looked {
        let mut looked = Looked::default();
        for place in 0..self.folders.len() {
            let roots: Vec<PathBuf> = self
                .folders
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .map(|(_, known)| known.root.clone())
                .collect();
            let Some(folder) = self.folders.get_mut(place) else { continue };
            let result = folder.find(&roots).and_then(|()| folder.look(&self.ground, &mut looked));
            folder.tell(&self.ground, result.err());
        }
        looked
    }
}

fn is_temporary(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.') || TEMPORARY.iter().any(|ending| lower.ends_with(ending))
}

/// A name without what could lead elsewhere or hide, short enough to be put behind others.
fn plain_name(name: &std::ffi::OsStr) -> String {
    let text = name.to_string_lossy();
    let mut plain = String::new();
    let led = text.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\'));
    for c in led.skip_while(|c| *c == '.') {
        if plain.len().saturating_add(c.len_utf8()) > NAME_BYTES {
            break;
        }
        plain.push(c);
    }
    if plain.is_empty() { "file".to_owned() } else { plain }
}

impl Folder {
    fn named(&self) -> String {
        self.path.display().to_string()
    }

    /// Looks for a folder that was not there; one that lies in another would hand its files in twice.
    fn find(&mut self, others: &[PathBuf]) -> io::Result<()> {
        if self.is_found {
            return Ok(());
        }
        let root = self.path.canonicalize()?;
        if others.iter().any(|known| lies_in(&root, known)) {
            return Err(io::Error::other(TWICE));
        }
        own_folders(&root)?;
        tracing::info!(watch.folder = %root.display(), "a watched folder is there now");
        (self.root, self.is_found) = (root, true);
        Ok(())
    }

    /// Tells once that it cannot be looked at, and once that it can again: in the log, and to its keeper.
    fn tell(&mut self, ground: &Arc<Ground>, error: Option<io::Error>) {
        let is_missing = error.is_some();
        if self.is_told == is_missing {
            return;
        }
        if let Some(error) = error {
            tracing::warn!(watch.folder = %self.path.display(), problem.detail = %error, "a watched folder cannot be looked at");
        }
        match missing::note(ground, self.named(), self.purpose, is_missing) {
            Ok(()) => self.is_told = is_missing,
            Err(problem) => {
                tracing::warn!(watch.folder = %self.path.display(), problem.detail = %problem, "a watched folder could not be noted");
            }
        }
    }

    fn look(&mut self, ground: &Arc<Ground>, looked: &mut Looked) -> io::Result<()> {
        own_folders(&self.root)?;
        // What an earlier look, or an earlier process, did not end.
        for (name, meta) in listed(&self.root.join(READING))?.into_iter().take(FILES_MAX) {
            if meta.is_file() {
                self.process(ground, &name, looked)?;
            }
        }
        let now = listed(&self.root)?;
        let mut seen = BTreeMap::new();
        let mut ready = Vec::new();
        for (name, meta) in now {
            // A link is never followed, wherever it leads.
            if !meta.is_file() {
                continue;
            }
            let one = Seen::of(&meta);
            if !is_temporary(&name.to_string_lossy()) && self.is_complete(&name, one) {
                ready.push(name);
            } else {
                seen.insert(name, one);
            }
        }
        for name in &ready {
            if looked.taken.saturating_add(looked.refused) >= FILES_MAX {
                break;
            }
            let claimed = self.claim(ground, name)?;
            self.process(ground, &claimed, looked)?;
        }
        self.seen = seen;
        Ok(())
    }

    /// Whether nobody writes a file any more: it is as the last look saw it, under this name or under a temporary one. The same file under
    /// another length or time may be another one that took over its number.
    fn is_complete(&self, name: &OsString, now: Seen) -> bool {
        let was_renamed = || {
            let is_it = |(other, seen): (&OsString, &Seen)| *seen == now && is_temporary(&other.to_string_lossy());
            now.node != 0 && self.seen.iter().any(is_it)
        };
        self.seen.get(name) == Some(&now) || was_renamed()
    }

    /// Moves a file out of reach; its name tells when.
    fn claim(&self, ground: &Arc<Ground>, name: &OsString) -> io::Result<OsString> {
        let mut at = ground.clock.now().0;
        loop {
            let claimed = OsString::from(format!("{at}~{}", plain_name(name)));
            let to = self.root.join(READING).join(&claimed);
            // Never over another file.
            if fs::symlink_metadata(&to).is_err() {
                fs::rename(self.root.join(name), to)?;
                return Ok(claimed);
            }
            at = at.saturating_add(1);
        }
    }

    /// Hands a claimed file in and moves it to where it belongs.
    fn process(&mut self, ground: &Arc<Ground>, claimed: &OsString, looked: &mut Looked) -> io::Result<()> {
        let path = self.root.join(READING).join(claimed);
        let text = claimed.to_string_lossy();
        let (at, name) = text.split_once('~').unwrap_or(("0", text.as_ref()));
        let since = Moment(at.parse().unwrap_or(0));
        let mut ctx = Ctx::of_the_house(ground, "watch");
        ctx.scope = self.purpose.scope();
        let outcome = match taking::take(&ctx, self.purpose, &path, name, since) {
            Ok(outcome) => outcome,
            Err(problem) => {
                let tries = self.tries.entry(claimed.clone()).or_default();
                *tries = tries.saturating_add(1);
                tracing::warn!(watch.folder = %self.root.display(), problem.code = problem.code.as_str(), "a watched file could not be taken");
                if *tries < TRIES_MAX {
                    looked.waiting = looked.waiting.saturating_add(1);
                    return Ok(());
                }
                Outcome::refused(note::of_problem(&problem))
            }
        };
        self.tries.remove(claimed);
        let folder = if outcome.is_taken { TAKEN } else { REFUSED };
        put_away(&path, &self.root.join(folder), name, at, &outcome.note)?;
        let count = if outcome.is_taken { &mut looked.taken } else { &mut looked.refused };
        *count = count.saturating_add(1);
        Ok(())
    }
}

/// Writes the text first and moves the file then, so that a file in `taken` or `refused` always has one; never over another file.
fn put_away(path: &Path, folder: &Path, name: &str, at: &str, text: &str) -> io::Result<()> {
    let mut to = name.to_owned();
    if fs::symlink_metadata(folder.join(&to)).is_ok() {
        to = format!("{at}-{name}");
    }
    let note = folder.join(format!("{to}.txt"));
    let draft = folder.join(format!(".{to}.txt.tmp"));
    fs::write(&draft, text)?;
    fs::rename(&draft, &note)?;
    fs::rename(path, folder.join(&to))
}

/// Looks until the process ends; nothing where no folder is watched.
///
/// # Errors
/// As [`Watch::new`], or no thread can be started.
pub fn start(ground: Arc<Ground>, config: &WatchConfig) -> Result<(), StoreError> {
    let mut watch = Watch::new(ground, config)?;
    if watch.folders.is_empty() {
        return Ok(());
    }
    let poll = Duration::from_secs(config.poll_seconds.max(1));
    let spawned = std::thread::Builder::new().name("anxin-watch".to_owned()).spawn(move || {
        loop {
            watch.look();
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start to watch folders: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_is_not_hidden() {
        assert_eq!(plain_name(std::ffi::OsStr::new("..\\..\\etc/passwd")), "etcpasswd");
        assert_eq!(plain_name(std::ffi::OsStr::new("...")), "file");
        assert_eq!(plain_name(std::ffi::OsStr::new("a\r\nb\u{7}.csv")), "ab.csv");
        assert!(plain_name(std::ffi::OsStr::new(&"账".repeat(200))).len() <= NAME_BYTES);
    }

    #[test]
    fn what_is_being_written_is_told_by_its_name() {
        for name in ["a.csv.tmp", "A.XML.PART", ".hidden.csv", "a.xlsx~", "a.filepart"] {
            assert!(is_temporary(name), "{name}");
        }
        for name in ["a.csv", "tmp.xml", "对账单.xlsx"] {
            assert!(!is_temporary(name), "{name}");
        }
    }

    #[test]
    fn nothing_is_put_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&to).unwrap();
        for (at, text) in [("1", "one"), ("2", "two")] {
            fs::write(&from, text).unwrap();
            put_away(&from, &to, "a.csv", at, "note").unwrap();
        }
        assert_eq!(fs::read_to_string(to.join("a.csv")).unwrap(), "one");
        assert_eq!(fs::read_to_string(to.join("2-a.csv")).unwrap(), "two");
        assert_eq!(fs::read_to_string(to.join("2-a.csv.txt")).unwrap(), "note");
    }
}
