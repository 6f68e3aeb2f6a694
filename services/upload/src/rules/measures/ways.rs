//! By which measures the pictures behind alerts can be judged: all that this version has, but for those that cannot
//! have the rule's masks and regions, and those that need the network where its weights are not.

use std::{error::Error, sync::Arc};

use comparison::check_areas;
use event_bus::with_causes;
use looks::Model;
use proto::{EffectiveRule, Measure};

/// The network, as this service has it.
pub(super) enum Network {
    There(Arc<Model>),
    /// Its weights are not installed, or not wanted.
    Missing,
    /// Its weights are there and of no use.
    Unusable,
}

/// Rules to judge pictures by, and why there are no more.
pub(super) struct Ways {
    /// One of each measure, the measure in force among them where it can be. Each has the threshold 1, by which
    /// everything is told that is less than the same.
    pub(super) rules: Vec<EffectiveRule>,
    /// Why the others are not, in sentences.
    pub(super) hindrances: Vec<String>,
    pub(super) model: Option<Arc<Model>>,
    in_force: Measure,
}

impl Network {
    pub(super) fn unusable(error: &dyn Error) -> Self {
        let error = with_causes(error);
        tracing::warn!(
            error,
            "the measures view and parts cannot be tried on alerts"
        );
        Network::Unusable
    }

    fn why_not(&self) -> &'static str {
        match self {
            Network::Unusable => {
                "the service cannot use the network's weights, and its log says why"
            }
            Network::There(_) | Network::Missing => {
                "the service has no weights of the network; start it with --model"
            }
        }
    }
}

impl Ways {
    /// For a rule in force.
    pub(super) fn of(rule: &EffectiveRule, network: Network) -> Self {
        let mut ways = Ways {
            rules: Vec::new(),
            hindrances: Vec::new(),
            model: None,
            in_force: rule.measure,
        };
        if rule.regions.iter().any(|region| region.threshold.is_some()) {
            ways.hindrances.push(
                "No other measure is tried: a region has a threshold of its own, which is one of the measure in force."
                    .to_owned(),
            );
            return ways;
        }
        let (mut unfit, mut blind) = (Vec::new(), Vec::new());
        for word in Measure::WORDS {
            let way = EffectiveRule {
                measure: Measure::of(word),
                threshold: 1.0,
                ..rule.clone()
            };
            let has_network = matches!(network, Network::There(_));
            if check_areas(&way).is_err() {
                unfit.push(word);
            } else if way.measure.needs_network() && !has_network {
                blind.push(word);
            } else {
                ways.rules.push(way);
            }
        }
        let own = rule.measure.word();
        for words in [&mut unfit, &mut blind] {
            words.retain(|word| Some(*word) != own);
        }
        if !unfit.is_empty() {
            ways.hindrances.push(format!(
                "By {} nothing is tried: frames cannot be judged by {} with the masks and regions of the rule.",
                listed(&unfit),
                if unfit.len() == 1 { "it" } else { "them" }
            ));
        }
        if !ways.rules.iter().any(|way| way.measure == rule.measure) {
            ways.hindrances.push(format!(
                "Nobody can tell here which of these alerts would fire again by the rule as it is: {}.",
                network.why_not()
            ));
        }
        if !blind.is_empty() {
            let why = network.why_not();
            ways.hindrances.push(format!(
                "By {} nothing can be tried here: {why}.",
                listed(&blind)
            ));
        }
        if let Network::There(model) = network {
            ways.model = Some(model);
        }
        ways
    }

    /// The words of those that are not in force.
    pub(super) fn others(&self) -> Vec<&'static str> {
        let others = self.rules.iter().filter(|it| it.measure != self.in_force);
        others.filter_map(|way| way.measure.word()).collect()
    }
}

/// "phash, mean and median"
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proto::v1::{Mask, Point, Rule, WatchedRegion};

    use super::*;

    fn ways(measure: &str, change: impl FnOnce(&mut Rule)) -> Ways {
        let mut rule = Rule {
            measure: Some(measure.to_owned()),
            ..Rule::default()
        };
        change(&mut rule);
        Ways::of(&EffectiveRule::of(Some(rule), None), Network::Missing)
    }

    fn corner() -> Vec<Point> {
        let at = [(0.0, 0.0), (0.2, 0.0), (0.2, 0.2)];
        at.map(|(x, y)| Point { x, y }).to_vec()
    }

    #[test]
    fn without_the_network_hashes_are_tried_and_it_says_what_would_help() {
        let ways = ways("phash", |_| ());
        assert_eq!(
            ways.others(),
            ["mean", "median", "gradient", "double-gradient", "blockhash"]
        );
        assert!(ways.rules.iter().any(|way| way.measure == Measure::Phash));
        assert!(ways.rules.iter().all(|way| way.threshold == 1.0));
        let [why] = &ways.hindrances[..] else {
            panic!("{:?}", ways.hindrances);
        };
        assert_eq!(
            why,
            "By view and parts nothing can be tried here: the service has no weights of the network; start it with --model."
        );
    }

    #[test]
    fn hashes_are_not_tried_where_there_are_masks() {
        let ways = ways("view", |rule| {
            rule.masks = vec![Mask { polygon: corner() }];
        });
        assert_eq!(ways.others(), [""; 0]);
        let [hashes, in_force, network] = &ways.hindrances[..] else {
            panic!("{:?}", ways.hindrances);
        };
        let begin =
            "By phash, mean, median, gradient, double-gradient and blockhash nothing is tried:";
        assert!(hashes.starts_with(begin), "{hashes}");
        let own = "Nobody can tell here which of these alerts would fire again by the rule as it is: the service has no weights";
        assert!(in_force.starts_with(own), "{in_force}");
        assert!(network.starts_with("By parts nothing"), "{network}");
    }

    #[test]
    fn a_regions_threshold_is_one_of_the_measure_in_force() {
        let ways = ways("view", |rule| {
            rule.regions = vec![WatchedRegion {
                name: "gate".to_owned(),
                polygon: corner(),
                threshold: Some(0.95),
                own_detail: false,
            }];
        });
        assert!(ways.rules.is_empty() && ways.hindrances.len() == 1);
        assert!(ways.hindrances[0].contains("threshold of its own"));
    }
}
