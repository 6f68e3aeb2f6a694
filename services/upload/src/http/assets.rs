//! The style sheets, the scripts and the icon, which are part of the binary.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

use crate::problem::Kind;

const CACHE: &str = "no-cache";

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
    asset!("alerts.js", SCRIPT),
    asset!("card.js", SCRIPT),
    asset!("compare.js", SCRIPT),
    asset!("events.js", SCRIPT),
    asset!("folder.js", SCRIPT),
    asset!("frame-as-reference.js", SCRIPT),
    asset!("history.js", SCRIPT),
    asset!("overview.js", SCRIPT),
    asset!("page.js", SCRIPT),
    asset!("rule.js", SCRIPT),
    asset!("sparkline.js", SCRIPT),
    asset!("time.js", SCRIPT),
    asset!("uploads.js", SCRIPT),
    asset!("uplot.css", CSS, "vendor/uplot/uPlot.min.css"),
    asset!("uplot.js", SCRIPT, "vendor/uplot/uPlot.iife.min.js"),
];

pub(crate) async fn file(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => answer(asset.content_type, asset.text),
        None => Kind::NotFound
            .because(format!("There is nothing at /assets/{name}."))
            .into_response(),
    }
}

pub(crate) async fn icon() -> Response {
    answer("image/svg+xml", include_str!("../../assets/icon.svg"))
}

fn answer(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, CACHE),
    ];
    (headers, text).into_response()
}
