//! What the prefix codes of a lossless WebP take is reckoned by reading them: a small file can describe gigabytes.

use allocation_counter::measure;
use fingerprint::{Encoded, Error, Limits};

use crate::memory::{chunk, riff};

/// Numbers and how many bits each has, the least bit first.
type Bits = Vec<(u32, u32)>;

/// A lossless picture of 64 × 64 pixels in so many groups of these five codes each, and zeros behind.
fn webp(groups: u32, codes: [&Bits; 5]) -> Vec<u8> {
    let last = groups - 1;
    let head = [(0x2F, 8), (63, 14), (63, 14), (0, 4)];
    // No transform; a cache of 2^11 colours; groups, of which a block of 512 × 512 pixels has the last.
    let blocks = [(0, 1), (1, 1), (11, 4), (1, 1), (7, 3), (0, 1)];
    let [green, red] = [last & 255, last >> 8].map(|symbol| vec![(0b101, 3), (symbol, 8)]);
    let zero = vec![(0b001, 3), (0, 1)];
    let image = [&green, &red, &zero, &zero, &zero];
    let mut bits = [&head[..], &blocks].concat();
    bits.extend(image.into_iter().flatten());
    for _ in 0..groups {
        bits.extend(codes.into_iter().flatten());
    }
    let mut data = packed(&bits);
    data.resize(data.len() + 20_000, 0);
    riff(&[&chunk(b"VP8L", &data)])
}

fn packed(bits: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut buffer, mut held) = (0u64, 0);
    for &(number, count) in bits {
        buffer |= u64::from(number) << held;
        held += count;
        while held >= 8 {
            bytes.push(buffer as u8);
            buffer >>= 8;
            held -= 8;
        }
    }
    bytes.push(buffer as u8);
    bytes
}

/// A code that gives each symbol of 256 eight bits: the length 8, which goes before all, and repetitions of it.
fn even(symbols: u32) -> Bits {
    // The codes of lengths: 16 (repeat) has one bit, 8 too.
    let mut bits = vec![(0, 1), (12 - 4, 4)];
    for symbol in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8] {
        bits.push((u32::from([8, 16].contains(&symbol)), 3));
    }
    bits.push((0, 1));
    bits.extend(repeated(symbols));
    bits
}

/// `left` lengths of 8: the first coded by 0, then repetitions of three to six, coded by 1 and two bits.
fn repeated(mut left: u32) -> Bits {
    let mut bits = vec![(0, 1)];
    left -= 1;
    while left > 0 {
        let times = match left {
            7.. => 6,
            6 => 3,
            3..=5 => left,
            _ => unreachable!("of 256 none is left over"),
        };
        bits.extend([(1, 1), (times - 3, 2)]);
        left -= times;
    }
    bits
}

/// Greens with 11 and 12 bits: 1,768 and 560 of them fill the code of 2,328 symbols.
fn long() -> Bits {
    // The codes of lengths: 16 has one bit, 11 and 12 have two: 0, 10 and 11.
    let mut bits = vec![(0, 1), (17 - 4, 4)];
    for symbol in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13] {
        let length = match symbol {
            16 => 1,
            11 | 12 => 2,
            _ => 0,
        };
        bits.push((length, 3));
    }
    bits.push((0, 1));
    for (code, count) in [(0b01, 1768), (0b11, 560)] {
        bits.push((code, 2));
        let mut left: u32 = count - 1;
        while left > 0 {
            let times = match left {
                9.. | 6 => 6,
                7 | 8 => 4,
                3..=5 => left,
                _ => unreachable!("of these counts none is left over"),
            };
            bits.extend([(0, 1), (times - 3, 2)]);
            left -= times;
        }
    }
    bits
}

/// A code of two symbols.
fn two() -> Bits {
    vec![(0b011, 3), (0, 1), (1, 8)]
}

fn one() -> Bits {
    vec![(0b001, 3), (0, 1)]
}

fn decode(bytes: &[u8], max_alloc_bytes: u64) -> Result<(), Error> {
    let limits = Limits {
        max_alloc_bytes,
        ..Limits::default()
    };
    Encoded::open(bytes, limits)?.decode().map(drop)
}

#[test]
fn what_trees_take_is_reckoned_however_few_bits_describe_them() {
    let (long, even, two, one) = (long(), even(256), two(), one());
    for (name, groups, codes) in [
        ("long codes", 1000, [&long, &even, &even, &even, &two]),
        ("tables", 10_000, [&two, &even, &even, &even, &one]),
        ("pairs", 65_536, [&two, &two, &two, &two, &two]),
        ("one symbol each", 65_536, [&one, &one, &one, &one, &one]),
    ] {
        let bytes = webp(groups, codes);
        let reckoned = Encoded::open(&bytes, Limits::default())
            .unwrap()
            .decoding_bytes();
        let taken = measure(|| decode(&bytes, 512 << 20).unwrap()).bytes_max;
        assert!(taken <= reckoned, "{name}: {taken} of {reckoned}");
        assert!(2 * taken > reckoned, "{name}: only {taken} of {reckoned}");
    }
}

#[test]
fn a_file_that_describes_gigabytes_of_trees_is_refused_before_any_is_built() {
    let (long, even) = (long(), even(256));
    let bytes = webp(20_000, [&long, &even, &even, &even, &two()]);
    assert!(bytes.len() < 8_000_000, "{}", bytes.len());
    let taken = measure(|| {
        let error = fingerprint::of(&bytes).unwrap_err();
        assert!(error.needed_bytes() > Some(1_600_000_000), "{error}");
        assert!(error.to_string().contains("send a smaller picture"));
    });
    assert!(taken.bytes_max < 1 << 20, "{}", taken.bytes_max);
}

/// A picture that cannot be read is not decoded. Until that is known, it may hold the most that its bytes can say.
#[test]
fn codes_that_cannot_be_read_are_reckoned_by_the_bytes_that_there_are() {
    let whole = webp(3000, [&long(), &one(), &one(), &one(), &one()]);
    let damaged = riff(&[&chunk(b"VP8L", &whole[20..300_000])]);
    let error = decode(&damaged, 100 << 20).unwrap_err();
    assert!(error.needed_bytes() > Some(150_000_000), "{error}");
    assert!(
        decode(&damaged, 1 << 30)
            .unwrap_err()
            .needed_bytes()
            .is_none()
    );
}
