//! Duties of case handling, crime and transfer, of the gates' own law, and of workers' claims.

use super::Duty;
use super::Need::{Any, AtLeast, AtMost, Cycle, If, No, Within, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: R423_14, needs: &[Within("complained_on", "accepted_on", "deadline.complaint_acceptance")] },
    Duty { rule: R423_16, needs: &[AtLeast("inspectors", "inspection.inspectors"), Yes("ids_shown")] },
    Duty { rule: R423_17, needs: &[Within("filed_on", "ended_on", "deadline.inspection")] },
    Duty { rule: R423_19, needs: &[Yes("party_heard"), Yes("appeal_rights_told")] },
    Duty { rule: R423_20, needs: &[Cycle("violation_ended_on", "complained_on", "inspection.look_back")] },
    Duty {
        rule: R423_26,
        needs: &[If(
            "compensation_ordered",
            &[No("order_obeyed"), AtLeast("share_of_amount", "compensation.min"), AtMost("share_of_amount", "compensation.max")],
        )],
    },
    Duty {
        rule: R423_30,
        needs: &[If(
            "fine_proposed",
            &[
                Yes("obstructed"),
                AtLeast("unit_fine", "penalty.R423-30.unit_min"),
                AtMost("unit_fine", "penalty.R423-30.unit_max"),
            ],
        )],
    },
    Duty {
        rule: RCR_01,
        needs: &[If("amount_is_large", &[If("unpaid_after_order", &[No("fled_or_moved_assets"), No("able_to_pay")])])],
    },
    Duty { rule: RCR_03, needs: &[No("assets_moved_or_hidden"), No("accounts_or_rolls_destroyed")] },
    Duty {
        rule: RCR_04,
        needs: &[
            Any(&[Yes("order_served"), If("fled", &[Yes("posted_on_site"), Yes("recorded_by_photo_or_video")])]),
            Any(&[Yes("order_served"), Yes("fled")]),
        ],
    },
    Duty { rule: RCR_05, needs: &[No("basic_life_harmed"), No("violence_or_threats")] },
    Duty { rule: RCR_06, needs: &[If("leniency_asked", &[Yes("paid_before_first_judgment"), Yes("compensated")])] },
    Duty {
        rule: R310_05,
        needs: &[
            AtLeast("team", "transfer.team"),
            Within("reported_on", "decided_on", "deadline.transfer_decision"),
            If("transfer_approved", &[AtMost("hours_to_transfer", "transfer.hours")]),
        ],
    },
    Duty { rule: R310_06, needs: &[Yes("transfer_letter"), Yes("investigation_report"), Yes("list_of_items")] },
    Duty {
        rule: R310_08,
        needs: &[
            If("wrong_office", &[AtMost("hours_to_forward", "transfer.hours")]),
            Within("accepted_on", "decided_on", "deadline.police_decision"),
        ],
    },
    Duty {
        rule: R310_09,
        needs: &[
            Within("refused_on", "reconsideration_asked_on", "deadline.reconsideration"),
            Within("reconsideration_on", "answered_on", "deadline.reconsideration_answer"),
        ],
    },
    Duty {
        rule: R100,
        needs: &[If("treated_as_fled", &[Yes("told_by_provable_way"), Yes("statements_recorded"), No("force_majeure")])],
    },
    Duty { rule: RGATE_01, needs: &[Within("applied_on", "issued_on", "deadline.permit_decision")] },
    Duty {
        rule: RGATE_05,
        needs: &[
            Within("permit_on", "started_on", "deadline.start_after_permit"),
            AtMost("extensions", "deadline.start_extensions_max"),
        ],
    },
    Duty { rule: RGATE_02, needs: &[If("permit_applied_for", &[Yes("funds_commitment")])] },
    Duty {
        rule: RGATE_03,
        needs: &[If("permit_issued", &[Yes("funds_commitment")]), If("work_started", &[Yes("funds_commitment")])],
    },
    Duty {
        rule: RGATE_04,
        needs: &[No("missing_bond_led_to_arrears"), If("government_funded", &[No("overdue_money_led_to_arrears")])],
    },
    Duty {
        rule: RGATE_06,
        needs: &[
            If("work_started", &[Yes("permit_issued")]),
            If(
                "fine_proposed",
                &[AtLeast("share_of_contract", "penalty.no_permit_min"), AtMost("share_of_contract", "penalty.no_permit_max")],
            ),
        ],
    },
    Duty { rule: RGATE_07, needs: &[Within("accepted_on", "filed_on", "deadline.completion_filing")] },
    Duty { rule: RGATE_08, needs: &[No("audit_forced_as_basis"), If("payment_delayed_for_audit", &[Yes("contract_says_so")])] },
    Duty {
        rule: RGATE_09,
        needs: &[
            If("permit_applied_for", &[No("owner_long_overdue")]),
            If("acceptance_applied_for", &[If("government_funded", &[Yes("price_audited")])]),
            If("registration_applied_for", &[Yes("settled")]),
        ],
    },
    Duty { rule: RWK_02, needs: &[Cycle("known_on", "claimed_on", "claim.arbitration")] },
    Duty {
        rule: RWK_03,
        needs: &[
            Within("accepted_on", "award_on", "deadline.arbitration_award"),
            Within("received_on", "acceptance_told_on", "claim.acceptance"),
        ],
    },
    Duty {
        rule: RWK_04,
        needs: &[
            Within("applied_on", "decided_on", "deadline.legal_aid_decision"),
            Within("decided_on", "lawyer_named_on", "deadline.legal_aid_lawyer"),
            No("proof_of_hardship_asked"),
        ],
    },
    Duty { rule: RWK_05, needs: &[Cycle("complained_on", "contacted_on", "claim.contact")] },
    Duty { rule: RWK_06, needs: &[If("priority_waived", &[No("relied_on_against_workers")])] },
    Duty { rule: POL_01, needs: &[If("permit_applied_for", &[No("arrears_of_applicant")])] },
    Duty { rule: POL_02, needs: &[If("acceptance_applied_for", &[No("arrears")])] },
];
