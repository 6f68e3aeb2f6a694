//! What a form of a folder's page has just saved: it leads back to its place on the page, which says so there, once.

/// A part of the page that can be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    Rule,
    Description,
    NormalPictures,
    Camera,
    Silence,
}

impl Saved {
    const ALL: [Saved; 5] = [
        Saved::Rule,
        Saved::Description,
        Saved::NormalPictures,
        Saved::Camera,
        Saved::Silence,
    ];

    /// The address of a folder's page, which says that this was saved.
    pub(crate) fn place(self, folder: &str) -> String {
        let place = self.anchor();
        format!("/folder/{folder}?saved={place}#{place}")
    }

    /// What an address says was saved, if there is such a thing.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Saved::ALL.into_iter().find(|it| it.anchor() == text)
    }

    /// The heading of the part, by its id.
    pub(super) fn anchor(self) -> &'static str {
        match self {
            Saved::Rule => "rule",
            Saved::Description => "description",
            Saved::NormalPictures => "normals",
            Saved::Camera => "camera",
            Saved::Silence => "silenced",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Saved::Rule => "The rule is saved.",
            Saved::Description => "The description is saved.",
            Saved::NormalPictures => "Saved: these are the normal pictures now.",
            Saved::Camera => "The camera is saved.",
            Saved::Silence => "Silenced: nobody is told of alerts of this folder for now.",
        }
    }
}
