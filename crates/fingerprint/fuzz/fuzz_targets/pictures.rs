//! Any bytes get an answer: no panic, no more memory than the limits allow, and the same answer from a fingerprinter
//! that has seen other pictures before. At whatever scale it is read, a thumbnail has the levels that its size takes.

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
            let size = [used.fingerprint.width, used.fingerprint.height];
            check_thumbnail(bytes, size);
            check_quarter(bytes, size);
        }
        (Err(fresh), Err(used)) => assert_eq!(fresh.to_string(), used.to_string()),
        (fresh, used) => panic!("{fresh:?} is not {used:?}"),
    }
});

/// Its sides are 1/8 of the picture's, 1/4, or all.
fn check_thumbnail(bytes: &[u8], picture: [u32; 2]) {
    let mut fingerprinter = Fingerprinter::new(LIMITS);
    let thumbnail = fingerprinter.thumbnail(bytes).unwrap();
    let sides = [thumbnail.width, thumbnail.height];
    assert_eq!(thumbnail.levels.len(), sides[0] * sides[1]);
    let is_at = |square: u32| picture.map(|side| side.div_ceil(square) as usize) == sides;
    assert!(is_at(8) || is_at(4) || is_at(1), "{sides:?} of {picture:?}");
}

/// Where there is one, its sides are 1/4 of the picture's, whatever was seen before.
fn check_quarter(bytes: &[u8], picture: [u32; 2]) {
    let fresh = Fingerprinter::new(LIMITS).quarter_rgb(bytes, (1, 1));
    let used = USED.with_borrow_mut(|fingerprinter| fingerprinter.quarter_rgb(bytes, (1, 1)));
    assert_eq!(fresh.as_ref().ok(), used.as_ref().ok());
    if let Ok(Some(quarter)) = fresh {
        let sides: [u32; 2] = quarter.dimensions().into();
        assert_eq!(sides, picture.map(|side| side.div_ceil(4)));
    }
}
