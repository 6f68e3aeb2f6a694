//! Compares pictures with a reference: `cargo run -p fingerprint --example similarity -- reference.jpg frame.jpg …`.
//! Prints a line for each: its hash, quality, size, and similarity with the first by both hashes.

use std::process::ExitCode;

use fingerprint::{Fingerprint, Fingerprinter, Limits};

#[expect(
    clippy::print_stdout,
    reason = "the result is for whoever runs this in a terminal"
)]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    let mut reference: Option<Fingerprint> = None;
    let mut failed = false;
    for path in std::env::args_os().skip(1) {
        let bytes = std::fs::read(&path)?;
        let path = path.display();
        match fingerprinter.inspect(&bytes) {
            Ok(picture) => {
                let print = picture.fingerprint;
                let reference = reference.get_or_insert(print);
                println!(
                    "{:016x} brightness {:5.1} contrast {:5.1} sharpness {:4.1} flat {:4.0} % {}x{} {} {:.6} {:.6} {path}",
                    print.phash,
                    print.quality.brightness,
                    print.quality.contrast,
                    print.quality.sharpness,
                    100.0 * print.quality.flat_share,
                    print.width,
                    print.height,
                    picture.format,
                    reference.similarity(&print),
                    reference.similarity_256(&print),
                );
            }
            Err(error) => {
                failed = true;
                println!("error: {error}: {path}");
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
