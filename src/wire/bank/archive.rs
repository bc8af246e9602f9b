//! ZIP archives: a small reader of the central directory with bounds on members and on what comes out of them.
//!
//! Deliberately absent: encryption, ZIP64, spanning, nested archives.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{Problem, Reason};
use crate::wire::stream::Source;

/// Members of an archive of statements.
pub const MEMBERS_MAX: usize = 100;
/// Bytes unpacked, all members together.
pub const UNPACKED_MAX: usize = 256 * 1024 * 1024;
/// The end record lies within this many bytes of the end.
const TAIL_MAX: usize = 66 * 1024;
/// Entries of a central directory that are looked at.
const ENTRIES_MAX: usize = 4096;

/// A member's name and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name as stored, undecodable bytes replaced.
    pub name: String,
    method: u16,
    encrypted: bool,
    packed: usize,
    header: usize,
}

/// Whether the bytes begin like a ZIP archive.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let pair: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_le_bytes(pair))
}

fn double(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

/// The files in the archive's directory (folders left out).
pub fn members(bytes: &[u8]) -> Result<Vec<Member>, Problem> {
    let broken = || {
        Problem::new("zip", Reason::BadFormat, "压缩包不完整或格式不支持", "the archive is broken or of an unsupported kind")
            .fix("请重新打包为普通 ZIP，或直接上传文件", "pack it again as plain ZIP, or upload the files themselves")
    };
    let from = bytes.len().saturating_sub(TAIL_MAX);
    let tail = bytes.get(from..).unwrap_or_default();
    let end = from + tail.windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(broken)?;
    let count = usize::from(word(bytes, end + 10).ok_or_else(broken)?);
    let mut at = double(bytes, end + 16).ok_or_else(broken)?;
    let mut found = Vec::new();
    for _ in 0..count.min(ENTRIES_MAX) {
        if bytes.get(at..at.saturating_add(4)) != Some(b"PK\x01\x02") {
            return Err(broken());
        }
        let read = || {
            let name_length = usize::from(word(bytes, at + 28)?);
            let skip = name_length + usize::from(word(bytes, at + 30)?) + usize::from(word(bytes, at + 32)?);
            let name = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name_length)?).into_owned();
            let encrypted = word(bytes, at + 8)? & 1 == 1;
            let member = Member {
                name,
                method: word(bytes, at + 10)?,
                encrypted,
                packed: double(bytes, at + 20)?,
                header: double(bytes, at + 42)?,
            };
            Some((member, at + 46 + skip))
        };
        let (member, next) = read().ok_or_else(broken)?;
        at = next;
        if !member.name.ends_with('/') {
            found.push(member);
        }
    }
    Ok(found)
}

/// A member, unpacked anew whenever it is read: no more of it is in memory than its reader holds.
#[derive(Debug, Clone, Copy)]
pub struct Unpacked<'a> {
    packed: &'a [u8],
    is_stored: bool,
    len: u64,
}

impl Source for Unpacked<'_> {
    fn in_memory(&self) -> Option<&[u8]> {
        self.is_stored.then_some(self.packed)
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn open(&self) -> Box<dyn Read + '_> {
        if self.is_stored { Box::new(self.packed) } else { Box::new(DeflateDecoder::new(self.packed)) }
    }
}

/// One member of at most `limit` bytes. It is gone through once to count them, and no further than the limit.
pub fn unpacked<'a>(bytes: &'a [u8], member: &Member, limit: u64) -> Result<Unpacked<'a>, Problem> {
    let broken = |zh: &str, en: &str| Problem::new(member.name.clone(), Reason::BadFormat, zh, en);
    if member.encrypted {
        return Err(broken("压缩包已加密", "the archive is encrypted").fix("请去除密码后重新上传", "remove the password"));
    }
    let packed = (|| {
        let skip =
            usize::from(word(bytes, member.header.checked_add(26)?)?) + usize::from(word(bytes, member.header.checked_add(28)?)?);
        let from = member.header.checked_add(30)?.checked_add(skip)?;
        bytes.get(from..from.checked_add(member.packed)?)
    })();
    let packed = packed.ok_or_else(|| broken("压缩包内容缺失", "the member lies outside the archive"))?;
    let is_stored = match member.method {
        0 => true,
        8 => false,
        _ => return Err(broken("不支持的压缩方式", "unsupported compression")),
    };
    let mut content = Unpacked { packed, is_stored, len: 0 };
    let counted = std::io::copy(&mut content.open().take(limit.saturating_add(1)), &mut std::io::sink());
    content.len = counted.map_err(|_| broken("压缩数据损坏", "the compressed data are damaged"))?;
    if content.len > limit {
        return Err(Problem::new(
            member.name.clone(),
            Reason::OverLimit,
            "解压后超过大小限制",
            "unpacked data are over the limit",
        )
        .fix("请拆分后上传", "split the archive"));
    }
    Ok(content)
}

/// Unpacks everything once to count it: whether an archive (or an XLSX file) stays within `limit` bytes.
pub fn unpacked_size_within(bytes: &[u8], limit: usize) -> Result<(), Problem> {
    let mut left = u64::try_from(limit).unwrap_or(u64::MAX);
    for member in members(bytes)? {
        left = left.saturating_sub(unpacked(bytes, &member, left)?.len());
    }
    Ok(())
}
