//! What lies in a watched folder, and the folders of ours within it.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::{ENTRIES_MAX, READING, REFUSED, TAKEN};

/// Whether one of two folders lies in the other, or they are one.
pub(super) fn lies_in(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Makes our folders within a watched one.
pub(super) fn own_folders(root: &Path) -> io::Result<()> {
    for name in [READING, TAKEN, REFUSED] {
        own_folder(&root.join(name)).map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
    }
    Ok(())
}

/// Makes a folder of ours, or makes sure that what has its name is one and no link.
fn own_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(io::Error::other("is no folder / 不是目录")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(path),
        Err(error) => Err(error),
    }
}

/// Names and kinds of what lies in a folder, in the order of names; links are told as links.
pub(super) fn listed(folder: &Path) -> io::Result<Vec<(OsString, Metadata)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(ENTRIES_MAX) {
        let entry = entry?;
        // A file may be gone again before it is looked at.
        if let Ok(meta) = fs::symlink_metadata(entry.path()) {
            found.push((entry.file_name(), meta));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}
