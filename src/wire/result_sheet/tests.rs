use super::*;
use crate::wire::bank::{BankFile, read};

fn lines(file: &BankFile) -> Vec<TransactionStatus> {
    file.payment_status.clone().unwrap().payments.into_iter().flat_map(|one| one.transactions).collect()
}

#[test]
fn a_list_is_read_by_its_names_in_either_encoding() {
    let text = "代发编号,姓名,账号,金额,处理结果,失败原因\nlin-1-1,张三,6222000000000001\t,100.00,成功,\nlin-2-1,李四,6222000000000002\t,200.00,失败,账户已销户\n合计,,,300.00,,\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    for bytes in [text.as_bytes(), gbk.as_ref()] {
        let file = read(bytes, None);
        assert_eq!((file.format.as_str(), file.statements.len()), ("csv", 0));
        assert!(file.problems.is_empty(), "{:?}", file.problems);
        let lines = lines(&file);
        let told: Vec<_> = lines.iter().map(|line| (line.end_to_end_id.as_deref(), line.status.as_deref())).collect();
        assert_eq!(told, [(Some("lin-1-1"), Some("ACCC")), (Some("lin-2-1"), Some("RJCT"))]);
        assert_eq!(lines[1].reasons[0].text.as_deref(), Some("账户已销户"));
        assert_eq!(lines[1].listed.as_ref().unwrap().place, "row 3");
    }
}

#[test]
fn a_row_without_an_id_carries_payee_account_and_amount_and_the_title_names_the_run() {
    let text = "批次号：RUN-1,,,,\n序号,收款人姓名,收款账号,金额(元),交易状态,备注\n1,张三,6222000000000001\t,\"1,100.00\",成功,\n2,李四,,5.00,成功,\n3,王五,6222000000000003\t,5.00,部分成功,\n4,赵六,6222000000000004\t,5.00,,\n5,钱七,6222000000000005\t,x,失败,\n6,孙八,6222000000000006\t,7.00,失败,重复代发\n";
    let file = read(text.as_bytes(), None);
    let report = file.payment_status.clone().unwrap();
    assert_eq!(report.original_message_id.as_deref(), Some("RUN-1"));
    let lines = lines(&file);
    let listed: Vec<_> = lines.iter().map(|line| line.listed.clone().unwrap().name.unwrap()).collect();
    assert_eq!(listed, ["张三", "孙八"]);
    assert_eq!(lines[0].amount.unwrap().to_string(), "1100.00");
    assert_eq!(lines[1].reasons[0].code.as_deref(), Some("DUPL"), "the bank has it: not free for another payment");
    let told: Vec<_> = file.problems.iter().map(|one| (one.place.as_str(), one.reason)).collect();
    assert_eq!(
        told,
        [
            ("row 4, column C (收款账号)", Reason::MissingField),
            ("row 5, column E (交易状态)", Reason::BadFormat),
            ("row 6, column E (交易状态)", Reason::MissingField),
            ("row 7, column D (金额(元))", Reason::BadAmount),
        ]
    );
    assert!(file.problems.iter().all(|one| one.fix_zh.is_some() && !one.zh.contains("62220000")));
}

#[test]
fn words_mean_what_they_say_and_a_statement_stays_a_statement() {
    for (word, status) in [
        ("成功", Some("ACCC")),
        (" accc ", Some("ACCC")),
        ("支付成功", Some("ACSC")),
        ("处理中", Some("PDNG")),
        ("不成功", Some("RJCT")),
        ("RJCT", Some("RJCT")),
        ("部分成功", None),
        ("已退汇", None),
        ("PAID", None),
    ] {
        assert_eq!(status_of(word), status, "{word}");
    }
    let statement =
        "账号,330500010001\n交易日期,摘要,支出,收入,户名,账号,状态\n2026-02-15,代发,10.00,,张三,6222000000000001\t,成功\n";
    let file = read(statement.as_bytes(), None);
    assert!(file.payment_status.is_none() && file.statements.len() == 1, "{file:?}");
}

#[test]
fn the_day_of_booking_is_read_from_its_column_or_from_the_title() {
    let days = |text: &str| -> Vec<Option<String>> {
        let listed = lines(&read(text.as_bytes(), None)).into_iter().map(|line| line.listed.unwrap().on);
        listed.map(|day| day.map(|day| day.to_string())).collect()
    };
    let one = |day: &str| Some(day.to_owned());
    let column = "代发编号,金额,处理结果,入账日期\na,1.00,成功,2026-03-05\nb,1.00,成功,20260306\nc,1.00,成功,\n";
    assert_eq!(days(column), [one("2026-03-05"), one("2026-03-06"), None]);
    let titled = "批次号：RUN-1,入账日期：2026年3月4日\n代发编号,金额,处理结果\na,1.00,成功\n";
    assert_eq!(days(titled), [one("2026-03-04")]);
    let beside = "日期,2026/3/4\n代发编号,金额,处理结果,日期\na,1.00,成功,\nb,1.00,成功,2026-03-05\n";
    assert_eq!(days(beside), [one("2026-03-04"), one("2026-03-05")], "a row's own day stands above the title's");
    let period = "日期：2026-03-01 至 2026-03-31\n代发编号,金额,处理结果,处理时间\na,1.00,成功,10:15:00\n";
    assert_eq!(days(period), [None], "a period and a time alone are no day");
    let broken = read("代发编号,金额,处理结果,入账日期\na,1.00,成功,三月五日\n".as_bytes(), None);
    assert_eq!((lines(&broken).len(), broken.problems[0].reason), (0, Reason::BadTime));
    assert_eq!(broken.problems[0].place, "row 2, column D (入账日期)");
}
