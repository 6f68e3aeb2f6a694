//! What processes have used, as the kernel says it.

use std::fs;

/// The kernel counts CPU time in ticks of this many a second.
const TICKS_A_SECOND: f64 = 100.0;

/// CPU time of processes, and of their children that have ended, in seconds.
pub(crate) fn cpu_seconds(processes: &[u32]) -> f64 {
    let ticks: u64 = processes.iter().map(|process| ticks(*process)).sum();
    ticks as f64 / TICKS_A_SECOND
}

fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name stands in brackets, and may hold anything.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields = fields.split_whitespace().skip(11).take(4);
    fields.map(|field| field.parse::<u64>().unwrap()).sum()
}

/// The memory that processes have in use, in bytes.
pub(crate) fn resident_bytes(processes: &[u32]) -> u64 {
    processes.iter().map(|process| resident(*process)).sum()
}

fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}
