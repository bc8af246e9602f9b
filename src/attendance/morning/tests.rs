//! What a morning makes of work days.

use super::*;

fn row(worker: i64, first: i32, last: i32, flags: &str) -> WorkDayRow {
    WorkDayRow {
        project_id: ProjectId(1),
        worked_on: "2026-03-02".parse().unwrap(),
        enrolment_id: RecordId(worker),
        worker_id: WorkerId(worker),
        first_time: first * 3600,
        last_time: last * 3600,
        punches: if first == last { 1 } else { 2 },
        hundredths: if last - first >= 4 { 100 } else { 0 },
        flags: flags.to_owned(),
        folded_at: Moment(0),
    }
}

fn stay(worker: i64, day: &str, first: i32, last: i32) -> Stay {
    Stay {
        worker_id: WorkerId(worker),
        worked_on: day.parse().unwrap(),
        first_time: first * 3600,
        last_time: last * 3600,
        punches: 2,
        hundredths: 100,
    }
}

#[test]
fn whoever_moves_sites_at_noon_is_not_on_two_at_once() {
    let here = [row(1, 7, 12, ""), row(2, 7, 18, ""), row(3, 8, 8, "single")];
    let on = "2026-03-02";
    let there = [stay(1, on, 13, 18), stay(2, on, 9, 17), stay(3, on, 13, 18), stay(4, on, 7, 18)];
    let found: Vec<i64> = twice(&here, &there).iter().map(|(row, _)| row.worker_id.0).collect();
    assert_eq!(found, [2]);
}

#[test]
fn a_night_is_seen_on_both_sides_of_its_midnight() {
    let here = [row(1, 20, 30, "overnight"), row(2, 0, 5, ""), row(3, 7, 18, "")];
    let there = [stay(1, "2026-03-03", 0, 5), stay(2, "2026-03-01", 20, 30), stay(3, "2026-03-01", 20, 30)];
    let found: Vec<(i64, (i32, i32))> = twice(&here, &there).iter().map(|(row, times)| (row.worker_id.0, *times)).collect();
    assert_eq!(found, [(1, (24 * 3600, 29 * 3600)), (2, (0, 6 * 3600))]);
}

#[test]
fn a_day_begins_from_what_others_did_and_from_what_the_gates_saw() {
    let others =
        [row(1, 7, 17, ""), row(2, 8, 18, ""), row(3, 8, 18, ""), row(4, 8, 8, "single,no_out"), row(5, 0, 23, "corrected")];
    let usual = usual(&others);
    assert_eq!(usual, Some((8 * 3600, 18 * 3600)));
    let who = Somebody { enrolment: RecordId(9), worker: WorkerId(9), name: String::new(), crew: String::new() };
    let open = |time: i32, flags: &str| OpenDay {
        who: who.clone(),
        worked_on: "2026-03-02".parse().unwrap(),
        first_time: time * 3600,
        last_time: time * 3600,
        hundredths: 0,
        flags: flags.to_owned(),
        usual,
        is_told: false,
    };
    assert_eq!(open(7, "single,no_out").proposed(), (7 * 3600, Some(18 * 3600)));
    assert_eq!(open(17, "single,no_in").proposed(), (8 * 3600, Some(17 * 3600)));
    assert_eq!(open(17, "single").proposed(), (8 * 3600, Some(17 * 3600)), "an afternoon without a direction went out");
    assert_eq!(open(7, "single").proposed(), (7 * 3600, Some(18 * 3600)));
    assert_eq!(open(20, "single,no_out").proposed(), (20 * 3600, None), "nobody goes before they come");
    assert_eq!(OpenDay { usual: None, ..open(7, "single") }.proposed(), (7 * 3600, None));
}

#[test]
fn what_two_persons_put_right_lacks_nothing() {
    assert!(lacks_a_passage(&row(1, 8, 8, "single,no_out")));
    assert!(!lacks_a_passage(&row(1, 8, 8, "single,no_out,corrected")));
    assert!(lacks_a_passage(&row(1, 6, 20, "night_unsure")), "a person says whether it was a day or two nights");
    assert!(!lacks_a_passage(&row(1, 8, 10, "")));
    assert!(!lacks_a_passage(&row(1, 8, 10, "overnight")));
}
