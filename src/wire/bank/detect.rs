//! Which reader a file goes to, by its content, never by its name.

use std::io::Read;

use super::archive::{MEMBERS_MAX, UNPACKED_MAX, Unpacked, is_zip, members, unpacked};
use super::{BankFile, Entry, Problem, Problems, Reason, Sink, event, sequence_faults};
use crate::wire::direct_link::{self, Families};
use crate::wire::iso20022::{camt, pain001_read, pain002, xml};
use crate::wire::statement_sheet::{self, Mapping};
use crate::wire::stream::{self, Charset, Source};
use crate::wire::text::{decode, decode_xml};
use crate::wire::{bank::Statement, mt940};

/// Bytes of one file.
pub const FILE_MAX: usize = 256 * 1024 * 1024;

/// Reads any bank file. Nothing panics and nothing is refused silently: what could not be read is in the problems.
///
/// `name` serves only to name the file inside messages.
pub fn read(bytes: &[u8], name: Option<&str>) -> BankFile {
    read_with(bytes, name, ReadOptions::default())
}

/// What is known about a bank's files beforehand.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// A saved mapping of columns, used for a sheet whose header has the mapping's signature.
    pub mapping: Option<&'a Mapping>,
    /// Encoding of text files without a mark of their own (`gbk`, `cp852`, …).
    pub encoding: Option<&'a str>,
    /// Element names of direct-link files; those of the program when absent.
    pub families: Option<&'a Families>,
}

/// [`read`] with what is known about the bank.
pub fn read_with(bytes: &[u8], name: Option<&str>, options: ReadOptions<'_>) -> BankFile {
    read_into(bytes, name, options, None)
}

/// [`read`] without the entries of ISO 20022 messages, which are counted only: a large file needs no more memory than a small one.
pub fn outline(source: &dyn Source, name: Option<&str>, options: ReadOptions<'_>) -> BankFile {
    read_source(source, name, options, &mut |_, _| {})
}

/// Reads a file for its entries, one at a time, in the order of the file.
pub fn each_entry(source: &dyn Source, sink: Sink<'_>) {
    each_entry_with(source, ReadOptions::default(), sink);
}

/// [`each_entry`] with what is known about the bank.
pub fn each_entry_with(source: &dyn Source, options: ReadOptions<'_>, sink: Sink<'_>) {
    let file = read_source(source, None, options, &mut *sink);
    for (number, statement) in file.statements.into_iter().enumerate() {
        statement.entries.into_iter().for_each(|entry| sink(number, entry));
    }
}

/// Bytes of a file that is read at one piece: every format but the messages of ISO 20022.
pub const WHOLE_MAX: u64 = 64 * 1024 * 1024;

/// Reads what may not be in memory: a message of ISO 20022 as it comes, anything else up to [`WHOLE_MAX`] as a whole.
fn read_source(source: &dyn Source, name: Option<&str>, options: ReadOptions<'_>, sink: Sink<'_>) -> BankFile {
    if let Some(bytes) = source.in_memory() {
        return read_into(bytes, name, options, Some(sink));
    }
    let mut problems = Problems::default();
    let mut file = BankFile::default();
    let read = match stream::head_of(source) {
        Ok(head) if is_message(&head, options) => read_stream(source, &mut file, &mut problems, Some(sink)),
        Ok(_) if source.len() > WHOLE_MAX => {
            problems.push(too_large_as_a_whole());
            Ok(())
        }
        Ok(_) => {
            let mut bytes = Vec::new();
            match source.open().read_to_end(&mut bytes) {
                Ok(_) => return read_into(&bytes, name, options, Some(sink)),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = read {
        let (zh, en) = (format!("文件无法读取：{error}"), format!("the file cannot be read: {error}"));
        problems.push(Problem::new("file", Reason::BadFormat, zh, en).fix("请重新上传", "upload it again").lost());
    }
    finished(file, problems, name)
}

fn too_large_as_a_whole() -> Problem {
    Problem::new(
        "file",
        Reason::OverLimit,
        "除 ISO 20022（camt、pain）外，单个文件不超过 64 MiB",
        "a file that is no ISO 20022 message (camt, pain) may have 64 MiB",
    )
    .fix("请拆分后上传，或改用 camt.053", "split it, or have the bank send camt.053")
    .lost()
}

/// Whether a file begins like XML that is neither a table nor of a direct link.
fn is_message(head: &[u8], options: ReadOptions<'_>) -> bool {
    if options.families.unwrap_or(Families::embedded()).of(head).is_some() {
        return false;
    }
    // Zeros of UTF-16 do not matter for what is looked for.
    let text: String = head.iter().filter(|byte| **byte != 0).map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let is_html = text.contains("<html") || text.contains("<table") && !text.contains("<?xml");
    head.get(start_of(head)) == Some(&b'<') && !is_html && !text.contains("office:spreadsheet")
}

/// Where a file's text begins, behind blanks and any byte order mark.
fn start_of(bytes: &[u8]) -> usize {
    let is_before = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF | 0xFF | 0xFE | 0);
    bytes.iter().position(|byte| !is_before(byte)).unwrap_or(0)
}

fn read_stream(source: &dyn Source, file: &mut BankFile, problems: &mut Problems, sink: Option<Sink<'_>>) -> std::io::Result<()> {
    if source.len() > u64::try_from(FILE_MAX).unwrap_or(u64::MAX) {
        problems.push(too_large());
        return Ok(());
    }
    let charset = Charset::of_xml(source)?;
    note_untrue(charset.untrue, charset.name(), problems);
    note_damage(charset.damaged, charset.name(), problems);
    let text = charset.read(source)?;
    read_messages(xml::Xml::of_stream(Box::new(text)), file, problems, sink);
    Ok(())
}

/// With a sink, entries of ISO 20022 messages go there; those of other formats stay in their statements.
fn read_into(bytes: &[u8], name: Option<&str>, options: ReadOptions<'_>, sink: Option<Sink<'_>>) -> BankFile {
    let mut problems = Problems::default();
    let mut file = BankFile::default();
    if bytes.len() > FILE_MAX {
        problems.push(too_large());
    } else if is_zip(bytes) && !statement_sheet::is_workbook(bytes) {
        read_archive(bytes, options, &mut file, &mut problems, sink);
    } else {
        read_single(bytes, options, &mut file, &mut problems, sink);
    }
    finished(file, problems, name)
}

fn too_large() -> Problem {
    Problem::new("file", Reason::OverLimit, "文件超过 256 MiB", "the file is larger than 256 MiB")
        .fix("请拆分后上传", "split the file")
        .lost()
}

/// What holds for every format.
fn finished(mut file: BankFile, mut problems: Problems, name: Option<&str>) -> BankFile {
    if file.format.is_empty() {
        file.format = "unknown".to_owned();
    }
    problems.extend(sequence_faults(&file.statements));
    file.problems = problems.into_list();
    if !file.readable() && file.problems.is_empty() {
        file.problems.push(unknown(name));
    }
    file
}

/// A single event of a bank, as it is kept.
fn read_event(bytes: &[u8], file: &mut BankFile, problems: &mut Problems) {
    let read = event::split(bytes).and_then(|parts| event::read(parts.first().copied().unwrap_or_default()));
    match read {
        Ok((event, remarks)) => {
            *file = event.file().unwrap_or_else(|| BankFile { format: event::FORMAT.to_owned(), ..BankFile::default() });
            problems.extend(remarks);
        }
        Err(problem) => problems.push(problem),
    }
}

fn unknown(name: Option<&str>) -> Problem {
    let named = crate::wire::text::clip(name.unwrap_or("file"), 80);
    Problem::new(named, Reason::BadFormat, "不是可识别的银行文件", "not a bank file of a known kind").fix(
        "支持 camt.052/053/054、pain.001/002、MT940/942、银企直联（OFX、CMBSDKPGK）、CSV、XLS、XLSX；PDF 请改用银行的表格导出",
        "known are camt.052/053/054, pain.001/002, MT940/942, direct-link files (OFX, CMBSDKPGK), CSV, XLS, XLSX; export a sheet instead of a PDF",
    )
}

/// Reads the members one after the other. None of them is in memory as a whole unless its format is read at one piece; with a sink
/// neither are their entries.
fn read_archive(
    bytes: &[u8],
    options: ReadOptions<'_>,
    file: &mut BankFile,
    problems: &mut Problems,
    mut sink: Option<Sink<'_>>,
) {
    let list = match members(bytes) {
        Ok(list) => list,
        Err(problem) => return problems.push(problem.lost()),
    };
    let hidden = |name: &str| name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|leaf| leaf.starts_with('.'));
    let list: Vec<_> = list.into_iter().filter(|member| !hidden(&member.name)).collect();
    file.format = "zip".to_owned();
    if list.len() > MEMBERS_MAX {
        problems.push(
            Problem::new("zip", Reason::OverLimit, "压缩包内超过 100 个文件", "the archive has more than 100 members")
                .fix("请分批打包", "pack fewer files at a time")
                .lost(),
        );
        return;
    }
    let mut left = u64::try_from(UNPACKED_MAX).unwrap_or(u64::MAX);
    for member in list {
        let content = match unpacked(bytes, &member, left) {
            Ok(content) => content,
            Err(problem) => {
                let over = problem.reason == Reason::OverLimit;
                problems.push(problem.lost());
                if over {
                    return;
                }
                continue;
            }
        };
        left = left.saturating_sub(content.len());
        let (before, passes_by) = (file.statements.len(), sink.is_some());
        let mut give = |number: usize, entry: Entry| {
            if let Some(sink) = &mut sink {
                sink(before.saturating_add(number), entry);
            }
        };
        let (mut one, mut faults) = (BankFile::default(), Problems::default());
        let given: Option<Sink<'_>> = if passes_by { Some(&mut give) } else { None };
        read_member(&content, options, &mut one, &mut faults, given);
        if passes_by {
            // In the order of the file: the next member's entries come after these.
            for (number, statement) in one.statements.iter_mut().enumerate() {
                statement.passed_by = statement.passed_by.saturating_add(statement.entries.len());
                std::mem::take(&mut statement.entries).into_iter().for_each(|entry| give(number, entry));
            }
        }
        if one.payment_status.is_some() && file.payment_status.is_some() {
            faults.push(another_report("zip"));
        }
        let named = crate::wire::text::clip(&member.name, 80);
        problems.extend(faults.into_list().into_iter().map(|mut problem| {
            problem.place = format!("{named}: {}", problem.place);
            problem
        }));
        file.statements.append(&mut one.statements);
        file.payment_status = file.payment_status.take().or(one.payment_status);
        file.payment_order = file.payment_order.take().or(one.payment_order);
        file.mapping = file.mapping.take().or(one.mapping);
    }
    if file.payment_status.is_some() && !file.statements.is_empty() {
        let (zh, en) =
            ("压缩包同时含有明细和支付回执，只读取了其中一种", "the archive holds statements and reports; one kind is read");
        let fix = ("请分成两个文件报送", "hand them in as two files");
        problems.push(Problem::new("zip", Reason::BadFormat, zh, en).fix(fix.0, fix.1).lost());
    }
}

fn another_report(place: &str) -> Problem {
    let (zh, en) = ("文件中有多份支付回执，该份未读取", "the file holds several reports on payments; this one is not read");
    Problem::new(place, Reason::BadFormat, zh, en).fix("请单独报送", "hand it in by itself").lost()
}

/// Bytes of a member that are read at one piece whatever they are.
const MEMBER_SMALL: u64 = 1024 * 1024;

fn read_member(
    content: &Unpacked<'_>,
    options: ReadOptions<'_>,
    file: &mut BankFile,
    faults: &mut Problems,
    sink: Option<Sink<'_>>,
) {
    let read = stream::head_of(content).and_then(|head| {
        if content.len() > MEMBER_SMALL && is_message(&head, options) {
            return read_stream(content, file, faults, sink);
        }
        if content.len() > WHOLE_MAX {
            faults.push(too_large_as_a_whole());
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(content.len()).unwrap_or(0));
        content.open().read_to_end(&mut bytes)?;
        if is_zip(&bytes) && !statement_sheet::is_workbook(&bytes) {
            let (zh, en) = ("不支持嵌套压缩包", "archives inside archives are not read");
            faults.push(Problem::new("zip", Reason::BadFormat, zh, en).lost());
        } else {
            read_single(&bytes, options, file, faults, sink);
        }
        Ok(())
    });
    if let Err(error) = read {
        let (zh, en) = (format!("无法读取：{error}"), format!("it cannot be read: {error}"));
        faults.push(Problem::new("zip", Reason::BadFormat, zh, en).lost());
    }
    if !file.readable() && faults.is_empty() {
        faults.push(unknown(None).lost());
    }
}

fn read_single(bytes: &[u8], options: ReadOptions<'_>, file: &mut BankFile, problems: &mut Problems, sink: Option<Sink<'_>>) {
    if is_zip(bytes) || bytes.starts_with(&statement_sheet::CFB_MAGIC) {
        return statement_sheet::read_workbook(bytes, options.mapping, file, problems);
    }
    if direct_link::read(bytes, options.families.unwrap_or(Families::embedded()), options.encoding, file, problems) {
        return;
    }
    let start = start_of(bytes);
    let first = bytes.get(start);
    // The blocks of a SWIFT message begin with a brace and a digit.
    let second = bytes.iter().skip(start.saturating_add(1)).find(|b| !b.is_ascii_whitespace());
    if first == Some(&b'{') && second == Some(&b'"') {
        return read_event(bytes, file, problems);
    }
    if first != Some(&b'<') {
        let decoded = decode(bytes, options.encoding);
        note_damage(decoded.damaged, decoded.charset, problems);
        return match mt940::format_of(&decoded.text) {
            Some(format) => {
                file.format = format.to_owned();
                let statements: Vec<Statement> = mt940::read(&decoded.text, problems);
                file.statements = statements;
            }
            None => statement_sheet::read_text(&decoded.text, options.mapping, file, problems),
        };
    }
    let (decoded, untrue) = decode_xml(bytes);
    let head: String = decoded.text.chars().take(4096).collect::<String>().to_ascii_lowercase();
    if head.contains("<html") || head.contains("<table") && !head.contains("<?xml") {
        return statement_sheet::read_html(&decoded.text, options.mapping, file, problems);
    }
    note_untrue(untrue, decoded.charset, problems);
    note_damage(decoded.damaged, decoded.charset, problems);
    if head.contains("office:spreadsheet") {
        return statement_sheet::read_spreadsheet_xml(&decoded.text, options.mapping, file, problems);
    }
    read_messages(xml::Xml::new(&decoded.text), file, problems, sink);
}

/// Reads messages; their entries go to the sink, else into their statements.
fn read_messages(reader: xml::Xml<'_>, file: &mut BankFile, problems: &mut Problems, sink: Option<Sink<'_>>) {
    if let Some(sink) = sink {
        return count_entries(reader, file, problems, sink);
    }
    let mut kept: Vec<Vec<Entry>> = Vec::new();
    read_iso(reader, file, problems, &mut |number, entry| {
        if kept.len() <= number {
            kept.resize_with(number + 1, Vec::new);
        }
        if let Some(entries) = kept.get_mut(number) {
            entries.push(entry);
        }
    });
    for (statement, entries) in file.statements.iter_mut().zip(kept) {
        statement.entries = entries;
    }
}

/// Reads messages for their entries, which go to the sink and are counted.
fn count_entries(reader: xml::Xml<'_>, file: &mut BankFile, problems: &mut Problems, sink: Sink<'_>) {
    let mut counts: Vec<usize> = Vec::new();
    read_iso(reader, file, problems, &mut |number, entry| {
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        if let Some(count) = counts.get_mut(number) {
            *count += 1;
        }
        sink(number, entry);
    });
    for (statement, count) in file.statements.iter_mut().zip(counts) {
        statement.passed_by = count;
    }
}

fn note_untrue(untrue: bool, charset: &str, problems: &mut Problems) {
    if untrue {
        problems.push(
            Problem::new(
                "file",
                Reason::BadEncoding,
                format!("文件声明的编码与内容不符，按 {charset} 读取"),
                format!("the declared encoding is untrue; read as {charset}"),
            )
            .fix("请核对姓名是否显示正常", "check that names look right"),
        );
    }
}

fn note_damage(damaged: bool, charset: &str, problems: &mut Problems) {
    if damaged {
        problems.push(
            Problem::new(
                "file",
                Reason::BadEncoding,
                format!("部分字节无法按 {charset} 解码，已用 � 代替"),
                format!("some bytes cannot be decoded as {charset} and became �"),
            )
            .fix("请重新导出为 UTF-8 或 GBK", "export the file again as UTF-8 or GBK"),
        );
    }
}

/// Looks for messages at any depth: they may sit inside an envelope, and there may be several.
fn read_iso(mut reader: xml::Xml<'_>, file: &mut BankFile, problems: &mut Problems, sink: Sink<'_>) {
    read_iso_messages(&mut reader, file, problems, sink);
    problems.extend(reader.strange());
}

fn read_iso_messages(reader: &mut xml::Xml<'_>, file: &mut BankFile, problems: &mut Problems, sink: Sink<'_>) {
    let mut declared: Option<String> = None;
    loop {
        let open = match reader.begun() {
            Ok(Some(open)) => open,
            Ok(None) => break,
            Err(fault) => return problems.push(fault.problem("file")),
        };
        declared = xml::message_name(&open).or(declared);
        let before = problems.faults();
        let plain = if let Some(kind) = camt::kind_of(&open.name) {
            let read = camt::read(reader, &open, kind, file, problems, &mut *sink);
            problems.stop(read.err().map(|fault| fault.problem(&open.name)));
            camt::plain_name(kind)
        } else if pain002::is_root(&open.name) {
            let mut report = pain002::StatusReport::default();
            let read = pain002::read(reader, &open, &mut report, problems);
            problems.stop(read.err().map(|fault| fault.problem(&open.name)));
            if file.payment_status.is_some() {
                problems.push(another_report(&open.name));
            }
            file.payment_status = file.payment_status.take().or(Some(report));
            "pain.002"
        } else if pain001_read::is_root(&open.name) {
            match pain001_read::read_message(reader, &open, problems) {
                Ok(order) => file.payment_order = Some(order),
                Err(fault) => problems.stop(Some(fault.problem(&open.name))),
            }
            "pain.001"
        } else {
            continue;
        };
        if file.format.is_empty() {
            file.format = declared.take().filter(|name| name.starts_with(plain)).unwrap_or_else(|| plain.to_owned());
        }
        if problems.faults() > before {
            return;
        }
    }
}
