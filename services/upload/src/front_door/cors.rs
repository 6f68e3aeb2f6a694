//! What browsers are told of pages of other sites (CORS).

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::access::Origins;

/// How long a browser may rely on an answer.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// `None` where only our own pages are meant, which need none. Cookies are never let through: a page of another site says
/// by a token who it is.
pub(crate) fn layer(origins: &Origins) -> Option<CorsLayer> {
    let look = [Method::GET, Method::HEAD];
    let change = [Method::PUT, Method::POST, Method::DELETE];
    let cors = match origins {
        Origins::Ours => return None,
        Origins::Any => CorsLayer::new()
            .allow_origin(AllowOrigin::any())
            .allow_methods(look),
        Origins::These(origins) => CorsLayer::new()
            .allow_origin(AllowOrigin::list(
                origins
                    .iter()
                    .filter_map(|origin| HeaderValue::try_from(origin.to_string()).ok()),
            ))
            .allow_methods([look.as_slice(), &change].concat()),
    };
    let cors = cors
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            header::RANGE,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_DISPOSITION,
            header::CONTENT_RANGE,
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("camera"),
            HeaderName::from_static("captured-at"),
            HeaderName::from_static("stored-at"),
        ])
        .max_age(MAX_AGE);
    Some(cors)
}
