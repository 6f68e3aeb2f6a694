//! What was called what, and how right that was.

use kinds::Kind;

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Moved,
    Covered,
    Changed,
    Blurred,
    Dark,
    Different,
}

pub(crate) const ALL: [Truth; 6] = [
    Truth::Moved,
    Truth::Covered,
    Truth::Changed,
    Truth::Blurred,
    Truth::Dark,
    Truth::Different,
];

pub(crate) fn called(kind: &Kind) -> Truth {
    match kind {
        Kind::Moved(_) => Truth::Moved,
        Kind::Covered(_) => Truth::Covered,
        Kind::Changed(_) => Truth::Changed,
        Kind::Blurred => Truth::Blurred,
        Kind::Dark => Truth::Dark,
        Kind::Different => Truth::Different,
    }
}

/// Counts by truth and by what it was called.
#[derive(Default)]
pub(crate) struct Table([[usize; 6]; 6]);

impl Table {
    pub(crate) fn count(&mut self, truth: Truth, called: Truth) {
        self.0[truth as usize][called as usize] += 1;
    }

    /// The mean, over what there is, of 2 · right / (called so + are so).
    pub(crate) fn macro_f1(&self) -> f64 {
        let are = |at: usize| self.0[at].iter().sum::<usize>();
        let score = |at: usize| {
            let so_called: usize = self.0.iter().map(|row| row[at]).sum();
            2.0 * self.0[at][at] as f64 / (so_called + are(at)) as f64
        };
        let scores: Vec<f64> = (0..6).filter(|&at| are(at) > 0).map(score).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    /// For docs/detection.md.
    pub(crate) fn to_markdown(&self) -> String {
        let word = |truth: &Truth| format!("{truth:?}").to_lowercase();
        let words: Vec<String> = ALL.iter().map(word).collect();
        let mut text = format!(
            "| is, called | {} |\n|---|{}\n",
            words.join(" | "),
            "---|".repeat(6)
        );
        for (row, word) in self.0.iter().zip(&words) {
            if row.iter().sum::<usize>() > 0 {
                let cells: Vec<String> = row.iter().map(usize::to_string).collect();
                text += &format!("| {word} | {} |\n", cells.join(" | "));
            }
        }
        text
    }
}
