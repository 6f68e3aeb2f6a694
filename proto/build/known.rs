//! For each message, a way to forget the enum values that a later version has added.

use std::fmt::Write as _;

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

/// Rust code that implements `Known` for all messages of a package.
pub(crate) fn of_package(pool: &DescriptorPool, package: &str) -> String {
    let messages = pool.all_messages();
    let ours = messages.filter(|message| message.package_name() == package);
    ours.map(|message| implementation(&message)).collect()
}

fn implementation(message: &MessageDescriptor) -> String {
    let package = message.package_name();
    let statements: Vec<String> = message
        .fields()
        .filter_map(|field| statement(&field, package))
        .collect();
    let mut code = String::new();
    writeln!(
        code,
        "impl crate::Known for {} {{\nfn forget_unknown(&mut self) {{\n{}}}\n}}",
        message.name(),
        statements.concat()
    )
    .expect("a string takes all that is written");
    code
}

fn statement(field: &FieldDescriptor, package: &str) -> Option<String> {
    let name = field.name();
    match field.kind() {
        Kind::Enum(values) => {
            let forget = format!("crate::known::forget_unless_known::<{}>", values.name());
            Some(match field.is_list() || field.supports_presence() {
                true => format!("self.{name}.iter_mut().for_each({forget});\n"),
                false => format!("{forget}(&mut self.{name});\n"),
            })
        }
        Kind::Message(message) if message.package_name() == package => Some(format!(
            "self.{name}.iter_mut().for_each(crate::Known::forget_unknown);\n"
        )),
        _ => None,
    }
}
