//! Text with code in it.

use serde_json::Value;

/// Text with code in it, as it stands between backticks.
pub(crate) struct Text(pub(crate) Vec<Part>);

pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) is_code: bool,
}

impl Text {
    pub(super) fn new(text: &Value) -> Self {
        let parts = text.as_str().unwrap_or_default().split('`').enumerate();
        let parts = parts.filter(|(_, part)| !part.is_empty());
        Text(
            parts
                .map(|(index, part)| Part {
                    text: part.to_owned(),
                    is_code: index % 2 == 1,
                })
                .collect(),
        )
    }
}
