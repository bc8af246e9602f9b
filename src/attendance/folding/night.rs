//! Shifts that run over midnight: which passages of a morning belong to the day before.
//!
//! Whoever went in during the afternoon or evening and comes out the next morning worked one shift, and it is of the day on which it
//! began. So did whoever went in during the morning and comes out in the small hours: a long day. Only gates that tell the direction
//! tell that; passages without one stay with the day on which they were made. Each passage is of one day, and of which depends on two
//! days and nothing else. Deliberately absent: plans of shifts, which sites do not hand in.

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

/// How many of one person's first passages of a morning (in order of time) belong to the shift that `last` is the last passage of.
pub fn carried(last: Step, morning: &[Step]) -> usize {
    let until = if last.time < NOON { SMALL_HOURS } else { DAY_SECONDS + NOON };
    let mut before = last;
    let mut count = 0;
    for step in morning {
        if step.time >= until || !goes_on(before, *step) {
            break;
        }
        before = *step;
        count += 1;
    }
    count
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
}
