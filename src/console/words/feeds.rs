//! Words of webhooks, and of what the morning check says of gates. A word of [`super::WORDS`] does not stand here.

/// Word and Chinese.
pub(super) const WORDS: &[(&str, &str)] = &[
    // Gate machines and passages
    ("machine_silent", "没有信号"),
    ("clock_off", "时钟不准"),
    ("clock_in_wrong_zone", "时区疑似有误"),
    ("machine_stuck", "反复上传同一批"),
    ("clockwork_punches", "打卡时间分秒不差"),
    ("same_order_punches", "多日按同一顺序连续打卡"),
    ("one_hand_punches", "疑似一人代多人打卡"),
    // Events of webhooks
    ("alert.opened", "新预警"),
    ("alert.closed", "预警已消除"),
    ("case.opened", "已立案"),
    ("case.closed", "已结案"),
    ("account.opened", "工资专户已开立"),
    ("gate.decided", "关口已答复"),
    ("payroll.settled", "代发批次已有全部结果"),
    ("test", "测试"),
    // Fields that are agreed
    ("project_code", "项目编号"),
    ("project_name", "项目名称"),
    ("subject", "对象"),
    ("kind", "种类"),
    ("title", "标题"),
    ("cure", "整改事项"),
    ("opened_on", "开始日期"),
    ("closed_on", "结束日期"),
    ("outcome", "结果"),
    ("workers", "工人数"),
    ("amount", "金额"),
    ("gate", "关口"),
    ("decision", "决定"),
    ("lines", "行数"),
];
