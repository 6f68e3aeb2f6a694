//! The style sheets, the scripts and the icon, which are part of the binary.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};

use super::conditions::Conditions;
use crate::problem::Kind;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const PICTURE: &str = "image/svg+xml";

/// A file of the folder `assets`.
struct Asset {
    /// Its path there, and below `/assets/`: scripts find one another by it.
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            text: include_str!(concat!("../../assets/", $name)),
        }
    };
}

/// All of them, but for the icon and the licences of what others wrote.
const ASSETS: &[Asset] = &[
    asset!("alerts/alerts.js", SCRIPT),
    asset!("cameras/camera.js", SCRIPT),
    asset!("docs/docs.css", CSS),
    asset!("folders/folder.js", SCRIPT),
    asset!("folders/history.js", SCRIPT),
    asset!("front_door/attention.js", SCRIPT),
    asset!("front_door/icon-unattended.svg", PICTURE),
    asset!("front_door/local-fields.js", SCRIPT),
    asset!("front_door/page.js", SCRIPT),
    asset!("front_door/remembered.js", SCRIPT),
    asset!("front_door/style.css", CSS),
    asset!("front_door/time.js", SCRIPT),
    asset!("front_door/work.js", SCRIPT),
    asset!("live/events.js", SCRIPT),
    asset!("live/kept-current.js", SCRIPT),
    asset!("live/live.js", SCRIPT),
    asset!("live/merge.js", SCRIPT),
    asset!("live/order.js", SCRIPT),
    asset!("live/wanted.js", SCRIPT),
    asset!("overview/overview-card.js", SCRIPT),
    asset!("overview/overview.js", SCRIPT),
    asset!("overview/sparkline.js", SCRIPT),
    asset!("references/compare.js", SCRIPT),
    asset!("references/frame-as-reference.js", SCRIPT),
    asset!("references/heat-map.js", SCRIPT),
    asset!("references/uploads.js", SCRIPT),
    asset!("rules/area-stage.js", SCRIPT),
    asset!("rules/areas.css", CSS),
    asset!("rules/areas.js", SCRIPT),
    asset!("rules/rule.js", SCRIPT),
    asset!("silences/silences.js", SCRIPT),
    asset!("vendor/idiomorph/idiomorph.min.js", SCRIPT),
    asset!("vendor/uplot/uPlot.iife.min.js", SCRIPT),
    asset!("vendor/uplot/uPlot.min.css", CSS),
];

pub(crate) async fn file(Path(name): Path<String>, conditions: Conditions) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => conditions.send_file(asset.content_type, asset.text),
        None => Kind::NotFound
            .because(format!("There is nothing at /assets/{name}."))
            .into_response(),
    }
}

pub(crate) async fn icon(conditions: Conditions) -> Response {
    let icon = include_str!("../../assets/front_door/icon.svg");
    conditions.send_file(PICTURE, icon)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn files_below(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files_below(&path, found),
                false => found.push(path.to_str().unwrap().to_owned()),
            }
        }
    }

    #[test]
    fn every_file_is_sent() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut found = Vec::new();
        files_below(&folder, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for path in found {
            let name = &path[folder.to_str().unwrap().len() + 1..];
            let is_sent = ASSETS.iter().any(|asset| asset.name == name);
            let is_other = name.ends_with("/LICENSE") || name == "front_door/icon.svg";
            assert!(is_sent || is_other, "{name} is not sent to anybody");
        }
    }
}
