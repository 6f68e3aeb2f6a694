//! Which acknowledgements can be, and the words for what they call an alert.

use crate::{
    InvalidLine, line,
    v1::{Acknowledgement, Label},
};

/// An acknowledgement that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAcknowledgement {
    /// Nobody is named.
    #[error("name is empty; it must say who acknowledges")]
    Nobody,
    /// A text is too long, or not one line.
    #[error(transparent)]
    Line(#[from] InvalidLine),
}

impl Acknowledgement {
    /// The longest name, in characters.
    pub const MAX_NAME: usize = 80;

    /// The longest note, in characters.
    pub const MAX_NOTE: usize = 1000;

    /// Checks that name and note are valid.
    pub fn check(&self) -> Result<(), InvalidAcknowledgement> {
        if self.name.trim().is_empty() {
            return Err(InvalidAcknowledgement::Nobody);
        }
        line::check("name", &self.name, Self::MAX_NAME)?;
        Ok(line::check("note", &self.note, Self::MAX_NOTE)?)
    }
}

impl Label {
    /// The words by which people say it.
    pub const WORDS: [&'static str; 2] = ["real", "normal"];

    /// The label that a word stands for; `None` if it is none of [`Self::WORDS`].
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "real" => Some(Label::Real),
            "normal" => Some(Label::Normal),
            _ => None,
        }
    }

    /// Its word; empty where nobody has said.
    pub fn word(self) -> &'static str {
        match self {
            Label::Unspecified => "",
            Label::Real => "real",
            Label::Normal => "normal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, note: &str) -> Result<(), String> {
        let acknowledgement = Acknowledgement {
            name: name.to_owned(),
            note: note.to_owned(),
            ..Acknowledgement::default()
        };
        acknowledgement.check().map_err(|error| error.to_string())
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("ä", ""), Ok(()));
        assert_eq!(check(&"ä".repeat(80), &"日".repeat(1000)), Ok(()));
        let refused = check(&"ä".repeat(81), "").unwrap_err();
        assert!(refused.contains("81 characters"), "{refused}");
        let refused = check("Jo", &"x".repeat(1001)).unwrap_err();
        assert!(refused.contains("note has 1001"), "{refused}");
    }

    #[test]
    fn each_word_names_a_label_and_nothing_else_does() {
        for word in Label::WORDS {
            assert_eq!(Label::named(word).unwrap().word(), word);
        }
        assert_eq!((Label::named(""), Label::named("Real")), (None, None));
    }

    #[test]
    fn nobody_and_what_does_not_show_are_refused() {
        for name in ["", " ", "\u{3000}\t"] {
            assert!(check(name, "").unwrap_err().contains("who"), "{name:?}");
        }
        for text in ["a\0b", "a\nb", "a\u{1b}[31m", "a\u{85}"] {
            assert!(check(text, "").unwrap_err().contains("name has"));
            assert!(check("Jo", text).unwrap_err().contains("note has"));
        }
    }
}
