//! Compiles `framewatch/v1/*.proto` without an installed protoc, into Rust types and JSON schemas.

#[path = "build/known.rs"]
mod known;
#[path = "build/schemas.rs"]
mod schemas;

use std::{env, error::Error, fs, path::PathBuf};

use protox::{prost::Message, prost_reflect::DescriptorPool};

const PACKAGE: &str = "framewatch.v1";

const FILES: [&str; 15] = [
    "framewatch/v1/acknowledgement.proto",
    "framewatch/v1/alert.proto",
    "framewatch/v1/camera.proto",
    "framewatch/v1/camera_test.proto",
    "framewatch/v1/change.proto",
    "framewatch/v1/comparison.proto",
    "framewatch/v1/finding.proto",
    "framewatch/v1/fingerprint.proto",
    "framewatch/v1/folder.proto",
    "framewatch/v1/history.proto",
    "framewatch/v1/proposal.proto",
    "framewatch/v1/rule.proto",
    "framewatch/v1/silence.proto",
    "framewatch/v1/source.proto",
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
        .ignore_unknown_fields()
        .ignore_unknown_enum_variants()
        .build(&[".framewatch.v1"])?;

    let pool = DescriptorPool::from_file_descriptor_set(descriptors)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let schemas = schemas::of_package(&pool, PACKAGE);
    fs::write(
        out.join("schemas.json"),
        serde_json::to_string_pretty(&schemas)?,
    )?;
    fs::write(
        out.join("framewatch.v1.known.rs"),
        known::of_package(&pool, PACKAGE),
    )?;

    Ok(())
}
