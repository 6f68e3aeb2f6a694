//! A rule's fields on the command line: a flag each, made of the table.

use std::time::Duration;

use clap::{
    Arg, ArgGroup, ArgMatches, Command,
    builder::{BoolValueParser, PossibleValuesParser, TypedValueParser, ValueParser},
};
use proto::{FieldKind, FieldValue, RuleField, v1::Rule};

use super::areas::{self, AreaFlags};

/// The fields that are given, at least one. What is not given stays as it is.
pub(super) struct Fields {
    rule: Rule,
    areas: AreaFlags,
}

impl Fields {
    /// A rule as it is with them.
    pub(super) fn applied_to(self, rule: Rule) -> Rule {
        let mut rule = self.rule.or(rule);
        self.areas.set(&mut rule);
        rule
    }
}

impl clap::FromArgMatches for Fields {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut fields = Fields {
            rule: Rule::default(),
            areas: AreaFlags::from_arg_matches(matches)?,
        };
        fields.update_from_arg_matches(matches)?;
        Ok(fields)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for field in Rule::FIELDS {
            if let Some(value) = matches.get_one::<FieldValue<'static>>(field.flag) {
                field.set(&mut self.rule, Some(*value));
            }
        }
        self.areas.update_from_arg_matches(matches)
    }
}

impl clap::Args for Fields {
    fn augment_args(command: Command) -> Command {
        let flags = Rule::FIELDS.iter().map(|field| field.flag);
        let group = ArgGroup::new("fields")
            .args(flags.chain(areas::FLAGS))
            .required(true)
            .multiple(true);
        let command = command.args(Rule::FIELDS.iter().map(flag));
        AreaFlags::augment_args(command).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        AreaFlags::augment_args_for_update(command.args(Rule::FIELDS.iter().map(flag)))
    }
}

fn flag(field: &'static RuleField) -> Arg {
    let flag = Arg::new(field.flag)
        .long(field.flag)
        .help(help(field))
        .value_parser(parser(field.kind));
    match field.kind {
        FieldKind::Number { least, most } => flag.value_name(format!("{least}..{most}")),
        FieldKind::Seconds { .. } => flag.value_name("DURATION"),
        FieldKind::Switch => flag.value_name("true|false"),
        FieldKind::Word { words } => flag.value_name(words.join("|")),
    }
}

fn help(field: &RuleField) -> String {
    match field.kind {
        FieldKind::Seconds { most_in_words, .. } => {
            format!("{}, as in 30s or 5m; {most_in_words} at most", field.help)
        }
        FieldKind::Number { .. } | FieldKind::Switch | FieldKind::Word { .. } => {
            field.help.to_owned()
        }
    }
}

fn parser(kind: FieldKind) -> ValueParser {
    match kind {
        FieldKind::Number { least, most } => {
            ValueParser::new(move |text: &str| parse_number(text, least, most))
        }
        FieldKind::Seconds {
            most,
            most_in_words,
        } => ValueParser::new(move |text: &str| parse_duration(text, most, most_in_words)),
        FieldKind::Switch => ValueParser::new(BoolValueParser::new().map(FieldValue::Switch)),
        FieldKind::Word { words } => {
            let word = PossibleValuesParser::new(words)
                .try_map(move |text| kind.word(&text).ok_or("it must be one of the words above"));
            ValueParser::new(word)
        }
    }
}

fn parse_number(text: &str, least: f64, most: f64) -> Result<FieldValue<'static>, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(FieldValue::Number(number)),
        _ => Err(format!("a number from {least} to {most} is needed")),
    }
}

fn parse_duration(
    text: &str,
    most: f64,
    most_in_words: &str,
) -> Result<FieldValue<'static>, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; it must be a duration as in 30s or 5m"))?;
    let seconds = duration.as_secs_f64();
    if seconds > most {
        return Err(format!("it must be {most_in_words} at most"));
    }
    Ok(FieldValue::Number(seconds))
}

/// What a field says, as it is printed.
pub(super) fn in_words(kind: FieldKind, value: FieldValue<'_>) -> String {
    match (kind, value) {
        (FieldKind::Seconds { .. }, FieldValue::Number(seconds)) => {
            humantime::format_duration(Duration::from_secs_f64(seconds)).to_string()
        }
        _ => value.to_string(),
    }
}
