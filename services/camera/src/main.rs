//! Real cameras as a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    camera::main()
}
