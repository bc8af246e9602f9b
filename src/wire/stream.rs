//! Large files as they come off a disk: decoded to UTF-8 piece by piece, with a bound on what stands between two tags.
//!
//! Only ISO 20022 messages are read so; every other format is small. Deliberately absent: files. A caller gives something to read from,
//! as often as it is asked.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, Encoding, UTF_8};

use super::text::{declared_encoding, encoding_named, unmarked_utf16};

/// Bytes without a tag after which a text is refused, so that no text fills the memory; readers of XML refuse far shorter ones.
pub const RUN_MAX: usize = 1024 * 1024;
/// Bytes that are decoded at once.
const STEP: usize = 64 * 1024;
/// Bytes of a beginning that is looked at.
const HEAD: usize = 4096;

/// Bytes that can be read from the beginning as often as needed.
pub trait Source: Sync {
    /// All of them, where they are in memory.
    fn in_memory(&self) -> Option<&[u8]>;
    /// How many.
    fn len(&self) -> u64;
    /// Reads them.
    fn open(&self) -> Box<dyn Read + '_>;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for &[u8] {
    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
    fn len(&self) -> u64 {
        u64::try_from(<[u8]>::len(self)).unwrap_or(u64::MAX)
    }
    fn open(&self) -> Box<dyn Read + '_> {
        Box::new(*self)
    }
}

/// The beginning.
///
/// # Errors
/// Reading's.
pub fn head_of(source: &dyn Source) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    source.open().take(u64::try_from(HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head)?;
    Ok(head)
}

/// How a text is encoded, found by going through all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    encoding: &'static Encoding,
    /// Bytes of the mark at the beginning.
    mark: usize,
    /// What the file says of itself is not so.
    pub untrue: bool,
    /// Some bytes have no meaning and become U+FFFD.
    pub damaged: bool,
}

impl Charset {
    /// Name of the encoding.
    pub fn name(&self) -> &'static str {
        self.encoding.name()
    }

    /// The encoding of an XML file: its mark, else what it declares, else UTF-8; where the bytes contradict it, UTF-8 and then GB18030.
    ///
    /// # Errors
    /// Reading's.
    pub fn of_xml(source: &dyn Source) -> io::Result<Self> {
        let head = head_of(source)?;
        let wide = unmarked_utf16(&head).map(|encoding| (encoding, 0));
        if let Some((encoding, mark)) = Encoding::for_bom(&head).or(wide) {
            let damaged = !is_clean(source, encoding, mark)?;
            return Ok(Self { encoding, mark, untrue: false, damaged });
        }
        let declared = declared_encoding(&head).map(|label| encoding_named(&label));
        let first = declared.flatten().filter(|found| found.is_ascii_compatible());
        // A label that nobody knows is untrue whatever the bytes are.
        let told = declared.is_none() || first.is_some();
        for (encoding, untrue) in [(first.unwrap_or(UTF_8), !told), (UTF_8, true), (encoding_rs::GB18030, true)] {
            if is_clean(source, encoding, 0)? {
                return Ok(Self { encoding, mark: 0, untrue, damaged: false });
            }
        }
        Ok(Self { encoding: encoding_rs::GB18030, mark: 0, untrue: true, damaged: true })
    }

    /// The text as UTF-8.
    ///
    /// # Errors
    /// Reading's.
    pub fn read<'s>(&self, source: &'s dyn Source) -> io::Result<Decoding<'s>> {
        let mut from = source.open();
        from.by_ref().take(u64::try_from(self.mark).unwrap_or(0)).read_to_end(&mut Vec::new())?;
        let decoder = self.encoding.new_decoder_without_bom_handling();
        Ok(Decoding { from, decoder, raw: vec![0; STEP], out: String::new(), at: 0, run: 0, is_done: false })
    }
}

/// Whether every byte has a meaning in this encoding.
fn is_clean(source: &dyn Source, encoding: &'static Encoding, mark: usize) -> io::Result<bool> {
    let mut from = source.open();
    from.by_ref().take(u64::try_from(mark).unwrap_or(0)).read_to_end(&mut Vec::new())?;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut raw, mut out) = (vec![0; STEP], String::with_capacity(STEP.saturating_mul(4)));
    loop {
        let read = from.read(&mut raw)?;
        out.clear();
        let (_, _, damaged) = decoder.decode_to_string(raw.get(..read).unwrap_or_default(), &mut out, read == 0);
        if damaged {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Decoded text as a stream of bytes.
pub struct Decoding<'s> {
    from: Box<dyn Read + 's>,
    decoder: Decoder,
    raw: Vec<u8>,
    out: String,
    at: usize,
    /// Bytes since the last tag began.
    run: usize,
    is_done: bool,
}

impl Decoding<'_> {
    fn more(&mut self) -> io::Result<()> {
        while self.at >= self.out.len() && !self.is_done {
            let read = self.from.read(&mut self.raw)?;
            self.is_done = read == 0;
            self.out.clear();
            self.at = 0;
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(STEP.saturating_mul(4));
            self.out.reserve(room);
            let (_, _, _) = self.decoder.decode_to_string(self.raw.get(..read).unwrap_or_default(), &mut self.out, self.is_done);
            self.run = match self.out.rfind('<') {
                Some(at) => self.out.len() - at,
                None => self.run.saturating_add(self.out.len()),
            };
            if self.run > RUN_MAX {
                return Err(io::Error::other("more than 1 MiB of text without a tag / 超过 1 MiB 的文字中没有标签"));
            }
        }
        Ok(())
    }
}

impl BufRead for Decoding<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.more()?;
        Ok(self.out.as_bytes().get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.out.len());
    }
}

impl Read for Decoding<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut ready = self.fill_buf()?;
        let read = ready.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are not at hand, given in odd steps.
    struct Slow(Vec<u8>);

    struct Steps<'s>(&'s [u8]);

    impl Read for Steps<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let step = into.len().min(7);
            let mut from = self.0.get(..step).unwrap_or(self.0);
            let read = from.read(into)?;
            self.0 = &self.0[read..];
            Ok(read)
        }
    }

    impl Source for Slow {
        fn in_memory(&self) -> Option<&[u8]> {
            None
        }
        fn len(&self) -> u64 {
            u64::try_from(self.0.len()).unwrap()
        }
        fn open(&self) -> Box<dyn Read + '_> {
            Box::new(Steps(&self.0))
        }
    }

    fn through(bytes: Vec<u8>) -> (Charset, String) {
        let source = Slow(bytes);
        let charset = Charset::of_xml(&source).unwrap();
        let mut text = String::new();
        charset.read(&source).unwrap().read_to_string(&mut text).unwrap();
        (charset, text)
    }

    #[test]
    fn every_encoding_is_decoded_across_its_steps() {
        let text = |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?><代发>{}</代发>", "张三".repeat(100));
        let gbk = encoding_rs::GBK.encode(&text("GBK")).0.into_owned();
        let (charset, read) = through(gbk);
        assert_eq!((charset.untrue, charset.damaged, read), (false, false, text("GBK")));
        let (charset, read) = through([b"\xEF\xBB\xBF".as_slice(), text("UTF-8").as_bytes()].concat());
        assert_eq!((charset.untrue, read), (false, text("UTF-8")));
        let lying = encoding_rs::GBK.encode(&text("UTF-8")).0.into_owned();
        let (charset, read) = through(lying);
        assert_eq!((charset.untrue, charset.damaged, read), (true, false, text("UTF-8")));
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(text("UTF-16").encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(through(wide).1, text("UTF-16"));
        assert!(through(b"<a>\xFF\xFF</a>".to_vec()).0.damaged);
        let (charset, _) = through(b"<?xml version='1.0' encoding='nonsense'?><a/>".to_vec());
        assert!(charset.untrue && !charset.damaged);
    }

    #[test]
    fn a_text_without_end_stops() {
        let source = Slow(format!("<a>{}</a>", "x".repeat(RUN_MAX + 1)).into_bytes());
        let mut all = Vec::new();
        let read = Charset::of_xml(&source).unwrap().read(&source).unwrap().read_to_end(&mut all);
        assert!(read.is_err() && all.len() <= RUN_MAX);
    }
}
