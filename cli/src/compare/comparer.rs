//! Holds pictures in files against each other by one rule, on as many threads as want to.

use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use comparison::{
    Baseline, BaselinePicture, Depth, Look, MeasureError, Needs, compare, is_too_dark, name,
};
use fingerprint::Limits;
use looks::{Model, Viewer};
use proto::EffectiveRule;
use quick_cache::sync::Cache;

use super::{Answer, detail};

/// How many looks are kept. By the measure `parts`, which has the largest, they take some 160 MB.
const KEPT_LOOKS: usize = 512;

/// What all threads share.
pub(super) struct Comparer {
    rule: EffectiveRule,
    needs: Needs,
    model: Option<Arc<Model>>,
    /// In lists of pairs the same pictures come again and again.
    looks: Cache<FileVersion, Look>,
}

/// What one thread keeps from one pair to the next.
pub(super) struct Worker<'a> {
    comparer: &'a Comparer,
    viewer: Viewer,
    /// The pictures that the last frame was held against, which the next often is as well.
    last: Option<(Vec<FileVersion>, Arc<Baseline>)>,
}

/// A file as it was at a moment: one that is written again looks different.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct FileVersion {
    path: PathBuf,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Comparer {
    /// By a rule whose areas fit its measure.
    pub(super) fn new(rule: EffectiveRule, model: Option<Arc<Model>>) -> Self {
        Comparer {
            needs: Needs::of(&rule),
            rule,
            model,
            looks: Cache::new(KEPT_LOOKS),
        }
    }

    pub(super) fn worker(&self) -> Worker<'_> {
        Worker {
            comparer: self,
            viewer: Viewer::new(Limits::default(), self.model.clone()),
            last: None,
        }
    }
}

impl Worker<'_> {
    /// Holds a frame against pictures that are right, of which the first is the reference.
    pub(super) fn answer(&mut self, right: &[PathBuf], frame: &Path) -> Answer {
        let reference = right
            .first()
            .map_or_else(String::new, |path| path.display().to_string());
        let mut answer = Answer::new(reference, frame.display().to_string());
        if let Err(why) = self.compare(right, frame, &mut answer) {
            answer.detail = Some(why);
        }
        answer
    }

    fn compare(
        &mut self,
        right: &[PathBuf],
        frame: &Path,
        answer: &mut Answer,
    ) -> Result<(), String> {
        let baseline = self.baseline_of(right)?;
        let look = self.look(frame)?;
        let compared = compare(&baseline, &look, &self.comparer.rule);
        let mut compared = compared.map_err(|error: MeasureError| error.to_string())?;
        name(&mut compared, &look, Depth::Turns, &[]);
        let can_tell = !is_too_dark(compared.verdict, &compared.findings);
        answer.similarity = compared.told_similarity().filter(|_| can_tell);
        answer.verdict = compared.verdict.word();
        answer.detail = detail(&compared.findings);
        answer.findings = compared.findings;
        answer.patches = compared.patches;
        Ok(())
    }

    fn baseline_of(&mut self, right: &[PathBuf]) -> Result<Arc<Baseline>, String> {
        let most = 1 + Baseline::max_normals(self.comparer.rule.measure);
        if right.len() > most {
            let normals = right.len() - 1;
            return Err(format!(
                "{normals} normal pictures are given, and by this measure at most {} count",
                most - 1
            ));
        }
        let versions: Result<Vec<_>, String> =
            right.iter().map(|path| FileVersion::of(path)).collect();
        let versions = versions?;
        if let Some((last, baseline)) = &self.last
            && *last == versions
        {
            return Ok(Arc::clone(baseline));
        }
        let mut pictures = Vec::new();
        for version in &versions {
            let name = version.path.display().to_string();
            pictures.push(BaselinePicture {
                id: name.clone(),
                name,
                look: self.look_of(version)?,
            });
        }
        let reference = pictures.remove(0);
        let baseline = Arc::new(Baseline::new(reference, pictures));
        self.last = Some((versions, Arc::clone(&baseline)));
        Ok(baseline)
    }

    fn look(&mut self, path: &Path) -> Result<Look, String> {
        self.look_of(&FileVersion::of(path)?)
    }

    fn look_of(&mut self, version: &FileVersion) -> Result<Look, String> {
        let Worker {
            comparer, viewer, ..
        } = self;
        comparer.looks.get_or_insert_with(version, || {
            let bytes = fs::read(&version.path).map_err(|error| version.named(&error))?;
            let look = viewer.look(&bytes, &comparer.needs);
            look.map_err(|error| version.named(&error))
        })
    }
}

impl FileVersion {
    fn of(path: &Path) -> Result<Self, String> {
        let version = FileVersion {
            path: path.to_owned(),
            modified: None,
            bytes: 0,
        };
        let metadata = fs::metadata(path).map_err(|error| version.named(&error))?;
        Ok(FileVersion {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
            ..version
        })
    }

    fn named(&self, error: &dyn Display) -> String {
        format!("{}: {error}", self.path.display())
    }
}
