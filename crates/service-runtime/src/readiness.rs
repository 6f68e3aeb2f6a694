//! What must hold before a service can do its work.

use std::sync::Arc;

use parking_lot::Mutex;

/// Says what does not hold, if anything.
type Check = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// What must hold before a service can do its work. Cheap to clone; nothing is ready until something was required.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Arc<Mutex<Vec<Check>>>,
}

impl Readiness {
    /// Requires that `check` holds. It is asked at every request for `/readyz`, so it must be cheap.
    pub fn require(&self, name: &'static str, check: impl Fn() -> bool + Send + Sync + 'static) {
        self.require_unless(move || (!check()).then(|| name.to_owned()));
    }

    /// Requires that nothing is wrong, for what is known only when it happens. `wrong` says what is, in words for an operator;
    /// it must be as cheap.
    pub fn require_unless(&self, wrong: impl Fn() -> Option<String> + Send + Sync + 'static) {
        self.checks.lock().push(Box::new(wrong));
    }

    /// What does not hold; empty when ready.
    pub fn missing(&self) -> Vec<String> {
        let checks = self.checks.lock();
        if checks.is_empty() {
            return vec!["starting".to_owned()];
        }
        checks.iter().filter_map(|check| check()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_ready_when_all_that_it_requires_holds() {
        let readiness = Readiness::default();
        assert_eq!(readiness.missing(), ["starting"]);
        readiness.require("nats", || true);
        assert!(readiness.missing().is_empty());
        readiness.require("redis", || false);
        assert_eq!(readiness.missing(), ["redis"]);
        readiness.require_unless(|| None);
        readiness.require_unless(|| Some("the disk is full".to_owned()));
        assert_eq!(readiness.missing(), ["redis", "the disk is full"]);
    }
}
