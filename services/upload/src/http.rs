//! HTTP: the routes, and what holds for all of them.

mod access;
mod acknowledgements;
mod addresses;
mod alert_query;
mod alerts;
mod assets;
mod camera;
mod compressed;
mod conditions;
mod cors;
mod details;
mod drift;
mod events;
mod extract;
mod folders;
mod forms;
mod frames;
mod guard;
mod heat_map;
mod history;
mod images;
mod legacy;
mod lingering;
mod links;
mod login;
mod metered;
mod normals;
mod notices;
mod openapi;
mod pages;
mod picture;
mod proposals;
mod receive;
mod refusals;
mod rules;
mod saved;
mod schemas;
mod silences;
mod standings;
mod telling;
mod unmade;

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
    app::App,
    problem::{Kind, Problem},
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
            guard::refuse_cross_site,
        ))
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
        .layer(compressed::layer());
    let router = match cors::layer(&app.access.origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(map_response(guard::secure)).with_state(app)
}

/// All that the document of the API tells of.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::Api::openapi())
        .routes(routes!(folders::list, unmade::remove))
        .routes(routes!(folders::get, folders::make, folders::remove))
        .routes(routes!(drift::list))
        .routes(routes!(frames::latest))
        .routes(routes!(heat_map::of_folder))
        .routes(routes!(heat_map::of_alert))
        .routes(routes!(history::of_folder))
        .routes(routes!(images::list, images::upload))
        .routes(routes!(images::get, images::remove))
        .routes(routes!(images::content))
        .routes(routes!(images::latest))
        .routes(routes!(images::latest_content))
        .routes(routes!(normals::list, normals::add))
        .routes(routes!(normals::content, normals::remove))
        .routes(routes!(proposals::list, proposals::refuse_all))
        .routes(routes!(proposals::content, proposals::refuse))
        .routes(routes!(proposals::accept_all))
        .routes(routes!(proposals::accept))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::one))
        .routes(routes!(acknowledgements::set, acknowledgements::unset))
        .routes(routes!(alerts::frame))
        .routes(routes!(alerts::reference))
        .routes(routes!(
            rules::of_folder,
            rules::set_for_folder,
            rules::unset_for_folder
        ))
        .routes(routes!(
            rules::default,
            rules::set_default,
            rules::unset_default
        ))
        .routes(routes!(camera::get, camera::set, camera::remove))
        .routes(routes!(camera::test))
        .routes(routes!(history::what_if))
        .routes(routes!(rules::preview::masks))
        .routes(routes!(rules::choices::list))
        .routes(routes!(silences::list, silences::add))
        .routes(routes!(silences::remove))
        .routes(routes!(notices::list))
        .routes(routes!(notices::receivers))
        .routes(routes!(telling::list, telling::set, telling::unset))
        .routes(routes!(telling::told))
        .routes(routes!(telling::test))
        .routes(routes!(events::stream))
        .routes(routes!(standings::stream))
        .routes(routes!(legacy::latest))
        .routes(routes!(legacy::show))
        .routes(routes!(legacy::download))
        .routes(routes!(legacy::delete))
        .routes(routes!(pages::folder, forms::upload))
}

/// What browsers alone ask for.
fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(pages::overview::overview))
        .route("/folders/order", get(pages::overview::order))
        .route("/folders/cards", get(pages::overview::cards))
        .route("/folders/glances", get(pages::overview::follow))
        .layer(Extension(Arc::<pages::overview::Glances>::default()))
        .route("/folders/remove-unmade", post(unmade::remove_by_form))
        .route("/folder/{folder}/delete/{id}", post(forms::delete))
        .route("/folder/{folder}/normals", post(normals::add_by_form))
        .route(
            "/folder/{folder}/normals/delete/{id}",
            post(normals::remove_by_form),
        )
        .route(
            "/folder/{folder}/proposals/accept",
            post(proposals::accept_all_by_form),
        )
        .route(
            "/folder/{folder}/proposals/accept/{id}",
            post(proposals::accept_by_form),
        )
        .route(
            "/folder/{folder}/proposals/refuse/{id}",
            post(proposals::refuse_by_form),
        )
        .route("/folder/{folder}/details", post(details::set_by_form))
        .route("/folder/{folder}/rule", post(forms::set_rule))
        .route("/folder/{folder}/areas", get(pages::areas::page))
        .route("/folder/{folder}/camera", post(camera::set_by_form))
        .route(
            "/folder/{folder}/camera/remove",
            post(camera::remove_by_form),
        )
        .route("/alerts", get(pages::alerts::list))
        .route("/alerts/{id}", get(pages::alerts::one))
        .route("/alerts/{id}/normal", post(normals::add_of_alert))
        .route(
            "/alerts/{id}/acknowledge",
            post(acknowledgements::set_by_form),
        )
        .route(
            "/alerts/{id}/unacknowledge",
            post(acknowledgements::unset_by_form),
        )
        .route("/drift", get(pages::drift::drift))
        .route("/folder/{folder}/silence", post(silences::add_for_folder))
        .route(
            "/silences",
            get(pages::silences::page).post(silences::add_by_form),
        )
        .route("/silences/remove/{id}", post(silences::remove_by_form))
        .route("/notices", get(pages::notices::page))
        .route(
            "/routes",
            get(pages::telling::page).post(pages::telling::set),
        )
        .route("/routes/unset", post(pages::telling::unset))
        .route("/routes/test/{receiver}", post(pages::telling::test))
        .route("/openapi.json", get(openapi::json))
        .route("/login", get(login::page).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/docs", get(pages::docs::docs))
        .route("/problems/{kind}", get(pages::docs::problem))
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
        assert_eq!(routed_calls(&api().into()), openapi::calls());
        let pages = routed_calls(&pages());
        assert!(pages.is_disjoint(&openapi::calls()));
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
