//! The calls of all features, and what every request passes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::Uri,
    middleware::{from_fn, from_fn_with_state, map_response},
};

use crate::{
    access, alerts,
    app::App,
    cameras,
    docs::{self, document::Document},
    drift, folders,
    front_door::{self, calls::Calls},
    live, notices, overview,
    problem::{Kind, Problem},
    references, routes, rules, silences, told,
};

/// Whoever reads a body bounds it: the limits of pictures and of rules have nothing in common.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, permissions) = calls().into_parts();
    let admission = (Arc::clone(&app), Arc::new(permissions));
    let router = router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(
            Arc::clone(&app),
            front_door::guard::refuse_cross_site,
        ))
        .layer(from_fn_with_state(admission, access::admission::admit))
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

/// The calls of all rooms.
fn calls() -> Calls {
    let rooms = Calls::new()
        .and(access::login::calls())
        .and(front_door::calls())
        .and(overview::calls())
        .and(folders::calls())
        .and(references::calls())
        .and(rules::calls())
        .and(alerts::calls())
        .and(silences::calls())
        .and(routes::calls())
        .and(notices::calls())
        .and(told::calls())
        .and(cameras::calls())
        .and(drift::calls())
        .and(live::calls());
    let document = Document::of(rooms.documented());
    rooms.and(docs::calls(document))
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
    use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

    use super::*;
    use crate::{access::permissions::Need, front_door::calls::methods};

    #[test]
    fn a_call_is_declared_once() {
        let (_, permissions) = calls().into_parts();
        let mut seen = BTreeSet::new();
        for (method, path, _) in permissions.calls() {
            assert!(seen.insert((method.as_str(), path)), "{method} {path}");
        }
    }

    #[test]
    fn only_what_browsers_alone_ask_for_is_not_in_the_document() {
        let calls = calls();
        let document = calls.documented();
        let documented: BTreeSet<_> = document
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                methods(item)
                    .into_iter()
                    .map(move |it| (it.to_string(), path))
            })
            .collect();
        let (_, permissions) = calls.into_parts();
        let mut of_pages = 0;
        for (method, path, _) in permissions.calls() {
            if documented.contains(&(method.to_string(), path)) {
                continue;
            }
            of_pages += 1;
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
                "told",
            ];
            assert!(is_page.contains(&first), "{path} is not in the document");
        }
        assert_eq!(permissions.calls().len(), documented.len() + of_pages);
    }

    #[test]
    fn the_table_is_documented() {
        let mut table = String::from("| call | who | what it changes |\n|---|---|---|\n");
        let (_, permissions) = calls().into_parts();
        let mut listed: Vec<_> = permissions.calls().iter().collect();
        listed.sort_by_key(|(_, _, permission)| match permission.need {
            Need::Nothing => None,
            Need::Role(role) => Some(role),
        });
        for (method, path, permission) in listed {
            let who = match permission.need {
                Need::Nothing => "everybody",
                Need::Role(role) => role.word(),
            };
            let change = permission.change.unwrap_or_default();
            writeln!(table, "| `{method} {path}` | {who} | {change} |").unwrap();
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
        let document = fs::read_to_string(&path).unwrap();
        let start = document.find("| call |").expect("it has the table");
        let length = document[start..]
            .find("\n\n")
            .map_or(document.len() - start, |end| end + 1);
        if document[start..start + length] == table {
            return;
        }
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "docs/access.md is not true; UPDATE_DOCS=1 corrects it. Now:\n{table}"
        );
        let (before, after) = (&document[..start], &document[start + length..]);
        fs::write(path, format!("{before}{table}{after}")).unwrap();
    }
}
