//! What a parameter means, in words, for people who enter or read one. National parameters stand under the title of their rule; these
//! are the ones that only regions set, and the national ones whose rule has several.

/// Name, Chinese and English meaning.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("deposit.form.insurance", "是否接受工程保证保险作为保证金", "whether insurance is admitted as deposit"),
    ("deposit.form.bond", "是否接受工程担保公司保函作为保证金", "whether a guarantee company's bond is admitted as deposit"),
    ("deposit.rate_min", "保证金比例下限（占合同价款）", "lowest deposit rate, share of the contract sum"),
    ("deposit.rate_max", "保证金比例上限（占合同价款）", "highest deposit rate, share of the contract sum"),
    ("deposit.second_project_floor", "同一地区第二个项目起的比例下限", "lowest rate from the second project in one area on"),
    ("deposit.small_contract_clean_years", "小额合同免存所需的无欠薪年数", "clean years that exempt a small contract"),
    ("deposit.clean_years_reduced", "降低比例所需的无欠薪年数", "clean years for a reduction"),
    ("deposit.clean_years_waived", "免存所需的无欠薪年数", "clean years for a waiver"),
    ("deposit.reduce_after_two_years", "连续无欠薪后的降低幅度", "how far the deposit is reduced after clean years"),
    ("deposit.arrears_look_back_years", "回看欠薪记录的年数", "years looked back for arrears"),
    ("deposit.raise_after_arrears", "有欠薪记录后的提高幅度", "how far the deposit is raised after arrears"),
    ("deposit.raise_on_list", "列入失信名单后的提高幅度", "how far it is raised on the joint-sanction list"),
    (
        "deposit.rate",
        "保证金存储比例（按合同价款分档，整额适用）",
        "deposit rate by contract sum; the bracket holds for the whole sum",
    ),
    ("deposit.rate_after_arrears", "有欠薪记录后的比例", "rate after arrears, instead of a raise"),
    ("deposit.rate_after_two_years", "两年无欠薪后的比例", "rate after two clean years, instead of a reduction"),
    ("deposit.rate_after_three_years", "三年无欠薪后的比例", "rate after three clean years"),
    ("deposit.reduce_after_two_years_good", "两年无欠薪且信用良好的降低幅度", "reduction after two clean years with good credit"),
    (
        "deposit.reduce_after_two_years_excellent",
        "两年无欠薪且信用优秀的降低幅度",
        "reduction after two clean years with excellent credit",
    ),
    ("deposit.waive_after_three_years", "三年无欠薪是否免存", "whether three clean years waive the deposit"),
    (
        "deposit.second_project_points",
        "第二个项目起降低的百分点（0.005 即 0.5 个百分点）",
        "points taken off from the second project on",
    ),
    ("deposit.second_project_reduction", "第二个项目起的降低幅度", "share taken off from the second project on"),
    ("deposit.second_project_rate", "第二个项目起的比例", "rate from the second project on"),
    ("deposit.small_contract_below", "小额合同免存的金额界限（不含）", "contracts below this sum may be exempt"),
    (
        "deposit.small_contract_months_below",
        "短工期合同免存的月数界限（不含）",
        "contracts shorter than this may be exempt, in months",
    ),
    (
        "deposit.small_contract_needs_systems",
        "小额免存是否须落实专用账户和实名制",
        "whether the exemption needs wage account and real-name system in place",
    ),
    (
        "deposit.required_without_permit_from",
        "无须施工许可的工程从此金额起存储",
        "sum from which work without a permit needs a deposit",
    ),
    ("deposit.cap", "单个项目保证金上限", "highest deposit of a project"),
    ("deposit.cap.transport", "交通项目保证金上限", "highest deposit of a transport project"),
    ("deposit.cap.rail", "铁路项目保证金上限", "highest deposit of a rail project"),
    ("deposit.cap_after_arrears", "有欠薪记录后的上限", "highest deposit after arrears"),
    ("deposit.cap_after_three_years", "三年无欠薪后的上限", "highest deposit after three clean years"),
    ("deposit.cap_total", "同一企业保证金总额上限", "highest sum of a company's deposits"),
    ("deposit.minimum", "保证金最低金额", "lowest deposit"),
    ("deposit.minimum_after_arrears", "有欠薪记录后的最低金额", "lowest deposit after arrears"),
    ("deposit.minimum_after_three_years", "三年无欠薪后的最低金额", "lowest deposit after three clean years"),
    ("deposit.raised_uncapped", "提高后是否不受上限限制", "whether a raised deposit knows no cap"),
    ("deposit_top_up.multiple", "欠薪后补足到标准金额的倍数", "multiple of the standard sum to top up to after arrears"),
    ("deposit_top_up.limit", "欠薪后补足的期限", "time to top the deposit up after arrears"),
    ("guarantee.term_min", "保函最短有效期", "shortest term of a letter of guarantee"),
    ("guarantee.remind_before", "保函到期前提醒的时间", "how long before its end a guarantee is reminded of"),
    (
        "labour_cost.progress_silent",
        "合同未约定时人工费用占工程款的比例",
        "labour share of progress money where the contract is silent",
    ),
    ("labour_cost.share_in_contract", "合同是否必须约定人工费用比例", "whether the contract must fix the labour share"),
    ("labour_cost.contract", "人工费用占合同价款的最低比例", "lowest labour share of the contract sum"),
    ("account.required_from_sum", "须开设专用账户的合同金额（含）", "contract sum from which a wage account is needed"),
    (
        "account.required_over_months",
        "须开设专用账户的工期（超过，月）",
        "period above which a wage account is needed, in months",
    ),
    (
        "bond.fund_proof_for_government",
        "政府投资项目可否以资金落实证明代替支付担保",
        "whether fund proof may stand for the bond of a government project",
    ),
    ("platform.before_start", "是否须在开工前录入监管平台", "whether data go to the platform before the start of work"),
    ("platform.holds_all_records", "监管平台是否须有全部记录", "whether the platform must hold every record"),
    ("gate.permit_owner_overdue", "建设单位拖欠工程款是否不予施工许可", "whether overdue project money blocks a permit"),
    ("gate.completion_price_audit", "政府投资项目未审核价款是否不予竣工验收", "whether a missing price audit blocks acceptance"),
    ("gate.registration_settlement", "未办结结算是否不予产权登记", "whether an open settlement blocks registration"),
    (
        "completion_gate_rule",
        "欠薪未解决是否不予竣工验收（地方规定）",
        "whether arrears block completion acceptance by local rule",
    ),
    ("claim.contact", "收到投诉后联系投诉人的期限", "time to contact whoever complained"),
    ("joint.persons", "联动处置的人数标准", "persons from which departments act jointly"),
    ("joint.project_arrears", "联动处置的拖欠工程款标准", "overdue project money from which departments act jointly"),
    ("joint.enterprise_arrears", "联动处置的企业欠薪标准", "a company's arrears from which departments act jointly"),
    ("wage.minimum_month", "当地月最低工资标准", "the local minimum wage of a month"),
];

/// Kinds of work behind `labour_cost.contract.*` and `labour_cost.progress.*`.
const WORKS: &[(&str, &str, &str)] = &[
    ("building", "房屋建筑", "buildings"),
    ("bridge", "桥梁", "bridges"),
    ("drainage", "排水", "drainage"),
    ("municipal", "市政", "municipal works"),
    ("transport", "交通", "transport"),
    ("road", "道路", "roads"),
    ("metro", "轨道交通", "metro"),
    ("installation", "安装", "installation"),
    ("water", "水利", "water works"),
];

/// What a parameter means, in Chinese and English; `None` where its rule says it.
pub fn meaning(key: &str) -> Option<(String, String)> {
    if let Some((_, zh, en)) = MEANINGS.iter().find(|(known, ..)| *known == key) {
        return Some(((*zh).to_owned(), (*en).to_owned()));
    }
    let (base, of_zh, of_en) =
        [("labour_cost.contract.", "合同价款", "the contract sum"), ("labour_cost.progress.", "工程进度款", "progress money")]
            .into_iter()
            .find(|(base, ..)| key.starts_with(base))?;
    let work = key.strip_prefix(base)?;
    let (_, zh, en) = WORKS.iter().find(|(known, ..)| *known == work)?;
    Some((format!("{zh}工程人工费用占{of_zh}的最低比例"), format!("lowest labour share of {of_en}, {en}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::book::keys::{KEYS, spec};

    #[test]
    fn what_only_regions_set_is_explained_and_nothing_else_is_named() {
        for spec in KEYS.iter().filter(|spec| !spec.national) {
            assert!(meaning(spec.key).is_some(), "`{}` has no meaning in library/names.rs", spec.key);
        }
        for (index, (key, ..)) in MEANINGS.iter().enumerate() {
            assert!(spec(key).is_some(), "`{key}` is no parameter");
            assert!(!MEANINGS[..index].iter().any(|(known, ..)| known == key), "`{key}` stands twice");
        }
    }
}
