//! JSON whose numbers stay the text that was sent: an amount never passes through a float, and a long number keeps its digits.

use std::iter::Peekable;
use std::str::Chars;

/// Levels of nesting at most.
pub const DEPTH_MAX: usize = 12;
/// Values of one text at most.
pub const VALUES_MAX: usize = 100_000;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in the order written.
    Object(Vec<(String, Json)>),
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// It breaks the grammar.
    Malformed,
    /// It is nested too deep or holds too many values.
    TooMuch,
    /// A text holds U+0000, which no name or number has.
    Nul,
}

impl Json {
    /// A member by its exact name or else without regard to case.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        let exact = members.iter().find(|(known, _)| known == key);
        exact.or_else(|| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(key))).map(|(_, value)| value)
    }

    /// A member that says something: `null`, `"null"`, a blank text and an empty list say nothing.
    pub fn filled(&self, key: &str) -> Option<&Json> {
        self.get(key).filter(|value| value.says_something())
    }

    fn says_something(&self) -> bool {
        match self {
            Json::Null => false,
            Json::Text(text) => !text.trim().is_empty() && !text.trim().eq_ignore_ascii_case("null"),
            Json::List(items) => !items.is_empty(),
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => true,
        }
    }

    /// The text of a text, number or truth value.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text.trim()),
            Json::Number(text) => Some(text),
            Json::Bool(true) => Some("1"),
            Json::Bool(false) => Some("0"),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }

    /// The members of an object.
    pub fn members(&self) -> &[(String, Json)] {
        if let Json::Object(members) = self { members } else { &[] }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Json] {
        if let Json::List(items) = self { items } else { &[] }
    }
}

/// Reads a whole text.
///
/// # Errors
/// Broken grammar, anything behind the value, too deep, too many values, U+0000 in a text.
pub fn parse(text: &str) -> Result<Json, JsonFault> {
    let mut reader = Reader { chars: text.chars().peekable(), values: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.chars.next().is_some() { Err(JsonFault::Malformed) } else { Ok(value) }
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    values: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.chars.next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn take(&mut self, wanted: char) -> Result<(), JsonFault> {
        self.chars.next_if_eq(&wanted).map(drop).ok_or(JsonFault::Malformed)
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonFault> {
        word.chars().try_for_each(|c| self.take(c)).map(|()| value)
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonFault> {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(JsonFault::TooMuch);
        }
        self.blanks();
        match self.chars.peek() {
            Some('n') => self.word("null", Json::Null),
            Some('t') => self.word("true", Json::Bool(true)),
            Some('f') => self.word("false", Json::Bool(false)),
            Some('"') => self.text().map(Json::Text),
            Some('[') => self.list(depth),
            Some('{') => self.object(depth),
            Some('-' | '0'..='9') => self.number(),
            _ => Err(JsonFault::Malformed),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, JsonFault> {
        self.take('[')?;
        let mut items = Vec::new();
        self.blanks();
        if self.take(']').is_ok() {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(',').is_err() {
                break;
            }
        }
        self.take(']').map(|()| Json::List(items))
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonFault> {
        self.take('{')?;
        let mut members = Vec::new();
        self.blanks();
        if self.take('}').is_ok() {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            let key = self.text()?;
            self.blanks();
            self.take(':')?;
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if self.take(',').is_err() {
                break;
            }
        }
        self.take('}').map(|()| Json::Object(members))
    }

    fn number(&mut self) -> Result<Json, JsonFault> {
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')) {
            text.push(c);
        }
        if is_number(&text) { Ok(Json::Number(text)) } else { Err(JsonFault::Malformed) }
    }

    fn text(&mut self) -> Result<String, JsonFault> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            match self.chars.next().ok_or(JsonFault::Malformed)? {
                '"' => return Ok(text),
                '\\' => {
                    let c = self.escaped()?;
                    text.push(c);
                }
                '\0' => return Err(JsonFault::Nul),
                c if u32::from(c) < 0x20 => return Err(JsonFault::Malformed),
                c => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, JsonFault> {
        Ok(match self.chars.next().ok_or(JsonFault::Malformed)? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.code_point(),
            _ => return Err(JsonFault::Malformed),
        })
    }

    fn four_digits(&mut self) -> Result<u32, JsonFault> {
        (0..4).try_fold(0, |sum, _| {
            let digit = self.chars.next().and_then(|c| c.to_digit(16)).ok_or(JsonFault::Malformed)?;
            Ok(sum * 16 + digit)
        })
    }

    fn code_point(&mut self) -> Result<char, JsonFault> {
        let first = self.four_digits()?;
        if first == 0 {
            return Err(JsonFault::Nul);
        }
        if !(0xD800..0xDC00).contains(&first) {
            // The second half of a pair that stands alone is no character.
            return Ok(char::from_u32(first).unwrap_or('\u{FFFD}'));
        }
        let mut ahead = self.chars.clone();
        if ahead.next() != Some('\\') || ahead.next() != Some('u') {
            return Ok('\u{FFFD}');
        }
        self.take('\\')?;
        self.take('u')?;
        let second = self.four_digits()?;
        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400);
        Ok(low.and_then(|low| char::from_u32(0x10000 + ((first - 0xD800) << 10) + low)).unwrap_or('\u{FFFD}'))
    }
}

/// The grammar of numbers: an optional minus, no leading zero, digits on both sides of a point, an optional exponent.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (plain, exponent) = match text.split_once(['e', 'E']) {
        Some((plain, exponent)) => (plain, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, fraction)| (whole, Some(fraction)));
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}
