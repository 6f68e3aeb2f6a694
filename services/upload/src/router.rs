//! The calls of all features, and what every request passes.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    http::Uri,
    middleware::{from_fn, from_fn_with_state, map_response},
    routing::{get, post},
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access, alerts,
    app::App,
    cameras, docs, drift, folders, front_door, live, notices, overview,
    problem::{Kind, Problem},
    references, rules, silences, telling,
};

/// Whoever reads a body bounds it: the limits of pictures and of rules have nothing in common.
pub(crate) fn router(app: Arc<App>) -> Router {
    let router = Router::new()
        .merge(Router::from(api()))
        .merge(pages())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(
            Arc::clone(&app),
            front_door::guard::refuse_cross_site,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            access::admission::admit,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            front_door::guard::wait_until_loaded,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            access::admission::refuse_other_hosts,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&app),
            front_door::lingering::linger,
        ))
        .layer(from_fn(front_door::guard::measure))
        .layer(from_fn(front_door::pages::problems_as_pages))
        .layer(front_door::compressed::layer());
    let router = match front_door::cors::layer(&app.access.origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(map_response(front_door::guard::secure))
        .with_state(app)
}

/// All that the document of the API tells of.
pub(crate) fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(docs::document::Api::openapi())
        .routes(routes!(folders::api::list, folders::unmade::remove))
        .routes(routes!(
            folders::api::get,
            folders::api::make,
            folders::api::remove
        ))
        .routes(routes!(drift::api::list))
        .routes(routes!(cameras::frame::latest))
        .routes(routes!(references::heat_map::of_folder))
        .routes(routes!(references::heat_map::of_alert))
        .routes(routes!(rules::history::of_folder))
        .routes(routes!(
            references::images::list,
            references::images::upload
        ))
        .routes(routes!(references::images::get, references::images::remove))
        .routes(routes!(references::images::content))
        .routes(routes!(references::images::latest))
        .routes(routes!(references::images::latest_content))
        .routes(routes!(references::normals::list, references::normals::add))
        .routes(routes!(
            references::normals::content,
            references::normals::remove
        ))
        .routes(routes!(
            references::proposals::list,
            references::proposals::refuse_all
        ))
        .routes(routes!(
            references::proposals::content,
            references::proposals::refuse
        ))
        .routes(routes!(references::proposals::accept_all))
        .routes(routes!(references::proposals::accept))
        .routes(routes!(alerts::api::list))
        .routes(routes!(alerts::api::one))
        .routes(routes!(
            alerts::acknowledgements::set,
            alerts::acknowledgements::unset
        ))
        .routes(routes!(alerts::api::frame))
        .routes(routes!(alerts::api::reference))
        .routes(routes!(
            rules::api::of_folder,
            rules::api::set_for_folder,
            rules::api::unset_for_folder
        ))
        .routes(routes!(
            rules::api::default,
            rules::api::set_default,
            rules::api::unset_default
        ))
        .routes(routes!(
            cameras::api::get,
            cameras::api::set,
            cameras::api::remove
        ))
        .routes(routes!(cameras::api::test))
        .routes(routes!(rules::history::what_if))
        .routes(routes!(rules::preview::masks))
        .routes(routes!(rules::choices::list))
        .routes(routes!(silences::api::list, silences::api::add))
        .routes(routes!(silences::api::remove))
        .routes(routes!(notices::api::list))
        .routes(routes!(notices::api::receivers))
        .routes(routes!(
            telling::api::list,
            telling::api::set,
            telling::api::unset
        ))
        .routes(routes!(telling::api::told))
        .routes(routes!(telling::api::test))
        .routes(routes!(live::events::stream))
        .routes(routes!(live::standings::stream))
        .routes(routes!(references::legacy::latest))
        .routes(routes!(references::legacy::show))
        .routes(routes!(references::legacy::download))
        .routes(routes!(references::legacy::delete))
        .routes(routes!(folders::page::folder, references::forms::upload))
}

/// What browsers alone ask for.
fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview::page::overview))
        .route("/folders/order", get(overview::parts::order))
        .route("/folders/cards", get(overview::parts::cards))
        .route("/folders/glances", get(overview::follow::follow))
        .layer(Extension(Arc::<overview::glances::Glances>::default()))
        .route(
            "/folders/remove-unmade",
            post(folders::unmade::remove_by_form),
        )
        .route(
            "/folder/{folder}/delete/{id}",
            post(references::forms::delete),
        )
        .route(
            "/folder/{folder}/normals",
            post(references::normals::add_by_form),
        )
        .route(
            "/folder/{folder}/normals/delete/{id}",
            post(references::normals::remove_by_form),
        )
        .route(
            "/folder/{folder}/proposals/accept",
            post(references::proposals::accept_all_by_form),
        )
        .route(
            "/folder/{folder}/proposals/accept/{id}",
            post(references::proposals::accept_by_form),
        )
        .route(
            "/folder/{folder}/proposals/refuse/{id}",
            post(references::proposals::refuse_by_form),
        )
        .route(
            "/folder/{folder}/details",
            post(folders::details::set_by_form),
        )
        .route("/folder/{folder}/rule", post(rules::form::set_rule))
        .route("/folder/{folder}/areas", get(rules::areas_page::page))
        .route("/folder/{folder}/camera", post(cameras::api::set_by_form))
        .route(
            "/folder/{folder}/camera/remove",
            post(cameras::api::remove_by_form),
        )
        .route("/alerts", get(alerts::page::list))
        .route("/alerts/{id}", get(alerts::page::one))
        .route(
            "/alerts/{id}/normal",
            post(references::normals::add_of_alert),
        )
        .route(
            "/alerts/{id}/acknowledge",
            post(alerts::acknowledgements::set_by_form),
        )
        .route(
            "/alerts/{id}/unacknowledge",
            post(alerts::acknowledgements::unset_by_form),
        )
        .route("/drift", get(drift::page::drift))
        .route(
            "/folder/{folder}/silence",
            post(silences::forms::add_for_folder),
        )
        .route(
            "/silences",
            get(silences::page::page).post(silences::forms::add_by_form),
        )
        .route(
            "/silences/remove/{id}",
            post(silences::forms::remove_by_form),
        )
        .route("/notices", get(notices::page::page))
        .route("/routes", get(telling::page::page).post(telling::page::set))
        .route("/routes/unset", post(telling::page::unset))
        .route("/routes/test/{receiver}", post(telling::page::test))
        .route("/openapi.json", get(docs::document::json))
        .route(
            "/login",
            get(access::login::page::page).post(access::login::page::log_in),
        )
        .route("/logout", post(access::login::page::log_out))
        .route("/docs", get(docs::page::docs))
        .route("/problems/{kind}", get(docs::page::problem))
        .route("/assets/{name}", get(front_door::assets::file))
        .route("/favicon.svg", get(front_door::assets::icon))
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

    /// Every call that a router takes, read out of what it shows of itself for debugging: it has no other list.
    fn routed_calls(router: &Router<Arc<App>>) -> BTreeSet<(String, String)> {
        let shown = format!("{router:?}");
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
        let router = Router::from(api()).merge(pages());
        assert_eq!(routed_calls(&router), listed_calls());
    }

    #[test]
    fn only_what_browsers_alone_ask_for_is_not_in_the_document() {
        assert_eq!(routed_calls(&api().into()), docs::document::calls());
        let pages = routed_calls(&pages());
        assert!(pages.is_disjoint(&docs::document::calls()));
        for (_, path) in pages {
            let first = path.split('/').nth(1).unwrap();
            let is_page = [
                "",
                "alerts",
                "assets",
                "docs",
                "drift",
                "favicon.svg",
                "folder",
                "folders",
                "login",
                "logout",
                "notices",
                "openapi.json",
                "problems",
                "routes",
                "silences",
            ];
            assert!(is_page.contains(&first), "{path} is not in the document");
        }
    }
}
