//! How many folders there are, how many were made, and how much their pictures take.

use event_bus::Folder;

use super::{Known, KnownFolder};

impl Known {
    /// How many folders exist.
    pub fn count(&self) -> usize {
        self.folders.values().filter(|known| known.exists()).count()
    }

    /// How many folders were made by somebody and not removed since.
    pub fn count_made(&self) -> usize {
        let made = self.folders.values().filter(|known| known.made.is_some());
        made.count()
    }

    /// What the stored references and normal pictures of all folders take, in bytes.
    pub fn picture_bytes(&self) -> u64 {
        self.folders.values().map(KnownFolder::picture_bytes).sum()
    }

    /// The same of one folder, in bytes.
    pub fn picture_bytes_of(&self, folder: &Folder) -> u64 {
        self.folders
            .get(folder)
            .map_or(0, KnownFolder::picture_bytes)
    }
}

impl KnownFolder {
    fn picture_bytes(&self) -> u64 {
        let all = self.pictures.values().chain(self.stored_normals.values());
        all.map(|picture| picture.size_bytes).sum()
    }
}
