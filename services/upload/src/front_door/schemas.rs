//! Schemas of texts that are more than text: how they are declared, and those that several features have.

use event_bus::Folder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

/// Declares types that are a schema and nothing else.
macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident: $schema:expr;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}
pub(crate) use schemas;

schemas! {
    /// The name of a folder.
    FolderName: text().pattern(Some(Folder::PATTERN));
    /// The name of a folder, or nothing, as a form sends it that asks for all.
    FolderOrNone: text().pattern(Some(or_nothing(Folder::PATTERN)));
    /// RFC 3339.
    Time: text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// Yes or no.
    Switch: text().enum_values(Some(["0", "1", "false", "true"]));
}

/// What matches a pattern for a whole text, and the empty text.
fn or_nothing(pattern: &str) -> String {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    format!("^({inner})?$")
}

/// To be described further.
pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
