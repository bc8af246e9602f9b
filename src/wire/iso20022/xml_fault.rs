//! Why the reading of XML stopped, and in which words that is told.

use crate::wire::bank::{Problem, Reason};

/// Why reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XmlFault {
    /// The file brings a document type, which could make it grow or read other files.
    Dtd,
    /// A number of a character that is none.
    Entity(String),
    /// More than the named limit.
    Limit(&'static str),
    /// More than the named limit inside one element; whatever stands behind that element can be read.
    Part(&'static str),
    /// Not well-formed; at about which byte and how.
    Malformed(u64, String),
}

impl XmlFault {
    /// The fault as a problem at `place`.
    pub fn problem(&self, place: &str) -> Problem {
        match self {
            XmlFault::Dtd => Problem::new(
                place,
                Reason::BadFormat,
                "文件含有文档类型声明（DTD），出于安全不予读取",
                "the file brings a document type (DTD), which is refused for safety",
            )
            .fix("请让银行导出不含 DOCTYPE 的文件", "ask for a file without DOCTYPE"),
            XmlFault::Entity(name) => Problem::new(
                place,
                Reason::BadFormat,
                format!("字符编号 `&{name};` 不是字符，文件自此处起未读取"),
                format!("`&{name};` is no character; the file is not read beyond it"),
            )
            .fix("请让银行改正该字符后重新导出", "have the bank mend that character and export it again"),
            XmlFault::Limit(what) | XmlFault::Part(what) => Problem::new(
                place,
                Reason::OverLimit,
                format!("超出限制（{what}），文件自此处起未读取"),
                format!("over the limit ({what}); the file is not read beyond it"),
            )
            .fix("请拆分文件后重新上传", "split the file and upload it again"),
            XmlFault::Malformed(byte, detail) => Problem::new(
                place,
                Reason::BadFormat,
                format!("XML 在第 {byte} 字节附近不完整或有误：{detail}；其前内容已读取"),
                format!("XML is broken near byte {byte}: {detail}; what stands before it was read"),
            )
            .fix("请重新下载完整文件", "download the whole file again"),
        }
    }

    /// The problem of an element at `place` that was left out, where what follows it is read all the same; `None` where nothing can be.
    pub fn left_out(&self, place: &str) -> Option<Problem> {
        let XmlFault::Part(what) = self else { return None };
        let zh = format!("超出限制（{what}），该笔未读取，其后照常读取");
        let en = format!("over the limit ({what}); this one is not read, what follows it is");
        let problem = Problem::new(place, Reason::OverLimit, zh, en);
        Some(problem.fix("请让银行缩短该笔的文字后重新导出", "have the bank shorten its text and export it again").lost())
    }
}
