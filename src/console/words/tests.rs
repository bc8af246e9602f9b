//! Every word that pages show is known, and none is known twice.

use super::*;
use crate::{
    accounts, attendance, cases, credit, deposits, documents, law, notice_board, parties, payroll, projects, users, workers,
};

/// Collects the words of enums that pages show.
macro_rules! all {
    ($($words:ty),* $(,)?) => {{
        let mut found: Vec<&'static str> = Vec::new();
        $(found.extend(<$words>::ALL.iter().map(|word| word.as_str()));)*
        found
    }};
}

#[test]
fn every_word_that_pages_show_has_its_chinese_once() {
    let shown = all![
        payroll::SheetState,
        payroll::LineState,
        payroll::AttemptState,
        payroll::RunState,
        payroll::Means,
        payroll::items::ItemKind,
        payroll::items::ItemSource,
        payroll::items::ItemStep,
        payroll::life::SheetStep,
        payroll::corrections::CorrectionKind,
        payroll::life::Cycle,
        payroll::pay_run::Hold,
        payroll::pay_run::InquiryKind,
        payroll::pay_run::checks::Caution,
        crate::matching::Difference,
        crate::matching::MatchStanding,
        crate::matching::Unknown,
        crate::matching::Found,
        crate::detectors::rings::Tie,
        crate::detectors::padding::RosterSign,
        crate::detectors::patterns::PatternSign,
        attendance::morning::GateTrouble,
        crate::webhooks::HookEvent,
        crate::webhooks::HookState,
        crate::webhooks::CallState,
        projects::PartyRole,
        documents::DocumentKind,
        accounts::StatementKind,
        accounts::reconciling::Cause,
        accounts::Direction,
        accounts::EntryStatus,
        accounts::Purpose,
        attendance::imports::SheetKind,
        attendance::devices::DeviceState,
        attendance::devices::GateDirection,
        attendance::devices::Maker,
        attendance::devices::OrderState,
        deposits::DepositKind,
        deposits::DepositEvent,
        crate::matters::MatterKind,
        crate::matters::Step,
        crate::clearance::Hurdle,
        crate::settlement::doubts::DoubtKind,
        crate::settlement::doubts::DoubtAnswer,
        crate::labour_cost::Basis,
        crate::labour_cost::forecast::Why,
        law::questions::warning::FreezeReason,
        payroll::outside::Payer,
        parties::PartyKind,
        workers::IdKind,
        workers::Paper,
        workers::EventKind,
        workers::SecretField,
        workers::WarningCode,
        workers::exceptions::ExceptionReason,
        workers::exceptions::PayRoute,
        cases::CaseKind,
        credit::CreditKind,
        notice_board::BoardItem,
        users::UserState,
        crate::amendments::AmendmentState,
        crate::amendments::AmendmentKind,
        crate::quarantine::ItemState,
        crate::operation::Pulse,
        crate::store::jobs::JobState,
        crate::store::outbox::MailState,
        crate::web::Role,
        law::Gate,
        law::decision::Verdict,
        law::decision::Basis,
        law::finding::System,
        law::finding::State,
    ];
    let all: Vec<&str> =
        WORDS.iter().chain(sheets::WORDS).chain(wage_money::WORDS).chain(feeds::WORDS).map(|(word, _)| *word).collect();
    for word in shown {
        assert!(all.contains(&word), "`{word}` has no Chinese");
    }
    for (index, word) in all.iter().enumerate() {
        assert!(!all[..index].contains(word), "`{word}` stands twice");
    }
}

#[test]
fn english_is_the_word_itself() {
    assert_eq!(said(Lang::En, "letter_of_guarantee"), "letter of guarantee");
    assert_eq!(said(Lang::Zh, "letter_of_guarantee"), "银行保函");
    assert_eq!(told(Lang::En, "no_such_word", 3), None);
}

#[test]
fn a_text_in_both_languages_shows_its_half() {
    assert_eq!(half(Lang::Zh, "建设单位 / owner"), "建设单位");
    assert_eq!(half(Lang::En, "建设单位 / owner"), "owner");
    for whole in ["甲 / 乙", "owner", "a / b", "建设单位 / ", "fct-0CJ1V8Q2M0001"] {
        assert_eq!(half(Lang::En, whole), whole);
    }
    assert_eq!(bank_reason(Lang::Zh, "AC04"), "账户已销户 (AC04)");
    assert_eq!(bank_reason(Lang::En, "odd"), "odd");
}
