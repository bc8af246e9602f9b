//! Duties of the regulation on migrant workers' wages, articles 6 to 37: form of pay, who clears arrears, the five systems.

use super::Duty;
use super::Need::{Any, AtLeast, AtMost, If, Keep, No, NotBelowSmaller, PaidBy, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: R724_06, needs: &[Yes("wage_standard_agreed"), Yes("pay_day_agreed"), Yes("pay_method_agreed")] },
    Duty {
        rule: R724_10,
        needs: &[Yes("complaint_has_owner"), Yes("reply_recorded"), If("belongs_to_another_office", &[Yes("forwarded")])],
    },
    Duty { rule: R724_11, needs: &[No("paid_in_goods"), Yes("payee_is_the_worker")] },
    Duty { rule: R724_13, needs: &[AtMost("cycle_months", "pay.cycle")] },
    Duty { rule: R724_14, needs: &[PaidBy("agreed_on", "paid_on")] },
    Duty {
        rule: R724_15,
        needs: &[
            AtLeast("ledger_fields", "ledger.fields"),
            Yes("slip_given"),
            Keep("sheet_on", "sheet_on", "deleted_on", "retention.payroll_ledger"),
        ],
    },
    Duty { rule: R724_18, needs: &[If("supplied_by_unlicensed", &[Yes("user_unit_settles")])] },
    Duty { rule: R724_19, needs: &[If("name_was_lent", &[Yes("real_operator_named"), Yes("named_unit_settles")])] },
    Duty { rule: R724_20, needs: &[If("unit_cannot_pay", &[Yes("investor_settles")])] },
    Duty {
        rule: R724_21,
        needs: &[If("merged_or_divided", &[Any(&[Yes("arrears_cleared"), Yes("workers_agreed_to_successor")])])],
    },
    Duty { rule: R724_22, needs: &[If("licence_ended", &[Yes("arrears_cleared")])] },
    Duty { rule: R724_23, needs: &[Yes("funds_arranged"), If("government_funded", &[No("contractor_advances_funds")])] },
    Duty { rule: R724_25, needs: &[Yes("measurement_cycle_agreed"), Yes("progress_settlement_agreed")] },
    Duty { rule: R724_26, needs: &[Yes("account_opened"), No("used_for_something_else"), Yes("papers_kept")] },
    Duty {
        rule: R724_27A,
        needs: &[If("funds_missing", &[Yes("bank_told_contractor"), Yes("contractor_reported"), Yes("entered_in_warning")])],
    },
    Duty {
        rule: R724_27B,
        needs: &[If(
            "closing_applied_for",
            &[Yes("work_finished"), No("arrears"), AtLeast("publicity_day", "deadline.publicity")],
        )],
    },
    Duty { rule: R724_28C, needs: &[Keep("finished_on", "settled_on", "deleted_on", "retention.labour_ledger")] },
    Duty { rule: R724_29B, needs: &[If("owner_debt_led_to_arrears", &[NotBelowSmaller("advanced", "arrears", "unsettled")])] },
    Duty { rule: R724_29C, needs: &[Yes("coordination_set_up"), If("collective_demand", &[Yes("reported_to_authorities")])] },
    Duty { rule: R724_30, needs: &[If("subcontractor_owes", &[Yes("contractor_settles_first")])] },
    Duty { rule: R724_30B, needs: &[Yes("subcontractor_named_responsible"), Yes("contractor_supervises")] },
    Duty { rule: R724_31B, needs: &[Yes("paid_from_wage_account"), Yes("paid_to_own_account"), Yes("voucher_to_subcontractor")] },
    Duty { rule: R724_31C, needs: &[No("card_held")] },
    Duty { rule: R724_32, needs: &[Any(&[Yes("deposit_made"), Yes("guarantee_given"), Yes("waived")])] },
    Duty { rule: R724_33, needs: &[If("frozen_or_taken", &[Yes("for_wages_of_this_project")])] },
    Duty {
        rule: R724_35,
        needs: &[If("quantity_quality_or_price_disputed", &[No("labour_cost_withheld"), No("payment_stopped")])],
    },
    Duty {
        rule: R724_36,
        needs: &[If("unqualified_party_owes", &[Any(&[Yes("owner_settles"), Yes("contractor_settles"), Yes("lender_settles")])])],
    },
    Duty { rule: R724_37, needs: &[If("unlawful_project_owes", &[Yes("owner_settles")])] },
];
