//! What keys are to hold: those of the steps that write them whose effect lasts.

use std::collections::BTreeMap;

use crate::redis_keys::ENTRIES_KEPT;

/// The number of an event, and one of the commands that put it into Redis.
pub(crate) type Step = (u64, Vec<String>);

/// The steps of each key, by what they are about: a later step about the same takes the place of an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Wanted(BTreeMap<String, BTreeMap<About, Step>>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    TheKey,
    /// A member of a set.
    Member(String),
    /// The entry of this event.
    Entry(u64),
}

impl Wanted {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn learn(&mut self, step: Step) {
        let (sequence, words) = &step;
        let about = match words[0].as_str() {
            "SADD" | "SREM" => About::Member(words[2].clone()),
            "XADD" => About::Entry(*sequence),
            _ => About::TheKey,
        };
        let steps = self.0.entry(words[1].clone()).or_default();
        let is_entry = matches!(about, About::Entry(_));
        steps.insert(about, step);
        if is_entry && steps.len() > ENTRIES_KEPT {
            steps.pop_first();
        }
    }

    /// Takes in a step if it holds others of that key; gives it back if not.
    pub(crate) fn divert(&mut self, step: Step) -> Option<Step> {
        if self.0.contains_key(&step.1[1]) {
            self.learn(step);
            return None;
        }
        Some(step)
    }

    /// Forgets all keys but these.
    pub(crate) fn keep_only(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.0.retain(|key, _| is_wanted(key));
    }

    /// Forgets the steps that are not wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&[String]) -> bool) {
        for steps in self.0.values_mut() {
            steps.retain(|_, (_, words)| is_wanted(words));
        }
    }

    /// All steps; those of each key in the order of their events.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let steps = self.0.values().flat_map(BTreeMap::values);
        steps.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(sequence: u64, words: &str) -> Step {
        (sequence, words.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn the_last_step_about_the_same_lasts() {
        let mut wanted = Wanted::default();
        for (sequence, words) in [
            (1, "SET alert_a one"),
            (2, "DEL alert_a"),
            (3, "SADD folders a"),
            (4, "SADD folders b"),
            (5, "SREM folders a"),
            (9, "XADD alerts later"),
            (10, "XADD alerts last"),
        ] {
            wanted.learn(step(sequence, words));
        }
        let lasting = [
            step(2, "DEL alert_a"),
            step(9, "XADD alerts later"),
            step(10, "XADD alerts last"),
            step(5, "SREM folders a"),
            step(4, "SADD folders b"),
        ];
        assert_eq!(wanted.steps(), lasting);

        assert!(wanted.divert(step(11, "SET alert_b one")).is_some());
        assert!(wanted.divert(step(11, "SET alert_a two")).is_none());
        wanted.keep_only(|key| key == "alert_a");
        assert_eq!(wanted.steps(), [step(11, "SET alert_a two")]);
    }

    #[test]
    fn of_entries_so_many_last_as_the_stream_keeps() {
        let mut wanted = Wanted::default();
        for sequence in 0..ENTRIES_KEPT as u64 + 2 {
            wanted.learn(step(sequence, "XADD alerts"));
        }
        let steps = wanted.steps();
        assert_eq!((steps.len(), steps[0].0), (ENTRIES_KEPT, 2));
    }
}
