//! Durations in words.

use time::Duration;

/// A duration as a person reads it at a glance: its two largest units. Less than a second, or none at all, is "under 1 s".
pub(crate) fn words(duration: Duration) -> String {
    const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let seconds = duration.whole_seconds();
    let Some(largest) = UNITS.iter().position(|(_, unit)| seconds >= *unit) else {
        return "under 1 s".to_owned();
    };
    let mut left = seconds;
    let mut parts = Vec::new();
    for (name, unit) in UNITS.iter().skip(largest).take(2) {
        if left >= *unit {
            parts.push(format!("{} {name}", left / unit));
        }
        left %= unit;
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_largest_units_are_said() {
        for (seconds, expected) in [
            (-5, "under 1 s"),
            (0, "under 1 s"),
            (1, "1 s"),
            (59, "59 s"),
            (60, "1 min"),
            (252, "4 min 12 s"),
            (3_600, "1 h"),
            (3_601, "1 h"),
            (3_661, "1 h 1 min"),
            (86_399, "23 h 59 min"),
            (86_400 + 59, "1 d"),
            (90 * 86_400 + 7_200, "90 d 2 h"),
        ] {
            assert_eq!(words(Duration::seconds(seconds)), expected, "{seconds}");
        }
        assert_eq!(words(Duration::milliseconds(999)), "under 1 s");
        assert!(!words(Duration::MAX).is_empty());
    }
}
