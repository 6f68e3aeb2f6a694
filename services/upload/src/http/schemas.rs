//! Schemas of texts that are more than text.

use event_bus::{Folder, Standing};
use proto::v1::Phase;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

use super::alert_query::{PERIODS, PHASES};
use crate::{silences::Stage, thumbnails::Width};

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident: $schema:expr;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

schemas! {
    /// The name of a folder.
    FolderName: text().pattern(Some(Folder::PATTERN));
    /// One word.
    Tag: text()
        .min_length(Some(1))
        .max_length(Some(proto::v1::Folder::MAX_TAG))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f ,]+$"));
    /// RFC 3339.
    Time: text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    PhaseWord: text().enum_values(Some(PHASES.map(Phase::word)));
    PeriodWord: text().enum_values(Some(PERIODS.map(|(word, _)| word)));
    /// Where a silence stands.
    StageWord: text().enum_values(Some(Stage::ALL.map(Stage::word)));
    /// How what a receiver is told of an alert stands.
    StandingWord: text().enum_values(Some(Standing::ALL.map(Standing::word)));
    /// The bytes of a picture.
    File: text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    /// A form that carries pictures; parts by other names are ignored.
    PictureForm: ObjectBuilder::new()
        .description(Some("Pictures; parts by other names are ignored."))
        .property("file", ArrayBuilder::new().items(File::schema()).min_items(Some(1)))
        .required("file");
    /// What a camera sent.
    NormalSource: text().enum_values(Some(["latest-frame", "alert"]));
    /// Yes or no.
    Switch: text().enum_values(Some(["0", "1", "false", "true"]));
    /// Of a picture in small, in pixels.
    SmallWidth: ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(Width::ALL.map(Width::pixels)));
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
