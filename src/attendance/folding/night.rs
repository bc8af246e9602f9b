//! Shifts that run over midnight: which passages of a morning belong to the day before.
//!
//! Whoever went in during the afternoon or evening and comes out the next morning worked one shift, and it is of the day on which it
//! began. So did whoever went in during the morning and comes out in the small hours: a long day. Only gates that tell the direction
//! tell that; passages without one stay with the day on which they were made. Whoever comes out after a night and soon goes in again
//! begins a day, unless they come out once more before noon and go home. Each passage is of one day, and of which depends on two days
//! and nothing else. Deliberately absent: plans of shifts, which sites do not hand in.

/// A passage of a day, or before noon of the next, in seconds from the first day's midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub time: i32,
    /// Whether it went in, out, or nobody knows.
    pub entered: Option<bool>,
}

/// From here on a passage may begin, and until here it may end, a night's shift: noon, in seconds of the day.
pub const NOON: i32 = 12 * 3600;
/// Seconds of a day.
pub const DAY_SECONDS: i32 = 24 * 3600;
/// From going in to coming out, in seconds, at most. Our own choice: two shifts end to end.
const SHIFT_MAX: i32 = 16 * 3600;
/// Until here on the day after a shift that began in the morning may end. Our own choice: nobody begins a day before it.
const SMALL_HOURS: i32 = DAY_SECONDS + 4 * 3600;
/// From going in in the morning to coming out in the small hours, in seconds, at most. Our own choice: a concrete pour that goes on.
const LONG_DAY_MAX: i32 = 20 * 3600;
/// A break inside a shift, in seconds, at most. Our own choice: between two shifts people sleep.
const BREAK_MAX: i32 = 2 * 3600;
/// A rest around noon, in seconds, at most: whoever passes again so soon after coming out is at work for the day. Our own choice: the
/// rest of the hot months.
const REST_MAX: i32 = 4 * 3600;

/// Whether the second passage goes on with the shift of the first.
fn goes_on(first: Step, second: Step) -> bool {
    let gap = second.time - first.time;
    match (first.entered, second.entered) {
        (Some(true), Some(false)) if first.time < NOON => gap <= LONG_DAY_MAX,
        (Some(true), Some(false)) => gap <= SHIFT_MAX,
        (Some(_), Some(_)) => gap <= BREAK_MAX,
        _ => false,
    }
}

/// How many of one person's first passages of a morning (in order of time) belong to the shift that `last` is the last passage of;
/// `again` is when that person passes first from noon on.
pub fn carried(last: Step, morning: &[Step], again: Option<i32>) -> usize {
    let until = if last.time < NOON { SMALL_HOURS } else { DAY_SECONDS + NOON };
    let mut before = last;
    let mut count = 0;
    // How many there are up to the last that ends something, and up to the first that may begin a day.
    let (mut ended, mut begins) = (0, None);
    for step in morning {
        if step.time >= until || !goes_on(before, *step) {
            break;
        }
        let may_begin = step.entered == Some(true) && step.time >= SMALL_HOURS;
        if may_begin && begins.is_none() {
            begins = Some(count);
        }
        before = *step;
        count += 1;
        // Nobody begins a day in the small hours: who goes in then has only been outside, also where the way out is missing.
        if !may_begin {
            ended = count;
        }
    }
    let Some(begins) = begins.filter(|begins| *begins < ended) else { return ended };
    // They were in and out once more in the morning: a last piece of the night, or the first of a day that goes on.
    let came_out = morning.get(ended.saturating_sub(1)).map_or(last.time, |step| step.time);
    let next = morning.get(ended).map(|step| step.time).or(again);
    if next.is_some_and(|next| next - came_out <= REST_MAX) { begins } else { ended }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i32, minute: i32, entered: Option<bool>) -> Step {
        Step { time: hour * 3600 + minute * 60, entered }
    }

    #[test]
    fn a_night_shift_is_of_the_evening_on_which_it_began() {
        let (inward, out) = (Some(true), Some(false));
        let carried = |last: Step, morning: &[Step]| super::carried(last, morning, None);
        assert_eq!(
            carried(at(19, 0, inward), &[at(24 + 5, 0, out), at(24 + 7, 30, inward)]),
            1,
            "home, and in again for the day"
        );
        assert_eq!(
            carried(at(23, 30, out), &[at(24, 30, inward), at(24 + 5, 0, out), at(24 + 19, 0, inward)]),
            2,
            "a break at midnight"
        );
        assert_eq!(carried(at(13, 0, inward), &[at(24 + 7, 0, inward)]), 0, "somebody forgot to go out");
        assert_eq!(carried(at(13, 0, inward), &[at(24 + 11, 30, out)]), 0, "and forgot to come in as well");
        assert_eq!(carried(at(18, 0, out), &[at(24 + 7, 0, inward)]), 0, "days");
        assert_eq!(carried(at(7, 30, inward), &[at(24 + 2, 0, out)]), 1, "a long day without a passage at noon");
        assert_eq!(carried(at(8, 0, inward), &[at(24, 5, out), at(24 + 7, 30, inward)]), 1, "and in again for the next");
        assert_eq!(carried(at(7, 30, inward), &[at(24 + 4, 30, out)]), 0, "somebody forgot to go out, and to come in");
        assert_eq!(carried(at(4, 30, inward), &[at(24 + 3, 0, out)]), 0, "nobody works so long");
        assert_eq!(carried(at(11, 0, out), &[at(24 + 2, 0, out)]), 0, "who went home in the morning begins no night");
        assert_eq!(carried(at(7, 30, None), &[at(24 + 2, 0, out)]), 0, "nobody knows which way");
        assert_eq!(carried(at(22, 0, None), &[at(24 + 5, 0, None)]), 0, "nobody knows which way");
        assert_eq!(carried(at(22, 0, inward), &[]), 0);
        let until_noon = [at(24 + 11, 0, out), at(24 + 12, 0, inward)];
        assert_eq!(carried(at(20, 0, inward), &until_noon), 1);
    }

    /// Passages from a day's midnight on, as hour and minute; a minus before the hour for going out.
    fn steps(list: &[(i32, i32)]) -> Vec<Step> {
        list.iter().map(|(hour, minute)| at(hour.abs(), *minute, Some(*hour > 0))).collect()
    }

    /// How many of the passages from midnight to noon are of the day before.
    fn of_the_night(last: (i32, i32), next_day: &[(i32, i32)]) -> usize {
        let last = steps(&[last]).remove(0);
        let mut morning = steps(next_day);
        let again = morning.iter().map(|step| step.time).find(|time| *time >= DAY_SECONDS + NOON);
        morning.retain(|step| step.time < DAY_SECONDS + NOON);
        carried(last, &morning, again)
    }

    #[test]
    fn who_goes_in_again_after_a_night_begins_a_day() {
        // The night ends at 4, 6 or 8; in again after one hour, exactly two, or two and a half; out in the evening, or never.
        for ended in [28, 30, 32] {
            for (after, minute) in [(1, 0), (1, 30), (2, 0), (2, 30)] {
                let way_in = (ended + after, minute);
                assert_eq!(of_the_night((20, 0), &[(-ended, 0), way_in, (-41, 30)]), 1, "{ended} {way_in:?}, a day");
                assert_eq!(of_the_night((20, 0), &[(-ended, 0), way_in]), 1, "{ended} {way_in:?}, the way out is missing");
                assert_eq!(
                    of_the_night((20, 0), &[(-ended, 0), way_in, (-41, 30), (44, 0)]),
                    1,
                    "{ended} {way_in:?}, and a night"
                );
            }
        }
    }

    #[test]
    fn who_comes_out_once_more_before_noon_and_goes_home_worked_on() {
        type Case = (&'static [(i32, i32)], usize, &'static str);
        let table: [Case; 12] = [
            (&[(-28, 0), (28, 30), (-31, 0)], 3, "breakfast"),
            (&[(-28, 0), (30, 1), (-33, 0)], 1, "too long outside for a break"),
            (&[(-30, 0), (31, 30), (-34, 0)], 3, "in and out once more"),
            (&[(-30, 0), (31, 30), (-34, 0), (44, 0)], 3, "and the next night"),
            (&[(-30, 0), (31, 30), (-35, 30), (37, 0), (-41, 30)], 1, "a day with a noon"),
            (&[(-30, 0), (31, 30), (-35, 0), (38, 30), (-42, 0)], 1, "a long noon in July"),
            (&[(-30, 0), (31, 30), (-32, 30), (33, 0), (-41, 30)], 1, "a day with an errand"),
            (&[(-30, 0), (31, 30), (-32, 30), (35, 0), (-41, 30)], 1, "a day with a long errand"),
            (&[(-30, 0), (-30, 1), (31, 30), (-41, 30)], 2, "read twice"),
            (&[(-24, 30), (25, 0), (-30, 0), (31, 0), (-41, 30)], 3, "a break at midnight, and a day"),
            (&[(-25, 0), (26, 0)], 2, "nobody begins a day at two"),
            (&[(-26, 0), (28, 0)], 1, "somebody may at four"),
        ];
        for (next_day, wanted, what) in table {
            assert_eq!(of_the_night((20, 0), next_day), wanted, "{what}");
        }
        assert_eq!(of_the_night((-23, 0), &[(24, 30), (-29, 0), (30, 0), (-41, 30)]), 2, "a break at midnight, and a day");
        assert_eq!(of_the_night((7, 30), &[(-25, 0), (31, 30), (-41, 30)]), 1, "a long day, and another");
        assert_eq!(of_the_night((7, 30), &[(-25, 0), (26, 0), (-27, 30), (31, 30)]), 3, "a long day with a break in it");
    }

    #[test]
    fn nights_in_a_row_and_a_day_between_them_keep_their_own_passages() {
        // Two nights with nothing between: the second evening's `in` is nobody's morning.
        assert_eq!(of_the_night((20, 0), &[(-30, 0), (44, 0)]), 1);
        assert_eq!(of_the_night((20, 0), &[(-30, 0)]), 1);
        // Night, day, night: the day keeps both its passages, and the second night its own.
        assert_eq!(of_the_night((20, 0), &[(-30, 0), (31, 30), (-41, 30), (43, 0)]), 1);
        assert_eq!(of_the_night((19, 0), &[(-30, 0), (32, 0), (-36, 30)]), 1);
    }
}
