//! What people may say of a folder: its title, site, area and tags.

use crate::{InvalidLine, line, v1::Folder};

/// Why the details that people give of a folder are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFolderDetails {
    /// A text is too long, or not one line.
    #[error(transparent)]
    Line(#[from] InvalidLine),
    /// There are too many tags.
    #[error("there are {count} tags; there must be at most {most}")]
    TooManyTags {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A tag is not one word.
    #[error("the tag {0:?} is not one word: it must be text without blanks and commas")]
    NotOneWord(String),
}

impl Folder {
    /// The longest title, site and area, in characters.
    pub const MAX_TEXT: usize = 100;

    /// The most tags.
    pub const MAX_TAGS: usize = 20;

    /// The longest tag, in characters.
    pub const MAX_TAG: usize = 40;

    /// Checks that all texts and tags are valid.
    pub fn check(&self) -> Result<(), InvalidFolderDetails> {
        for (field, text) in [
            ("title", &self.title),
            ("site", &self.site),
            ("area", &self.area),
        ] {
            line::check(field, text, Self::MAX_TEXT)?;
        }
        if self.tags.len() > Self::MAX_TAGS {
            return Err(InvalidFolderDetails::TooManyTags {
                count: self.tags.len(),
                most: Self::MAX_TAGS,
            });
        }
        self.tags.iter().try_for_each(|tag| check_tag(tag))
    }

    /// The same without blanks around texts, and each tag once.
    pub fn tidy(mut self) -> Self {
        for text in [&mut self.title, &mut self.site, &mut self.area] {
            *text = text.trim().to_owned();
        }
        let mut tags = Vec::new();
        for tag in self.tags {
            let tag = tag.trim().to_owned();
            if !tag.is_empty() && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        Folder { tags, ..self }
    }

    /// Its title, or the name by which it is known if it has no title.
    pub fn called<'a>(&'a self, name: &'a str) -> &'a str {
        match self.title.as_str() {
            "" => name,
            title => title,
        }
    }
}

fn check_tag(tag: &str) -> Result<(), InvalidFolderDetails> {
    line::check("a tag", tag, Folder::MAX_TAG)?;
    match tag.is_empty() || tag.contains([' ', ',']) {
        true => Err(InvalidFolderDetails::NotOneWord(tag.to_owned())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tags: &[&str]) -> Folder {
        Folder {
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..Folder::default()
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        let refused = |folder: Folder| folder.check().unwrap_err().to_string();
        let long = Folder {
            site: "ä".repeat(101),
            ..Folder::default()
        };
        assert!(refused(long).starts_with("site has 101 characters"));
        let broken = Folder {
            title: "a\nb".to_owned(),
            ..Folder::default()
        };
        assert!(refused(broken).contains("control character"));
        assert!(refused(tagged(&["out door"])).contains("out door"));
        assert!(refused(tagged(&["x"; 21])).contains("21 tags"));
        assert_eq!(tagged(&["outdoor", "gate-3"]).check(), Ok(()));
    }

    #[test]
    fn tidied_it_has_no_blanks_around_and_no_tag_twice() {
        let folder = Folder {
            title: " Dock ".to_owned(),
            ..tagged(&["a", " b ", "a", ""])
        };
        let tidy = folder.tidy();
        assert_eq!(
            (tidy.title.as_str(), &tidy.tags[..]),
            ("Dock", &["a".to_owned(), "b".to_owned()][..])
        );
        assert_eq!(tidy.called("dock-1"), "Dock");
        assert_eq!(Folder::default().called("dock-1"), "dock-1");
    }
}
