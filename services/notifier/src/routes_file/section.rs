//! The tables of the file, and what each setting must be.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use event_bus::ReceiverName;
use hours::Hours;
use proto::v1::AlertMatcher;
use receivers::ReceiverSpec;
use serde::Deserialize;
use strict_file::Faults;
use toml::Spanned;

use crate::{
    outbox::Rate,
    page::{InvalidPageUrl, PageUrl},
    routes::{Escalate, GroupBy, Route},
};

const GROUP_WAITS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);
const INTERVALS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 3600);
const REMINDERS: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 3600);
const ESCALATIONS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600);

/// How long others that are told together are waited for, if a route doesn't say.
const GROUP_WAIT: Duration = Duration::from_secs(10);

/// The most messages of a rate.
const MOST_OF_A_RATE: u32 = 1000;

/// The file as it stands there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) link: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) links_ask_for_login: bool,
    #[serde(default)]
    pub(super) receiver: BTreeMap<Spanned<String>, Spanned<ReceiverSpec>>,
    #[serde(default)]
    pub(super) route: Vec<Spanned<RouteSection>>,
}

/// Routes that people set: receivers, which have secrets, stand in the file alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Routes {
    #[serde(default)]
    pub(super) route: Vec<Spanned<RouteSection>>,
}

/// A table `[[route]]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RouteSection {
    #[serde(default, rename = "match")]
    matching: Option<Spanned<MatchSection>>,
    to: Option<Spanned<OneOrMany>>,
    group_by: Option<Spanned<OneOrMany>>,
    group_wait: Option<Spanned<String>>,
    group_interval: Option<Spanned<String>>,
    remind: Option<Spanned<String>>,
    escalate: Option<Spanned<EscalateSection>>,
    hours: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchSection {
    #[serde(default)]
    folder: OneOrMany,
    #[serde(default)]
    site: OneOrMany,
    #[serde(default)]
    area: OneOrMany,
    #[serde(default)]
    tag: OneOrMany,
    #[serde(default)]
    kind: OneOrMany,
    #[serde(default)]
    subject: OneOrMany,
    #[serde(default)]
    state: OneOrMany,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalateSection {
    after: Spanned<String>,
    to: Spanned<OneOrMany>,
}

/// A text, or a list of texts.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text in quotes, or a list of such")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

/// Reads one route.
pub(super) struct Reading<'a> {
    name: &'a str,
    receivers: &'a [&'a str],
    faults: &'a mut Faults,
}

impl<'a> Reading<'a> {
    pub(super) fn new(name: &'a str, receivers: &'a [&'a str], faults: &'a mut Faults) -> Self {
        Reading {
            name,
            receivers,
            faults,
        }
    }

    /// The route; `None` where a fault was added that leaves nothing to be said of it.
    pub(super) fn route(mut self, section: Spanned<RouteSection>) -> Option<Route> {
        let at = section.span();
        let section = section.into_inner();
        let (matcher, tells_ends) = match section.matching {
            Some(matching) => self.matching(matching)?,
            None => (AlertMatcher::default(), true),
        };
        let Some(to) = section.to else {
            self.faults.add(
                at,
                Some(self.name),
                "it says nobody who is told: to = [\"ops\"]",
            );
            return None;
        };
        let to = self.receivers(to)?;
        let group_by = self.group_by(section.group_by)?;
        let group_wait = self.duration("group-wait", section.group_wait, &GROUP_WAITS)?;
        let group_interval = self.duration("group-interval", section.group_interval, &INTERVALS)?;
        let remind = self.duration("remind", section.remind, &REMINDERS)?;
        Some(Route {
            escalate: self.escalate(section.escalate, &to)?,
            hours: self.hours(section.hours)?,
            matcher,
            tells_ends,
            to,
            group_by,
            group_wait: group_wait.unwrap_or(GROUP_WAIT),
            group_interval: group_interval.unwrap_or_default(),
            remind,
        })
    }

    fn matching(&mut self, section: Spanned<MatchSection>) -> Option<(AlertMatcher, bool)> {
        let at = section.span();
        let section = section.into_inner();
        let matcher = AlertMatcher {
            folders: section.folder.into_vec(),
            sites: section.site.into_vec(),
            areas: section.area.into_vec(),
            tags: section.tag.into_vec(),
            kinds: section.kind.into_vec(),
            subjects: section.subject.into_vec(),
        };
        if let Err(error) = matcher.check() {
            self.faults
                .add(at, Some(self.name), format!("match: {error}"));
            return None;
        }
        let mut states = section.state.into_vec();
        states.sort();
        match states.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["firing", "resolved"] => Some((matcher, true)),
            ["firing"] => Some((matcher, false)),
            _ => {
                let message = "match: state is \"firing\", where ends are not to be told, or [\"firing\", \"resolved\"]: \
                               an end is told to who heard of the beginning";
                self.faults.add(at, Some(self.name), message);
                None
            }
        }
    }

    fn receivers(&mut self, names: Spanned<OneOrMany>) -> Option<Vec<ReceiverName>> {
        let at = names.span();
        let mut found: Vec<ReceiverName> = Vec::new();
        let names = names.into_inner().into_vec();
        if names.is_empty() {
            self.faults
                .add(at.clone(), Some(self.name), "to names nobody");
        }
        for name in names {
            let parsed = name.parse().ok();
            match parsed.filter(|_| self.receivers.contains(&name.as_str())) {
                Some(receiver) if !found.contains(&receiver) => found.push(receiver),
                Some(_) => {}
                None => {
                    let message = format!(
                        "there is no receiver {name:?}; one begins with a line like [receiver.ops], and there are: {}",
                        self.receivers.join(", ")
                    );
                    self.faults.add(at.clone(), Some(self.name), message);
                }
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn group_by(&mut self, words: Option<Spanned<OneOrMany>>) -> Option<Vec<GroupBy>> {
        let Some(words) = words else {
            return Some(Vec::new());
        };
        let at = words.span();
        let mut all = Vec::new();
        for word in words.into_inner().into_vec() {
            match GroupBy::ALL.into_iter().find(|by| by.word() == word) {
                Some(by) => all.push(by),
                None => {
                    let known = GroupBy::ALL.map(GroupBy::word).join(", ");
                    let message =
                        format!("group-by: {word:?} is nothing to group by; there are {known}");
                    self.faults.add(at, Some(self.name), message);
                    return None;
                }
            }
        }
        Some(all)
    }

    fn escalate(
        &mut self,
        section: Option<Spanned<EscalateSection>>,
        told: &[ReceiverName],
    ) -> Option<Option<Escalate>> {
        let Some(section) = section else {
            return Some(None);
        };
        let at = section.span();
        let section = section.into_inner();
        let after = self.duration("escalate.after", Some(section.after), &ESCALATIONS)??;
        let to = self.receivers(section.to)?;
        if let Some(twice) = to.iter().find(|name| told.contains(name)) {
            let message = format!("escalate: {twice} is told by this route in any case");
            self.faults.add(at, Some(self.name), message);
        }
        Some(Some(Escalate { after, to }))
    }

    fn hours(&mut self, hours: Option<Spanned<String>>) -> Option<Option<Hours>> {
        let Some(hours) = hours else {
            return Some(None);
        };
        match hours.get_ref().parse() {
            Ok(parsed) => Some(Some(parsed)),
            Err(error) => {
                let message = format!("hours: {error}");
                self.faults.add(hours.span(), Some(self.name), message);
                None
            }
        }
    }

    fn duration(
        &mut self,
        setting: &str,
        text: Option<Spanned<String>>,
        allowed: &RangeInclusive<Duration>,
    ) -> Option<Option<Duration>> {
        let Some(text) = text else {
            return Some(None);
        };
        match humantime::parse_duration(text.get_ref()) {
            Ok(duration) if allowed.contains(&duration) => Some(Some(duration)),
            _ => {
                let message = format!(
                    "{setting} is a time from {} to {}, as in \"10m\"",
                    humantime::format_duration(*allowed.start()),
                    humantime::format_duration(*allowed.end())
                );
                self.faults.add(text.span(), Some(self.name), message);
                None
            }
        }
    }
}

/// `10/min`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let parsed = text.split_once('/').and_then(|(count, unit)| {
        let count: u32 = count.trim().parse().ok()?;
        let seconds = match unit.trim() {
            "s" | "second" => 1,
            "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86_400,
            _ => return None,
        };
        let per = Duration::from_secs(seconds);
        (1..=MOST_OF_A_RATE)
            .contains(&count)
            .then_some(Rate { count, per })
    });
    parsed.ok_or_else(|| {
        format!(
            "rate is 1 to {MOST_OF_A_RATE} messages in a second, minute, hour or day, as in \"10/min\": {text:?} is not"
        )
    })
}

/// Where the web page is.
pub(super) fn link(link: Option<&Spanned<String>>, faults: &mut Faults) -> Option<PageUrl> {
    let link = link?;
    match link.get_ref().parse() {
        Ok(url) => Some(url),
        Err(error) => {
            let error: InvalidPageUrl = error;
            faults.add(link.span(), None, format!("link is wrong: {error}"));
            None
        }
    }
}
