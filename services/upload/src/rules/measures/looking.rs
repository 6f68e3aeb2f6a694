//! The pictures behind alerts, looked at by several measures: each frame held against its reference as it was, and
//! against the normal pictures of today where that still is the reference. A picture that is a normal one itself says
//! nothing.

use std::sync::Arc;

use alerting::Shown;
use bytes::Bytes;
use comparison::{
    Baseline, BaselinePicture, Compared, Digest, Look, Needs, compare, is_too_dark, rule_digest,
};
use event_bus::{Exhibit, Folder};
use fingerprint::Error;
use folder_state::Known;
use looks::{LookError, Model, Viewer};
use proto::{
    EffectiveRule,
    v1::{Fingerprint, Kind, Upload, Verdict},
};
use service_runtime::NotDone;

use super::{
    means::Measures,
    seen::{Key, Saw, Told},
    ways::Ways,
};
use crate::{
    broker::{Broker, Kept},
    problem::Problem,
};

/// What the folder's frames are compared with today.
pub(super) struct Held {
    reference: Option<Fingerprint>,
    normals: Vec<Upload>,
    /// The ids of them all, the reference first.
    ids: Arc<[String]>,
}

/// Looks at the pictures behind the alerts of a folder, one after another.
pub(super) struct Looking<'a> {
    measures: &'a Measures,
    broker: &'a Broker,
    folder: &'a Folder,
    held: Held,
    model: Option<Arc<Model>>,
    ways: Vec<Way>,
    /// The reference of the alert that was looked at last; most have the same.
    reference: Bytes,
}

/// One measure, and what it has taken so far.
struct Way {
    rule: Arc<EffectiveRule>,
    digest: Digest,
    normals: Option<Vec<BaselinePicture>>,
    /// The baseline of the last reference and the normal pictures; `None` inside where the reference cannot be read.
    baseline: Option<Option<Arc<Baseline>>>,
}

impl Held {
    pub(super) fn of(state: &Known, folder: &Folder) -> Self {
        let reference = state.reference(folder);
        let normals = state.normals(folder).to_vec();
        let all = reference.into_iter().chain(&normals);
        Held {
            ids: all.map(|upload| upload.id.clone()).collect(),
            reference: reference.and_then(|upload| upload.fingerprint.clone()),
            normals,
        }
    }

    /// Whether this still is the reference.
    fn has(&self, look: &Look) -> bool {
        self.reference == Some(look.fingerprint.into())
    }
}

impl<'a> Looking<'a> {
    pub(super) fn new(
        (measures, broker): (&'a Measures, &'a Broker),
        folder: &'a Folder,
        held: Held,
        ways: Ways,
    ) -> Self {
        let rules = ways.rules.into_iter();
        Looking {
            measures,
            broker,
            folder,
            held,
            model: ways.model,
            ways: rules.map(Way::new).collect(),
            reference: Bytes::new(),
        }
    }

    /// What the pictures behind an alert show.
    pub(super) async fn at(&mut self, alert: &str) -> Result<Saw, Problem> {
        let (mut behind, mut shown) = (None, Vec::new());
        let mut unreadable = 0;
        for at in 0..self.ways.len() {
            let key = self.key(alert, at);
            let told = match self.measures.remembered.get(&key) {
                Some(told) => told,
                None => {
                    if behind.is_none() {
                        behind = Some(match self.behind(alert).await? {
                            Ok(pictures) => pictures,
                            Err(saw) => return Ok(saw),
                        });
                    }
                    let (frame, reference) = behind.as_ref().expect("it was just read");
                    let told = self.tell(at, frame, reference).await?;
                    self.measures.remembered.insert(key, told);
                    told
                }
            };
            let measure = self.ways[at].rule.measure;
            match told {
                Told::Shown(seen) => shown.extend(seen.map(|seen| (measure, seen))),
                Told::NormalPicture => return Ok(Saw::NormalPicture),
                Told::Unreadable => unreadable += 1,
            }
        }
        Ok(match unreadable == self.ways.len() {
            true => Saw::Unreadable,
            false => Saw::Shown(shown),
        })
    }

    fn key(&self, alert: &str, at: usize) -> Key {
        Key {
            alert: alert.to_owned(),
            way: self.ways[at].digest,
            held: Arc::clone(&self.held.ids),
        }
    }

    /// The frame behind an alert, and its reference; or else what there is to say of them.
    async fn behind(&self, alert: &str) -> Result<Result<(Bytes, Bytes), Saw>, Problem> {
        let read = async |exhibit| {
            let kept = self.broker.evidence(alert, exhibit).await?;
            Ok::<_, Problem>(match kept {
                Kept::Whole(picture) => Ok(picture),
                Kept::Gone => Err(Saw::Gone),
                Kept::Damaged(_) => Err(Saw::Unreadable),
            })
        };
        let frame = match read(Exhibit::Frame).await? {
            Ok(frame) => frame,
            Err(saw) => return Ok(Err(saw)),
        };
        let reference = read(Exhibit::Reference).await?;
        Ok(reference.map(|reference| (frame, reference)))
    }

    async fn tell(&mut self, at: usize, frame: &Bytes, reference: &Bytes) -> Result<Told, Problem> {
        if self.reference != *reference {
            self.reference = reference.clone();
            for way in &mut self.ways {
                way.baseline = None;
            }
        }
        let Some(baseline) = self.baseline(at).await? else {
            return Ok(Told::Unreadable);
        };
        let rule = Arc::clone(&self.ways[at].rule);
        let told = move |look: Look| {
            let mut normals = baseline.pictures().iter().skip(1);
            if normals.any(|normal| normal.look.fingerprint == look.fingerprint) {
                return Told::NormalPicture;
            }
            let compared = compare(&baseline, &look, &rule);
            compared.map_or(Told::Unreadable, |compared| Told::Shown(shown(&compared)))
        };
        let told = self.look(at, frame.clone(), told).await;
        Ok(told.unwrap_or(Told::Unreadable))
    }

    /// The baseline of frames with the last reference; `None` where the reference cannot be read.
    async fn baseline(&mut self, at: usize) -> Result<Option<Arc<Baseline>>, Problem> {
        if let Some(made) = &self.ways[at].baseline {
            return Ok(made.clone());
        }
        let look = self.look(at, self.reference.clone(), |look| look).await;
        let baseline = match look {
            None => None,
            Some(look) => {
                let normals = match self.held.has(&look) {
                    true => self.normals(at).await?,
                    false => Vec::new(),
                };
                let reference = BaselinePicture {
                    id: String::new(),
                    name: String::new(),
                    look,
                };
                // By the measure parts, with many pictures, it takes seconds.
                let make = move |_| Ok(Baseline::new(reference.clone(), normals.clone()));
                done(self.measures.decoding.run(make).await).map(Arc::new)
            }
        };
        self.ways[at].baseline = Some(baseline.clone());
        Ok(baseline)
    }

    /// The folder's normal pictures; those that are lost or cannot be read are left out, as comparators do.
    async fn normals(&mut self, at: usize) -> Result<Vec<BaselinePicture>, Problem> {
        if let Some(made) = &self.ways[at].normals {
            return Ok(made.clone());
        }
        let counting = Baseline::counting_normals(self.ways[at].rule.measure);
        let mut normals = Vec::new();
        for upload in self.held.normals.iter().take(counting) {
            let kept = self.broker.normal(self.folder, &upload.id).await?;
            let Kept::Whole(picture) = kept else {
                continue;
            };
            let look = self.look(at, picture, |look| look).await;
            normals.extend(look.map(|look| BaselinePicture {
                id: upload.id.clone(),
                name: upload.name.clone(),
                look,
            }));
        }
        self.ways[at].normals = Some(normals.clone());
        Ok(normals)
    }

    /// Makes something of the look of a picture, where both are done: off the threads that answer requests. `None`
    /// where the picture cannot be read.
    async fn look<T: Send + 'static>(
        &self,
        at: usize,
        picture: Bytes,
        make: impl Fn(Look) -> T + Send + Sync + 'static,
    ) -> Option<T> {
        let (model, needs) = (self.model.clone(), Needs::of(&self.ways[at].rule));
        let work = move |limits| {
            let mut viewer = Viewer::new(limits, model.clone());
            match viewer.look(&picture, &needs) {
                Ok(look) => Ok(Some(make(look))),
                Err(LookError::Picture(error)) => Err(error),
                Err(LookError::NoModel | LookError::Network) => Ok(None),
            }
        };
        done(self.measures.decoding.run(work).await).flatten()
    }
}

impl Way {
    fn new(rule: EffectiveRule) -> Self {
        Way {
            digest: rule_digest(&rule),
            rule: Arc::new(rule),
            normals: None,
            baseline: None,
        }
    }
}

/// The result of work with a picture; `None` where the picture is at fault.
fn done<T>(done: Result<Result<T, Error>, NotDone>) -> Option<T> {
    match done {
        Ok(done) => done.ok(),
        Err(NotDone::TooMuchMemory { .. }) => None,
        Err(NotDone::Panicked(error)) => {
            tracing::error!(%error, "looking at a picture panicked");
            None
        }
    }
}

/// What a frame shows that was compared with the threshold 1; `None` where the reference has nothing to compare with.
fn shown(compared: &Compared<'_>) -> Option<Shown> {
    let (verdict, findings) = (compared.verdict, &compared.findings);
    let is_blank = findings.iter().any(|it| it.kind() == Kind::Blank);
    match verdict {
        Verdict::Indeterminate if is_too_dark(verdict, findings) => {
            Some(Shown::Dark(compared.similarity))
        }
        Verdict::Match | Verdict::Mismatch if is_blank => Some(Shown::Blank),
        Verdict::Match | Verdict::Mismatch => Some(Shown::Similar(compared.similarity)),
        Verdict::Indeterminate | Verdict::Unreadable | Verdict::Unspecified => None,
    }
}
