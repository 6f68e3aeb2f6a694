//! Texts of others made fit to stand in a message: in one line, without characters that change what stands around them, and
//! no longer than there is room for.

use data_encoding::HEXLOWER;

/// A text in one line of at most so many characters.
///
/// What breaks lines, controls a terminal, or turns the direction of writing becomes a space. Several spaces become
/// one.
pub(crate) fn line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    // Nothing is read beyond what could fill the line, however long the text.
    for word in text.split(|c: char| c.is_whitespace() || is_unseen(c)) {
        if word.is_empty() {
            continue;
        }
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for char in word.chars() {
            if count >= max_chars {
                return shortened(line, max_chars);
            }
            line.push(char);
            count += 1;
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// A text of several lines, cut off behind so many characters.
pub(crate) fn lines(text: &str, max_chars: usize) -> String {
    let seen = |c: &char| *c == '\n' || *c == '\t' || !is_unseen(*c);
    let mut chars = text.chars().filter(seen);
    let mut kept: String = chars.by_ref().take(max_chars).collect();
    if chars.next().is_some() {
        kept = shortened(kept, max_chars);
    }
    kept
}

/// A link that can be followed from a mail or a chat; `None` where the text is none.
pub(crate) fn link(text: &str) -> Option<&str> {
    const MAX_BYTES: usize = 2000;
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = !text.contains(|c: char| {
        c.is_whitespace() || is_unseen(c) || matches!(c, '<' | '>' | '"' | '|' | '\\' | '`')
    });
    (is_web && is_plain && text.len() <= MAX_BYTES).then_some(text)
}

/// A key that stands in headers of HTTP and mail: letters, digits, `_`, `-` and single dots as they are, all else by its
/// bytes as in URLs. One that would be long by a digest of it. Different keys stay different.
pub(crate) fn key(key: &str) -> String {
    const MAX_BYTES: usize = 200;
    let mut plain = String::new();
    for byte in key.bytes().take(MAX_BYTES + 1) {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        // Where a mail's Message-ID may have a dot: between two other characters.
        let is_dot = byte == b'.' && !plain.is_empty() && !plain.ends_with('.');
        match is_plain || is_dot {
            true => plain.push(byte.into()),
            false => plain += &format!("%{byte:02X}"),
        }
    }
    if plain.ends_with('.') {
        plain.truncate(plain.len() - 1);
        plain += "%2E";
    }
    if plain.len() <= MAX_BYTES && !plain.is_empty() {
        return plain;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    format!("sha256-{}", HEXLOWER.encode(digest.as_ref()))
}

/// A text in which nothing is a link or a mention for Slack.
pub(crate) fn for_slack(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn shortened(mut text: String, max_chars: usize) -> String {
    let cut = text.char_indices().nth(max_chars.saturating_sub(1));
    text.truncate(cut.map_or(text.len(), |(at, _)| at));
    text.push('…');
    text
}

/// Control characters, marks of direction, separators, and what has no width.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_no_longer_than_asked() {
        for (text, shown) in [
            ("Loading dock", "Loading dock"),
            ("dock\r\nBcc: all@example.org", "dock Bcc: a…"),
            ("  two \t words \u{2028}", "two words"),
            ("\u{202e}kcod\u{0}", "kcod"),
            ("", ""),
            ("123456789012", "123456789012"),
            ("1234567890123", "12345678901…"),
            ("12345678901 3", "12345678901…"),
            ("ünïcödé ünïcödé", "ünïcödé ünï…"),
        ] {
            assert_eq!(line(text, 12), shown, "{text:?}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("a\r\nb\u{7}\nc", 10), "a\nb\nc");
        assert_eq!(lines("abcdef", 4), "abc…");
    }

    #[test]
    fn keys_fit_into_headers_and_stay_apart() {
        for (text, fit) in [
            (
                "gate-1795394246243-9d41c07e.firing",
                "gate-1795394246243-9d41c07e.firing",
            ),
            ("a/b\r\nX: y", "a%2Fb%0D%0AX%3A%20y"),
            (".a..b.", "%2Ea.%2Eb%2E"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(key(text), fit, "{text:?}");
        }
        let (long, longer) = ("x".repeat(201), "x".repeat(202));
        assert!(key(&long).starts_with("sha256-") && key(&long) != key(&longer));
        assert!(key("").starts_with("sha256-"));
    }

    #[test]
    fn only_what_leads_to_the_web_is_a_link() {
        assert!(link("https://example.org/alerts/1?x=1&y=2").is_some());
        for text in [
            "javascript:alert(1)",
            "/alerts/1",
            "https://example.org/\r\nX: y",
            "https://example.org/|x>",
            "",
        ] {
            assert_eq!(link(text), None, "{text:?}");
        }
    }
}
