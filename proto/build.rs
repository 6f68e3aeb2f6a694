//! Compiles `framewatch/v1/*.proto` without an installed protoc.

use std::error::Error;

use protox::prost::Message;

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

    Ok(())
}
