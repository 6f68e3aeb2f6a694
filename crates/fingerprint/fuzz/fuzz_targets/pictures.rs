//! Any bytes get an answer: no panic, no more memory than the limits allow, and the same answer from a fingerprinter
//! that has seen other pictures before.

#![no_main]

use std::cell::RefCell;

use fingerprint::{Fingerprinter, HashKind, Limits};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_pixels: 4_000_000,
    max_alloc_bytes: 64 << 20,
};

thread_local! {
    static USED: RefCell<Fingerprinter> = RefCell::new(Fingerprinter::new(LIMITS));
}

fuzz_target!(|bytes: &[u8]| {
    let fresh = Fingerprinter::new(LIMITS).inspect(bytes);
    let used = USED.with_borrow_mut(|fingerprinter| fingerprinter.inspect(bytes));
    match (fresh, used) {
        (Ok(fresh), Ok(used)) => {
            assert_eq!(fresh, used);
            let hashed = Fingerprinter::new(LIMITS).with_hash(bytes, Some(HashKind::Blockhash));
            assert_eq!(hashed.unwrap().phash, used.fingerprint.phash);
        }
        (Err(fresh), Err(used)) => assert_eq!(fresh.to_string(), used.to_string()),
        (fresh, used) => panic!("{fresh:?} is not {used:?}"),
    }
});
