//! The comparator as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    comparator::main()
}
