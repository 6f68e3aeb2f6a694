//! HTTP: the routes, and what holds for all of them.

mod access;
mod acknowledgements;
mod alert_query;
mod alerts;
mod assets;
mod conditions;
mod events;
mod extract;
mod folders;
mod forms;
mod frames;
mod guard;
mod history;
mod images;
mod legacy;
mod lingering;
mod metered;
mod pages;
mod picture;
mod receive;
mod rules;
mod serve;
mod standings;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::Uri,
    middleware::{from_fn, from_fn_with_state, map_response},
    routing::{get, post, put},
};

pub(crate) use serve::serve;

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// Whoever reads a body bounds it: the limits of pictures and of rules have nothing in common.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(api())
        .merge(legacy_and_pages())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(guard::refuse_cross_site))
        .layer(from_fn_with_state(Arc::clone(&app), access::admit))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            guard::wait_until_loaded,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            access::refuse_other_hosts,
        ))
        .layer(from_fn_with_state(Arc::clone(&app), lingering::linger))
        .layer(from_fn(guard::measure))
        .layer(from_fn(pages::problems_as_pages))
        .layer(map_response(guard::secure))
        .with_state(app)
}

fn api() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/folders", get(folders::list))
        .route(
            "/api/v1/folders/{folder}",
            get(folders::get).put(folders::make).delete(folders::remove),
        )
        .route(
            "/api/v1/folders/{folder}/images",
            get(images::list).post(images::upload),
        )
        .route(
            "/api/v1/folders/{folder}/images/{id}",
            get(images::get).delete(images::remove),
        )
        .route(
            "/api/v1/folders/{folder}/images/{id}/content",
            get(images::content),
        )
        .route("/api/v1/folders/{folder}/latest", get(images::latest))
        .route(
            "/api/v1/folders/{folder}/latest/content",
            get(images::latest_content),
        )
        .route("/api/v1/folders/{folder}/frame", get(frames::latest))
        .route("/api/v1/folders/{folder}/history", get(history::of_folder))
        .route("/api/v1/folders/{folder}/what-if", post(history::what_if))
        .route(
            "/api/v1/folders/{folder}/rule",
            get(rules::of_folder)
                .put(rules::set_for_folder)
                .delete(rules::unset_for_folder),
        )
        .route(
            "/api/v1/rules/_default",
            get(rules::default)
                .put(rules::set_default)
                .delete(rules::unset_default),
        )
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/{id}", get(alerts::one))
        .route(
            "/api/v1/alerts/{id}/acknowledgement",
            put(acknowledgements::set).delete(acknowledgements::unset),
        )
        .route("/api/v1/alerts/{id}/evidence/frame", get(alerts::frame))
        .route(
            "/api/v1/alerts/{id}/evidence/reference",
            get(alerts::reference),
        )
        .route("/api/v1/events", get(events::stream))
        .route("/api/v1/events/folders", get(standings::stream))
}

fn legacy_and_pages() -> Router<Arc<App>> {
    Router::new()
        .route("/latest/{folder}", get(legacy::latest))
        .route("/uploads/{folder}/{name}", get(legacy::show))
        .route("/download/{folder}/{name}", get(legacy::download))
        .route("/", get(pages::overview))
        .route("/folder/{folder}", get(pages::folder).post(forms::upload))
        .route("/folder/{folder}/delete/{id}", post(forms::delete))
        .route("/folder/{folder}/rule", post(forms::set_rule))
        .route("/alerts", get(pages::alerts::list))
        .route("/alerts/{id}", get(pages::alerts::one))
        .route(
            "/alerts/{id}/acknowledge",
            post(acknowledgements::set_by_form),
        )
        .route(
            "/alerts/{id}/unacknowledge",
            post(acknowledgements::unset_by_form),
        )
        .route("/assets/{name}", get(assets::file))
        .route("/favicon.svg", get(assets::icon))
}

async fn not_found(uri: Uri) -> Problem {
    Kind::NotFound.because(format!("There is nothing at {}.", uri.path()))
}

async fn method_not_allowed(request: Request) -> Problem {
    Kind::MethodNotAllowed.because(format!(
        "{} is not possible at {}; the header Allow lists what is.",
        request.method(),
        request.uri().path()
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::access::listed_calls;

    /// Every call that the router takes, read out of what it shows of itself for debugging: it has no other list.
    fn routed_calls() -> BTreeSet<(String, String)> {
        let shown = format!("{:?}", api().merge(legacy_and_pages()));
        let (routes, _) = shown.split_once("fallback_router").unwrap();
        let (mut paths, mut methods) = (BTreeMap::new(), BTreeMap::new());
        for route in routes.split("RouteId(").skip(1) {
            let (id, rest) = route.split_once("): ").unwrap();
            if let Some(path) = rest.strip_prefix('"') {
                paths.insert(id, path.split('"').next().unwrap());
            } else {
                let (_, allowed) = rest.split_once("allow_header: Bytes(b\"").unwrap();
                methods.insert(id, allowed.split('"').next().unwrap());
            }
        }
        let calls = paths.iter().flat_map(|(id, path)| {
            let methods = methods[id].split(',').filter(|method| *method != "HEAD");
            methods.map(|method| (method.to_owned(), (*path).to_owned()))
        });
        calls.collect()
    }

    #[test]
    fn every_call_is_in_the_table_of_permissions_and_no_other() {
        assert_eq!(routed_calls(), listed_calls());
    }
}
