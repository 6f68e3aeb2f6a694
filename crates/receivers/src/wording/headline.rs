//! The one line that says it all.

use std::collections::BTreeMap;

use proto::v1::Subject;

use super::item::{adjective, lasted, place, since, what};
use crate::{
    Group, Message, Occasion, Told,
    clock::{Clock, span},
    plain,
};

/// Mail clients and lock screens show hardly more.
const MAX_CHARS: usize = 200;

/// The most kinds that are counted one by one.
const MOST_KINDS: usize = 3;

pub(super) fn of(message: &Message, clock: &Clock) -> String {
    let before = match message.occasion {
        Occasion::Reminder => "Still: ",
        Occasion::Escalation => "Not acknowledged: ",
        Occasion::Test => "Test: ",
        Occasion::Firing | Occasion::Resolved => "",
    };
    let said = match message.told.as_slice() {
        [] => "Framewatch can send you messages".to_owned(),
        [told] => format!("{}: {}", place(told), what(told, clock)),
        told => of_many(told, message.group.as_ref(), clock),
    };
    plain::line(&format!("{before}{said}"), MAX_CHARS)
}

/// `30 cameras at hamburg silent since 10:51`
fn of_many(told: &[Told], group: Option<&Group>, clock: &Clock) -> String {
    let (open, over): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|told| told.ended.is_none());
    if open.is_empty() {
        let longest = over.iter().filter_map(|told| lasted(told)).max();
        let longest = longest.map_or_else(String::new, |it| format!(" after {}", span(it)));
        return format!("{} as they should be again{longest}", them(&over, group));
    }
    let first = open.iter().filter_map(|told| told.since).min();
    let whats = whats(&open);
    let colon = if whats.contains(", ") { ":" } else { "" };
    let others = match over.len() {
        0 => String::new(),
        1 => "; 1 as it should be again".to_owned(),
        more => format!("; {more} as they should be again"),
    };
    let since = since(first, clock);
    format!("{}{colon} {whats}{since}{others}", them(&open, group))
}

/// `30 cameras at hamburg`, or where it is known how many there are, `30 of 40 cameras at hamburg`
fn them(told: &[&Told], group: Option<&Group>) -> String {
    let all = |subject| told.iter().all(|told| told.subject == subject);
    let count = told.len();
    let noun = match (all(Subject::Camera), all(Subject::View), count) {
        (true, _, 1) => "camera",
        (true, ..) => "cameras",
        (_, true, 1) => "view",
        (_, true, _) => "views",
        (.., 1) => "alert",
        _ => "alerts",
    };
    let of_all = group.and_then(|group| group.cameras);
    let of_all = of_all.filter(|_| all(Subject::Camera));
    let of_all = of_all.map_or_else(String::new, |all| format!(" of {all}"));
    format!("{count}{of_all} {noun}{}", of_group(group))
}

fn of_group(group: Option<&Group>) -> String {
    let Some(group) = group else {
        return String::new();
    };
    let name = plain::line(&group.name, 80);
    match (group.by.as_str(), name.as_str()) {
        (_, "") | ("kind" | "state" | "subject", _) => String::new(),
        ("site" | "area", name) => format!(" at {name}"),
        ("folder", name) => format!(" of {name}"),
        ("tag" | "tags", name) => format!(" tagged {name}"),
        (by, name) => format!(" of {} {name}", plain::line(by, 40)),
    }
}

/// `silent`, or `20 silent, 10 frozen`: the commonest first.
fn whats(open: &[&Told]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for told in open {
        *counts.entry(adjective(&told.kind)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if let [(what, _)] = counts.as_slice() {
        return what.clone();
    }
    let others: usize = counts.iter().skip(MOST_KINDS).map(|(_, count)| count).sum();
    let named = counts.into_iter().take(MOST_KINDS);
    let mut named: Vec<_> = named
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    if others > 0 {
        named.push(format!("{others} of other kinds"));
    }
    named.join(", ")
}
