//! The text beside a file: what came of it, in Chinese and English, and where to see more. It quotes what an uploader would be answered.

use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::settlement::Receipt;
use crate::store::inbox::InboxState;
use crate::web::Problem;

pub(super) fn said(zh: &str, en: &str) -> String {
    format!("{zh}\n{en}\n")
}

pub(super) fn too_large(limit: usize) -> String {
    let mib = limit / (1024 * 1024);
    said(&format!("文件超过 {mib} MiB，未读取。"), &format!("The file has more than {mib} MiB and was not read."))
}

/// What became of a file that was handed in before the process ended.
pub(super) fn kept(id: InboxId, state: InboxState) -> String {
    said(
        &format!("文件已保存（{id}），状态 {state}；服务曾中断，详情见“银行文件”或“花名册”页面。"),
        &format!("The file is kept as {id}, state {state}; the service was interrupted, its page tells the rest."),
    )
}

pub(super) fn of_problem(problem: &Problem) -> String {
    let mut text = said(&problem.zh, &problem.en);
    for fault in &problem.faults {
        text.push_str(&format!("\n{} [{}]\n{}\n{}\n", fault.place, fault.reason, fault.zh, fault.en));
    }
    text
}

pub(super) fn of_receipt(receipt: &Receipt) -> String {
    let Receipt { inbox_id, state, format, items, applied, .. } = receipt;
    let (zh, en) = match state {
        InboxState::Done => ("全部已入账。", "All of it was taken."),
        InboxState::Part => ("部分已入账，其余待处理。", "Part of it was taken, the rest waits."),
        InboxState::Duplicate => ("此前已收到同一文件，未重复入账。", "The same file came before; nothing was booked twice."),
        _ => ("未能入账，文件已保存。", "Nothing of it was booked; the file is kept."),
    };
    let mut text = said(zh, en);
    text.push_str(&format!("\n{inbox_id}  {format}  {state}  {applied}/{items}\n"));
    for one in &receipt.statements {
        text.push_str(&format!("+{} ={} ~{} ?{}  {}\n", one.new, one.merged, one.duplicates, one.quarantined, one.link));
    }
    if receipt.is_sheet && *state == InboxState::Quarantined {
        text.push_str(&said(
            "\n可在“银行文件”页面说明这份表格各列的含义和所属账户，之后同样的表格会自动读取。",
            "On the page of bank files a person can say what the columns mean and whose account it is; the next one is read by itself.",
        ));
    }
    for one in &receipt.problems {
        text.push_str(&format!("\n{} [{}]\n{}\n{}\n", one.place, one.reason, one.zh, one.en));
    }
    let more = receipt.problems_total.saturating_sub(receipt.problems.len());
    if more > 0 {
        text.push_str(&format!("\n… {more}\n"));
    }
    text
}

pub(super) fn of_roster(project: ProjectId, id: RecordId, (good, bad): (i32, i32), begun: bool) -> String {
    let (zh, en) = match begun {
        true => ("花名册已保存，正在登记。", "The roster is kept and is being taken."),
        false => {
            ("花名册已保存，待劳资专管员核对后登记。", "The roster is kept and waits for the labour manager to have it taken.")
        }
    };
    let counts = said(
        &format!("可读 {good} 行，不可读 {bad} 行；逐行结果见下列页面。"),
        &format!("{good} rows can be read, {bad} cannot; the page tells each."),
    );
    format!("{}{counts}/projects/{project}/workers/rosters/{id}\n", said(zh, en))
}
