//! How a camera's connection is called.

use crate::v1::SourceState;

impl SourceState {
    /// Lower-case words, for people and headers.
    pub fn words(self) -> String {
        let name = self.as_str_name().trim_start_matches("SOURCE_STATE_");
        name.to_lowercase().replace('_', " ")
    }

    /// Whether pictures come and may show what there is to see.
    pub fn is_well(self) -> bool {
        self == SourceState::Online
    }
}
