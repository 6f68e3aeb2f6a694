//! Frames judged again by other masks, from nothing but the scores of their places: what an alert keeps.
//!
//! An estimate: what is kept has whole numbers up to twice the threshold, and not whether a score is one of stage 5 or 7.

use proto::v1::{Mask, Point};

use crate::{
    Areas,
    view::{COARSE, FINE, Patches},
};

/// As many places of stage 5 as the lowest places of stage 7 cover, and as many as count for a folder's own limit.
const DECISIVE: [usize; 2] = [16, 6];
/// The score of a place that is as different as the least alike may be at the threshold 0.9.
const AT_LIMIT: f32 = 127.5;
/// From this score on a place has changed.
const CHANGED: u8 = 128;

/// Whether a frame would still be a mismatch by this threshold without what masks leave out. `scores` are those of its
/// places. `None` where the scores don't explain why it was a mismatch: then nothing can be said of masks.
pub fn differs_again(scores: &[u8], threshold: f64, areas: &Areas) -> Option<bool> {
    if scores.len() != Patches::ROWS * Patches::COLUMNS {
        return None;
    }
    let limit = excess_at(threshold);
    let all = vec![true; scores.len()];
    let decisive = DECISIVE
        .into_iter()
        .find(|count| excess(scores, &all, *count) > limit)?;
    let counting: Vec<bool> = match areas.masked() {
        None => all,
        Some(masked) => {
            let coarse = |place: usize| masked.coarse[coarse_place(place)];
            let counts = |place: usize| !(masked.fine[place] || coarse(place));
            (0..scores.len()).map(counts).collect()
        }
    };
    Some(excess(scores, &counting, decisive) > limit)
}

/// What has changed in every one of these frames, as masks that leave it out: a rectangle for each connected part.
pub fn changed_in_all<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Vec<Mask> {
    let mut marked: Option<Vec<bool>> = None;
    for scores in frames {
        let marked = marked.get_or_insert_with(|| vec![true; Patches::ROWS * Patches::COLUMNS]);
        for (place, marked) in marked.iter_mut().enumerate() {
            *marked &= scores.get(place).is_some_and(|score| *score >= CHANGED);
        }
    }
    let mut left = marked.unwrap_or_default();
    let mut masks = Vec::new();
    for start in 0..left.len() {
        if left[start] {
            masks.push(rectangle(take(start, &mut left)));
        }
    }
    masks
}

/// u, as it is by the highest of the places that count: not below the real one where that is above 1.
fn excess(scores: &[u8], counting: &[bool], count: usize) -> f32 {
    let both = scores.iter().zip(counting);
    let mut scores: Vec<u8> = both.filter(|it| *it.1).map(|it| *it.0).collect();
    scores.sort_unstable_by(|one, other| other.cmp(one));
    scores.truncate(count);
    let sum: f32 = scores.iter().map(|it| f32::from(*it)).sum();
    // Places that are left out leave the mean of fewer, as in the measure itself.
    sum / (AT_LIMIT * scores.len().max(1) as f32)
}

/// u at which the similarity is this threshold.
fn excess_at(threshold: f64) -> f32 {
    let u = match threshold >= 0.9 {
        true => (1.0 - threshold) / 0.1,
        false => (1.3 - threshold * 0.66 / 0.9) / 0.64,
    };
    u as f32
}

fn coarse_place(fine: usize) -> usize {
    let (y, x) = (fine / FINE.1, fine % FINE.1);
    (y / 2).min(COARSE.0 - 1) * COARSE.1 + x / 2
}

/// Takes what hangs together with `start`; columns and rows, from and to.
fn take(start: usize, left: &mut [bool]) -> [usize; 4] {
    let (rows, columns) = FINE;
    let mut to_see = vec![start];
    let mut found = [columns, 0, rows, 0];
    left[start] = false;
    while let Some(at) = to_see.pop() {
        let (y, x) = (at / columns, at % columns);
        let [from_x, to_x, from_y, to_y] = found;
        found = [
            from_x.min(x),
            to_x.max(x + 1),
            from_y.min(y),
            to_y.max(y + 1),
        ];
        for y in y.saturating_sub(1)..(y + 2).min(rows) {
            for x in x.saturating_sub(1)..(x + 2).min(columns) {
                let at = y * columns + x;
                if std::mem::take(&mut left[at]) {
                    to_see.push(at);
                }
            }
        }
    }
    found
}

fn rectangle([from_x, to_x, from_y, to_y]: [usize; 4]) -> Mask {
    let share = |at: usize, of: usize| (at as f64 / of as f64 * 1e4).round() / 1e4;
    let (left, right) = (share(from_x, FINE.1), share(to_x, FINE.1));
    let (top, bottom) = (share(from_y, FINE.0), share(to_y, FINE.0));
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    Mask {
        polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of a frame in which a rectangle of places has changed so much.
    fn scores(columns: std::ops::Range<usize>, rows: std::ops::Range<usize>, score: u8) -> Vec<u8> {
        let place = |place: usize| {
            let (y, x) = (place / FINE.1, place % FINE.1);
            match columns.contains(&x) && rows.contains(&y) {
                true => score,
                false => 20,
            }
        };
        (0..FINE.0 * FINE.1).map(place).collect()
    }

    fn masked(mask: Mask) -> Areas {
        Areas::of(&[mask], &[])
    }

    #[test]
    fn a_mask_over_all_that_changed_takes_the_mismatch_away_and_no_other_does() {
        let frame = scores(4..8, 4..8, 200);
        let [mask] = &changed_in_all([&frame[..]])[..] else {
            panic!("one rectangle");
        };
        assert_eq!(mask, &rectangle([4, 8, 4, 8]));
        assert_eq!(differs_again(&frame, 0.9, &Areas::default()), Some(true));
        assert_eq!(
            differs_again(&frame, 0.9, &masked(mask.clone())),
            Some(false)
        );
        let elsewhere = masked(rectangle([12, 18, 10, 14]));
        assert_eq!(differs_again(&frame, 0.9, &elsewhere), Some(true));
    }

    #[test]
    fn few_places_count_where_a_folder_has_a_limit_of_its_own() {
        let frame = scores(4..6, 4..7, 200);
        assert_eq!(differs_again(&frame, 0.9, &Areas::default()), Some(true));
        let mask = masked(rectangle([4, 6, 4, 7]));
        assert_eq!(differs_again(&frame, 0.9, &mask), Some(false));
    }

    #[test]
    fn what_the_scores_do_not_explain_is_not_told() {
        for frame in [scores(0..0, 0..0, 0), vec![255; 7], Vec::new()] {
            assert_eq!(differs_again(&frame, 0.9, &Areas::default()), None);
        }
    }

    #[test]
    fn only_what_changed_in_every_frame_is_proposed() {
        let (one, other) = (scores(2..8, 2..6, 200), scores(6..12, 4..9, 200));
        let both = changed_in_all([&one[..], &other[..]]);
        assert_eq!(both, [rectangle([6, 8, 4, 6])]);
        let apart = scores(14..16, 0..2, 200);
        assert_eq!(changed_in_all([&one[..], &apart[..]]), []);
        assert_eq!(changed_in_all([]), []);
    }
}
