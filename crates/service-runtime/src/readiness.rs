use std::sync::{Arc, Mutex, PoisonError};

type Check = Box<dyn Fn() -> bool + Send + Sync>;

/// What must hold before a service can do its work. Cheap to clone; nothing is ready until something was required.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Arc<Mutex<Vec<(&'static str, Check)>>>,
}

impl Readiness {
    /// Requires that `check` holds. It is asked at every request for `/readyz`, so it must be cheap.
    pub fn require(&self, name: &'static str, check: impl Fn() -> bool + Send + Sync + 'static) {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, Box::new(check)));
    }

    /// The names of what does not hold; empty when ready.
    pub fn missing(&self) -> Vec<&'static str> {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        if checks.is_empty() {
            return vec!["starting"];
        }
        checks
            .iter()
            .filter(|(_, check)| !check())
            .map(|(name, _)| *name)
            .collect()
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
    }
}
