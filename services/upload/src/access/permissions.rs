//! Which role each call needs. Each room says this where it declares its calls. Here it is one table, which
//! docs/access.md has as well and which the tests go through.

use accounts::Role;
use axum::http::Method;

/// The role that a call needs, and what the call changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) need: Need,
    /// In words; `None` where it changes nothing.
    pub(crate) change: Option<&'static str>,
}

/// The role that a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Role(Role),
}

/// For everybody: without such calls nobody could log in.
pub(crate) const OPEN: Permission = Permission {
    need: Need::Nothing,
    change: None,
};

/// For everybody: the call itself asks for what shows that they may do so. `change` says in words what it changes.
pub(crate) const fn by_pass(change: &'static str) -> Permission {
    Permission {
        need: Need::Nothing,
        change: Some(change),
    }
}

/// For everybody who is let in.
pub(crate) const LOOK: Permission = look(Role::Viewer);

/// For operators, although it changes nothing.
pub(crate) const LOOK_AS_OPERATOR: Permission = look(Role::Operator);

/// For admins, although it changes nothing.
pub(crate) const LOOK_AS_ADMIN: Permission = look(Role::Admin);

const fn look(role: Role) -> Permission {
    Permission {
        need: Need::Role(role),
        change: None,
    }
}

/// For operators, who do what comes up every day: with references, normal pictures and alerts. `change` says in words what the
/// call changes.
pub(crate) const fn operate(change: &'static str) -> Permission {
    Permission {
        need: Need::Role(Role::Operator),
        change: Some(change),
    }
}

/// For admins, who decide what is watched, and by which rule.
pub(crate) const fn administer(change: &'static str) -> Permission {
    Permission {
        need: Need::Role(Role::Admin),
        change: Some(change),
    }
}

/// The permission of each call.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    /// Method, path as the router has it, and what it takes.
    calls: Vec<(Method, String, Permission)>,
}

impl Permissions {
    pub(crate) fn add(&mut self, method: Method, path: &str, permission: Permission) {
        self.calls.push((method, path.to_owned(), permission));
    }

    pub(crate) fn extend(&mut self, others: Permissions) {
        self.calls.extend(others.calls);
    }

    /// The permission of a call. A call that is not in the table needs an admin, wherever it leads. An address that
    /// leads nowhere says so to everybody who is let in.
    pub(crate) fn of(&self, method: &Method, path: Option<&str>) -> Permission {
        let Some(path) = path else {
            return LOOK;
        };
        let method = match method {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        let mut calls = self.calls.iter();
        let known = calls.find(|(of, at, _)| of == method && at == path);
        known.map_or(LOOK_AS_ADMIN, |(_, _, permission)| *permission)
    }

    /// All of them, as they were declared.
    #[cfg(test)]
    pub(crate) fn calls(&self) -> &[(Method, String, Permission)] {
        &self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_takes_an_admin() {
        let mut table = Permissions::default();
        table.add(Method::GET, "/", LOOK);
        table.add(Method::GET, "/assets/{*name}", OPEN);
        table.add(Method::POST, "/silences", operate("silence alerts"));
        assert_eq!(table.of(&Method::GET, Some("/")), LOOK);
        assert_eq!(table.of(&Method::HEAD, Some("/")), LOOK);
        assert_eq!(table.of(&Method::HEAD, Some("/assets/{*name}")), OPEN);
        let silence = table.of(&Method::POST, Some("/silences"));
        assert_eq!(silence, operate("silence alerts"));

        assert_eq!(table.of(&Method::POST, Some("/")), LOOK_AS_ADMIN);
        assert_eq!(table.of(&Method::OPTIONS, Some("/")), LOOK_AS_ADMIN);
        assert_eq!(table.of(&Method::GET, Some("/silences")), LOOK_AS_ADMIN);
        assert_eq!(table.of(&Method::GET, Some("/new")), LOOK_AS_ADMIN);
        assert_eq!(table.of(&Method::POST, None), LOOK);
    }
}
