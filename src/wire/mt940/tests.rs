use super::*;

fn parse(text: &str) -> (Vec<Statement>, Vec<Problem>) {
    let mut problems = Problems::default();
    let statements = read(text, &mut problems);
    (statements, problems.into_list())
}

const PLAIN: &str = "{1:F01TESTCNBJAXXX0000000000}{2:I940TESTCNBJXXXXN}{4:\r\n:20:ST260302\r\n:25:6200001234567890123\r\n:28C:00042/001\r\n:60F:C260301CNY100000,00\r\n:61:2603020302D5860,50NTRFNONREF//V0001\r\n代发工资\r\n:86:166?00代发?20EREF+L0001-1?21SVWZ+三月工?22资?31622200001?32张三\r\n:61:2603020302RD860,50NTRFREF7//V0001\r\n:86:代发工资不成功退回款项\r\n:62F:C260302CNY95000,00\r\n:64:C260302CNY95000,00\r\n-}";

fn reasons(problems: &[Problem]) -> Vec<Reason> {
    problems.iter().map(|problem| problem.reason).collect()
}

#[test]
fn a_statement_in_its_block_is_read() {
    let (statements, problems) = parse(PLAIN);
    assert_eq!(problems, []);
    let statement = &statements[0];
    assert_eq!((statement.account.as_deref(), statement.currency.as_deref()), (Some("6200001234567890123"), Some("CNY")));
    assert_eq!((statement.sequence, statement.page.unwrap().number), (Some(42), 1));
    assert_eq!(statement.opening.unwrap().to_string(), "100000.00");
    let [debit, refund] = statement.entries.as_slice() else { panic!() };
    assert_eq!((debit.direction, debit.bank_ref.as_deref(), debit.entry_ref.as_deref()), (Direction::Debit, Some("V0001"), None));
    let detail = &debit.details[0];
    assert_eq!(detail.end_to_end_id.as_deref(), Some("L0001-1"));
    assert_eq!(detail.counterparty.as_deref(), Some("张三"));
    assert_eq!(detail.counterparty_account.as_deref(), Some("622200001"));
    assert_eq!(detail.text.as_deref(), Some("三月工资"));
    assert!(refund.reversal && refund.direction == Direction::Credit && refund.gives_back());
    assert_eq!(refund.entry_ref.as_deref(), Some("REF7"));
}

#[test]
fn a_reversed_credit_shrinks_the_balance() {
    let (statements, problems) = parse(":20:A\n:25:1\n:60F:C260301CNY10,\n:61:260302RC10,NMSCX\n:62F:C260302CNY0,\n");
    assert_eq!(problems, []);
    assert!(statements[0].entries[0].reversal && statements[0].entries[0].direction == Direction::Debit);
}

#[test]
fn a_day_that_does_not_exist_is_the_last_of_its_month() {
    let (statements, problems) = parse(":20:A\n:25:1\n:60F:C260201CNY1,\n:61:260230D1,NMSCX\n:62F:C260228CNY0,\n");
    assert_eq!(statements[0].entries[0].value_on.unwrap().to_string(), "2026-02-28");
    assert_eq!(reasons(&problems), [Reason::BadTime]);
    assert!(problems[0].zh.contains("260230"));
}

#[test]
fn amounts_without_comma_or_decimals_are_whole() {
    for (text, shown) in
        [("1234", "1234.00"), ("1234,", "1234.00"), ("1234,5", "1234.50"), ("1.234,56", "1234.56"), ("1234.56", "1234.56")]
    {
        assert_eq!(amount_of(text).unwrap().to_string(), shown);
    }
    assert_eq!(amount_of("1.234.567"), None);
}

#[test]
fn missing_heads_are_borne() {
    let (statements, problems) = parse(":25:1\n:61:260302C1,NMSCX\n:62F:C260302CNY1,");
    assert_eq!(statements[0].id.as_deref(), Some("1-2026-03-02-1"));
    assert_eq!(statements[0].entries.len(), 1);
    assert_eq!(reasons(&problems), [Reason::MissingField, Reason::MissingField]);
}

#[test]
fn unknown_tags_are_skipped_with_their_lines() {
    let (statements, problems) = parse(
        ":20:A\n:NS:22x\nmore of it\n:25:1\n:60F:C260301CNY1,\n:61:260302D1,NMSCX\n:NS:17y\nnoise\n:86:text\n:62F:C260302CNY0,\n",
    );
    assert_eq!(problems, []);
    assert_eq!(statements[0].entries[0].text.as_deref(), Some("text"));
}

#[test]
fn information_is_joined_and_split() {
    let (statements, _) = parse(
        ":20:A\n:25:1\n:60F:C260301CNY3,\n:61:260302D1,NMSCX\n:86:/EREF/L7-1/CNTP/622200002/TESTCNBJ/李四/REMI/USTD//三月/RTRN/AC04\n:61:260302D1,NMSCX\n:86:plain text of one\nand two lines\n:61:260302D1,NMSCX\nsupplement\n:62F:C260302CNY0,\n",
    );
    let [slashed, plain, supplement] = statements[0].entries.as_slice() else { panic!() };
    let detail = &slashed.details[0];
    assert_eq!(detail.end_to_end_id.as_deref(), Some("L7-1"));
    assert_eq!(detail.counterparty.as_deref(), Some("李四"));
    assert_eq!(detail.return_reason.as_deref(), Some("AC04"));
    assert_eq!(detail.text.as_deref(), Some("三月"));
    assert_eq!(plain.text.as_deref(), Some("plain text of one and two lines"));
    assert_eq!(supplement.text.as_deref(), Some("supplement"));
}

#[test]
fn line_ends_blank_lines_and_control_bytes_do_not_matter() {
    let reference = parse(PLAIN).0;
    for odd in [
        PLAIN.replace("\r\n", "\n"),
        PLAIN.replace("\r\n", "\r\n\r\n"),
        PLAIN.replace("\r\n", "\u{1}\r\n\u{3}"),
        PLAIN.trim_end_matches("-}").trim_end().to_owned(),
    ] {
        let mut read = parse(&odd).0;
        for (entry, reference) in read[0].entries.iter_mut().zip(&reference[0].entries) {
            entry.place.clone_from(&reference.place);
        }
        assert_eq!(read, reference, "{odd:?}");
    }
}

#[test]
fn the_booking_day_crosses_new_year() {
    for (line, booked) in
        [("2512311230D1,NMSC", "2025-12-30"), ("2512310102D1,NMSC", "2026-01-02"), ("2601021231D1,NMSC", "2025-12-31")]
    {
        let (statements, _) = parse(&format!(":20:A\n:25:1\n:61:{line}\n"));
        assert_eq!(statements[0].entries[0].booked_on.unwrap().to_string(), booked);
    }
}

#[test]
fn a_funds_code_letter_is_passed_over() {
    let (statements, _) = parse(":20:A\n:25:1\n:61:2603020302DY1234,56NTRFREF\n:61:2603020302CR7,NTRFREF\n");
    assert_eq!(statements[0].entries[0].amount.to_string(), "1234.56");
    assert_eq!((statements[0].entries[1].direction, statements[0].entries[1].reversal), (Direction::Credit, false));
}

#[test]
fn interim_reports_and_their_sums_are_read() {
    let text = ":20:I1\n:25:123456\n:28C:7\n:34F:CNY0,\n:13D:2603021200+0800\n:61:260302D5,NMSCX\n:90D:1CNY5,\n:90C:0CNY0,\n";
    assert_eq!(format_of(text), Some("mt942"));
    let (statements, problems) = parse(text);
    assert_eq!(problems, []);
    assert_eq!((statements[0].kind, statements[0].currency.as_deref()), (StatementKind::Report, Some("CNY")));
    let (_, problems) = parse(&text.replace("1CNY5,", "2CNY6,"));
    assert_eq!(reasons(&problems), [Reason::SumMismatch]);
}

#[test]
fn several_statements_and_broken_chains() {
    let one = ":20:A\n:25:12345\n:28C:1\n:60F:C260301CNY1,\n:62F:C260301CNY1,\n-\n";
    let two = ":20:B\n:25:12345\n:28C:3\n:60F:C260302CNY2,\n:61:260302D1,NMSCX\n:62F:C260302CNY2,\n-\n";
    let file = crate::wire::bank::read(format!("{one}{two}").as_bytes(), None);
    assert_eq!(file.statements.len(), 2);
    assert_eq!(reasons(&file.problems), [Reason::BalanceBreak, Reason::Gap, Reason::BalanceBreak]);
}

#[test]
fn one_bad_line_does_not_sink_its_neighbours() {
    let (statements, problems) =
        parse(":20:A\n:25:1\n:61:nonsense\n:86:of the bad line\n:61:260302D1,NMSCX\n:61:260302X1,NMSC\n");
    assert_eq!(statements[0].entries.len(), 1);
    assert_eq!(reasons(&problems)[..2], [Reason::BadFormat, Reason::BadFormat]);
    assert_eq!(statements[0].entries[0].text, None);
}
