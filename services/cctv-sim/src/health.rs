//! Whether a camera gives frames, for whoever asks the process.

use std::sync::Arc;

use parking_lot::Mutex;

/// What is wrong with a camera, shared by the camera and who is asked.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Option<String>>>);

impl Health {
    /// A frame came, or the camera has ended as it should.
    pub(crate) fn is_well(&self) {
        self.set(None);
    }

    /// It gives no frames, and why.
    pub(crate) fn fails(&self, why: String) {
        self.set(Some(why));
    }

    pub(crate) fn what_is_wrong(&self) -> Option<String> {
        self.0.lock().clone()
    }

    fn set(&self, wrong: Option<String>) {
        *self.0.lock() = wrong;
    }
}
