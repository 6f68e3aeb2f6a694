//! From measures to a name.
//!
//! In this order: **moved**, where the view agrees elsewhere much better than in place, and than anywhere else. **Dark**,
//! where there is hardly any light, or little and the view in place. Where the view is in place: **blurred**, **covered**,
//! or **changed**. Where nothing of it is found: **covered**, where all that is seen is plain; else **different**.

use crate::{
    limits,
    measures::{Measures, Texture},
    place::Area,
    search::Moved,
};

/// What is wrong, how surely (0.5 at the limit, 1 at twice that or more), and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// What.
    pub kind: Kind,
    /// How sure: 0.5 to 1.
    pub score: f32,
}

/// What is wrong with a view.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// The camera was turned or shifted.
    Moved(Moved),
    /// Something covers the lens.
    Covered(Extent),
    /// It is out of focus.
    Blurred,
    /// There is hardly any light.
    Dark,
    /// Parts have changed; none where it cannot be said which.
    Changed(Vec<Area>),
    /// It is something else, or nobody can be sure.
    Different,
}

/// How much of the view is covered.
#[derive(Debug, Clone, PartialEq)]
pub enum Extent {
    /// A part: these areas; none where it cannot be said which.
    Part(Vec<Area>),
    /// Most of it, and what is left is in place.
    Most,
    /// All of it; or the camera was turned to something plain.
    AllOrTurned,
}

/// How surely a picture is covered: a logistic regression over how plain, how smooth and how much less sharp than the
/// reference a frame is where it is unlike. Fitted by `crates/looks/tests/kinds`, which also fits it anew for each scene on all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cover {
    /// The weights of [`Cover::features`].
    pub weights: [f64; 3],
    /// Added to their sum.
    pub bias: f64,
}

impl Cover {
    /// As it is shipped.
    pub const FITTED: Self = Cover {
        weights: [1.83, -0.8, -1.25],
        bias: 3.08,
    };

    /// What it is made of.
    pub fn features(measures: &Measures) -> [f64; 3] {
        let (before, now) = (&measures.reference, &measures.frame);
        let sharper = (now.sharpness - before.sharpness).clamp(-3.0, 3.0);
        [
            (f64::from(now.plainness) + 0.005).ln(),
            (f64::from(now.edges) + 0.01).ln(),
            f64::from(sharper),
        ]
    }

    fn probability(&self, measures: &Measures) -> f32 {
        // What the reference looked like itself tells nothing.
        if !is_telling(&measures.reference, &measures.frame) {
            return 0.0;
        }
        let features = Self::features(measures);
        let sum = features.iter().zip(&self.weights).map(|(it, by)| it * by);
        let sum = sum.sum::<f64>() + self.bias;
        (1.0 / (1.0 + (-sum).exp())) as f32
    }
}

fn is_telling(before: &Texture, now: &Texture) -> bool {
    now.plainness >= limits::PLAINER * before.plainness
        && now.edges <= limits::FEWER_EDGES * before.edges + 0.01
}

impl Measures {
    /// What is wrong, of a frame that does not match.
    pub fn name(&self) -> Name {
        self.name_by(&Cover::FITTED)
    }

    /// The same by another fit.
    pub fn name_by(&self, cover: &Cover) -> Name {
        if let Some(moved) = self.has_moved() {
            return moved;
        }
        if self.is_dark() {
            let score = 1.0 - 0.5 * self.frame.mean / limits::DIM;
            return Name {
                kind: Kind::Dark,
                score,
            };
        }
        let covered = cover.probability(self);
        match self.is_in_place() {
            true => self.name_in_place(covered),
            false if covered >= limits::COVERED && self.unlike >= limits::UNLIKE => Name {
                kind: Kind::Covered(Extent::AllOrTurned),
                score: covered.max(0.5),
            },
            false => self.different(),
        }
    }

    /// By tiles, which tell it most exactly, where they agree; by the whole, where it lies elsewhere.
    fn has_moved(&self) -> Option<Name> {
        if self.trembles {
            return None;
        }
        if self.tiles.are_shifted() && self.lost_detail <= limits::BLURRED {
            let (dx, dy) = self.tiles.shift;
            let moved = Moved {
                dx,
                dy,
                degrees: 0.0,
                zoom: 1.0,
                ..self.moved
            };
            return Some(Name {
                kind: Kind::Moved(moved),
                score: sure(self.tiles.agreeing, limits::SHIFTED_TILES),
            });
        }
        let moved = self.moved.explains_better_than(self.in_place);
        moved.then(|| Name {
            kind: Kind::Moved(self.moved),
            score: sure(self.moved.z, limits::MOVED),
        })
    }

    fn name_in_place(&self, covered: f32) -> Name {
        let is_blurred = self.lost_detail > limits::BLURRED;
        let blurred = || Name {
            kind: Kind::Blurred,
            score: sure(self.lost_detail, limits::BLURRED),
        };
        let is_veiled = self.frame.contrast < limits::VEILED * self.reference.contrast;
        let is_covered = self.likeness < limits::PARTLY && covered >= limits::PARTLY_COVERED;
        if is_blurred && self.tiles.in_place >= limits::BLURRED_TILES {
            blurred()
        } else if is_covered || is_veiled {
            Name {
                kind: Kind::Covered(Extent::Most),
                score: covered.max(0.5),
            }
        } else if self.hides_a_part() && !is_blurred {
            Name {
                kind: Kind::Covered(Extent::Part(self.areas.clone())),
                score: sure(self.unlike, limits::PART),
            }
        } else if is_blurred && self.likeness >= limits::PARTLY {
            blurred()
        } else {
            Name {
                kind: Kind::Changed(self.areas.clone()),
                score: sure(self.in_place, limits::IN_PLACE_WITH_TILES),
            }
        }
    }

    /// Whether what has changed is a large part, in which hardly anything is to be seen. Where things were taken away,
    /// the ground that they stood on is plain as well, but has more edges.
    fn hides_a_part(&self) -> bool {
        let (before, now) = (&self.reference, &self.frame);
        self.unlike >= limits::PART
            && now.plainness >= limits::PART_PLAINER * before.plainness
            && before.edges >= limits::BARE
            && now.edges <= limits::PART_EDGES * before.edges
    }

    fn different(&self) -> Name {
        Name {
            kind: Kind::Different,
            score: 0.5,
        }
    }

    /// Whether the view is where it should be.
    fn is_in_place(&self) -> bool {
        self.trembles
            || self.in_place >= limits::IN_PLACE
            || (self.in_place >= limits::IN_PLACE_WITH_TILES
                && self.tiles.in_place >= limits::TILES)
    }

    fn is_dark(&self) -> bool {
        let (now, before) = (self.frame.mean, self.reference.mean);
        let is_dimmed = now < limits::DIM && now < limits::DIMMED * before;
        now < limits::DARK || (is_dimmed && self.is_in_place())
    }
}

/// 0.5 at the limit, 1 at twice that.
pub(crate) fn sure(value: f32, limit: f32) -> f32 {
    (0.5 * value / limit).clamp(0.5, 1.0)
}
