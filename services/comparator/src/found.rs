//! What is found of a frame that is compared with a baseline, in a form that can pass between threads.

use comparison::{Baseline, Compared, Look, MeasureError, compare};
use proto::{
    EffectiveRule,
    v1::{Finding, Picture, Verdict},
};

/// What is found of a frame that is compared with a baseline.
pub(crate) struct Found {
    pub(crate) measure: &'static str,
    pub(crate) similarity: Option<f64>,
    pub(crate) closest: Picture,
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
    pub(crate) patches: Vec<u8>,
    /// Regions that could not be looked at in their own detail.
    pub(crate) without_detail: Vec<String>,
}

impl Found {
    pub(crate) fn of(
        baseline: &Baseline,
        look: &Look,
        rule: &EffectiveRule,
    ) -> Result<Self, MeasureError> {
        let compared = compare(baseline, look, rule)?;
        let similarity = compared.told_similarity();
        let Compared {
            measure,
            closest,
            verdict,
            findings,
            patches,
            without_detail,
            ..
        } = compared;
        Ok(Found {
            measure,
            similarity,
            closest: Picture {
                id: closest.id.clone(),
                name: closest.name.clone(),
            },
            verdict,
            findings,
            patches,
            without_detail,
        })
    }
}
