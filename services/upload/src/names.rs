//! Names of pictures: the safe form of what clients call them, and the ids that tell them apart.

use fingerprint::Format;
use time::{OffsetDateTime, UtcOffset, macros::format_description};
use uuid::{Timestamp, Uuid};

const MAX_CHARS: usize = 100;

/// An extension that is kept when a name is cut.
const MAX_EXTENSION_CHARS: usize = 8;

/// The name with everything but letters, digits, `.`, `_` and `-` replaced; `<id>.<extension>` where nothing is left.
/// Neither a path nor a hidden file, in no header and no shell anything but itself.
pub(crate) fn safe(name: &str, id: &str, format: Format) -> String {
    let safe: String = name
        .trim()
        .chars()
        .map(|c| if is_safe(c) { c } else { '_' })
        .collect();
    let safe = safe.trim_start_matches('.');
    if !safe.contains(char::is_alphanumeric) {
        return format!("{id}.{}", format.extension());
    }
    shorten(safe)
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

fn is_safe(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
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
