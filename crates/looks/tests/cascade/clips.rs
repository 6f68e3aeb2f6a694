//! The corpus's clips, frame by frame.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use comparison::{Look, carry::Glance};
use fingerprint::Limits;
use looks::{Model, Viewer};
use proto::Measure;

pub(crate) struct Clip {
    pub(crate) name: String,
    pub(crate) fps: f64,
    /// JPEGs.
    pub(crate) frames: Vec<Vec<u8>>,
}

/// A frame, and all that is seen of it.
pub(crate) struct Judged {
    pub(crate) at: f64,
    pub(crate) look: Look,
    pub(crate) glance: Glance,
}

/// `None` without a corpus.
pub(crate) fn clips() -> Option<Vec<Clip>> {
    let Some(corpus) = std::env::var_os("FRAMEWATCH_CORPUS") else {
        println!("left out: FRAMEWATCH_CORPUS is not set");
        return None;
    };
    let video = Path::new(&corpus).join("video");
    let manifest = std::fs::read_to_string(video.join("manifest.csv")).unwrap();
    let clip = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        Clip {
            name: cells[0].to_owned(),
            fps: cells[4].parse().unwrap(),
            frames: frames(&video.join(cells[0]), cells[1]),
        }
    };
    Some(manifest.lines().skip(1).map(clip).collect())
}

/// `None` without the network's weights.
pub(crate) fn model() -> Option<Arc<Model>> {
    let Some(path) = std::env::var_os("FRAMEWATCH_MODEL").map(PathBuf::from) else {
        println!("left out: FRAMEWATCH_MODEL is not set");
        return None;
    };
    Some(Arc::new(Model::load(&path).unwrap()))
}

/// As a camera would send them: what is JPEG already as it is, other frames of good quality.
fn frames(clip: &Path, codec: &str) -> Vec<Vec<u8>> {
    let into = tempfile::tempdir().unwrap();
    let how: &[&str] = match codec {
        "mjpeg" => &["-c", "copy"],
        _ => &["-q:v", "3"],
    };
    let done = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-threads", "1", "-i"])
        .arg(clip)
        .args(how)
        .arg(into.path().join("%05d.jpg"))
        .status()
        .expect("ffmpeg must be installed to take clips apart");
    assert!(done.success(), "{}", clip.display());
    let mut paths: Vec<PathBuf> = std::fs::read_dir(into.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

impl Clip {
    /// The frames that are references in turn: the first, one in the middle, and the last.
    pub(crate) fn references(&self) -> [usize; 3] {
        [0, self.frames.len() / 2, self.frames.len() - 1]
    }

    pub(crate) fn judged(&self, model: &Arc<Model>) -> Vec<Judged> {
        let mut viewer = Viewer::new(Limits::default(), Some(Arc::clone(model)));
        let mut judged = |(number, frame): (usize, &Vec<u8>)| {
            let look = viewer.look(frame, Measure::View).unwrap();
            Judged {
                at: number as f64 / self.fps,
                glance: viewer.glance(&look, frame),
                look,
            }
        };
        self.frames.iter().enumerate().map(&mut judged).collect()
    }
}
