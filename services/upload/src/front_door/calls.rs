//! How a room declares its calls: where each is, what it needs, and who answers it, in one place. From these
//! declarations the router, the table of permissions and the document of the API are made.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    handler::Handler,
    http::Method,
    routing::{get, post},
};
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{
    access::permissions::{Permission, Permissions},
    app::App,
};

/// Calls, and what each of them takes.
pub(crate) struct Calls {
    router: OpenApiRouter<Arc<App>>,
    permissions: Permissions,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Calls {
            router: OpenApiRouter::default(),
            permissions: Permissions::default(),
        }
    }

    /// Calls of one path that the document of the API tells of, as `routes!` gives them.
    pub(crate) fn api(
        mut self,
        permission: Permission,
        calls: UtoipaMethodRouter<Arc<App>, Infallible>,
    ) -> Self {
        for (path, item) in &calls.1.paths {
            for method in methods(item) {
                self.permissions.add(method, path, permission);
            }
        }
        self.router = self.router.routes(calls);
        self
    }

    /// Adds what only browsers ask for: a page, a part of one, or a file.
    pub(crate) fn page<T: 'static>(
        mut self,
        permission: Permission,
        path: &str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        self.permissions.add(Method::GET, path, permission);
        self.router = self.router.route(path, get(handler));
        self
    }

    /// Adds what the forms of pages send.
    pub(crate) fn form<T: 'static>(
        mut self,
        permission: Permission,
        path: &str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        self.permissions.add(Method::POST, path, permission);
        self.router = self.router.route(path, post(handler));
        self
    }

    /// Hands something to all calls that are declared so far, as an extension.
    pub(crate) fn given<T: Clone + Send + Sync + 'static>(mut self, it: T) -> Self {
        self.router = self.router.layer(Extension(it));
        self
    }

    /// These and those of another room.
    pub(crate) fn and(mut self, others: Calls) -> Self {
        self.permissions.extend(others.permissions);
        self.router = self.router.merge(others.router);
        self
    }

    /// The calls in the document of the API, without what is said of all calls together.
    pub(crate) fn documented(&self) -> OpenApi {
        self.router.get_openapi().clone()
    }

    /// The router, without any layers, and who may call what.
    pub(crate) fn into_parts(self) -> (Router<Arc<App>>, Permissions) {
        (self.router.into(), self.permissions)
    }
}

/// The methods of the calls of a path.
pub(crate) fn methods(item: &PathItem) -> Vec<Method> {
    let calls = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    let calls = calls.into_iter().filter(|(_, call)| call.is_some());
    calls.map(|(method, _)| method).collect()
}
