//! Subjects are parsed by place: `alerts.<folder>` has its folder second, whatever may follow.

use super::event::Undecodable;

/// A token of a subject; the first has the place 0.
pub(crate) fn token(subject: &str, place: usize) -> Result<&str, Undecodable> {
    let found = subject.split('.').nth(place);
    found.ok_or_else(|| Undecodable(format!("subject {subject:?} has no token {}", place + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_place() {
        assert_eq!(token("alerts.dock", 1).unwrap(), "dock");
        assert_eq!(token("alerts.dock.camera", 1).unwrap(), "dock");
        assert_eq!(token("$KV.rules._default", 2).unwrap(), "_default");
        assert!(token("alerts", 1).is_err());
    }
}
