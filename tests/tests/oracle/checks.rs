//! What must be true in the end of all that was sent.

mod evidence;
mod folder;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::{Duration, SystemTime},
};

use event_bus::{Bus, RuleScope, Stored};
use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Phase, Verdict},
};

use self::folder::{Folder, Moment, references};
use crate::{
    cameras::Log,
    history::{History, is_decided, number_of},
    losses::{Losses, Outage},
    people::Uploads,
    site::{Site, folder, is_held},
    told::keep_messages,
    undecided::Undecided,
    witness::Witness,
};

/// What the oracle found.
#[derive(Default)]
pub(crate) struct Verdicts {
    frames: usize,
    acknowledged: usize,
    comparisons: usize,
    /// Those that could not be decided, and are excused.
    undecided: usize,
    /// Those that say what was said of an earlier frame.
    carried: usize,
    episodes: usize,
    /// Runs of verdicts that were long enough for an alert to be due within them; and those in an outage, of which nothing
    /// is asked.
    runs: usize,
    excused: usize,
    evidence: usize,
    without_evidence: usize,
    episodes_of_cameras: usize,
    /// The evidence that is there and cannot be read, or should be there.
    unreadable_evidence: Vec<String>,
    wrong: Vec<String>,
}

/// For so long what was said of a frame may stand.
const CARRIED_FOR: Duration = Duration::from_secs(60);

/// A run of so many comparisons brings its alert: comparators die one at a time, and each settles one after another.
const DUE_AFTER: usize = 5;

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} frames sent, {} acknowledged, {} compared, of which {} could not be decided and {} were carried on; {} episodes; {} runs of verdicts \
             brought their alert, {} more were in an outage; {} pictures of evidence equal, {} deleted or said to be missing; \
             {} episodes of cameras",
            self.frames,
            self.acknowledged,
            self.comparisons,
            self.undecided,
            self.carried,
            self.episodes,
            self.runs,
            self.excused,
            self.evidence,
            self.without_evidence,
            self.episodes_of_cameras
        )
    }
}

impl Verdicts {
    pub(crate) async fn of(
        bus: &Bus,
        history: &History,
        witness: &Witness,
        sent: &[Log],
        uploads: &Uploads,
        losses: &Losses,
    ) -> Self {
        let mut verdicts = Verdicts {
            wrong: witness.complaints(bus, losses).await,
            ..Verdicts::default()
        };
        let undecided = Undecided::new(losses, witness.looks.all());
        let mut ids = HashSet::new();
        for (number, (of_folder, log)) in history.folders.iter().zip(sent).enumerate() {
            let subject = Folder {
                number,
                name: folder(number),
                history: of_folder,
                log,
                references: references(of_folder),
            };
            verdicts.frames += log.len();
            verdicts.acknowledged += log.iter().filter(|sent| sent.acknowledged).count();
            verdicts.comparisons += of_folder.comparisons.len();
            verdicts.check_uploads(&subject, uploads);
            verdicts.check_comparisons(&subject, witness, &undecided);
            verdicts.check_look(&subject, &undecided);
            verdicts.check_phases(&subject, &mut ids);
            verdicts.check_alerts(&subject);
            verdicts.check_completeness(&subject, &losses.outages);
            verdicts.check_end(&subject);
            verdicts
                .check_evidence(bus, &subject, losses.evidence_until)
                .await;
            verdicts.check_rule(bus, &subject).await;
            verdicts.check_keys(&subject, history);
        }
        verdicts.check_stream_in_redis(history, losses);
        verdicts.check_alerts_wait_for_no_evidence(history, &losses.without_evidence);
        verdicts.check_damaged_evidence(losses.damaged_of("OBJ_evidence").len());
        verdicts
    }

    /// Takes in what was found of alerts of cameras: how many episodes, and what is wrong.
    pub(crate) fn add_of_cameras(&mut self, (episodes, wrong): (usize, Vec<String>)) {
        self.episodes_of_cameras = episodes;
        self.wrong.extend(wrong);
    }

    /// Takes in what is wrong with what people were told.
    pub(crate) fn add_of_people(&mut self, wrong: Vec<String>) {
        self.wrong.extend(wrong);
    }

    /// Fails where anything was wrong, and leaves what the alerts were, and who was told, beside the services' logs.
    pub(crate) fn assert_good(&self, site: &Site, history: &History) {
        if !self.wrong.is_empty() {
            let alerts: String = history.alerts.iter().map(line).collect();
            std::fs::write(site.logs().join("alerts"), alerts).unwrap();
            keep_messages(&site.receivers, site.logs());
            site.fail(&self.wrong);
        }
        assert!(self.episodes > 0 && self.runs > 0, "nothing happened");
        std::fs::remove_dir_all(site.logs()).unwrap();
    }

    fn require(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(otherwise());
        }
    }

    /// Every acknowledged upload is there, in the order in which they were acknowledged.
    fn check_uploads(&mut self, folder: &Folder<'_>, uploads: &Uploads) {
        let there = folder.history.announced();
        let there: Vec<&str> = there.map(|it| it.upload.id.as_str()).collect();
        let mut at = there.iter();
        for id in uploads.get(&folder.name).into_iter().flatten() {
            self.require(at.any(|other| other == id), || {
                format!("{folder}: the upload {id} is not there, or out of order")
            });
        }
    }

    /// None is invented, none is twice in a stream, and all say what is true.
    fn check_comparisons(
        &mut self,
        folder: &Folder<'_>,
        witness: &Witness,
        undecided: &Undecided<'_>,
    ) {
        let mut seen = HashSet::new();
        for comparison in &folder.history.comparisons {
            let number = number_of(comparison.event.frame.as_ref());
            let with = comparison.event.reference.as_ref().unwrap();
            let stream = witness.comparisons.stream_at(comparison.stored_at);
            // Where one comparator cannot decide, another that has the look in memory can; and what was carried on may be judged
            // itself after all.
            let is_decided = is_decided(comparison);
            let is_carried = comparison.event.carried_from.is_some();
            self.require(
                seen.insert((stream, number, with.since, is_decided, is_carried)),
                || format!("{folder}: frame {number} was compared twice"),
            );
            if !is_decided {
                self.check_undecided(folder, &comparison.event, undecided);
                continue;
            }
            self.check_carried(folder, &comparison.event);
            let expected = folder.expected(&comparison.event);
            self.require(expected == Some(comparison.event.verdict()), || {
                format!(
                    "{folder}: frame {number} was judged {:?}, not {expected:?}",
                    comparison.event.verdict()
                )
            });
        }
    }

    /// What was carried on comes from a frame of shortly before, of which the same was said.
    fn check_carried(&mut self, folder: &Folder<'_>, comparison: &Comparison) {
        let Some(carried_from) = &comparison.carried_from else {
            return;
        };
        self.carried += 1;
        let number = number_of(comparison.frame.as_ref());
        let stored_at = |it: &Comparison| it.frame.as_ref().and_then(|frame| frame.stored_at);
        let at = stored_at(comparison).as_ref().and_then(from_timestamp);
        let age = at
            .zip(from_timestamp(carried_from))
            .map(|(at, from)| at - from);
        let is_recent = age.is_some_and(|age| age > Duration::ZERO && age <= CARRIED_FOR);
        self.require(is_recent, || {
            format!("{folder}: frame {number} was carried on from {age:?} before")
        });
        let mut from = folder.history.comparisons.iter().filter(|it| {
            it.event.carried_from.is_none()
                && stored_at(&it.event).as_ref() == Some(carried_from)
                && it.event.baseline_digest == comparison.baseline_digest
                && it.event.rule_digest == comparison.rule_digest
        });
        let says_the_same = from.all(|from| {
            (from.event.verdict(), from.event.similarity)
                == (comparison.verdict(), comparison.similarity)
        });
        self.require(says_the_same, || {
            format!("{folder}: frame {number} does not say what it was carried on from")
        });
    }

    /// Nobody could have decided.
    fn check_undecided(
        &mut self,
        folder: &Folder<'_>,
        comparison: &Comparison,
        undecided: &Undecided<'_>,
    ) {
        let number = number_of(comparison.frame.as_ref());
        let objection = match folder.announced(comparison) {
            Some(reference) => undecided.objection(comparison, reference),
            None => Some("nobody uploaded its reference".to_owned()),
        };
        self.undecided += usize::from(objection.is_none());
        if let Some(objection) = objection {
            let with = comparison.reference.as_ref().map(|it| &it.id);
            self.wrong.push(format!(
                "{folder}: frame {number} was not decided on with {with:?}: {objection}"
            ));
        }
    }

    /// In the end the look of each reference is stored whose picture is there: it outlives the picture.
    fn check_look(&mut self, folder: &Folder<'_>, undecided: &Undecided<'_>) {
        self.require(folder.history.has_look(undecided), || {
            format!("{folder}: what its reference looks like is not stored")
        });
    }

    /// Firing and resolved take turns, beginning with firing; both of an episode have one id, which no other has. After one
    /// that fires and that nobody can read any more another may fire.
    fn check_phases(&mut self, folder: &Folder<'_>, ids: &mut HashSet<String>) {
        let mut firing: Option<&Stored<Alert>> = None;
        for alert in &folder.history.alerts {
            let (phase, id) = (alert.event.phase(), &alert.event.id);
            if phase == Phase::Firing {
                self.episodes += 1;
                let before = firing.replace(alert);
                let may_fire = before.is_none_or(|before| folder.history.is_unreadable(before));
                self.require(may_fire, || {
                    format!("{folder}: {id} fires while {before:?} does")
                });
                self.require(ids.insert(id.clone()), || {
                    format!("{folder}: two episodes have the id {id}")
                });
            } else {
                let before = firing.take().map(|before| &before.event.id);
                self.require(before == Some(id), || {
                    format!("{folder}: {id} resolves, and {before:?} was firing")
                });
            }
        }
    }

    /// Each alert follows from a comparison that is there, and they go forward in time.
    fn check_alerts(&mut self, folder: &Folder<'_>) {
        let mut comparisons = HashMap::new();
        // Nothing follows from what was carried on.
        let judged = folder.history.decided();
        for comparison in judged.filter(|it| it.event.carried_from.is_none()) {
            let at = Moment::of(&comparison.event);
            comparisons.entry(at).or_insert(comparison);
        }
        let mut last = Moment::default();
        for alert in &folder.history.alerts {
            let at = Moment::of_alert(&alert.event);
            let behind = comparisons.get(&at);
            let verdict = behind.map(|comparison| comparison.event.verdict());
            let due = match alert.event.phase() {
                Phase::Firing => Verdict::Mismatch,
                _ => Verdict::Match,
            };
            let id = &alert.event.id;
            self.require(verdict == Some(due), || {
                format!("{folder}: behind the alert {id} is {verdict:?}, not {due:?}")
            });
            self.require(
                behind.is_none_or(|behind| behind.stored_at <= alert.stored_at),
                || format!("{folder}: the alert {id} was published before its comparison"),
            );
            self.require(last.is_not_after(at), || {
                format!("{folder}: the alert {id} goes back in time")
            });
            last = at;
        }
    }

    /// A run of verdicts that is long enough, and not in an outage of the broker, brings its alert.
    fn check_completeness(&mut self, folder: &Folder<'_>, outages: &[Outage]) {
        if is_held(folder.number) {
            return;
        }
        let comparisons = folder.history.decided();
        let mut comparisons: Vec<_> = comparisons.filter(|it| !folder.is_overruled(it)).collect();
        comparisons.sort_by_key(|comparison| Moment::of(&comparison.event));
        for run in comparisons.chunk_by(|a, b| a.event.verdict() == b.event.verdict()) {
            if run.len() < DUE_AFTER {
                continue;
            }
            let (first, last) = (run[0], run[run.len() - 1]);
            if outages.iter().any(|outage| touches(outage, first, last)) {
                self.excused += 1;
                continue;
            }
            self.require(
                folder.may_be_firing_at(
                    Moment::of(&last.event),
                    last.event.verdict() == Verdict::Mismatch,
                ),
                || {
                    format!(
                        "{folder}: frames {} to {}, {:?} to {:?}, compared from {} to {}, were {:?}, and no alert said so",
                        number_of(first.event.frame.as_ref()),
                        number_of(last.event.frame.as_ref()),
                        Moment::of(&first.event),
                        Moment::of(&last.event),
                        first.stored_at,
                        last.stored_at,
                        last.event.verdict()
                    )
                },
            );
            self.runs += 1;
        }
    }

    /// The last frame is judged, against the last reference, and the alert state is what the last one says that was decided on.
    fn check_end(&mut self, folder: &Folder<'_>) {
        let last_sent = folder.log.len() - 1;
        let newest = folder
            .history
            .comparisons
            .iter()
            .max_by_key(|comparison| Moment::of(&comparison.event));
        let Some(newest) = newest else {
            return self.wrong.push(format!("{folder}: nothing was compared"));
        };
        let number = number_of(newest.event.frame.as_ref());
        self.require(number == last_sent, || {
            format!("{folder}: the last frame is {last_sent}; the last one judged is {number}")
        });
        let id = &newest.event.reference.as_ref().unwrap().id;
        let last_upload = folder.history.announced().last();
        let last_upload = last_upload.map(|last| &last.upload.id);
        self.require(Some(id) == last_upload, || {
            format!("{folder}: the last frame was compared with {id}, not with {last_upload:?}")
        });
        let decided = folder.history.decided();
        let decided = decided.max_by_key(|comparison| Moment::of(&comparison.event));
        let decided = decided.map(|decided| decided.event.verdict());
        let is_mismatch = decided == Some(Verdict::Mismatch);
        self.require(folder.history.may_be_firing(is_mismatch), || {
            format!(
                "{folder}: the last frame was {decided:?}, and the alert is{} firing",
                if is_mismatch { " not" } else { "" }
            )
        });
    }

    /// What a person has set is there still.
    async fn check_rule(&mut self, bus: &Bus, folder: &Folder<'_>) {
        if !is_held(folder.number) {
            return;
        }
        let scope = RuleScope::Folder(folder.name.parse().unwrap());
        let rule = bus.rules().get(&scope).await.unwrap();
        let hold = rule.and_then(|rule| rule.hold_seconds);
        self.require(hold == Some(0.5), || {
            format!("{folder}: its rule is lost: it holds {hold:?} seconds")
        });
    }

    fn check_keys(&mut self, folder: &Folder<'_>, history: &History) {
        let key = |kind: &str| {
            history
                .redis
                .strings
                .get(&format!("{kind}_{}", folder.name))
        };
        let comparisons = folder.history.comparisons.iter().rev();
        let similarity = comparisons.flat_map(|it| it.event.similarity).next();
        let similarity = similarity.map(|similarity| similarity.to_string());
        self.require(key("similarity") == similarity.as_ref(), || {
            format!(
                "{folder}: Redis says {:?}, not {similarity:?}",
                key("similarity")
            )
        });
        let firing = folder.history.alerts.last();
        let firing = firing.filter(|last| last.event.phase() == Phase::Firing);
        let json = key("alert").map(|json| serde_json::from_str::<Alert>(json).unwrap());
        self.require(json.as_ref() == firing.map(|firing| &firing.event), || {
            format!("{folder}: Redis has the alert {json:?}, not {firing:?}")
        });
    }

    /// The stream in Redis has one entry for each alert, in their order, but for those that somebody removed: these may come
    /// again where their alerts were put back.
    fn check_stream_in_redis(&mut self, history: &History, losses: &Losses) {
        let expected = history.entries(&losses.removed);
        // It keeps the latest ten thousand and some more.
        let kept = history.redis.but_for(&losses.removed);
        self.require(
            expected.ends_with(&kept) && kept.len() >= expected.len().min(10_000),
            || {
                format!(
                    "Redis has {} alerts in its stream, not the last of these {}",
                    kept.len(),
                    expected.len()
                )
            },
        );
        let all: HashSet<_> = history.redis.alerts.iter().collect();
        self.require(all.len() == history.redis.alerts.len(), || {
            "an alert has two entries in Redis".to_owned()
        });
    }
}

fn line(alert: &Stored<Alert>) -> String {
    let Alert { id, message, .. } = &alert.event;
    let (sequence, at, phase) = (alert.sequence, alert.stored_at, alert.event.phase().word());
    let moment = Moment::of_alert(&alert.event);
    format!(
        "{sequence} {at} {} {phase} {id} {message} {moment:?}\n",
        alert.key
    )
}

fn touches(outage: &Outage, first: &Stored<Comparison>, last: &Stored<Comparison>) -> bool {
    let from = Moment::of(&first.event)
        .frame
        .map_or(SystemTime::UNIX_EPOCH, SystemTime::from);
    let to = SystemTime::from(last.stored_at) + Duration::from_secs(1);
    outage.from <= to && from <= outage.to
}
