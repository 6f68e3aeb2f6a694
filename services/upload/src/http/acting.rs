//! Who acts. Nobody signs in, so people say who they are; where there are accounts, theirs is the name that counts, and
//! this is the place to say so.

/// The name under which a change is made, of what the person calls themselves.
pub(crate) fn acting_name(given: &str) -> String {
    given.trim().to_owned()
}
