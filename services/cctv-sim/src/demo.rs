//! The cameras of a demonstration.

use std::time::Duration;

use crate::incident::{Incident, Kind};
use crate::scene::Scene;
use crate::size::Size;
use crate::spec::{CameraSpec, SourceSpec};

/// Six cameras, `folder1` to `folder6`, each with a scene of its own, two frames a second at 1280x720.
///
/// Every two minutes the second is covered, the fourth turned away and the sixth out of focus for 15 seconds, 20, 45 and
/// 80 seconds in.
#[must_use]
pub fn demo_cameras() -> Vec<CameraSpec> {
    Scene::ALL
        .into_iter()
        .zip(1..)
        .map(|(scene, number)| CameraSpec {
            folder: format!("folder{number}")
                .parse()
                .expect("the name of a folder"),
            name: format!("{scene}-1"),
            source: SourceSpec::Drawn { scene, seed: 1 },
            rate: 2.0,
            size: Some(Size::HD),
            quality: None,
            incidents: match number {
                2 => vec![every_two_minutes(Kind::Covered, 20)],
                4 => vec![every_two_minutes(Kind::Turned, 45)],
                6 => vec![every_two_minutes(Kind::Defocused, 80)],
                _ => Vec::new(),
            },
        })
        .collect()
}

fn every_two_minutes(kind: Kind, start: u64) -> Incident {
    Incident {
        kind,
        start: Duration::from_secs(start),
        duration: Duration::from_secs(15),
        every: Some(Duration::from_secs(120)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_cameras_can_be_written_and_read() {
        for camera in demo_cameras() {
            assert_eq!(camera.to_string().parse::<CameraSpec>().unwrap(), camera);
        }
    }
}
