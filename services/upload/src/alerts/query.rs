//! Which alerts are asked for, as addresses say it.

use event_bus::Folder;
use folder_state::AlertQuery;
use proto::v1::Phase;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use utoipa::IntoParams;

use crate::{
    app::parse,
    front_door::{
        addresses::encoded,
        extract::{given, page_size},
        moment::time,
        schemas::{FolderName, Time, schemas, text},
    },
    problem::{Kind, Problem},
};

/// A query as it came. An empty value, as a form sends it, asks for nothing.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AlertSearch {
    /// Those of one folder.
    #[param(value_type = Option<FolderName>, inline)]
    pub(super) folder: Option<String>,
    /// Those that fire, or those that are over.
    #[param(value_type = Option<PhaseWord>, inline)]
    pub(super) phase: Option<String>,
    /// Those that somebody has in hand, or those that nobody has.
    #[param(value_type = Option<bool>)]
    pub(super) acknowledged: Option<String>,
    /// Those that fired in this time until now.
    #[param(value_type = Option<PeriodWord>, inline)]
    pub(super) within: Option<String>,
    /// Those that fired then or later.
    #[param(value_type = Option<Time>, inline)]
    pub(super) since: Option<String>,
    /// Those that fired before.
    #[param(value_type = Option<Time>, inline)]
    pub(super) until: Option<String>,
    /// The most entries of one answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<usize>,
    /// The `id` before which the list goes on.
    #[param(min_length = 1)]
    pub(super) before: Option<String>,
}

const PHASES: [Phase; 2] = [Phase::Firing, Phase::Resolved];

/// The times back from now that have a name.
pub(super) const PERIODS: [(&str, Duration); 4] = [
    ("hour", Duration::HOUR),
    ("day", Duration::DAY),
    ("week", Duration::WEEK),
    ("month", Duration::days(30)),
];

schemas! {
    PhaseWord: text().enum_values(Some(PHASES.map(Phase::word)));
    PeriodWord: text().enum_values(Some(PERIODS.map(|(word, _)| word)));
}

impl AlertSearch {
    /// Refuses empty values, which mean something in what forms send, and nowhere else.
    pub(super) fn refuse_empty(&self) -> Result<(), Problem> {
        let given = self.texts().into_iter().chain([("before", &self.before)]);
        let empty = given
            .filter(|(_, value)| value.as_ref().is_some_and(String::is_empty))
            .map(|(name, _)| name)
            .next();
        match empty {
            None => Ok(()),
            Some(name) => Err(Kind::InvalidRequest
                .because(format!("{name} is empty; give it a value or leave it out."))),
        }
    }

    /// All that have this phase.
    pub(super) fn of(phase: Phase) -> Self {
        AlertSearch {
            phase: Some(phase.word().to_owned()),
            ..AlertSearch::default()
        }
    }

    /// Whether it begins with the newest of all alerts.
    pub(super) fn is_for_everything(&self) -> bool {
        self.narrowing().next().is_none() && given(&self.before).is_none()
    }

    /// What it asks for, checked.
    pub(super) fn read(&self) -> Result<AlertQuery, Problem> {
        let period = given(&self.within).map(period).transpose()?;
        let earliest = period.map(|period| OffsetDateTime::now_utc() - period);
        Ok(AlertQuery {
            folder: self.folder()?,
            phase: given(&self.phase).map(phase).transpose()?,
            acknowledged: given(&self.acknowledged).map(acknowledged).transpose()?,
            since: self.since()?.max(earliest),
            until: self.until()?,
            before: given(&self.before).map(str::to_owned),
            limit: page_size(self.limit)?,
        })
    }

    fn folder(&self) -> Result<Option<Folder>, Problem> {
        given(&self.folder).map(parse).transpose()
    }

    pub(super) fn since(&self) -> Result<Option<OffsetDateTime>, Problem> {
        time("since", given(&self.since))
    }

    pub(super) fn until(&self) -> Result<Option<OffsetDateTime>, Problem> {
        time("until", given(&self.until))
    }

    /// This query as part of an address.
    pub(super) fn link(&self) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let others = [("limit", limit.as_deref()), ("before", given(&self.before))];
        let others = others
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let parts: Vec<String> = others
            .chain(self.narrowing())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        parts.join("&")
    }

    /// The address at which a list below `path` goes on after the alert `last`.
    pub(super) fn next(&self, path: &str, limit: usize, last: &str) -> String {
        let next = AlertSearch {
            limit: Some(limit),
            before: Some(last.to_owned()),
            ..self.clone()
        };
        format!("{path}?{}", next.link())
    }

    /// The address of the beginning of a list below `path` that goes on with this query; `None` if it begins here.
    pub(super) fn first(&self, path: &str) -> Option<String> {
        given(&self.before)?;
        let first = AlertSearch {
            before: None,
            ..self.clone()
        };
        Some(format!("{path}?{}", first.link()))
    }

    /// The parameters that leave alerts out, each with its value.
    fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.texts()
            .into_iter()
            .filter_map(|(name, value)| Some((name, given(value)?)))
    }

    fn texts(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("folder", &self.folder),
            ("phase", &self.phase),
            ("acknowledged", &self.acknowledged),
            ("within", &self.within),
            ("since", &self.since),
            ("until", &self.until),
        ]
    }
}

fn phase(word: &str) -> Result<Phase, Problem> {
    PHASES
        .into_iter()
        .find(|phase| phase.word() == word)
        .ok_or_else(|| refused("phase", word, "firing or resolved"))
}

fn acknowledged(word: &str) -> Result<bool, Problem> {
    word.parse()
        .map_err(|_| refused("acknowledged", word, "true or false"))
}

fn period(word: &str) -> Result<Duration, Problem> {
    PERIODS
        .into_iter()
        .find(|(name, _)| *name == word)
        .map(|(_, period)| period)
        .ok_or_else(|| refused("within", word, "hour, day, week or month"))
}

fn refused(name: &str, value: &str, right: &str) -> Problem {
    Kind::InvalidRequest.because(format!("{name} is {value:?}; it must be {right}."))
}
