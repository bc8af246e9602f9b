//! Files harmed byte by byte, for the tests of every reader: the same harms by the same numbers, so that a finding can be told by them.

/// A harm: which way, where, and how much or with what.
pub(in crate::wire) type Harm = (u8, usize, usize);

/// A way to harm bytes at a place.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire) enum Way {
    /// Another byte.
    Flip,
    /// Some bytes less.
    Cut,
    /// Some bytes twice.
    Double,
    /// A piece that readers stumble over.
    Put,
    /// The same behind the next tag, where a piece means something.
    PutBehindTag,
    /// Nothing from here on.
    End,
}

/// How a kind of file is harmed.
pub(in crate::wire) struct Harming<'p> {
    /// The ways, chosen by the first number of a harm.
    pub ways: [Way; 5],
    /// Bytes that one harm takes out or doubles, at most.
    pub most: usize,
    /// Pieces that its readers stumble over.
    pub pieces: &'p [&'p [u8]],
}

impl Harming<'_> {
    /// Harms the bytes, one harm after the other.
    pub fn harm(&self, bytes: &mut Vec<u8>, harms: &[Harm]) {
        for (kind, at, more) in harms {
            if bytes.is_empty() {
                return;
            }
            let at = at % bytes.len();
            let to = (at + more % self.most).min(bytes.len());
            let piece = self.pieces[more % self.pieces.len()];
            match self.ways[usize::from(*kind) % self.ways.len()] {
                Way::Flip => bytes[at] ^= u8::try_from(more % 255).unwrap() + 1,
                Way::Cut => drop(bytes.drain(at..to)),
                Way::Double => {
                    let again = bytes[at..to].to_vec();
                    drop(bytes.splice(at..at, again));
                }
                Way::Put => drop(bytes.splice(at..at, piece.iter().copied())),
                Way::PutBehindTag => {
                    let at = bytes[at..].iter().position(|byte| *byte == b'>').map_or(at, |more| at + more + 1);
                    drop(bytes.splice(at..at, piece.iter().copied()));
                }
                Way::End => bytes.truncate(at),
            }
        }
    }
}

#[test]
fn the_same_harms_do_the_same_and_each_way_does_its_own() {
    let ways = [Way::Flip, Way::Cut, Way::Double, Way::PutBehindTag, Way::End];
    let harming = Harming { ways, most: 60, pieces: &[b"!"] };
    let after = |harm: Harm| {
        let mut bytes = b"<a>bc</a>".to_vec();
        harming.harm(&mut bytes, &[harm]);
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(after((0, 3, 0)), "<a>cc</a>");
    assert_eq!(after((1, 3, 2)), "<a></a>");
    assert_eq!(after((2, 3, 2)), "<a>bcbc</a>");
    assert_eq!(after((3, 0, 0)), "<a>!bc</a>");
    assert_eq!(after((4, 3, 0)), "<a>");
}
