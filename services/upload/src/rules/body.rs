//! A rule as a request's body has it: read strictly, by the table of its fields, and its schema, made of the same table. What
//! masks and regions look like is in `areas`.
//! Whether its values can be is left to [`Rule::check`].

use std::{fmt, sync::LazyLock};

use proto::{FieldKind, FieldValue, RuleField, v1::Rule};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;
use utoipa::{
    Number, PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, SchemaFormat, Type,
        schema::{AdditionalProperties, Schema, SchemaType},
    },
};

use super::areas::{self, MaskBody, Object, RegionBody};

/// A rule as it is to be set: what is absent takes the value of the default rule, and then the built-in one. A field that
/// it cannot have is refused.
pub(super) struct RuleBody(pub(super) Rule);

/// What one looks like.
pub(super) const EXAMPLE: &str =
    r#"{"threshold": 0.9, "holdSeconds": 30, "keepFiringSeconds": 0, "enabled": true}"#;

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let fields = Rule::FIELDS.iter().map(|field| field.name);
    fields.chain(Rule::AREAS).collect()
});

impl<'de> Deserialize<'de> for RuleBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields).map(RuleBody)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rule, A::Error> {
        let mut rule = Rule::default();
        let mut said = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let known = NAMES.iter().find(|known| **known == name);
            let known = *known.ok_or_else(|| A::Error::unknown_field(&name, &NAMES))?;
            if said.contains(&known) {
                return Err(A::Error::duplicate_field(known));
            }
            said.push(known);
            match RuleField::named(known) {
                Some(field) => field.set(&mut rule, value(field, &mut map)?),
                None if known == "masks" => rule.masks = parts::<MaskBody, _, _>(&mut map)?,
                None => rule.regions = parts::<RegionBody, _, _>(&mut map)?,
            }
        }
        Ok(rule)
    }
}

/// Masks or regions; `null` is none.
fn parts<'de, B, P, A>(map: &mut A) -> Result<Vec<P>, A::Error>
where
    B: Deserialize<'de> + Into<P>,
    A: MapAccess<'de>,
{
    let parts = map.next_value::<Option<Vec<Object<B>>>>()?;
    let parts = parts.unwrap_or_default().into_iter();
    Ok(parts.map(|Object(part)| part.into()).collect())
}

/// What it says in a field; `null` is nothing.
fn value<'de, A: MapAccess<'de>>(
    field: &RuleField,
    map: &mut A,
) -> Result<Option<FieldValue<'static>>, A::Error> {
    match field.kind {
        FieldKind::Number { .. } | FieldKind::Seconds { .. } => {
            Ok(map.next_value::<Option<f64>>()?.map(FieldValue::Number))
        }
        FieldKind::Switch => Ok(map.next_value::<Option<bool>>()?.map(FieldValue::Switch)),
        FieldKind::Word { words } => match map.next_value::<Option<String>>()? {
            None => Ok(None),
            Some(text) => match field.kind.word(&text) {
                Some(word) => Ok(Some(word)),
                None => Err(A::Error::unknown_variant(&text, words)),
            },
        },
    }
}

impl PartialSchema for RuleBody {
    fn schema() -> RefOr<Schema> {
        let example: Value = serde_json::from_str(EXAMPLE).expect("the example is JSON");
        let object = ObjectBuilder::new()
            .description(Some(
                "A rule as it is to be set: what is absent takes the value of the default rule, and then the built-in \
                 one.",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .examples([example]);
        let fields = Rule::FIELDS.iter().fold(object, |object, field| {
            object.property(field.name, property(field))
        });
        let masks = areas::property::<MaskBody>(
            "Parts of the picture that do not count. Only for a folder, and by the measures view and parts.",
        );
        let regions = areas::property::<RegionBody>(
            "Parts of the picture that have a name. Only for a folder, and by the measures view and parts.",
        );
        let [masks_name, regions_name] = Rule::AREAS;
        fields
            .property(masks_name, masks)
            .property(regions_name, regions)
            .into()
    }
}

impl ToSchema for RuleBody {}

fn property(field: &RuleField) -> ObjectBuilder {
    let property = ObjectBuilder::new()
        .description(Some(format!("{}.", field.help)))
        .default(Some(Value::Null));
    let or_null = |kind| SchemaType::from_iter([kind, Type::Null]);
    match field.kind {
        FieldKind::Number { .. } | FieldKind::Seconds { .. } => {
            let range = field.kind.range();
            property
                .schema_type(or_null(Type::Number))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
                .minimum(range.map(|(least, _)| number(least)))
                .maximum(range.map(|(_, most)| number(most)))
        }
        FieldKind::Switch => property.schema_type(or_null(Type::Boolean)),
        FieldKind::Word { words } => property
            .schema_type(or_null(Type::String))
            .enum_values(Some(words.iter().copied().map(Some).chain([None]))),
    }
}

/// Whole numbers are written as such: `1`, not `1.0`.
fn number(value: f64) -> Number {
    match value.fract() == 0.0 {
        true => Number::Int(value as isize),
        false => Number::Float(value),
    }
}
