//! A field of a rule: its names for programs and for people, the values it can have, and how it is read and set.
//! [`Rule::FIELDS`] lists the fields. Pages, API and commands show and send them, all by that table.

use crate::{InvalidRule, v1::Rule};

/// A field of a rule.
#[derive(Debug)]
pub struct RuleField {
    /// As JSON and forms name it.
    pub name: &'static str,
    /// As the command line names it, without the dashes.
    pub flag: &'static str,
    /// As people are shown it.
    pub label: &'static str,
    /// What its value means, as a sentence without its full stop.
    pub help: &'static str,
    /// What its value means and when to change it, in whole sentences, for people who are about to change it.
    pub about: &'static str,
    /// The values that it can have.
    pub kind: FieldKind,
    /// The value if no rule gives one.
    pub built_in: BuiltIn,
    pub(super) get: fn(&Rule) -> Option<FieldValue<'_>>,
    pub(super) set: fn(&mut Rule, Option<FieldValue<'_>>),
}

/// The value if no rule gives one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BuiltIn {
    /// As if a rule said this.
    Value(FieldValue<'static>),
    /// It follows from what is seen of the folder. No value of the field says so.
    Automatic,
}

/// The values that a field can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldKind {
    /// A number in a range.
    Number {
        /// The least that can be.
        least: f64,
        /// The most that can be.
        most: f64,
    },
    /// A time in seconds, from 0 on.
    Seconds {
        /// The most that can be.
        most: f64,
        /// The same for people, as in "a day".
        most_in_words: &'static str,
    },
    /// Yes or no.
    Switch,
    /// One of some words.
    Word {
        /// As JSON has them.
        words: &'static [&'static str],
    },
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    /// A number, or a time in seconds.
    Number(f64),
    /// Yes or no.
    Switch(bool),
    /// A word: of a rule that a later version has set, it may be one that this version does not know.
    Word(&'a str),
}

impl RuleField {
    /// The field that JSON names so.
    pub fn named(name: &str) -> Option<&'static RuleField> {
        Rule::FIELDS.iter().find(|field| field.name == name)
    }

    /// The value that a rule gives this field.
    pub fn get<'a>(&self, rule: &'a Rule) -> Option<FieldValue<'a>> {
        (self.get)(rule)
    }

    /// Makes a rule say something in this field, or nothing. The value is one of the field's kind.
    pub fn set(&self, rule: &mut Rule, value: Option<FieldValue<'_>>) {
        (self.set)(rule, value);
    }

    /// The value if no rule gives one; `None` if it is automatic.
    pub fn built_in_value(&self) -> Option<FieldValue<'static>> {
        match self.built_in {
            BuiltIn::Value(value) => Some(value),
            BuiltIn::Automatic => None,
        }
    }

    /// Whether it can have more than one value, so that people are asked.
    pub fn has_choice(&self) -> bool {
        !matches!(self.kind, FieldKind::Word { words } if words.len() < 2)
    }

    /// Checks the value that a rule gives this field.
    pub(super) fn check(&self, rule: &Rule) -> Result<(), InvalidRule> {
        match (self.get(rule), self.kind.range()) {
            (Some(FieldValue::Number(value)), Some((least, most)))
                if !(least..=most).contains(&value) =>
            {
                Err(InvalidRule::Number {
                    field: self.name,
                    value,
                    least,
                    most,
                })
            }
            _ => Ok(()),
        }
    }
}

impl FieldKind {
    /// The least and the most that can be, where it says a number.
    pub fn range(&self) -> Option<(f64, f64)> {
        match *self {
            FieldKind::Number { least, most } => Some((least, most)),
            FieldKind::Seconds { most, .. } => Some((0.0, most)),
            FieldKind::Switch | FieldKind::Word { .. } => None,
        }
    }

    /// The value of this word, if it is one that can be.
    pub fn word(&self, text: &str) -> Option<FieldValue<'static>> {
        let FieldKind::Word { words } = self else {
            return None;
        };
        let word = words.iter().find(|word| **word == text);
        word.map(|word| FieldValue::Word(word))
    }
}

impl<'a> FieldValue<'a> {
    /// The number, if it is one.
    pub fn number(self) -> Option<f64> {
        match self {
            FieldValue::Number(number) => Some(number),
            FieldValue::Switch(_) | FieldValue::Word(_) => None,
        }
    }

    /// Yes or no, if it is that.
    pub fn switch(self) -> Option<bool> {
        match self {
            FieldValue::Switch(is_on) => Some(is_on),
            FieldValue::Number(_) | FieldValue::Word(_) => None,
        }
    }

    /// The word, if it is one.
    pub fn word(self) -> Option<&'a str> {
        match self {
            FieldValue::Word(word) => Some(word),
            FieldValue::Number(_) | FieldValue::Switch(_) => None,
        }
    }
}

impl BuiltIn {
    /// [`BuiltIn::Automatic`] for people.
    pub const AUTOMATIC: &'static str = "automatic";
}

impl std::fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuiltIn::Value(value) => value.fmt(f),
            BuiltIn::Automatic => f.write_str(Self::AUTOMATIC),
        }
    }
}

impl std::fmt::Display for FieldValue<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FieldValue::Number(number) => number.fmt(f),
            FieldValue::Switch(is_on) => is_on.fmt(f),
            FieldValue::Word(word) => word.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_of_those_that_can_be() {
        let kind = FieldKind::Word {
            words: &["VIEW", "PHASH"],
        };
        assert_eq!(kind.word("PHASH"), Some(FieldValue::Word("PHASH")));
        assert_eq!(kind.word("phash"), None);
        assert_eq!(FieldKind::Switch.word("true"), None);
    }
}
