//! Compares pictures with a reference: `cargo run -p fingerprint --example similarity -- reference.jpg frame.jpg …`.
//! Prints a line for each: its hash, contrast, size, and similarity with the first.

use std::process::ExitCode;

use fingerprint::{Fingerprint, Limits};

#[expect(
    clippy::print_stdout,
    reason = "the result is for whoever runs this in a terminal"
)]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut reference: Option<Fingerprint> = None;
    let mut failed = false;
    for path in std::env::args_os().skip(1) {
        let bytes = std::fs::read(&path)?;
        let path = path.display();
        match fingerprint::inspect(&bytes, &Limits::default()) {
            Ok(picture) => {
                let print = picture.fingerprint;
                let similarity = reference.get_or_insert(print).similarity(&print);
                let Fingerprint {
                    phash,
                    contrast,
                    width,
                    height,
                    ..
                } = print;
                println!(
                    "{phash:016x} {contrast:5.1} {width}x{height} {} {similarity:.6} {path}",
                    picture.format
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
