//! What may change of a page while somebody has it open: its parts, as the service draws them, for the page and for its
//! events alike. Where a part stands on its page is left to the page's template, when it is drawn anew to `follow`.

use std::{
    fmt::{self, Display, Formatter, Write as _},
    hash::{DefaultHasher, Hash, Hasher},
};

use askama::Template;
use serde_json::json;

use crate::{front_door::pages::render, problem::Problem};

/// A part of a page: one element, with what it holds.
pub(crate) struct Part {
    /// On its page no other has it. Without characters that mean something in HTML.
    name: String,
    /// See [`print`].
    print: String,
    html: String,
}

/// Parts in an order: the children of one element, which come, go and move.
pub(crate) struct List {
    name: &'static str,
    entries: Vec<Part>,
}

/// All that may change of a page, as it looks now.
#[derive(Default)]
pub(crate) struct Drawing {
    parts: Vec<Part>,
    lists: Vec<List>,
}

/// Eight letters and digits that are others as soon as what is drawn looks otherwise.
fn print(drawn: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    drawn.hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
}

impl Part {
    /// Draws one. The template is one element, whose first tag gets the name and the print.
    pub(crate) fn new(name: impl Into<String>, template: &impl Template) -> Result<Self, Problem> {
        let name = name.into();
        let html = render(template)?.0.trim().to_owned();
        Ok(Part {
            print: print(&(&name, &html)),
            name,
            html,
        })
    }

    /// It as an event.
    fn event(&self) -> String {
        fragment("part", &self.to_string())
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let end_of_name = self.html.find([' ', '>']).unwrap_or(self.html.len());
        let (tag, rest) = self.html.split_at(end_of_name);
        let Part { name, print, .. } = self;
        write!(f, "{tag} data-live=\"{name}\" data-print=\"{print}\"{rest}")
    }
}

impl List {
    pub(crate) fn new(name: &'static str, entries: Vec<Part>) -> Self {
        List { name, entries }
    }

    fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| &entry.name[..]).collect()
    }

    fn print(&self) -> String {
        print(&(self.name, self.names()))
    }

    /// In which order its entries stand, as an event.
    fn event(&self) -> String {
        let order = json!({ "list": self.name, "print": self.print(), "parts": self.names() });
        format!("event: order\ndata: {order}\n\n")
    }
}

/// The end of the first tag of the element that holds them, and they.
impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, print) = (self.name, self.print());
        write!(f, "data-list=\"{name}\" data-print=\"{print}\">")?;
        self.entries.iter().try_for_each(|entry| entry.fmt(f))
    }
}

impl Drawing {
    pub(crate) fn new(parts: Vec<Part>, lists: Vec<List>) -> Self {
        Drawing { parts, lists }
    }

    /// A part, for the template of its page; nothing where this page has none of that name.
    pub(crate) fn part(&self, name: &str) -> String {
        let part = self.parts.iter().find(|part| part.name == name);
        part.map_or(String::new(), Part::to_string)
    }

    /// A list, to be written into the first tag of an element in place of the tag's end.
    pub(crate) fn list(&self, name: &str) -> String {
        let list = self.lists.iter().find(|list| list.name == name);
        list.map_or(">".to_owned(), List::to_string)
    }

    /// The prints of all of it.
    pub(super) fn prints(&self) -> impl Iterator<Item = String> {
        let entries = self.lists.iter().flat_map(|list| &list.entries);
        let parts = self.parts.iter().chain(entries);
        let lists = self.lists.iter().map(List::print);
        parts.map(|part| part.print.clone()).chain(lists)
    }

    /// As events, all that a viewer does not have: parts first, then the orders in which they stand.
    pub(super) fn news(&self, has: impl Fn(&str) -> bool) -> String {
        let entries = self.lists.iter().flat_map(|list| &list.entries);
        let parts = self.parts.iter().chain(entries);
        let parts = parts.filter(|part| !has(&part.print)).map(Part::event);
        let orders = self.lists.iter().filter(|list| !has(&list.print()));
        parts.chain(orders.map(List::event)).collect()
    }
}

/// An event whose data is HTML, of as many lines as it has.
pub(crate) fn fragment(name: &str, html: &str) -> String {
    let mut event = format!("event: {name}\n");
    // Whatever ends a line in an event: a text that somebody wrote may have any of them.
    for line in html.replace("\r\n", "\n").split(['\n', '\r']) {
        writeln!(event, "data: {line}").expect("a text can be written to");
    }
    event.push('\n');
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Template)]
    #[template(source = "<li class=\"a\">{{ text }}</li>", ext = "html")]
    struct Entry<'a> {
        text: &'a str,
    }

    fn part(name: &str, text: &str) -> Part {
        Part::new(name, &Entry { text }).unwrap()
    }

    #[test]
    fn a_part_says_its_name_and_how_it_looks() {
        let one = part("one", "1 < 2");
        let print = &one.print;
        let expected =
            format!("<li data-live=\"one\" data-print=\"{print}\" class=\"a\">1 &#60; 2</li>");
        assert_eq!(one.to_string(), expected);
        assert_eq!(part("one", "1 < 2").print, one.print);
        assert_ne!(part("one", "1 < 3").print, one.print);
        assert_ne!(part("two", "1 < 2").print, one.print);
    }

    #[test]
    fn an_event_has_a_line_of_data_for_each_line() {
        let event = part("one", "a\r\nb\rid: c\n\ndata: d").event();
        let lines: Vec<_> = event.lines().collect();
        assert_eq!(lines[0], "event: part");
        assert!(lines[1].starts_with("data: <li "), "{event}");
        let others = ["data: b", "data: id: c", "data: ", "data: data: d</li>", ""];
        assert_eq!(lines[2..], others);
        assert!(event.ends_with("\n\n"));
    }

    #[test]
    fn a_viewer_is_told_what_it_does_not_have() {
        let drawing = |texts: &[(&str, &str)]| {
            let entries = texts.iter().map(|(name, text)| part(name, text));
            Drawing::new(
                vec![part("head", "H")],
                vec![List::new("all", entries.collect())],
            )
        };
        let before = drawing(&[("a", "A"), ("b", "B")]);
        let has: Vec<String> = before.prints().collect();
        let told = |drawing: &Drawing| drawing.news(|print| has.iter().any(|it| it == print));
        assert_eq!(told(&before), "");
        let changed = told(&drawing(&[("a", "A"), ("b", "C")]));
        assert!(
            changed.contains("C</li>") && !changed.contains("A</li>"),
            "{changed}"
        );
        assert!(!changed.contains("event: order"), "{changed}");
        let moved = told(&drawing(&[("b", "B"), ("a", "A")]));
        assert!(moved.starts_with("event: order\n"), "{moved}");
        assert!(moved.contains(r#""parts":["b","a"]"#), "{moved}");
    }
}
