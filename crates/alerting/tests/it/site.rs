//! A broker with comparators on it, for the tests beside.

use std::sync::Arc;

use alerting::{
    AlertStates, Clock, EvidenceLimits, EvidenceWriter, FolderRule, Pictures, Settled, Transitions,
};
use bytes::Bytes;
use event_bus::{AlertSubject, Bus, BusConfig, Folder, Role};
use proto::{
    EffectiveRule, timestamp,
    v1::{Alert, Comparison, Finding, Frame, Kind, Reference, Verdict},
};
use test_support::NatsServer;
use time::OffsetDateTime;

/// A nats-server, and what a comparator has there.
pub(crate) struct Site {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) folder: Folder,
    pub(crate) set: FolderRule,
    pub(crate) evidence: EvidenceWriter,
    transitions: Transitions,
}

/// How large the frames are.
pub(crate) const PICTURE_BYTES: u64 = 10_000;

/// More than any test needs.
const MUCH: EvidenceLimits = EvidenceLimits {
    max_bytes: 1_000_000_000,
    folder_max_bytes: 1_000_000_000,
    alerts_per_hour: 1000,
};

impl Site {
    pub(crate) async fn new() -> Self {
        Site::with_evidence(MUCH).await
    }

    pub(crate) async fn with_evidence(limits: EvidenceLimits) -> Self {
        let nats = NatsServer::start();
        let bus = connect(&nats).await;
        let clock = Clock::driven(OffsetDateTime::now_utc());
        let evidence = EvidenceWriter::new(&bus, limits);
        let writer = evidence.clone();
        tokio::spawn(async move { writer.keep_trying().await });
        Site {
            transitions: transitions_upon(AlertStates::default(), &bus, &clock, evidence.clone()),
            evidence,
            nats,
            bus,
            clock,
            folder: "dock".parse().unwrap(),
            set: FolderRule {
                rule: EffectiveRule::of(None, None),
                rule_by: "kim".to_owned(),
                reference_by: "lee".to_owned(),
            },
        }
    }

    /// Connects once more, which makes streams that are missing.
    pub(crate) async fn connect(&self) {
        connect(&self.nats).await;
    }

    /// What another comparator decides with, which knows nothing yet.
    pub(crate) fn other(&self) -> Transitions {
        let evidence = EvidenceWriter::new(&self.bus, MUCH);
        transitions_upon(AlertStates::default(), &self.bus, &self.clock, evidence)
    }

    /// The same, but for that it has heard that somebody publishes something of the view.
    pub(crate) fn other_that_heard(&self) -> Transitions {
        let states = AlertStates::default();
        states.hear(AlertSubject::view(&self.folder), self.clock.now());
        let evidence = EvidenceWriter::new(&self.bus, MUCH);
        transitions_upon(states, &self.bus, &self.clock, evidence)
    }

    /// A frame of this second after the minute before the site was made, compared by the threshold in force.
    pub(crate) fn comparison(&self, second: i64, similarity: f64) -> Comparison {
        let at = Some(timestamp(
            self.clock.now() + time::Duration::seconds(second - 60),
        ));
        let threshold = self.set.rule.threshold;
        let is_mismatch = similarity < threshold;
        let different = is_mismatch.then(|| Finding {
            kind: Kind::Different.into(),
            ..Finding::default()
        });
        Comparison {
            folder: self.folder.to_string(),
            frame: Some(Frame {
                stored_at: at,
                ..Frame::default()
            }),
            reference: Some(Reference {
                id: "a".to_owned(),
                name: "dock.jpg".to_owned(),
                since: Some(timestamp(OffsetDateTime::UNIX_EPOCH)),
            }),
            similarity: Some(similarity),
            verdict: match is_mismatch {
                true => Verdict::Mismatch.into(),
                false => Verdict::Match.into(),
            },
            threshold,
            compared_at: at,
            findings: different.into_iter().collect(),
            ..Comparison::default()
        }
    }

    /// Publishes a comparison and does what follows from it.
    pub(crate) async fn see(&self, comparison: &Comparison) -> Settled {
        self.bus
            .publish_comparison(&self.folder, comparison)
            .await
            .unwrap();
        see(&self.transitions, self, comparison).await
    }

    pub(crate) fn transitions(&self) -> &Transitions {
        &self.transitions
    }

    /// The last alert of the view.
    pub(crate) async fn last(&self) -> Alert {
        self.last_of(&AlertSubject::view(&self.folder)).await
    }

    pub(crate) async fn last_of(&self, subject: &AlertSubject) -> Alert {
        let last = self.bus.latest::<Alert>(subject).await.unwrap();
        last.unwrap().event
    }
}

async fn connect(nats: &NatsServer) -> Bus {
    let config = BusConfig::for_url(nats.url());
    Bus::connect(&config, "test", Role::Worker).await.unwrap()
}

/// Lets these decide upon a comparison.
pub(crate) async fn see(
    transitions: &Transitions,
    site: &Site,
    comparison: &Comparison,
) -> Settled {
    let pictures = Pictures {
        frame: &Bytes::from_static(&[7; PICTURE_BYTES as usize]),
        reference: Some("a"),
    };
    let settled = transitions.after_comparison(&site.folder, &site.set, comparison, pictures);
    settled.await.unwrap()
}

fn transitions_upon(
    states: AlertStates,
    bus: &Bus,
    clock: &Clock,
    evidence: EvidenceWriter,
) -> Transitions {
    Transitions::new(bus.clone(), Arc::new(states), evidence, clock.clone())
}
