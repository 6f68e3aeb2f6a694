/// A threshold on the command line.
pub(crate) fn parse_threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold),
        _ => Err("a number from 0 to 1 is needed".to_owned()),
    }
}
