//! The information field `:86:`: subfields (`?20` …), words between slashes (`/EREF/…`), or plain text.

use crate::wire::bank::Entry;
use crate::wire::iso20022::xml::TEXT_MAX;

/// A line this long was cut by the sender's line limit and continues without a blank.
const WRAPPED_AT: usize = 65;
/// Words between slashes that are known.
const WORDS: [&str; 20] = [
    "EREF", "KREF", "PREF", "MARF", "CSID", "IBAN", "BIC", "NAME", "REMI", "CNTP", "ORDP", "BENM", "ACCT", "RTRN", "TRTP",
    "BUSP", "PURP", "ULTD", "ULTC", "IREF",
];
/// Code words inside the purpose subfields of `?20` to `?29`.
const PURPOSE_WORDS: [&str; 9] = ["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "RTRN+"];

/// Adds an information field to the entry before it.
pub fn add(entry: &mut Entry, lines: &[String]) {
    // Fields repeated without end must not grow a text without end.
    if entry.text.as_ref().is_some_and(|text| text.len() > TEXT_MAX) {
        return;
    }
    let joined = joined(lines);
    let found = subfields(&joined).or_else(|| words(&joined)).unwrap_or_default();
    let text = found.text.unwrap_or_else(|| joined.clone());
    let text = match entry.details.first().and_then(|detail| detail.text.clone()) {
        // The second `:86:` of an entry, or one beside a supplement of its `:61:`.
        Some(before) if entry.details_given => format!("{before} {text}"),
        _ => text,
    };
    entry.details_given = true;
    entry.text = Some(match entry.text.take() {
        Some(before) if !joined.contains(&before) => format!("{before} {joined}"),
        _ => joined,
    });
    if let Some(detail) = entry.details.first_mut() {
        detail.text = Some(text);
        detail.end_to_end_id =
            found.end_to_end_id.filter(|id| !id.eq_ignore_ascii_case("NOTPROVIDED")).or(detail.end_to_end_id.take());
        detail.counterparty = found.name.or(detail.counterparty.take());
        detail.counterparty_account = found.account.or(detail.counterparty_account.take());
        detail.returned |= found.return_reason.is_some();
        detail.return_reason = found.return_reason.or(detail.return_reason.take());
    }
}

#[derive(Default)]
struct Found {
    end_to_end_id: Option<String>,
    name: Option<String>,
    account: Option<String>,
    return_reason: Option<String>,
    text: Option<String>,
}

/// Joins wrapped lines. A full line goes on in the next without a blank, so do subfields and Chinese text.
fn joined(lines: &[String]) -> String {
    let mut text = String::new();
    let mut full = true;
    for line in lines.iter().map(|line| line.trim_end_matches(['\r', '\n'])) {
        let begins = line.trim_start().starts_with(['?', '/', '<', '~']);
        let wide = text.chars().last().is_some_and(|c| !c.is_ascii()) && line.chars().next().is_some_and(|c| !c.is_ascii());
        if !(full || begins || wide || text.is_empty()) {
            text.push(' ');
        }
        text.push_str(line);
        full = line.chars().count() >= WRAPPED_AT;
        if text.len() > TEXT_MAX {
            break;
        }
    }
    text.trim().to_owned()
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `166?00TEXT?20…`: three digits, a separator, two digits a subfield.
fn subfields(text: &str) -> Option<Found> {
    let code = text.get(..3).filter(|head| head.bytes().all(|b| b.is_ascii_digit()));
    let rest = if code.is_some() { text.get(3..)? } else { text };
    let separator = rest.chars().next().filter(|c| matches!(c, '?' | '<' | '~' | '^' | '|'))?;
    let two_digits = |part: &str| part.get(..2).is_some_and(|head| head.bytes().all(|b| b.is_ascii_digit()));
    if !two_digits(rest.strip_prefix(separator)?) {
        return None;
    }
    let mut fields: Vec<(String, String)> = Vec::new();
    for part in rest.split(separator).skip(1) {
        match part.get(..2).filter(|_| two_digits(part)) {
            Some(number) => fields.push((number.to_owned(), part.get(2..).unwrap_or_default().to_owned())),
            // A separator inside a text belongs to the text.
            None => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(separator);
                    value.push_str(part);
                }
            }
        }
    }
    let all = |wanted: fn(u32) -> bool| -> String {
        let fits = |number: &str| number.parse().is_ok_and(wanted);
        fields.iter().filter(|(number, _)| fits(number)).map(|(_, value)| value.as_str()).collect()
    };
    let purpose = all(|number| matches!(number, 20..=29 | 60..=63));
    let coded = |word: &str| purpose_word(&purpose, word);
    Some(Found {
        end_to_end_id: coded("EREF+"),
        name: filled(&all(|number| matches!(number, 32 | 33))),
        account: filled(&all(|number| number == 31)).or_else(|| filled(&all(|number| number == 38))),
        return_reason: coded("RTRN+"),
        text: coded("SVWZ+").or_else(|| filled(&purpose)).or_else(|| filled(&all(|number| number == 0))),
    })
}

/// The text after a code word, up to the next one.
fn purpose_word(purpose: &str, word: &str) -> Option<String> {
    let from = purpose.find(word)? + word.len();
    let rest = purpose.get(from..)?;
    let end = PURPOSE_WORDS.iter().filter_map(|next| rest.find(next)).min().unwrap_or(rest.len());
    filled(rest.get(..end)?)
}

/// `/EREF/id/REMI/USTD//text/CNTP/account/bic/name/`: known words with the parts that follow them.
fn words(text: &str) -> Option<Found> {
    let rest = text.strip_prefix('/')?;
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for part in rest.split('/') {
        if WORDS.contains(&part) {
            groups.push((part, Vec::new()));
        } else if let Some((_, parts)) = groups.last_mut() {
            parts.push(part);
        } else {
            return None;
        }
    }
    let part = |word: &str, place: usize| {
        let found = groups.iter().find(|(name, _)| *name == word)?;
        filled(found.1.get(place)?)
    };
    let remittance = groups.iter().find(|(name, _)| *name == "REMI").map(|(_, parts)| {
        let kept: Vec<&str> = parts.iter().copied().filter(|part| !matches!(*part, "" | "USTD" | "STRD")).collect();
        kept.join("/")
    });
    Some(Found {
        end_to_end_id: part("EREF", 0),
        name: part("NAME", 0).or_else(|| part("CNTP", 2)),
        account: part("IBAN", 0).or_else(|| part("ACCT", 0)).or_else(|| part("CNTP", 0)),
        return_reason: part("RTRN", 0),
        text: remittance.and_then(|text| filled(&text)),
    })
}
