//! Which rule holds for a folder, and whose it is, field by field.

use proto::v1::Rule;
use serde::{Serialize, Serializer};

use crate::Known;

/// For each field of a rule in force, whose rule it comes from. Written as JSON it is a [`RuleSource`] for each field,
/// by the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleSources([RuleSource; Rule::FIELDS.len()]);

/// Whose rule says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RuleSource {
    /// The folder's own.
    Folder,
    /// The one that was set for all folders.
    Default,
    /// Nobody's: it holds where none was set.
    BuiltIn,
}

impl Known {
    /// The rule in force for a folder that has this rule, every field set; and where each field comes from.
    pub fn effective_rule(&self, own: Option<Rule>) -> (Rule, RuleSources) {
        let default = self.default_rule();
        let says = |rule: &Option<Rule>, field: usize| {
            let rule = rule.as_ref();
            rule.is_some_and(|rule| Rule::FIELDS[field].get(rule).is_some())
        };
        let sources =
            std::array::from_fn(|field| match (says(&own, field), says(&default, field)) {
                (true, _) => RuleSource::Folder,
                (false, true) => RuleSource::Default,
                (false, false) => RuleSource::BuiltIn,
            });
        (Rule::in_force(own, default), RuleSources(sources))
    }
}

impl Serialize for RuleSources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = Rule::FIELDS.iter().map(|field| field.name);
        serializer.collect_map(names.zip(&self.0))
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use proto::v1::Rule;
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ObjectBuilder, Ref, RefOr, schema::Schema},
    };

    use super::{RuleSource, RuleSources};

    impl PartialSchema for RuleSources {
        fn schema() -> RefOr<Schema> {
            let object = ObjectBuilder::new()
                .description(Some("Where each field of a rule that holds comes from."));
            let source = Ref::from_schema_name(RuleSource::name());
            let fields = Rule::FIELDS.iter().fold(object, |object, field| {
                object
                    .property(field.name, source.clone())
                    .required(field.name)
            });
            fields.into()
        }
    }

    impl ToSchema for RuleSources {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((RuleSource::name().into(), RuleSource::schema()));
        }
    }
}
