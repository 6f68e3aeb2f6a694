//! A message in what Slack takes for formatted text, where `&`, `<` and `>` begin links and mentions.

use crate::{Occasion, plain, wording::Wording};

/// The message: what it says in one line in bold, then each alert, then the links.
pub(super) fn of(occasion: Occasion, wording: &Wording) -> String {
    let mut parts = vec![format!("{} {}", mark(occasion), bold(&wording.subject))];
    let is_one = wording.items.len() == 1 && wording.more == 0;
    for item in &wording.items {
        let place = match &item.link {
            Some(link) => linked(link, &item.place),
            None => plain::for_slack(&item.place),
        };
        parts.push(match is_one {
            true => plain::for_slack(&item.full()),
            false => format!("• {place}: {}", plain::for_slack(&item.what)),
        });
    }
    parts.extend(wording.and_more());
    parts.extend(wording.note.map(str::to_owned));
    let links = wording.links.iter();
    let links: Vec<String> = links.map(|(what, link)| linked(link, what)).collect();
    if !links.is_empty() {
        parts.push(links.join("  ·  "));
    }
    fitting(parts)
}

/// A shape beside the colour, for who does not tell colours apart.
fn mark(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Resolved => ":white_check_mark:",
        Occasion::Test => ":information_source:",
        Occasion::Firing | Occasion::Reminder | Occasion::Escalation => ":rotating_light:",
    }
}

/// An asterisk in the text would end it.
fn bold(text: &str) -> String {
    format!("*{}*", plain::for_slack(&text.replace('*', "∗")))
}

fn linked(link: &str, what: &str) -> String {
    let what = plain::for_slack(&plain::line(what, 200)).replace('|', "¦");
    format!("<{}|{what}>", link.replace('&', "&amp;"))
}

/// As many lines as there is room for; the last ones, which are the links, go before those in between.
fn fitting(mut parts: Vec<String>) -> String {
    let length = |parts: &[String]| {
        parts
            .iter()
            .map(|part| part.chars().count() + 1)
            .sum::<usize>()
    };
    let mut left_out = 0;
    while length(&parts) + 40 > super::MAX_CHARS && parts.len() > 3 {
        parts.remove(parts.len() - 3);
        left_out += 1;
    }
    if left_out > 0 {
        let line = format!("… {left_out} lines more are left out");
        parts.insert(parts.len() - 2, line);
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{clock::Clock, wording::tests::any_message};

    #[test]
    fn nothing_in_a_text_is_a_mention() {
        assert_eq!(
            plain::for_slack("<!channel> & <@U1>"),
            "&lt;!channel&gt; &amp; &lt;@U1&gt;"
        );
        assert_eq!(
            linked("https://a/?x=1&y=2", "a|<b>"),
            "<https://a/?x=1&amp;y=2|a¦&lt;b&gt;>"
        );
        assert_eq!(bold("a * b"), "*a ∗ b*");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn whatever_a_message_holds_it_fits_and_mentions_nobody(message in any_message()) {
            let wording = Wording::of(&message, &Clock::of(None).unwrap());
            let text = of(message.occasion, &wording);
            prop_assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<#"));
            prop_assert!(text.chars().count() < 40_000);
        }
    }
}
