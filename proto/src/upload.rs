//! Stored pictures.

use crate::v1::Upload;

impl Upload {
    /// The picture by itself, without what its event says of normal pictures.
    pub fn alone(&self) -> Upload {
        Upload {
            normals: Vec::new(),
            ..self.clone()
        }
    }
}
