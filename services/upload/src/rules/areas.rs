//! A rule's masks and regions: as a request's body has them, and whether frames can be judged by them where they are set.

use std::{fmt, marker::PhantomData};

use comparison::{AreasError, check_areas};
use event_bus::{Folder, RuleScope};
use proto::{
    EffectiveRule,
    v1::{Mask, Point, Rule, WatchedRegion},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, Type,
        schema::{Array, SchemaType},
    },
};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A part of the picture that does not count.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MaskBody {
    /// Its corners, in order.
    #[schema(inline, value_type = Vec<Corner>, min_items = 3, max_items = 32)]
    polygon: Vec<Object<Corner>>,
}

/// A part of the picture that has a name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionBody {
    /// What a change there is said to be at.
    #[schema(min_length = 1, max_length = 40, example = "gate")]
    name: String,
    /// Its corners, in order.
    #[schema(inline, value_type = Vec<Corner>, min_items = 3, max_items = 32)]
    polygon: Vec<Object<Corner>>,
    /// The least similarity of this part that counts as a match, in place of the rule's threshold.
    #[schema(minimum = 0, maximum = 1)]
    threshold: Option<f64>,
    /// Whether it is also looked at in its own detail, enlarged, so that small things count: of 4 regions at most, by the measure view.
    #[serde(default, rename = "ownDetail")]
    own_detail: bool,
}

/// A place in the picture.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Corner {
    /// From the left, of the width.
    #[schema(minimum = 0, maximum = 1)]
    x: f64,
    /// From the top, of the height.
    #[schema(minimum = 0, maximum = 1)]
    y: f64,
}

impl From<MaskBody> for Mask {
    fn from(body: MaskBody) -> Self {
        Mask {
            polygon: points(body.polygon),
        }
    }
}

impl From<RegionBody> for WatchedRegion {
    fn from(body: RegionBody) -> Self {
        WatchedRegion {
            name: body.name,
            polygon: points(body.polygon),
            threshold: body.threshold,
            own_detail: body.own_detail,
        }
    }
}

fn points(corners: Vec<Object<Corner>>) -> Vec<Point> {
    let points = corners
        .into_iter()
        .map(|Object(Corner { x, y })| Point { x, y });
    points.collect()
}

/// What is written as an object: a struct could be read of a list, too.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(Fields(PhantomData))
            .map(Object)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// The schema of one of [`Rule::AREAS`].
pub(super) fn property<T: PartialSchema>(help: &str) -> Array {
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .description(Some(help))
        .items(T::schema())
        .max_items(Some(Rule::MOST_AREAS))
        .build()
}

/// Whether frames can be judged by the masks and regions of a rule that is set in a scope, `None` for one that is taken back;
/// and, where that is the default rule, by those that folders have.
pub(super) fn check(app: &App, scope: &RuleScope, rule: Option<&Rule>) -> Result<(), Problem> {
    let state = app.states.read();
    match scope {
        RuleScope::Folder(_) => {
            let judged = judge(rule.cloned(), state.default_rule());
            judged.map_err(|error| refused(&error.to_string()))
        }
        RuleScope::Default => {
            let checked = rule.map_or(Ok(()), Rule::check_without_areas);
            checked.map_err(|error| refused(&error.to_string()))?;
            let own = |folder: Folder| state.rule(&folder).map(|own| (folder, own));
            let mut drawn = state.folders().into_iter().filter_map(own);
            drawn.try_for_each(|(folder, own)| {
                let judged = judge(Some(own), rule.cloned());
                judged.map_err(|error| refused(&format!("of {folder}: {error}")))
            })
        }
    }
}

fn judge(own: Option<Rule>, default: Option<Rule>) -> Result<(), AreasError> {
    check_areas(&EffectiveRule::of(own, default))
}

fn refused(why: &str) -> Problem {
    Kind::InvalidRule.because(format!("{why}."))
}
