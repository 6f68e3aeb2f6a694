//! Compiles `framewatch/v1/*.proto` without an installed protoc, into Rust types and JSON schemas.

#[path = "build/schemas.rs"]
mod schemas;

use std::{env, error::Error, fs, path::Path};

use protox::{prost::Message, prost_reflect::DescriptorPool};

const FILES: [&str; 6] = [
    "framewatch/v1/acknowledgement.proto",
    "framewatch/v1/alert.proto",
    "framewatch/v1/comparison.proto",
    "framewatch/v1/fingerprint.proto",
    "framewatch/v1/rule.proto",
    "framewatch/v1/upload.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=framewatch");
    let descriptors = protox::compile(FILES, ["."])?;

    prost_build::Config::new()
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .bytes(["."])
        .compile_fds(descriptors.clone())?;

    pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())?
        .emit_fields()
        .build(&[".framewatch.v1"])?;

    let pool = DescriptorPool::from_file_descriptor_set(descriptors)?;
    let schemas = schemas::of_package(&pool, "framewatch.v1");
    let place = Path::new(&env::var("OUT_DIR")?).join("schemas.json");
    fs::write(place, serde_json::to_string_pretty(&schemas)?)?;

    Ok(())
}
