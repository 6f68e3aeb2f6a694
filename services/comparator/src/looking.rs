//! Looks of pictures, made on the process's pool. What they are compared with is left to `judge`.

use std::{sync::Arc, time::Instant};

use parking_lot::Mutex;

use bytes::Bytes;
use comparison::{
    Baseline, BaselinePicture, Depth, Look, MeasureError, Needs, Other,
    carry::{Glance, Said},
    compare, name,
};
use fingerprint::{Limits, Tiles};
use looks::{LookError, Model, Viewer};
use proto::{EffectiveRule, Measure, v1::Finding};
use service_runtime::{CpuPool, NeedsMemory, NotDone};
use tokio::task::JoinError;

use crate::{cascade::Before, found::Found};

/// A viewer that was allowed more than this is not kept: what it took, it holds.
const MOST_KEPT_BYTES: u64 = 32_000_000;

/// Looks at pictures on the pool, which bounds how many are decoded at a time: decoding is what takes the time and the
/// memory. Frames need no queue there: [`Lanes`](crate::lanes::Lanes) bounds how many wait.
pub(crate) struct Looking {
    limits: Limits,
    model: Option<Arc<Model>>,
    cpu: CpuPool,
    /// Those that are not in use at the moment, with the tables and the memory of the frames before.
    idle: Arc<Mutex<Vec<Viewer>>>,
}

/// What was seen of a picture.
pub(crate) struct Looked {
    pub(crate) look: Look,
    pub(crate) tiles: Tiles,
    pub(crate) glance: Glance,
    /// What was said of an earlier frame, if this one shows nothing new. Then the network has not looked at this one.
    pub(crate) carried: Option<Said>,
}

/// How long a picture that takes much memory to decode waits for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// Until it is there.
    Long,
    /// Not at all where some others wait already: it would hold up frames of other folders.
    Short,
}

/// Why a picture has no look.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Picture(#[from] LookError),
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// It may have one later.
    #[error(
        "other pictures that take much memory to decode are waiting for it already; where that lasts, raise --decoding-max-mb \
         (FRAMEWATCH_DECODING_MAX_MB) and the memory of the process with it"
    )]
    MemoryTaken,
}

/// Why nothing is found of a frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCompared {
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error("comparing failed in an unforeseen way")]
    Failed(#[from] JoinError),
}

impl Looking {
    pub(crate) fn new(limits: Limits, model: Option<Arc<Model>>, cpu: CpuPool) -> Self {
        Looking {
            limits,
            model,
            cpu,
            idle: Arc::default(),
        }
    }

    /// The look of a picture, with all that a rule needs.
    pub(crate) async fn of(&self, picture: Bytes, needs: Needs) -> Result<Looked, Unreadable> {
        self.of_new(picture, needs, None, Patience::Long).await
    }

    /// The look of a frame, with all that a rule needs unless it shows nothing new. One piece of work, so that a frame which the
    /// network must look at waits for the pool once.
    pub(crate) async fn of_new(
        &self,
        picture: Bytes,
        needs: Needs,
        before: Option<Before>,
        patience: Patience,
    ) -> Result<Looked, Unreadable> {
        let (limits, model, idle) = (self.limits, self.model.clone(), Arc::clone(&self.idle));
        let work = move |allowed_bytes| {
            let idle = || idle.lock();
            let taken = idle().pop();
            let mut viewer = taken.unwrap_or_else(|| Viewer::new(limits, model.clone()));
            viewer.allow(allowed_bytes);
            let begun = Instant::now();
            let result = look(&mut viewer, &picture, &needs, before.as_ref());
            metrics::histogram!("framewatch_fingerprint_seconds").record(begun.elapsed());
            // One that has seen a large picture goes, with the memory that it took.
            if allowed_bytes <= MOST_KEPT_BYTES {
                idle().push(viewer);
            }
            match result.as_ref().err().and_then(LookError::needed_bytes) {
                Some(needed) => Err(NeedsMemory(needed)),
                None => Ok(result),
            }
        };
        let looked = match patience {
            Patience::Long => Some(self.cpu.run_within(work).await?),
            Patience::Short => self.cpu.run_within_soon(work).await?,
        };
        Ok(looked.ok_or(Unreadable::MemoryTaken)??)
    }

    /// The baseline that pictures that are right make together. By the measure `parts` it takes a while.
    pub(crate) async fn baseline(
        &self,
        reference: BaselinePicture,
        normals: Vec<BaselinePicture>,
    ) -> Result<Baseline, JoinError> {
        let make = move || Baseline::new(reference, normals);
        self.cpu.run(make).await
    }

    /// What is found of a frame.
    pub(crate) async fn compare(
        &self,
        baseline: &Arc<Baseline>,
        look: &Look,
        rule: &EffectiveRule,
    ) -> Result<Found, NotCompared> {
        if rule.measure != Measure::Parts && rule.in_detail().next().is_none() {
            return Ok(Found::of(baseline, look, rule)?);
        }
        // It takes more than half a millisecond.
        let (baseline, look, rule) = (Arc::clone(baseline), look.clone(), rule.clone());
        let work = move || Found::of(&baseline, &look, &rule);
        Ok(self.cpu.run(work).await??)
    }

    /// What is found of a frame that does not match, with a name for what is wrong. The frame may show one of the other
    /// views. `None` where no name can be told: then what was found before holds.
    pub(crate) async fn name(
        &self,
        baseline: Arc<Baseline>,
        look: Look,
        rule: EffectiveRule,
        (depth, others): (Depth, Vec<Other>),
    ) -> Option<Vec<Finding>> {
        let work = move || {
            let begun = Instant::now();
            let mut compared = compare(&baseline, &look, &rule).ok()?;
            name(&mut compared, &look, depth, &others);
            metrics::histogram!("framewatch_naming_seconds").record(begun.elapsed());
            Some(compared.findings)
        };
        match self.cpu.run(work).await {
            Ok(findings) => findings,
            Err(error) => {
                tracing::warn!(%error, "naming a mismatch failed in an unforeseen way");
                None
            }
        }
    }
}

fn look(
    viewer: &mut Viewer,
    picture: &[u8],
    needs: &Needs,
    before: Option<&Before>,
) -> Result<Looked, LookError> {
    let mut look = viewer.without_network(picture, needs.measure)?;
    let glance = viewer.glance(&look, picture);
    let carried = before.and_then(|before| before.carries(&glance)).cloned();
    if carried.is_none() {
        viewer.add_network(&mut look, picture, needs)?;
    }
    Ok(Looked {
        look,
        tiles: viewer.tiles(),
        glance,
        carried,
    })
}
