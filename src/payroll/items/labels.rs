//! Labels of items in one language: those that are made here stand in both, Chinese first, and are kept so; what people wrote is theirs
//! and stays as it is.

use std::borrow::Cow;

use crate::web::Lang;

/// What labels that are made here begin with, in Chinese and English; they are kept as both with a blank between.
const MADE_HERE: &[(&str, &str)] = &[
    ("工日差额", "days not on earlier parts"),
    ("工日", "work days"),
    ("出勤", "days worked"),
    ("加班", "overtime"),
    ("奖金", "bonus"),
    ("借支", "advance"),
    ("罚款", "fine"),
    ("其他扣款", "other deduction"),
    ("扣款", "deduction"),
    ("补发", "back-pay"),
    ("补发计时工资", "back-pay of hours"),
    ("补发加班工资", "back-pay of overtime"),
    ("补发计件工资", "back-pay of piece work"),
    ("补发津贴", "back-pay of an allowance"),
    ("收回多付", "taken back"),
    ("此前欠付", "owed from before"),
];

/// A label in a language.
pub fn in_language(label: &str, lang: Lang) -> Cow<'_, str> {
    let rest_of = |(zh, en): &(&'static str, &'static str)| {
        let rest = label.strip_prefix(zh)?.strip_prefix(' ')?.strip_prefix(en)?;
        // Longer words that people wrote are no label of ours.
        (rest.is_empty() || rest.starts_with(' ')).then(|| (lang.pick(zh, en), rest))
    };
    match MADE_HERE.iter().find_map(rest_of) {
        Some((word, "")) => Cow::Borrowed(word),
        Some((word, rest)) => Cow::Owned(format!("{word}{rest}")),
        None => Cow::Borrowed(label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_was_made_here_is_said_in_one_language_and_no_other() {
        for (kept, zh, en) in [
            ("工日 work days", "工日", "work days"),
            ("工日差额 days not on earlier parts", "工日差额", "days not on earlier parts"),
            ("补发 back-pay 2026-02 (1): 漏记", "补发 2026-02 (1): 漏记", "back-pay 2026-02 (1): 漏记"),
            (
                "补发津贴 back-pay of an allowance 2026-02 (1): 高温",
                "补发津贴 2026-02 (1): 高温",
                "back-pay of an allowance 2026-02 (1): 高温",
            ),
            ("墙面抹灰 m²", "墙面抹灰 m²", "墙面抹灰 m²"),
            ("加班 overtimes", "加班 overtimes", "加班 overtimes"),
            ("扣款", "扣款", "扣款"),
        ] {
            assert_eq!((in_language(kept, Lang::Zh).as_ref(), in_language(kept, Lang::En).as_ref()), (zh, en));
        }
    }
}
