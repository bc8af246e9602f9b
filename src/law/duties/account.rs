//! Duties of the rule on wage accounts, and of the rule on real-name management.

use super::Duty;
use super::Need::{Any, AtLeast, AtMost, Cycle, If, Keep, No, NotBelow, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: R53_02, needs: &[Yes("special_deposit_account"), Yes("bank_at_project_place")] },
    Duty { rule: R53_07, needs: &[If("several_projects", &[Yes("ledger_of_its_own")])] },
    Duty {
        rule: R53_08B,
        needs: &[If("freeze_for_other_cause", &[Yes("bank_prompted"), Yes("supervisor_told"), No("taken_during_objection")])],
    },
    Duty {
        rule: R53_09,
        needs: &[If("closing_applied_for", &[AtLeast("publicity_day", "deadline.publicity"), Yes("promise_given")])],
    },
    Duty { rule: R53_10, needs: &[If("closing_applied_for", &[No("case_open"), No("pay_dispute_open"), No("other_arrears")])] },
    Duty {
        rule: R53_12A,
        needs: &[
            Cycle("last_on", "next_on", "deadline.labour_cost_transfer"),
            AtMost("agreed_cycle_months", "labour_cost.cycle"),
        ],
    },
    Duty {
        rule: R53_12B,
        needs: &[
            If("transfer_missed", &[Yes("bank_told_contractor"), Yes("contractor_reported"), Yes("entered_in_warning")]),
            If("owner_paid_but_wages_owed", &[Yes("owner_reported")]),
        ],
    },
    Duty { rule: R53_13, needs: &[Any(&[NotBelow("balance", "payroll"), Yes("owner_added")])] },
    Duty { rule: R53_14, needs: &[If("labour_cost_changed", &[Yes("supplementary_agreement"), Yes("bank_told")])] },
    Duty {
        rule: R53_17,
        needs: &[Yes("sheet_made"), Yes("signed_by_workers"), Yes("attendance_and_progress_attached"), Yes("audited")],
    },
    Duty {
        rule: R53_18,
        needs: &[If("sheet_audited", &[Yes("sent_to_bank"), Yes("paid_to_workers"), Yes("voucher_to_subcontractor")])],
    },
    Duty { rule: R53_19, needs: &[No("card_held_by_others"), No("other_bank_refused"), No("new_card_forced")] },
    Duty { rule: R53_21, needs: &[Keep("finished_on", "settled_on", "deleted_on", "retention.account_papers")] },
    Duty {
        rule: R53_24,
        needs: &[Yes("contract_uploaded"), Yes("real_name_uploaded"), Yes("attendance_uploaded"), Yes("payments_uploaded")],
    },
    Duty { rule: R53_26, needs: &[If("breach_found", &[Yes("warning_given")])] },
    Duty { rule: R53_27, needs: &[Yes("pay_notice_given"), Yes("query_open_to_workers"), Yes("complaints_open_to_workers")] },
    Duty { rule: R18_08, needs: &[Yes("contract_or_agreement"), Yes("registered"), Yes("safety_trained")] },
    Duty { rule: R18_10, needs: &[Yes("basic_data"), Yes("employment_data"), Yes("integrity_data")] },
    Duty { rule: R18_13, needs: &[Yes("real_name_in_contract"), Yes("wages_money_by_progress"), Yes("notice_board")] },
    Duty { rule: R18_14, needs: &[Any(&[Yes("closed_site_with_recognition"), Yes("mobile_positioning")])] },
    Duty { rule: R18_15, needs: &[Keep("recorded_on", "recorded_on", "deleted_on", "retention.attendance_image")] },
    Duty { rule: R18_20, needs: &[If("data_false_or_hidden", &[Yes("corrected_in_time"), Yes("recorded_on_platform")])] },
];
