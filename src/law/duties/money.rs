//! Duties of project money (section 9), and the warnings that no card judges.

use super::Duty;
use super::Need::{AtLeast, AtMost, If, No, Within, Yes};
use crate::law::book::ids::*;

pub(super) const DUTIES: &[Duty] = &[
    Duty { rule: RL_01, needs: &[Yes("amount_or_share_agreed"), AtMost("agreed_cycle_months", "labour_cost.cycle")] },
    Duty {
        rule: RL_02,
        needs: &[If(
            "public_owner",
            &[
                AtLeast("progress_share", "progress_payment.minimum"),
                AtMost("retention_share", "progress_payment.retention_max"),
                Within("settled_on", "overpaid_returned_on", "progress_payment.return"),
            ],
        )],
    },
    Duty {
        rule: RL_03,
        needs: &[
            If(
                "public_body",
                &[
                    Within("delivered_on", "paid_on", "deadline.public_body_payment"),
                    AtMost("agreed_days", "payment.public_body_agreed_max"),
                ],
            ),
            If("large_company", &[Within("delivered_on", "paid_on", "deadline.large_company_payment")]),
            No("paid_when_paid"),
        ],
    },
    Duty { rule: RL_04, needs: &[AtLeast("labour_share", "labour_cost.contract")] },
    Duty { rule: RW_06, needs: &[If("worker_left", &[Yes("settled_or_confirmed")]), No("complaint_open")] },
    Duty { rule: RW_10, needs: &[Yes("attendance_record"), Yes("real_name_record")] },
];
