//! The parameters that code asks for: name, kind of value, whether national law has one, and how far a region may move it.
//!
//! A key in a data file that is not here is a fault; a national key without a value is one too.

use super::value::Kind;

/// What keeps a region's value from being looser than national law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The region is free.
    Free,
    /// Not below the national value of that key.
    NotBelow(&'static str),
    /// Not above the national value of that key.
    NotAbove(&'static str),
    /// Between the national values of two keys.
    Within(&'static str, &'static str),
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct KeySpec {
    /// Name.
    pub key: &'static str,
    /// Kind of value.
    pub kind: Kind,
    /// National law has a value.
    pub national: bool,
    /// How far a region may move it.
    pub guard: Guard,
}

const fn national(key: &'static str, kind: Kind, guard: Guard) -> KeySpec {
    KeySpec { key, kind, national: true, guard }
}

const fn regional(key: &'static str, kind: Kind, guard: Guard) -> KeySpec {
    KeySpec { key, kind, national: false, guard }
}

/// A limit of national law that a region may shorten.
const fn limit(key: &'static str) -> KeySpec {
    national(key, Kind::Span, Guard::NotAbove(key))
}

const RATES: Guard = Guard::Within("deposit.rate_min", "deposit.rate_max");

/// Every parameter.
pub const KEYS: &[KeySpec] = &[
    national("deposit.rate_min", Kind::Ratio, Guard::Free),
    national("deposit.rate_max", Kind::Ratio, Guard::Free),
    national("deposit.second_project_floor", Kind::Ratio, Guard::NotBelow("deposit.second_project_floor")),
    national("deposit.small_contract_clean_years", Kind::Count, Guard::NotBelow("deposit.small_contract_clean_years")),
    national("deposit.clean_years_reduced", Kind::Count, Guard::NotBelow("deposit.clean_years_reduced")),
    national("deposit.clean_years_waived", Kind::Count, Guard::NotBelow("deposit.clean_years_waived")),
    national("deposit.reduce_after_two_years", Kind::Ratio, Guard::NotBelow("deposit.reduce_after_two_years")),
    national("deposit.arrears_look_back_years", Kind::Count, Guard::NotBelow("deposit.arrears_look_back_years")),
    national("deposit.raise_after_arrears", Kind::Ratio, Guard::NotBelow("deposit.raise_after_arrears")),
    national("deposit.raise_on_list", Kind::Ratio, Guard::NotBelow("deposit.raise_on_list")),
    regional("deposit.rate", Kind::Brackets, RATES),
    regional("deposit.rate_after_arrears", Kind::Ratio, Guard::NotBelow("deposit.rate_min")),
    regional("deposit.rate_after_two_years", Kind::Ratio, Guard::Free),
    regional("deposit.rate_after_three_years", Kind::Ratio, Guard::Free),
    regional("deposit.reduce_after_two_years_good", Kind::Ratio, Guard::NotBelow("deposit.reduce_after_two_years")),
    regional("deposit.reduce_after_two_years_excellent", Kind::Ratio, Guard::NotBelow("deposit.reduce_after_two_years")),
    regional("deposit.waive_after_three_years", Kind::Truth, Guard::Free),
    regional("deposit.second_project_points", Kind::Ratio, Guard::Free),
    regional("deposit.second_project_reduction", Kind::Ratio, Guard::Free),
    regional("deposit.second_project_rate", Kind::Ratio, Guard::NotBelow("deposit.second_project_floor")),
    regional("deposit.small_contract_below", Kind::Money, Guard::Free),
    regional("deposit.small_contract_months_below", Kind::Ratio, Guard::Free),
    regional("deposit.small_contract_needs_systems", Kind::Truth, Guard::Free),
    regional("deposit.required_without_permit_from", Kind::Money, Guard::Free),
    regional("deposit.cap", Kind::Money, Guard::Free),
    regional("deposit.cap.transport", Kind::Money, Guard::Free),
    regional("deposit.cap.rail", Kind::Money, Guard::Free),
    regional("deposit.cap_after_arrears", Kind::Money, Guard::Free),
    regional("deposit.cap_after_three_years", Kind::Money, Guard::Free),
    regional("deposit.cap_total", Kind::Money, Guard::Free),
    regional("deposit.minimum", Kind::Money, Guard::Free),
    regional("deposit.minimum_after_arrears", Kind::Money, Guard::Free),
    regional("deposit.minimum_after_three_years", Kind::Money, Guard::Free),
    regional("deposit.raised_uncapped", Kind::Truth, Guard::Free),
    regional("deposit_top_up.multiple", Kind::Ratio, Guard::Free),
    regional("deposit_top_up.limit", Kind::Span, Guard::Free),
    national("deposit.form.cash", Kind::Truth, Guard::Free),
    national("deposit.form.letter_of_guarantee", Kind::Truth, Guard::Free),
    regional("deposit.form.insurance", Kind::Truth, Guard::Free),
    regional("deposit.form.bond", Kind::Truth, Guard::Free),
    national("guarantee.term_min", Kind::Span, Guard::NotBelow("guarantee.term_min")),
    national("guarantee.remind_before", Kind::Span, Guard::NotBelow("guarantee.remind_before")),
    limit("deadline.account_open"),
    limit("deadline.account_filing"),
    limit("deadline.deposit"),
    limit("deadline.deposit_pay_out"),
    limit("deadline.deposit_replenish"),
    national("deadline.publicity", Kind::Span, Guard::NotBelow("deadline.publicity")),
    limit("deadline.deposit_return_decision"),
    limit("deadline.deposit_return_confirmation"),
    limit("deadline.arrears_notice"),
    limit("deadline.inspection"),
    limit("deadline.inspection_extension"),
    limit("deadline.listing_decision"),
    limit("deadline.listing_decision_extension"),
    limit("deadline.listing_objection"),
    limit("deadline.transfer_decision"),
    limit("deadline.police_decision"),
    limit("deadline.permit_decision"),
    limit("deadline.start_after_permit"),
    national("deadline.start_extensions_max", Kind::Count, Guard::NotAbove("deadline.start_extensions_max")),
    limit("deadline.completion_filing"),
    limit("deadline.arbitration_award"),
    limit("deadline.arbitration_award_extension"),
    limit("deadline.legal_aid_decision"),
    limit("deadline.legal_aid_lawyer"),
    limit("deadline.labour_cost_transfer"),
    limit("deadline.public_body_payment"),
    limit("deadline.large_company_payment"),
    national("publicity_counts_first_day", Kind::Truth, Guard::Free),
    national("retention.labour_ledger", Kind::Span, Guard::NotBelow("retention.labour_ledger")),
    national("retention.attendance_image", Kind::Span, Guard::NotBelow("retention.attendance_image")),
    national("penalty.R724-54.unit_min", Kind::Money, Guard::Free),
    national("penalty.R724-54.unit_max", Kind::Money, Guard::Free),
    national("penalty.R724-54.person_min", Kind::Money, Guard::Free),
    national("penalty.R724-54.person_max", Kind::Money, Guard::Free),
    national("penalty.R724-54.stop_work", Kind::Truth, Guard::Free),
    national("penalty.R724-55.unit_min", Kind::Money, Guard::Free),
    national("penalty.R724-55.unit_max", Kind::Money, Guard::Free),
    national("penalty.R724-55.stop_work", Kind::Truth, Guard::Free),
    national("penalty.R724-56.unit_min", Kind::Money, Guard::Free),
    national("penalty.R724-56.unit_max", Kind::Money, Guard::Free),
    national("penalty.R724-56.stop_work", Kind::Truth, Guard::Free),
    national("penalty.R724-57.unit_min", Kind::Money, Guard::Free),
    national("penalty.R724-57.unit_max", Kind::Money, Guard::Free),
    national("penalty.R724-57.stop_work", Kind::Truth, Guard::Free),
    national("compensation.min", Kind::Ratio, Guard::NotBelow("compensation.min")),
    national("compensation.max", Kind::Ratio, Guard::NotAbove("compensation.max")),
    national("inspection.look_back", Kind::Span, Guard::Free),
    national("crime.workers", Kind::Count, Guard::Free),
    national("crime.months", Kind::Ratio, Guard::Free),
    national("crime.single_low", Kind::Money, Guard::Within("crime.single_low", "crime.single_high")),
    national("crime.single_high", Kind::Money, Guard::Within("crime.single_low", "crime.single_high")),
    national("crime.many_low", Kind::Money, Guard::Within("crime.many_low", "crime.many_high")),
    national("crime.many_high", Kind::Money, Guard::Within("crime.many_low", "crime.many_high")),
    national("joint_list.term", Kind::Span, Guard::Free),
    national("joint_list.early_removal", Kind::Span, Guard::NotBelow("joint_list.early_removal")),
    national("award.final_months", Kind::Count, Guard::Free),
    national("progress_payment.minimum", Kind::Ratio, Guard::NotBelow("progress_payment.minimum")),
    national("late_interest.daily", Kind::Ratio, Guard::NotBelow("late_interest.daily")),
    national("late_interest.days_a_year", Kind::Count, Guard::Free),
    national("labour_cost.cycle", Kind::Span, Guard::NotAbove("labour_cost.cycle")),
    regional("labour_cost.progress_silent", Kind::Ratio, Guard::Free),
    regional("labour_cost.share_in_contract", Kind::Truth, Guard::Free),
    regional("labour_cost.contract", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.building", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.bridge", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.drainage", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.municipal", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.transport", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.road", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.metro", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.installation", Kind::Ratio, Guard::Free),
    regional("labour_cost.contract.water", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.building", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.bridge", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.drainage", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.municipal", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.transport", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.road", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.metro", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.installation", Kind::Ratio, Guard::Free),
    regional("labour_cost.progress.water", Kind::Ratio, Guard::Free),
    national("site_entry.work_agreement", Kind::Truth, Guard::Free),
    national("warning.unpaid_month_red", Kind::Span, Guard::NotAbove("warning.unpaid_month_red")),
    national("warning.unpaid_share_red", Kind::Ratio, Guard::NotAbove("warning.unpaid_share_red")),
    national("warning.month_amount", Kind::Money, Guard::Free),
    national("warning.year_amount", Kind::Money, Guard::Free),
    national("warning.labour_cost_cycle", Kind::Span, Guard::NotAbove("warning.labour_cost_cycle")),
    national("notice_board.photo_age", Kind::Span, Guard::NotAbove("notice_board.photo_age")),
    national("real_name.device_silence", Kind::Span, Guard::NotAbove("real_name.device_silence")),
    regional("account.required_from_sum", Kind::Money, Guard::Free),
    regional("account.required_over_months", Kind::Ratio, Guard::Free),
    regional("bond.fund_proof_for_government", Kind::Truth, Guard::Free),
    regional("platform.before_start", Kind::Truth, Guard::Free),
    regional("platform.holds_all_records", Kind::Truth, Guard::Free),
    regional("gate.permit_owner_overdue", Kind::Truth, Guard::Free),
    regional("gate.completion_price_audit", Kind::Truth, Guard::Free),
    regional("gate.registration_settlement", Kind::Truth, Guard::Free),
    regional("completion_gate_rule", Kind::Truth, Guard::Free),
    national("pay.cycle", Kind::Span, Guard::NotAbove("pay.cycle")),
    national("ledger.fields", Kind::Count, Guard::NotBelow("ledger.fields")),
    national("retention.payroll_ledger", Kind::Span, Guard::NotBelow("retention.payroll_ledger")),
    national("retention.account_papers", Kind::Span, Guard::NotBelow("retention.account_papers")),
    national("deposit.statement_cycle", Kind::Span, Guard::NotAbove("deposit.statement_cycle")),
    national("deposit.check_cycle", Kind::Span, Guard::NotAbove("deposit.check_cycle")),
    national("inspection.items", Kind::Count, Guard::NotBelow("inspection.items")),
    national("enforcement.application", Kind::Span, Guard::Free),
    national("enforcement.demand", Kind::Span, Guard::Free),
    national("penalty.R724-58.unit_min", Kind::Money, Guard::Free),
    national("penalty.R724-58.unit_max", Kind::Money, Guard::Free),
    limit("deadline.listing_objection_check"),
    limit("deadline.removal_decision"),
    limit("deadline.publishing_end"),
    national("grading.per_year", Kind::Count, Guard::Free),
    national("grading.subjects", Kind::Count, Guard::Free),
    national("grading.c_from", Kind::Count, Guard::Free),
    national("publication.items", Kind::Count, Guard::NotBelow("publication.items")),
    national("publication.city_cycle", Kind::Span, Guard::NotAbove("publication.city_cycle")),
    national("publication.province_cycle", Kind::Span, Guard::NotAbove("publication.province_cycle")),
    limit("deadline.complaint_acceptance"),
    national("inspection.inspectors", Kind::Count, Guard::NotBelow("inspection.inspectors")),
    national("penalty.R423-30.unit_min", Kind::Money, Guard::Free),
    national("penalty.R423-30.unit_max", Kind::Money, Guard::Free),
    national("transfer.team", Kind::Count, Guard::NotBelow("transfer.team")),
    national("transfer.hours", Kind::Count, Guard::NotAbove("transfer.hours")),
    limit("deadline.reconsideration"),
    limit("deadline.reconsideration_answer"),
    national("penalty.no_permit_min", Kind::Ratio, Guard::Free),
    national("penalty.no_permit_max", Kind::Ratio, Guard::Free),
    national("progress_payment.retention_max", Kind::Ratio, Guard::NotAbove("progress_payment.retention_max")),
    national("progress_payment.return", Kind::Span, Guard::NotAbove("progress_payment.return")),
    national("payment.public_body_agreed_max", Kind::Count, Guard::NotAbove("payment.public_body_agreed_max")),
    national("claim.arbitration", Kind::Span, Guard::Free),
    national("claim.acceptance", Kind::Span, Guard::NotAbove("claim.acceptance")),
    regional("claim.contact", Kind::Span, Guard::Free),
    regional("wage.minimum_month", Kind::Money, Guard::Free),
    national("wage.deduction_max", Kind::Ratio, Guard::NotAbove("wage.deduction_max")),
    regional("joint.persons", Kind::Count, Guard::Free),
    regional("joint.project_arrears", Kind::Money, Guard::Free),
    regional("joint.enterprise_arrears", Kind::Money, Guard::Free),
];

/// The parameter of that name.
pub fn spec(key: &str) -> Option<&'static KeySpec> {
    KEYS.iter().find(|spec| spec.key == key)
}
