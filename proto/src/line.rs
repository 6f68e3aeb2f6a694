//! Texts that people give: one line, of a bounded length.

/// A text that is not one line, or too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLine {
    /// It is too long.
    #[error("{field} has {length} characters; it must have at most {most}")]
    TooLong {
        /// As JSON names it.
        field: &'static str,
        /// How many it has.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// It has a character that does not show.
    #[error("{field} has the control character {character:?}; it must be text in one line")]
    Control {
        /// As JSON names it.
        field: &'static str,
        /// The first such.
        character: char,
    },
}

/// Whether `text` is one line of at most `most` characters.
pub(crate) fn check(field: &'static str, text: &str, most: usize) -> Result<(), InvalidLine> {
    let length = text.chars().count();
    if length > most {
        return Err(InvalidLine::TooLong {
            field,
            length,
            most,
        });
    }
    match text.chars().find(|character| character.is_control()) {
        Some(character) => Err(InvalidLine::Control { field, character }),
        None => Ok(()),
    }
}
