//! Who may call what: the one table of it. docs/access.md has the same table, and the tests go through it.

use accounts::Role;
use axum::http::Method;

/// A call, who may make it, and what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission {
    method: &'static str,
    /// As the router has it.
    path: &'static str,
    pub(crate) need: Need,
    /// In words; `None` where it changes nothing.
    pub(crate) change: Option<&'static str>,
}

/// What it takes to make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Role(Role),
}

use Role::{Admin, Operator};

#[rustfmt::skip]
const PERMISSIONS: &[Permission] = &[
    // Without these nobody could log in.
    open("GET", "/login"),
    open("POST", "/login"),
    open("POST", "/logout"),
    open("GET", "/assets/{name}"),
    open("GET", "/favicon.svg"),

    look("GET", "/"),
    look("GET", "/folders/order"),
    look("GET", "/folders/cards"),
    look("GET", "/folders/glances"),
    look("GET", "/folder/{folder}"),
    look("GET", "/folder/{folder}/areas"),
    look("GET", "/alerts"),
    look("GET", "/alerts/{id}"),
    look("GET", "/drift"),
    look("GET", "/silences"),
    look("GET", "/notices"),
    look("GET", "/routes"),
    look("GET", "/docs"),
    look("GET", "/problems/{kind}"),
    look("GET", "/openapi.json"),
    look("GET", "/latest/{folder}"),
    look("GET", "/uploads/{folder}/{name}"),
    look("GET", "/download/{folder}/{name}"),
    look("GET", "/api/v1/folders"),
    look("GET", "/api/v1/folders/{folder}"),
    look("GET", "/api/v1/folders/{folder}/images"),
    look("GET", "/api/v1/folders/{folder}/images/{id}"),
    look("GET", "/api/v1/folders/{folder}/images/{id}/content"),
    look("GET", "/api/v1/folders/{folder}/latest"),
    look("GET", "/api/v1/folders/{folder}/latest/content"),
    look("GET", "/api/v1/folders/{folder}/normals"),
    look("GET", "/api/v1/folders/{folder}/normals/{id}"),
    look("GET", "/api/v1/folders/{folder}/proposals"),
    look("GET", "/api/v1/folders/{folder}/proposals/{id}"),
    look("GET", "/api/v1/folders/{folder}/frame"),
    look("GET", "/api/v1/folders/{folder}/heat-map"),
    look("GET", "/api/v1/folders/{folder}/history"),
    look("GET", "/api/v1/folders/{folder}/what-if/choices"),
    look("GET", "/api/v1/folders/{folder}/rule"),
    look("GET", "/api/v1/rules/_default"),
    look("GET", "/api/v1/drift"),
    look("GET", "/api/v1/alerts"),
    look("GET", "/api/v1/alerts/{id}"),
    look("GET", "/api/v1/alerts/{id}/evidence/frame"),
    look("GET", "/api/v1/alerts/{id}/evidence/reference"),
    look("GET", "/api/v1/alerts/{id}/heat-map"),
    look("GET", "/api/v1/silences"),
    look("GET", "/api/v1/notices"),
    look("GET", "/api/v1/receivers"),
    look("GET", "/api/v1/routes"),
    look("GET", "/api/v1/routes/told"),
    look("GET", "/api/v1/events"),
    look("GET", "/api/v1/events/folders"),

    // What comes up every day: references, normal pictures, and alerts.
    change("POST", "/folder/{folder}", Operator, "upload pictures"),
    change("POST", "/api/v1/folders/{folder}/images", Operator, "upload pictures"),
    change("POST", "/folder/{folder}/delete/{id}", Operator, "delete a picture"),
    change("POST", "/delete/{folder}/{name}", Operator, "delete a picture"),
    change("DELETE", "/api/v1/folders/{folder}/images/{id}", Operator, "delete a picture"),
    change("POST", "/folder/{folder}/normals", Operator, "add normal pictures"),
    change("POST", "/alerts/{id}/normal", Operator, "add normal pictures"),
    change("POST", "/api/v1/folders/{folder}/normals", Operator, "add normal pictures"),
    change("POST", "/folder/{folder}/normals/delete/{id}", Operator, "delete a normal picture"),
    change("DELETE", "/api/v1/folders/{folder}/normals/{id}", Operator, "delete a normal picture"),
    change("POST", "/folder/{folder}/proposals/accept", Operator, "accept proposed normal pictures"),
    change("POST", "/api/v1/folders/{folder}/proposals/accept", Operator, "accept proposed normal pictures"),
    change("POST", "/folder/{folder}/proposals/accept/{id}", Operator, "accept a proposed normal picture"),
    change("POST", "/api/v1/folders/{folder}/proposals/{id}/accept", Operator, "accept a proposed normal picture"),
    change("POST", "/folder/{folder}/proposals/refuse/{id}", Operator, "refuse a proposed normal picture"),
    change("DELETE", "/api/v1/folders/{folder}/proposals/{id}", Operator, "refuse a proposed normal picture"),
    change("DELETE", "/api/v1/folders/{folder}/proposals", Operator, "refuse proposed normal pictures"),
    change("POST", "/alerts/{id}/acknowledge", Operator, "acknowledge an alert"),
    change("PUT", "/api/v1/alerts/{id}/acknowledgement", Operator, "acknowledge an alert"),
    change("POST", "/alerts/{id}/unacknowledge", Operator, "take an acknowledgement back"),
    change("DELETE", "/api/v1/alerts/{id}/acknowledgement", Operator, "take an acknowledgement back"),
    change("POST", "/silences", Operator, "silence alerts"),
    change("POST", "/folder/{folder}/silence", Operator, "silence alerts"),
    change("POST", "/api/v1/silences", Operator, "silence alerts"),
    change("POST", "/silences/remove/{id}", Operator, "take a silence back"),
    change("DELETE", "/api/v1/silences/{id}", Operator, "take a silence back"),
    change("POST", "/routes/test/{receiver}", Operator, "send a test message"),
    change("POST", "/api/v1/receivers/{receiver}/test", Operator, "send a test message"),
    // It changes nothing, but takes some computing.
    Permission { method: "POST", path: "/api/v1/folders/{folder}/what-if", need: Need::Role(Operator), change: None },
    Permission { method: "POST", path: "/api/v1/folders/{folder}/what-if/masks", need: Need::Role(Operator), change: None },

    // What is watched, and by which rule.
    change("POST", "/routes", Admin, "set routes"),
    change("PUT", "/api/v1/routes", Admin, "set routes"),
    change("POST", "/routes/unset", Admin, "take routes back"),
    change("DELETE", "/api/v1/routes", Admin, "take routes back"),
    change("PUT", "/api/v1/folders/{folder}", Admin, "make or describe a folder"),
    change("DELETE", "/api/v1/folders/{folder}", Admin, "remove a folder"),
    change("DELETE", "/api/v1/folders", Admin, "remove the folders that nobody made"),
    change("POST", "/folders/remove-unmade", Admin, "remove the folders that nobody made"),
    change("POST", "/folder/{folder}/details", Admin, "describe a folder"),
    change("POST", "/folder/{folder}/rule", Admin, "set a rule"),
    change("PUT", "/api/v1/folders/{folder}/rule", Admin, "set a rule"),
    change("DELETE", "/api/v1/folders/{folder}/rule", Admin, "take a rule back"),
    change("POST", "/folder/{folder}/camera", Admin, "set a camera"),
    change("POST", "/folder/{folder}/camera/remove", Admin, "remove a camera"),
    change("PUT", "/api/v1/folders/{folder}/camera", Admin, "set a camera"),
    change("DELETE", "/api/v1/folders/{folder}/camera", Admin, "remove a camera"),
    // What it says is where cameras are.
    Permission { method: "GET", path: "/api/v1/folders/{folder}/camera", need: Need::Role(Admin), change: None },
    change("POST", "/api/v1/folders/{folder}/camera/test", Admin, "try a camera"),
    change("PUT", "/api/v1/rules/_default", Admin, "set the default rule"),
    change("DELETE", "/api/v1/rules/_default", Admin, "take the default rule back"),
];

const fn open(method: &'static str, path: &'static str) -> Permission {
    Permission {
        method,
        path,
        need: Need::Nothing,
        change: None,
    }
}

const fn look(method: &'static str, path: &'static str) -> Permission {
    Permission {
        method,
        path,
        need: Need::Role(Role::Viewer),
        change: None,
    }
}

const fn change(
    method: &'static str,
    path: &'static str,
    role: Role,
    change: &'static str,
) -> Permission {
    Permission {
        method,
        path,
        need: Need::Role(role),
        change: Some(change),
    }
}

impl Permission {
    /// What a call takes. One that is not in the table takes an admin, wherever it leads; an address that leads nowhere says
    /// so to everybody who is let in.
    pub(crate) fn of(method: &Method, path: Option<&str>) -> Permission {
        let Some(path) = path else {
            return look("", "");
        };
        let method = match *method {
            Method::HEAD => "GET",
            ref other => other.as_str(),
        };
        let known = PERMISSIONS
            .iter()
            .find(|known| known.method == method && known.path == path);
        known.copied().unwrap_or(Permission {
            need: Need::Role(Admin),
            ..look("", "")
        })
    }
}

#[cfg(test)]
pub(crate) fn listed_calls() -> std::collections::BTreeSet<(String, String)> {
    let calls = PERMISSIONS.iter();
    calls
        .map(|known| (known.method.to_owned(), known.path.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, fs, path::Path};

    use super::*;

    #[test]
    fn what_is_not_in_the_table_takes_an_admin() {
        let need = |method, path| Permission::of(&method, Some(path)).need;
        let admin = Need::Role(Admin);
        assert_eq!(need(Method::GET, "/something/new"), admin);
        assert_eq!(need(Method::PATCH, "/api/v1/folders"), admin);
        assert_eq!(need(Method::OPTIONS, "/"), admin);
        assert_eq!(need(Method::HEAD, "/"), Need::Role(Role::Viewer));
        assert_eq!(need(Method::HEAD, "/assets/{name}"), Need::Nothing);
        let nowhere = Permission::of(&Method::POST, None);
        assert_eq!(nowhere.need, Need::Role(Role::Viewer));
    }

    #[test]
    fn the_table_is_documented() {
        let mut table = String::from("| call | who | what it changes |\n|---|---|---|\n");
        for known in PERMISSIONS {
            let who = match known.need {
                Need::Nothing => "everybody",
                Need::Role(role) => role.word(),
            };
            let change = known.change.unwrap_or_default();
            let Permission { method, path, .. } = known;
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
