//! Names of pictures: the safe form of what clients call them, and the ids that tell them apart.

use fingerprint::Format;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};
use time::{OffsetDateTime, UtcOffset, macros::format_description};
use uuid::{Timestamp, Uuid};

const MAX_CHARS: usize = 100;

/// An extension that is kept when a name is cut.
const MAX_EXTENSION_CHARS: usize = 8;

/// What a picture is called that a client calls so; `<id>.<extension>` where nothing of that can be kept.
pub(crate) fn safe(name: &str, id: &str, format: Format) -> String {
    kept(name).unwrap_or_else(|| format!("{id}.{}", format.extension()))
}

/// What is kept of a name: in the composed form that Unicode calls NFC, with everything but letters, their marks, digits, `.`,
/// `_` and `-` replaced. Neither a path nor a hidden file, in no header and no shell anything but itself. `None` where nothing is
/// left.
pub(crate) fn kept(name: &str) -> Option<String> {
    let name = ComposingNormalizerBorrowed::new_nfc().normalize(name.trim());
    let mut is_in_letter = false;
    let safe = name.chars().map(|c| {
        is_in_letter = c.is_alphanumeric() || (is_in_letter && is_mark(c));
        if is_in_letter || matches!(c, '.' | '_' | '-') {
            c
        } else {
            '_'
        }
    });
    let safe: String = safe.collect();
    let safe = safe.trim_start_matches('.');
    safe.contains(char::is_alphanumeric).then(|| shorten(safe))
}

/// Whether it changes the letter before it, as vowels of many scripts do.
fn is_mark(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Mark.contains(category)
}

/// What the picture of a frame is called.
pub(crate) fn of_frame(at: Option<OffsetDateTime>, format: Format) -> String {
    let extension = format.extension();
    let compact = format_description!("[year][month][day][hour][minute][second]");
    match at.and_then(|at| at.to_offset(UtcOffset::UTC).format(compact).ok()) {
        Some(at) => format!("frame-{at}.{extension}"),
        None => format!("frame.{extension}"),
    }
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= MAX_CHARS {
        return name.to_owned();
    }
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|extension| extension.chars().count() <= MAX_EXTENSION_CHARS);
    match extension {
        Some(extension) => {
            let stem_chars = MAX_CHARS - 1 - extension.chars().count();
            let stem: String = name.chars().take(stem_chars).collect();
            format!("{stem}.{extension}")
        }
        None => name.chars().take(MAX_CHARS).collect(),
    }
}

/// A new id, which sorts after `newest` even where the clock was set back.
pub(crate) fn next_id(newest: Option<&str>) -> String {
    let id = Uuid::now_v7();
    let newest = newest.and_then(|newest| newest.parse::<Uuid>().ok());
    match newest {
        Some(newest) if newest >= id => after(newest).unwrap_or(id),
        _ => id,
    }
    .to_string()
}

fn after(newest: Uuid) -> Option<Uuid> {
    let (seconds, nanos) = newest.get_timestamp()?.to_unix();
    let next_ms = seconds.checked_mul(1000)? + u64::from(nanos / 1_000_000) + 1;
    let (seconds, ms) = (next_ms / 1000, u32::try_from(next_ms % 1000).ok()?);
    Some(Uuid::new_v7(Timestamp::from_unix_time(
        seconds,
        ms * 1_000_000,
        0,
        0,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_safe() {
        for (name, expected) in [
            ("gate.jpg", "gate.jpg"),
            ("Überwachung 3.png", "Überwachung_3.png"),
            ("U\u{308}bersicht.jpg", "Übersicht.jpg"),
            ("हिन्दी.jpg", "हिन्दी.jpg"),
            ("ที่จอดรถ.png", "ที่จอดรถ.png"),
            ("\u{301}a.jpg", "_a.jpg"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\pictures\\a.bmp", "C__pictures_a.bmp"),
            (".htaccess", "htaccess"),
            ("a\0b\"c'd\r\n.gif", "a_b_c_d__.gif"),
            ("\u{202e}gpj.exe", "_gpj.exe"),
            ("", "ID.jpg"),
            ("...", "ID.jpg"),
            ("_-_", "ID.jpg"),
        ] {
            assert_eq!(safe(name, "ID", Format::Jpeg), expected, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_before_their_extension() {
        let long = safe(&format!("{}.webp", "ä".repeat(300)), "ID", Format::WebP);
        assert_eq!(long.chars().count(), 100);
        assert!(long.ends_with("ä.webp"), "{long}");
        let without = safe(&format!("a.{}", "b".repeat(300)), "ID", Format::WebP);
        assert_eq!(without.chars().count(), 100);
    }

    #[test]
    fn ids_grow_even_when_the_clock_is_set_back() {
        let first = next_id(None);
        let second = next_id(Some(&first));
        assert!(second > first);
        let future = Uuid::new_v7(Timestamp::from_unix_time(4_000_000_000, 999_000_000, 0, 0));
        let next = next_id(Some(&future.to_string()));
        assert!(next > future.to_string(), "{next} after {future}");
        assert!(next_id(Some(&next)) > next);
    }
}
