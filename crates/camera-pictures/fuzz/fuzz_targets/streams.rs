//! A stream of pictures gives the same pictures in whatever pieces it comes, and what is kept of it is bounded: one in parts, as
//! cameras send by HTTP, and one of JPEGs that follow each other directly, as ffmpeg writes. The first byte chooses which, the
//! second how long the pieces are.

#![no_main]

use bytes::Bytes;
use camera_pictures::parts::Parts;
use libfuzzer_sys::fuzz_target;

#[path = "../../../frame-source/src/splitter.rs"]
mod splitter;

use splitter::Splitter;

const MAX_BYTES: usize = 20_000;

fuzz_target!(|bytes: &[u8]| {
    let [kind, piece, stream @ ..] = bytes else {
        return;
    };
    let size = usize::from(*piece) * 7 + 1;
    let taken_apart = match kind % 2 {
        0 => in_parts,
        _ => one_after_another,
    };
    let (pieces, are_all) = taken_apart(stream, size);
    let (whole, are_whole) = taken_apart(stream, stream.len().max(1));
    for (one, other) in pieces.iter().zip(&whole) {
        assert_eq!(one, other);
    }
    // A stream that is given up is so a little earlier or later.
    if are_all && are_whole {
        assert_eq!(pieces.len(), whole.len());
    }
});

/// The pictures, and whether the stream was not given up.
fn in_parts(stream: &[u8], size: usize) -> (Vec<Bytes>, bool) {
    let mut parts = Parts::new("b", MAX_BYTES);
    let mut pictures = Vec::new();
    for piece in stream.chunks(size) {
        parts.feed(piece);
        loop {
            match parts.next_part() {
                Ok(Some(picture)) => pictures.push(picture),
                Ok(None) => break,
                Err(_) => return (pictures, false),
            }
        }
    }
    (pictures, true)
}

fn one_after_another(stream: &[u8], size: usize) -> (Vec<Bytes>, bool) {
    let mut splitter = Splitter::new(MAX_BYTES);
    let mut pictures = Vec::new();
    for piece in stream.chunks(size) {
        splitter.buffer().extend_from_slice(piece);
        loop {
            match splitter.next() {
                Ok(Some(picture)) => pictures.push(picture),
                Ok(None) => break,
                Err(_) => return (pictures, false),
            }
        }
    }
    (pictures, true)
}
