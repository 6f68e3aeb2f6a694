//! The style sheets, the scripts and the icon, which are part of the binary.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};

use super::conditions::Conditions;
use crate::problem::Kind;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the folder `assets`.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        asset!($name, $content_type, $name)
    };
    ($name:literal, $content_type:expr, $file:literal) => {
        Asset {
            name: $name,
            content_type: $content_type,
            text: include_str!(concat!("../../assets/", $file)),
        }
    };
}

const ASSETS: &[Asset] = &[
    asset!("style.css", CSS),
    asset!("docs.css", CSS),
    asset!("areas.css", CSS),
    asset!("alerts.js", SCRIPT),
    asset!("area-stage.js", SCRIPT),
    asset!("areas.js", SCRIPT),
    asset!("camera.js", SCRIPT),
    asset!("card.js", SCRIPT),
    asset!("compare.js", SCRIPT),
    asset!("events.js", SCRIPT),
    asset!("folder.js", SCRIPT),
    asset!("frame-as-reference.js", SCRIPT),
    asset!("heat-map.js", SCRIPT),
    asset!("history.js", SCRIPT),
    asset!("local-fields.js", SCRIPT),
    asset!("normals.js", SCRIPT),
    asset!("order.js", SCRIPT),
    asset!("overview-card.js", SCRIPT),
    asset!("overview.js", SCRIPT),
    asset!("page.js", SCRIPT),
    asset!("remembered.js", SCRIPT),
    asset!("renewed.js", SCRIPT),
    asset!("rule.js", SCRIPT),
    asset!("silences.js", SCRIPT),
    asset!("sparkline.js", SCRIPT),
    asset!("time.js", SCRIPT),
    asset!("uploads.js", SCRIPT),
    asset!("work.js", SCRIPT),
    asset!("attention.js", SCRIPT),
    asset!("icon-unattended.svg", "image/svg+xml"),
    asset!("uplot.css", CSS, "vendor/uplot/uPlot.min.css"),
    asset!("uplot.js", SCRIPT, "vendor/uplot/uPlot.iife.min.js"),
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
    let icon = include_str!("../../assets/icon.svg");
    conditions.send_file("image/svg+xml", icon)
}
