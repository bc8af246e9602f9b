//! Duties of the rule on wage deposits that a project's card does not judge.

use super::Duty;
use super::Need::{AtLeast, AtMost, Below, Cycle, If, No, NotBelow, Within, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: R65_02, needs: &[If("bond_or_insurance", &[Yes("region_accepts_the_form")])] },
    Duty { rule: R65_09, needs: &[Yes("deposit_agreement"), Yes("copy_filed")] },
    Duty { rule: R65_11A, needs: &[AtLeast("rate", "deposit.rate_min"), AtMost("rate", "deposit.rate_max")] },
    Duty { rule: R65_11B, needs: &[If("further_project", &[AtLeast("rate", "deposit.second_project_floor")])] },
    Duty {
        rule: R65_11C,
        needs: &[If(
            "waived_as_small",
            &[
                AtLeast("clean_years_before_signing", "deposit.small_contract_clean_years"),
                Below("contract_sum", "deposit.small_contract_below"),
            ],
        )],
    },
    Duty {
        rule: R65_12A,
        needs: &[
            If(
                "reduced",
                &[AtLeast("clean_years", "deposit.clean_years_reduced"), AtLeast("reduction", "deposit.reduce_after_two_years")],
            ),
            If("waived", &[AtLeast("clean_years", "deposit.clean_years_waived"), Yes("systems_in_place")]),
        ],
    },
    Duty {
        rule: R65_12B,
        needs: &[
            If("arrears_within_look_back", &[AtLeast("raise", "deposit.raise_after_arrears")]),
            If("on_serious_list", &[AtLeast("raise", "deposit.raise_on_list")]),
        ],
    },
    Duty { rule: R65_14, needs: &[No("principal_used_otherwise")] },
    Duty { rule: R65_15, needs: &[NotBelow("guaranteed", "deposit_due"), Yes("original_with_authority")] },
    Duty { rule: R65_16, needs: &[Yes("beneficiary_is_authority"), Yes("irrevocable"), Yes("payable_on_demand")] },
    Duty { rule: R65_18, needs: &[Yes("published_by_authority"), Yes("status_on_notice_board")] },
    Duty { rule: R65_19, needs: &[Within("notice_on", "paid_on", "deadline.deposit_pay_out")] },
    Duty { rule: R65_21, needs: &[Cycle("last_statement_on", "next_statement_on", "deposit.statement_cycle")] },
    Duty {
        rule: R65_22A,
        needs: &[
            AtLeast("publicity_day", "deadline.publicity"),
            Yes("work_finished"),
            Yes("promise_given"),
            Within("applied_on", "decided_on", "deadline.deposit_return_decision"),
            Within("decided_on", "confirmed_on", "deadline.deposit_return_confirmation"),
        ],
    },
    Duty { rule: R65_22B, needs: &[Within("arrears_found_on", "told_on", "deadline.arrears_notice")] },
    Duty { rule: R65_22C, needs: &[Cycle("last_checked_on", "next_checked_on", "deposit.check_cycle")] },
    Duty { rule: R65_23, needs: &[No("used_otherwise")] },
    Duty { rule: R65_24, needs: &[If("deposit_missing", &[Yes("recorded_in_credit_file")])] },
    Duty { rule: R65_25, needs: &[No("waived_without_right"), No("over_collected"), No("diverted"), No("return_delayed")] },
];
