use proto::v1::Comparison;
use time::OffsetDateTime;

use crate::{
    Event, Folder, Undecodable,
    event::{Message, folder_of},
    pictures::json,
    registry::is_put,
};

/// The key-value bucket `holds`: the comparison with which a folder's `hold` or `keep_firing` began, or was broken off;
/// `None` where it was deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold(pub Option<Comparison>);

impl Event for Hold {
    type Key = Folder;
    const STREAM: &'static str = "KV_holds";
    const SUBJECTS: &'static str = "$KV.holds.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(Folder, Self), Undecodable> {
        let comparison = if is_put(message) {
            Some(json(message.payload)?)
        } else {
            None
        };
        Ok((folder_of(message)?, Hold(comparison)))
    }
}
