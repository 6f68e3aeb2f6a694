//! The measures by which looks are compared, and what rules call them.

use fingerprint::HashKind;

use crate::v1::Comparison;

/// How the similarity of two looks is measured: by what a network sees, or as the share of equal bits of two hashes, of
/// which there are several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// By the share of equal bits of two 64-bit pHashes.
    Phash,
    /// By the share of equal bits of two hashes of another kind.
    Hash(HashKind),
    /// By what a neural network sees in two pictures, place by place.
    View,
    /// By what the network sees in tiles of them, each place held against the places around it in all pictures that are right.
    Parts,
    /// In a way that a later version has and this one does not.
    Unknown,
}

/// All that this version has, with what rules call them.
const NAMED: [(&str, Measure); 8] = [
    (Measure::VIEW, Measure::View),
    (Measure::PARTS, Measure::Parts),
    (Measure::PHASH, Measure::Phash),
    ("mean", Measure::Hash(HashKind::Mean)),
    ("median", Measure::Hash(HashKind::Median)),
    ("gradient", Measure::Hash(HashKind::Gradient)),
    ("double-gradient", Measure::Hash(HashKind::DoubleGradient)),
    ("blockhash", Measure::Hash(HashKind::Blockhash)),
];

impl Measure {
    /// [`Measure::Phash`] in a word: what holds where no rule says anything.
    pub const PHASH: &'static str = "phash";

    /// [`Measure::View`] in a word: what holds in a new installation that has the network's weights.
    pub const VIEW: &'static str = "view";

    /// [`Measure::Parts`] in a word: for parts on a line, which lie a little differently each time.
    pub const PARTS: &'static str = "parts";

    /// The words of all that this version has.
    pub const WORDS: [&'static str; NAMED.len()] = {
        let mut words = [""; NAMED.len()];
        let mut at = 0;
        while at < NAMED.len() {
            words[at] = NAMED[at].0;
            at += 1;
        }
        words
    };

    /// The measure that rules call so.
    pub fn of(word: &str) -> Self {
        let named = NAMED.iter().find(|(name, _)| *name == word);
        named.map_or(Measure::Unknown, |(_, measure)| *measure)
    }

    /// The word by which rules call it; `None` for one that this version does not have.
    pub fn word(self) -> Option<&'static str> {
        let named = NAMED.iter().find(|(_, measure)| *measure == self);
        named.map(|(word, _)| *word)
    }

    /// The hash that looks must have for it, beside the pHash that they all have.
    pub fn hash(self) -> Option<HashKind> {
        match self {
            Measure::Hash(kind) => Some(kind),
            Measure::View | Measure::Parts | Measure::Phash | Measure::Unknown => None,
        }
    }

    /// Whether it needs the network, and so its weights.
    pub fn needs_network(self) -> bool {
        matches!(self, Measure::View | Measure::Parts)
    }
}

impl Comparison {
    /// The word of the measure that it was made by. Comparisons of earlier versions do not say theirs: they had but one.
    pub fn measure_word(&self) -> &str {
        match self.measure.as_str() {
            "" => Measure::PHASH,
            word => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_that_of_its_measure() {
        for word in Measure::WORDS {
            assert_eq!(Measure::of(word).word(), Some(word));
        }
        assert_eq!(Measure::of("a later one"), Measure::Unknown);
        assert_eq!(Measure::Unknown.word(), None);
    }
}
