//! Simulated cameras as a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    cctv_sim::main()
}
