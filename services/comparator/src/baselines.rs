//! What frames are held against, where that takes more than the events of the pictures say: computed from the stored
//! pictures and kept in memory, the last used of it, up to so many bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use comparison::{Baseline, BaselinePicture, view};
use event_bus::{Bus, Folder, Normals, Objects, PictureKey, References, StoreError, with_causes};
use log_limiter::LogLimiter;
use proto::Measure;

use crate::{
    looking::{Looking, Unreadable},
    references::{CurrentReference, KnownPicture},
};

/// Computes and keeps baselines.
pub(crate) struct Baselines {
    references: Objects<References>,
    normals: Objects<Normals>,
    lost: LogLimiter<Folder>,
    kept: Mutex<Kept>,
}

/// Why there is nothing to hold a frame against.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BaselineError {
    #[error("cannot read the picture {id} from the object store")]
    Store { id: String, source: StoreError },
    #[error("the stored picture {id} is lost: upload it again")]
    Gone { id: String },
    #[error("the stored picture {id} cannot be read: upload it again")]
    Unreadable { id: String, source: Unreadable },
}

impl BaselineError {
    /// Whether no later attempt can succeed.
    pub(crate) fn is_for_good(&self) -> bool {
        match self {
            BaselineError::Gone { .. } | BaselineError::Unreadable { .. } => true,
            BaselineError::Store { source, .. } => matches!(source, StoreError::Damaged { .. }),
        }
    }
}

struct Kept {
    by_folder: HashMap<Folder, Entry>,
    bytes: usize,
    most_bytes: usize,
    /// Counts uses.
    now: u64,
}

struct Entry {
    baseline: Arc<Baseline>,
    measure: Measure,
    /// The pictures that it is made of.
    of: Vec<String>,
    bytes: usize,
    used: u64,
}

impl Baselines {
    pub(crate) fn new(bus: &Bus, most_bytes: usize) -> Self {
        Baselines {
            references: bus.references(),
            normals: bus.normals(),
            lost: LogLimiter::default(),
            kept: Mutex::new(Kept {
                by_folder: HashMap::new(),
                bytes: 0,
                most_bytes,
                now: 0,
            }),
        }
    }

    /// What the folder's frames are held against by a measure. Computed from the stored pictures where the events carry the
    /// looks of another version, or looks without what the measure needs.
    pub(crate) async fn of(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
        measure: Measure,
        looking: &Looking,
    ) -> Result<Arc<Baseline>, BaselineError> {
        let known = reference.baseline.as_ref();
        if let Some(baseline) = known.filter(|baseline| baseline.suits(measure)) {
            return Ok(Arc::clone(baseline));
        }
        let of: Vec<String> = reference.pictures().map(|it| it.id.clone()).collect();
        if let Some(kept) = self.kept().get(folder, &of, measure) {
            return Ok(kept);
        }
        let key = |picture: &KnownPicture| PictureKey::new(folder, &picture.id);
        let picture = reference.picture();
        let stored = self.references.get(&key(picture)).await;
        let first = look_at(picture, stored, measure, looking).await?;
        let mut others = Vec::new();
        for picture in reference.normals() {
            let stored = self.normals.get(&key(picture)).await;
            match look_at(picture, stored, measure, looking).await {
                Ok(picture) => others.push(picture),
                // The others still say what is right.
                Err(error) if error.is_for_good() => self.say_lost(folder, &error),
                Err(error) => return Err(error),
            }
        }
        let baseline = Arc::new(Baseline::new(first, others));
        self.kept().put(folder, of, measure, &baseline);
        Ok(baseline)
    }

    fn say_lost(&self, folder: &Folder, error: &BaselineError) {
        if self.lost.is_due(folder) {
            tracing::warn!(%folder, error = with_causes(error), "a normal picture is left out");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look_at(
    picture: &KnownPicture,
    stored: Result<Option<Bytes>, StoreError>,
    measure: Measure,
    looking: &Looking,
) -> Result<BaselinePicture, BaselineError> {
    let id = &picture.id;
    let bytes = stored.map_err(|source| BaselineError::Store {
        id: id.clone(),
        source,
    })?;
    let bytes = bytes.ok_or_else(|| BaselineError::Gone { id: id.clone() })?;
    let look = looking.of(bytes, measure).await;
    let look = look.map_err(|source| BaselineError::Unreadable {
        id: id.clone(),
        source,
    })?;
    Ok(picture.with(look))
}

impl Kept {
    fn get(&mut self, folder: &Folder, of: &[String], measure: Measure) -> Option<Arc<Baseline>> {
        self.now += 1;
        let entry = self.by_folder.get_mut(folder)?;
        entry.used = self.now;
        (entry.of == of && entry.measure == measure).then(|| Arc::clone(&entry.baseline))
    }

    fn put(
        &mut self,
        folder: &Folder,
        of: Vec<String>,
        measure: Measure,
        baseline: &Arc<Baseline>,
    ) {
        let bytes = match measure {
            Measure::View => of.len() * view::Look::BYTES,
            Measure::Phash | Measure::Hash(_) | Measure::Unknown => size_of::<Baseline>(),
        };
        self.now += 1;
        let entry = Entry {
            baseline: Arc::clone(baseline),
            measure,
            of,
            bytes,
            used: self.now,
        };
        self.bytes += bytes;
        if let Some(before) = self.by_folder.insert(folder.clone(), entry) {
            self.bytes -= before.bytes;
        }
        while self.bytes > self.most_bytes && self.by_folder.len() > 1 {
            self.drop_least_used();
        }
        metrics::gauge!("framewatch_looks_kept_bytes").set(self.bytes as f64);
    }

    fn drop_least_used(&mut self) {
        let oldest = self.by_folder.iter().min_by_key(|(_, entry)| entry.used);
        let Some(folder) = oldest.map(|(folder, _)| folder.clone()) else {
            return;
        };
        if let Some(dropped) = self.by_folder.remove(&folder) {
            self.bytes -= dropped.bytes;
        }
    }
}
