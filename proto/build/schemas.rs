//! JSON schemas of the messages as proto3 JSON writes them, their comments as descriptions.

use protox::prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// Schemas by the name of the message.
pub(crate) fn of_package(pool: &DescriptorPool, package: &str) -> Value {
    let messages = pool.all_messages();
    let ours = messages.filter(|message| message.package_name() == package);
    let schemas = ours.map(|message| (message.name().to_owned(), object(&message)));
    Value::Object(schemas.collect())
}

/// No field is required: proto3 JSON leaves out those that have their default value.
fn object(message: &MessageDescriptor) -> Value {
    let fields = message.fields();
    let properties: Map<String, Value> = fields
        .map(|field| (field.json_name().to_owned(), property(&field)))
        .collect();
    json!({
        "type": "object",
        "description": comment(message.parent_file(), message.path()),
        "properties": properties,
    })
}

fn property(field: &FieldDescriptor) -> Value {
    assert!(!field.is_map(), "no message has such yet");
    let mut schema = value(&field.kind());
    if field.is_list() {
        schema = json!({"type": "array", "items": schema});
    }
    let description = comment(field.parent_file(), field.path());
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => json!({"type": "number"}),
        Kind::Sint32 => json!({"type": "integer"}),
        Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0}),
        Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "pattern": "^[0-9]{1,20}$"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::String => json!({"type": "string"}),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Enum(values) => json!({"type": "string", "enum": words(values)}),
        Kind::Message(message) if message.full_name() == TIMESTAMP => {
            json!({"type": "string", "format": "date-time"})
        }
        Kind::Message(message) => {
            json!({"$ref": format!("#/components/schemas/{}", message.name())})
        }
        other => panic!("no message has {other:?} yet"),
    }
}

/// All but the value that stands for none, which is left out.
fn words(values: &EnumDescriptor) -> Vec<String> {
    let named = values.values().filter(|value| value.number() != 0);
    named.map(|value| value.name().to_owned()).collect()
}

/// The comment before a declaration, as one paragraph.
fn comment(file: protox::prost_reflect::FileDescriptor, path: &[i32]) -> String {
    let source = file.file_descriptor_proto().source_code_info.as_ref();
    let mut places = source.iter().flat_map(|source| &source.location);
    let place = places.find(|place| place.path == path);
    let lines = place.map_or("", |place| place.leading_comments());
    let words: Vec<&str> = lines.split_whitespace().collect();
    words.join(" ")
}
