//! The cameras of a demonstration.

use std::time::Duration;

use crate::incident::{Incident, Kind};
use crate::scene::Scene;
use crate::size::Size;
use crate::spec::{CameraSpec, SourceSpec};

/// Six cameras, `folder1` to `folder6`, each with a scene of its own, two frames a second at 1280x720.
///
/// Every two minutes the second is covered, the fourth turned away and the sixth out of focus for 15 seconds, 20, 45 and
/// 80 seconds in. Every five minutes something stands before the first, which later sends nothing, the fifth shows what the
/// sixth sees, and the third freezes.
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
                1 => vec![
                    every(5, Kind::ObjectAdded, 140, 15),
                    every(5, Kind::Silent, 220, 50),
                ],
                2 => vec![every(2, Kind::Covered, 20, 15)],
                3 => vec![every(5, Kind::Frozen, 165, 40)],
                4 => vec![every(2, Kind::Turned, 45, 15)],
                5 => vec![every(5, Kind::Swapped, 110, 15)],
                6 => vec![every(2, Kind::Defocused, 80, 15)],
                _ => Vec::new(),
            },
        })
        .collect()
}

fn every(minutes: u64, kind: Kind, start: u64, seconds: u64) -> Incident {
    Incident {
        kind,
        start: Duration::from_secs(start),
        duration: Duration::from_secs(seconds),
        every: Some(Duration::from_secs(60 * minutes)),
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
