//! Large bodies on their way in: in memory up to [`MEMORY_MAX`], beyond it in a file without a name.
//!
//! The file is removed from its folder the moment that it is made, so that nothing is left of it when the program ends, however it ends.
//! What goes into it is encrypted in pieces under a key that exists in memory only: faces and numbers of people never lie on a disk in the
//! open. The hash is taken while the bytes come. Deliberately absent: a folder to configure; the system's own for temporary files serves.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::journal;

/// Bytes that stay in memory.
pub const MEMORY_MAX: usize = 1024 * 1024;
/// Bytes of one piece, in the file and in the inbox.
pub const PIECE: usize = 1024 * 1024;
/// What encryption adds to a piece.
const TAG: usize = 16;
/// Random bytes that a spool is made with: its key and its file's name.
pub const SEED: usize = 48;

/// Why bytes were not taken.
#[derive(Debug)]
pub enum SpoolFault {
    /// More than the limit.
    TooLarge,
    /// The disk does not take them, or does not give them back.
    Disk(io::Error),
}

impl From<io::Error> for SpoolFault {
    fn from(error: io::Error) -> Self {
        SpoolFault::Disk(error)
    }
}

/// The encrypted file of a spool.
struct Filed {
    file: Mutex<File>,
    cipher: Aes256Gcm,
    pieces: u64,
    /// Where the file still has a name, because the system does not remove what is open.
    named: Option<PathBuf>,
}

impl Drop for Filed {
    fn drop(&mut self) {
        if let Some(path) = &self.named {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn nonce(piece: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    let (_, low) = bytes.split_at_mut(4);
    low.copy_from_slice(&piece.to_be_bytes());
    bytes
}

fn place_of(piece: u64) -> u64 {
    piece.saturating_mul(u64::try_from(PIECE + TAG).unwrap_or(u64::MAX))
}

impl Filed {
    fn make(seed: &[u8; SEED]) -> io::Result<Self> {
        let (key, name) = seed.split_at(32);
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| io::Error::other("no cipher"))?;
        let path = std::env::temp_dir().join(format!("anxin-{}.spool", journal::hex(name)));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let named = std::fs::remove_file(&path).is_err().then_some(path);
        Ok(Self { file: Mutex::new(file), cipher, pieces: 0, named })
    }

    fn locked(&self) -> io::Result<std::sync::MutexGuard<'_, File>> {
        self.file.lock().map_err(|_| io::Error::other("a writer of the temporary file failed"))
    }

    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        let sealed =
            self.cipher.encrypt(&Nonce::from(nonce(self.pieces)), piece).map_err(|_| io::Error::other("not encrypted"))?;
        let mut file = self.locked()?;
        file.seek(SeekFrom::Start(place_of(self.pieces)))?;
        file.write_all(&sealed)?;
        drop(file);
        self.pieces += 1;
        Ok(())
    }

    fn piece(&self, number: u64) -> io::Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(PIECE + TAG);
        let mut file = self.locked()?;
        file.seek(SeekFrom::Start(place_of(number)))?;
        (&mut *file).take(u64::try_from(PIECE + TAG).unwrap_or(u64::MAX)).read_to_end(&mut sealed)?;
        drop(file);
        let damaged = |_| io::Error::other("the temporary file was changed");
        self.cipher.decrypt(&Nonce::from(nonce(number)), sealed.as_slice()).map_err(damaged)
    }
}

/// Takes bytes as they come.
pub struct Writer {
    seed: Zeroizing<[u8; SEED]>,
    limit: u64,
    len: u64,
    hash: Sha256,
    /// What is not in the file yet.
    rest: Vec<u8>,
    filed: Option<Filed>,
}

impl Writer {
    /// A spool of at most `limit` bytes; `seed` is random and used for nothing else.
    pub fn new(seed: [u8; SEED], limit: u64) -> Self {
        Self { seed: Zeroizing::new(seed), limit, len: 0, hash: Sha256::new(), rest: Vec::new(), filed: None }
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether [`Writer::store`] has something to write: the caller may want to do that where a disk may be waited for.
    pub fn is_due(&self) -> bool {
        self.rest.len() > MEMORY_MAX
    }

    /// Takes some more, without touching the disk.
    ///
    /// # Errors
    /// Beyond the limit.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), SpoolFault> {
        self.len = self.len.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.len > self.limit {
            return Err(SpoolFault::TooLarge);
        }
        self.hash.update(bytes);
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes whole pieces into the file.
    ///
    /// # Errors
    /// The disk's.
    pub fn store(&mut self) -> Result<(), SpoolFault> {
        while self.is_due() {
            let filed = match &mut self.filed {
                Some(filed) => filed,
                none => none.insert(Filed::make(&self.seed)?),
            };
            let after = self.rest.split_off(PIECE);
            filed.push(&self.rest)?;
            self.rest = after;
        }
        Ok(())
    }

    /// Everything has come.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(mut self) -> Result<Spool, SpoolFault> {
        self.store()?;
        if let Some(filed) = &mut self.filed {
            filed.push(&self.rest)?;
            self.rest = Vec::new();
        }
        Ok(Spool { memory: self.rest, filed: self.filed, len: self.len, sha256: journal::hex(&self.hash.finalize()) })
    }
}

/// A body that has come.
pub struct Spool {
    memory: Vec<u8>,
    filed: Option<Filed>,
    len: u64,
    sha256: String,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} bytes)", self.len)
    }
}

impl Spool {
    /// Of bytes that are in memory already and stay there.
    pub fn of(bytes: Vec<u8>) -> Self {
        let (len, sha256) = (u64::try_from(bytes.len()).unwrap_or(u64::MAX), journal::sha256(&bytes));
        Self { memory: bytes, filed: None, len, sha256 }
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Hash of the bytes, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The bytes, where they are in memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        self.filed.is_none().then_some(self.memory.as_slice())
    }

    /// How many pieces of [`PIECE`] bytes, the last one maybe shorter.
    pub fn pieces(&self) -> u64 {
        match &self.filed {
            Some(filed) => filed.pieces,
            None => u64::try_from(self.memory.chunks(PIECE).len()).unwrap_or(u64::MAX),
        }
    }

    /// One piece, from 0.
    ///
    /// # Errors
    /// The disk's, or a file that was changed.
    pub fn piece(&self, number: u64) -> io::Result<Vec<u8>> {
        match &self.filed {
            Some(filed) => filed.piece(number),
            None => {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                Ok(self.memory.chunks(PIECE).nth(number).unwrap_or_default().to_vec())
            }
        }
    }

    /// The bytes in their order, as often as needed.
    pub fn reader(&self) -> Reader<'_> {
        Reader { spool: self, next: 0, piece: Vec::new(), at: 0 }
    }
}

/// Reads a spool piece by piece.
pub struct Reader<'s> {
    spool: &'s Spool,
    next: u64,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.piece.len() {
            if self.next >= self.spool.pieces() {
                return Ok(0);
            }
            self.piece = self.spool.piece(self.next)?;
            self.next += 1;
            self.at = 0;
        }
        let read = self.piece.get(self.at..).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(bytes: &[u8], step: usize, limit: u64) -> Result<Spool, SpoolFault> {
        let mut seed = [0; SEED];
        for (at, byte) in (0_u8..).zip(seed.iter_mut()) {
            *byte = at ^ u8::try_from(step % 251).unwrap() ^ u8::try_from(bytes.len() % 241).unwrap();
        }
        seed[40..48].copy_from_slice(&std::process::id().to_be_bytes().repeat(2));
        let mut writer = Writer::new(seed, limit);
        for some in bytes.chunks(step) {
            writer.take(some)?;
            if writer.is_due() {
                writer.store()?;
            }
        }
        writer.finish()
    }

    #[test]
    fn every_size_comes_back_as_it_was_and_leaves_no_file() {
        let all: Vec<u8> = (0..3 * PIECE + 5).map(|at| u8::try_from(at % 253).unwrap()).collect();
        for (len, step) in
            [(0, 7), (1, 1), (PIECE - 1, 4096), (PIECE, 4096), (PIECE + 1, 3 * PIECE), (2 * PIECE, 65_537), (3 * PIECE + 5, 9999)]
        {
            let bytes = &all[..len];
            let spool = spooled(bytes, step, u64::MAX).unwrap();
            let mut back = Vec::new();
            spool.reader().read_to_end(&mut back).unwrap();
            assert!(back == bytes, "{len}");
            assert_eq!((spool.len(), spool.sha256()), (u64::try_from(len).unwrap(), journal::sha256(bytes).as_str()));
            assert_eq!(spool.in_memory().is_some(), len <= MEMORY_MAX, "{len}");
            assert!(spool.filed.as_ref().is_none_or(|filed| filed.named.is_none()), "the file has no name");
        }
    }

    #[test]
    fn the_limit_passes_and_one_byte_more_does_not() {
        let bytes = vec![1; 10];
        assert_eq!(spooled(&bytes, 3, 10).unwrap().len(), 10);
        assert!(matches!(spooled(&bytes, 3, 9), Err(SpoolFault::TooLarge)));
    }

    #[test]
    fn what_lies_on_the_disk_is_no_plain_text() {
        let spool = spooled(&b"secret ".repeat(300_000), 8192, u64::MAX).unwrap();
        let filed = spool.filed.as_ref().unwrap();
        let mut raw = Vec::new();
        let mut file = filed.file.lock().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut raw).unwrap();
        drop(file);
        assert!(raw.len() > 2_000_000 && !raw.windows(6).any(|six| six == b"secret"));
        filed.file.lock().unwrap().seek(SeekFrom::Start(9)).unwrap();
        filed.file.lock().unwrap().write_all(b"x").unwrap();
        assert!(spool.piece(0).is_err(), "a changed file is not believed");
    }
}
