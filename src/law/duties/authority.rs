//! Duties of supervision and fines (articles 39 to 58), of the joint-sanction list, and of grades and publication.

use super::Duty;
use super::Need::{After, AtLeast, AtMost, Cycle, Ends, From, If, No, Within, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: R724_39, needs: &[AtLeast("items_inspected", "inspection.items")] },
    Duty { rule: R724_40, needs: &[If("account_queried", &[Yes("head_of_city_level_approved")])] },
    Duty { rule: R724_41, needs: &[If("crime_suspected", &[Yes("transferred_to_police")])] },
    Duty {
        rule: R724_42,
        needs: &[
            Cycle("appeal_period_ended_on", "court_applied_on", "enforcement.application"),
            After("demanded_on", "court_applied_on", "enforcement.demand"),
        ],
    },
    Duty { rule: R724_48, needs: &[If("on_serious_list", &[No("restricted_benefit_granted")])] },
    Duty {
        rule: R724_49,
        needs: &[If("owner_failure_led_to_arrears", &[Yes("restriction_put_to_government"), Yes("credit_recorded")])],
    },
    Duty {
        rule: R724_50,
        needs: &[Yes("contract_produced"), Yes("roster_produced"), Yes("ledger_produced"), Yes("slips_produced")],
    },
    Duty { rule: R724_52, needs: &[No("project_money_claimed_as_wages"), No("claim_is_false")] },
    Duty {
        rule: R724_54,
        needs: &[If(
            "fine_proposed",
            &[
                No("order_obeyed"),
                AtLeast("unit_fine", "penalty.R724-54.unit_min"),
                AtMost("unit_fine", "penalty.R724-54.unit_max"),
                AtLeast("person_fine", "penalty.R724-54.person_min"),
                AtMost("person_fine", "penalty.R724-54.person_max"),
            ],
        )],
    },
    Duty {
        rule: R724_55,
        needs: &[If(
            "fine_proposed",
            &[
                No("order_obeyed"),
                AtLeast("unit_fine", "penalty.R724-55.unit_min"),
                AtMost("unit_fine", "penalty.R724-55.unit_max"),
            ],
        )],
    },
    Duty {
        rule: R724_56,
        needs: &[If(
            "fine_proposed",
            &[
                No("order_obeyed"),
                AtLeast("unit_fine", "penalty.R724-56.unit_min"),
                AtMost("unit_fine", "penalty.R724-56.unit_max"),
            ],
        )],
    },
    Duty {
        rule: R724_57,
        needs: &[If(
            "fine_proposed",
            &[
                No("order_obeyed"),
                AtLeast("unit_fine", "penalty.R724-57.unit_min"),
                AtMost("unit_fine", "penalty.R724-57.unit_max"),
            ],
        )],
    },
    Duty {
        rule: R724_58,
        needs: &[If(
            "fine_proposed",
            &[
                Yes("query_refused"),
                AtLeast("unit_fine", "penalty.R724-58.unit_min"),
                AtMost("unit_fine", "penalty.R724-58.unit_max"),
            ],
        )],
    },
    Duty {
        rule: R45_05A,
        needs: &[If(
            "limit_passed_unpaid",
            &[If("amount_standard_met", &[Yes("listed")]), If("mass_incident", &[Yes("listed")])],
        )],
    },
    Duty {
        rule: R45_05B,
        needs: &[If("illegal_subcontracting_led_to_listing_case", &[Yes("awarding_unit_listed"), Yes("person_listed")])],
    },
    Duty {
        rule: R45_06,
        needs: &[
            Within("told_on", "objected_on", "deadline.listing_objection"),
            Within("objection_on", "answered_on", "deadline.listing_objection_check"),
        ],
    },
    Duty { rule: R45_08, needs: &[Within("payment_limit_ended_on", "decided_on", "deadline.listing_decision")] },
    Duty { rule: R45_09, needs: &[If("listed", &[Yes("published"), Yes("shared_with_credit_platform")])] },
    Duty { rule: R45_11, needs: &[Ends("listed_on", "term_ends_on", "joint_list.term")] },
    Duty {
        rule: R45_12,
        needs: &[If("removed_early", &[After("corrected_on", "removed_on", "joint_list.early_removal"), Yes("promise_given")])],
    },
    Duty { rule: R45_13, needs: &[If("removed_early", &[No("new_arrears_while_listed"), No("criminal_case")])] },
    Duty { rule: R45_14, needs: &[Within("applied_on", "decided_on", "deadline.removal_decision")] },
    Duty {
        rule: R45_15,
        needs: &[If("papers_were_false", &[Yes("removal_cancelled")]), If("order_was_annulled", &[Yes("listing_cancelled")])],
    },
    Duty { rule: R45_17, needs: &[Within("listing_ended_on", "publishing_stopped_on", "deadline.publishing_end")] },
    Duty {
        rule: RG_01,
        needs: &[AtLeast("gradings_in_year", "grading.per_year"), AtLeast("subjects_graded", "grading.subjects")],
    },
    Duty {
        rule: RG_02,
        needs: &[
            From("times_dealt_with", "grading.c_from", &[Yes("grade_is_c")]),
            If("child_or_forced_labour", &[Yes("grade_is_c")]),
            If("refused_to_carry_out", &[Yes("grade_is_c")]),
            If("dealt_with_at_all", &[No("grade_is_a")]),
        ],
    },
    Duty {
        rule: RP_01,
        needs: &[If("large_arrears_decided", &[Yes("published")]), If("refusal_transferred_to_police", &[Yes("published")])],
    },
    Duty {
        rule: RP_02,
        needs: &[
            AtLeast("items_published", "publication.items"),
            If("by_city_or_county", &[Within("decided_on", "published_on", "publication.city_cycle")]),
            If("by_province_or_ministry", &[Within("decided_on", "published_on", "publication.province_cycle")]),
        ],
    },
];
