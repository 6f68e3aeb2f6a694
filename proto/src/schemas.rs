//! The messages as schemas of OpenAPI: those of `schemas.json`, which the build makes of the `.proto` files.

use std::{collections::BTreeMap, sync::LazyLock};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::v1;

static SCHEMAS: LazyLock<BTreeMap<String, RefOr<Schema>>> = LazyLock::new(|| {
    let schemas = include_str!(concat!(env!("OUT_DIR"), "/schemas.json"));
    serde_json::from_str(schemas).expect("the build writes schemas")
});

macro_rules! schemas {
    ($($message:ident),+) => {$(
        impl PartialSchema for v1::$message {
            fn schema() -> RefOr<Schema> {
                SCHEMAS[stringify!($message)].clone()
            }
        }

        impl ToSchema for v1::$message {
            /// All messages: one refers to others.
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                let all = SCHEMAS.iter();
                schemas.extend(all.map(|(name, schema)| (name.clone(), schema.clone())));
            }
        }
    )+};
}

schemas!(
    Acknowledgement,
    Alert,
    AlertMatcher,
    CameraTest,
    Change,
    Comparison,
    Finding,
    Fingerprint,
    Folder,
    FolderChange,
    Frame,
    NormalAdded,
    NormalRemoved,
    NormalsChange,
    Picture,
    Proposal,
    Reference,
    ReferenceChange,
    Rule,
    RuleChange,
    Silence,
    Source,
    Upload,
    UploadRemoved
);
