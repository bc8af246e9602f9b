//! The demonstration's dice: splitmix64 (Steele, Lea, Flood 2014), seeded by what is rolled for.
//!
//! Everybody and everything has dice of its own, so that one more roll for one changes nothing for the others. Deliberately absent:
//! any use for secrets.

/// Dice for one purpose.
#[derive(Debug, Clone)]
pub struct Luck(u64);

/// The step of splitmix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Luck {
    /// Dice of a city for one thing: `what` names the kind, `number` which of them.
    pub fn of(seed: u64, what: &str, number: usize) -> Self {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let of_what = what.bytes().fold(seed ^ STEP, |mixed, byte| mixed.rotate_left(5).wrapping_mul(STEP) ^ u64::from(byte));
        let mut luck = Luck(of_what ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        luck.next();
        luck
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, and without, `limit`; 0 for a limit of 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.next() % u64::from(limit.max(1))).unwrap_or(0)
    }

    /// Whether something happens that does so `percent` times in a hundred.
    pub fn happens(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the words; nothing of none.
    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let place = self.below(u32::try_from(words.len()).unwrap_or(u32::MAX));
        usize::try_from(place).ok().and_then(|place| words.get(place)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_repeat_for_the_same_thing_and_differ_for_another() {
        let rolls = |seed, what, number| {
            let mut luck = Luck::of(seed, what, number);
            (0..8).map(|_| luck.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1, "person", 3), rolls(1, "person", 3));
        for other in [rolls(2, "person", 3), rolls(1, "day", 3), rolls(1, "person", 4)] {
            assert_ne!(rolls(1, "person", 3), other);
        }
    }

    #[test]
    fn every_face_of_the_die_comes_up() {
        let mut luck = Luck::of(7, "die", 0);
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[usize::try_from(luck.below(6)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(luck.below(0), 0);
        assert_eq!(luck.pick(&[]), "");
    }
}
