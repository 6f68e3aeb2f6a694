//! The polling Python system, for comparison.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use proto::Measure;

use crate::{
    pictures::Pictures,
    rig::{Rig, folder},
};

const SECONDS: &str = "8";

/// How many comparisons a second the polling Python system makes when it does not pause; `None` where there is no Python
/// with the packages.
pub(crate) async fn comparisons_a_second(pictures: &Pictures) -> Option<f64> {
    let rig = Rig::start(Measure::Phash, true).await;
    rig.upload_references(1, &pictures.reference).await;
    let files = tempfile::TempDir::new().unwrap();
    let frame = files.path().join("frame.jpg");
    std::fs::write(&frame, &pictures.same[0]).unwrap();

    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pipeline/old_way.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .args([rig.web(), folder(0)])
        .arg(frame)
        .arg(SECONDS)
        .stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap();
    let output = output.ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .ok()
}
