//! Staged incidents: what goes wrong with a camera or its view, and when.
//!
//! An incident is written `KIND@START+DURATION`, with `/EVERY` behind it to repeat: `covered@20s+15s/2m` covers the
//! camera for 15 seconds, 20 seconds after its start and every two minutes from then on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use humantime::format_duration;

/// What an incident does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something hangs before the lens.
    Covered,
    /// The camera looks elsewhere.
    Turned,
    /// The lens is out of focus.
    Defocused,
    /// The light is off.
    Dark,
    /// An object of the scene is gone.
    ObjectMissing,
    /// Something stands in the scene that does not belong there.
    ObjectAdded,
    /// The picture stands still, its clock too.
    Frozen,
    /// No frames come.
    Silent,
    /// The cable of another camera: what that one sees comes instead.
    Swapped,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Covered,
        Self::Turned,
        Self::Defocused,
        Self::Dark,
        Self::ObjectMissing,
        Self::ObjectAdded,
        Self::Frozen,
        Self::Silent,
        Self::Swapped,
    ];

    /// The name in an incident's text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Turned => "turned",
            Self::Defocused => "defocused",
            Self::Dark => "dark",
            Self::ObjectMissing => "object-missing",
            Self::ObjectAdded => "object-added",
            Self::Frozen => "frozen",
            Self::Silent => "silent",
            Self::Swapped => "swapped",
        }
    }

    /// Whether it can only be staged in a drawn scene.
    #[must_use]
    pub fn needs_drawn_scene(self) -> bool {
        matches!(
            self,
            Self::ObjectMissing | Self::ObjectAdded | Self::Swapped
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One incident, with times from the camera's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What happens.
    pub kind: Kind,
    /// When it first begins.
    pub start: Duration,
    /// How long it lasts.
    pub duration: Duration,
    /// From one beginning to the next; none if it happens once.
    pub every: Option<Duration>,
}

impl Incident {
    /// When the run of the incident that is on at `elapsed` began.
    fn began(&self, elapsed: Duration) -> Option<Duration> {
        let since = elapsed.checked_sub(self.start)?;
        let into = match self.every {
            Some(every) => Duration::from_nanos((since.as_nanos() % every.as_nanos()) as u64),
            None => since,
        };
        (into < self.duration).then(|| elapsed - into)
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |time: Duration| format_duration(time).to_string().replace(' ', "");
        write!(
            f,
            "{}@{}+{}",
            self.kind,
            short(self.start),
            short(self.duration)
        )?;
        match self.every {
            Some(every) => write!(f, "/{}", short(every)),
            None => Ok(()),
        }
    }
}

/// Why a text is not an incident.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// A part is not there.
    #[error("an incident is KIND@START+DURATION[/EVERY], such as covered@20s+15s/2m")]
    Form,
    /// There is no such kind.
    #[error(
        "there is no incident {0:?}: covered, turned, defocused, dark, object-missing, object-added, frozen, \
         silent and swapped can be staged"
    )]
    Kind(String),
    /// A part is not a time.
    #[error("its {part} {value:?} is not a time: write it like 500ms, 20s or 1m30s")]
    Time {
        /// Which part: start, duration or period.
        part: &'static str,
        /// What it says.
        value: String,
        /// What is wrong with that.
        #[source]
        source: humantime::DurationError,
    },
    /// It would take no time.
    #[error("its duration is zero: it must last for some time, such as 15s")]
    Momentary,
    /// It would begin again before its end.
    #[error("it lasts {} and cannot begin again every {}: repeat it after its duration at the earliest",
        format_duration(*.duration), format_duration(*.every))]
    Overlap {
        /// How long it lasts.
        duration: Duration,
        /// From one beginning to the next.
        every: Duration,
    },
}

impl FromStr for Incident {
    type Err = IncidentError;

    fn from_str(text: &str) -> Result<Self, IncidentError> {
        let (kind, times) = text.split_once('@').ok_or(IncidentError::Form)?;
        let (start, rest) = times.split_once('+').ok_or(IncidentError::Form)?;
        let (duration, every) = match rest.split_once('/') {
            Some((duration, every)) => (duration, Some(every)),
            None => (rest, None),
        };
        let incident = Self {
            kind: Kind::ALL
                .into_iter()
                .find(|known| known.name() == kind)
                .ok_or_else(|| IncidentError::Kind(kind.to_owned()))?,
            start: time_of("start", start)?,
            duration: time_of("duration", duration)?,
            every: every.map(|every| time_of("period", every)).transpose()?,
        };
        incident.check()
    }
}

impl Incident {
    fn check(self) -> Result<Self, IncidentError> {
        if self.duration.is_zero() {
            return Err(IncidentError::Momentary);
        }
        match self.every {
            Some(every) if every < self.duration => Err(IncidentError::Overlap {
                duration: self.duration,
                every,
            }),
            _ => Ok(self),
        }
    }
}

fn time_of(part: &'static str, value: &str) -> Result<Duration, IncidentError> {
    humantime::parse_duration(value).map_err(|source| IncidentError::Time {
        part,
        value: value.to_owned(),
        source,
    })
}

/// What is staged at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    active: [bool; Kind::ALL.len()],
    frozen_since: Option<Duration>,
}

impl Staged {
    /// What `incidents` stage `elapsed` after the camera's start.
    #[must_use]
    pub fn at(incidents: &[Incident], elapsed: Duration) -> Self {
        let mut staged = Self::default();
        for incident in incidents {
            let Some(began) = incident.began(elapsed) else {
                continue;
            };
            staged.active[incident.kind as usize] = true;
            if incident.kind == Kind::Frozen {
                let earliest = staged.frozen_since.map_or(began, |other| other.min(began));
                staged.frozen_since = Some(earliest);
            }
        }
        staged
    }

    /// Only this kind.
    #[must_use]
    pub fn only(kind: Kind) -> Self {
        let mut staged = Self::default();
        staged.active[kind as usize] = true;
        staged
    }

    /// The same but for one kind.
    #[must_use]
    pub fn but_for(mut self, kind: Kind) -> Self {
        self.active[kind as usize] = false;
        self
    }

    /// Whether this kind is on.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.active[kind as usize]
    }

    /// When the picture froze, from the camera's start, if it is frozen.
    #[must_use]
    pub fn frozen_since(&self) -> Option<Duration> {
        self.frozen_since
    }

    /// Whether the picture itself differs from what the camera would show otherwise.
    #[must_use]
    pub fn changes_picture(&self) -> bool {
        [Kind::Covered, Kind::Turned, Kind::Defocused, Kind::Dark]
            .into_iter()
            .any(|kind| self.has(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Incident, String> {
        text.parse()
            .map_err(|error: IncidentError| error.to_string())
    }

    #[test]
    fn text_survives_a_round_trip() {
        for text in [
            "covered@20s+15s/2m",
            "object-missing@0s+1m30s",
            "silent@500ms+1h/1day",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn it_repeats_with_its_period() {
        let script = [parse("covered@20s+15s/2m").unwrap()];
        let covered = |at| Staged::at(&script, Duration::from_secs(at)).has(Kind::Covered);
        let seen: Vec<u64> = (0..300).filter(|&at| covered(at)).collect();
        let expected: Vec<u64> = (20..35).chain(140..155).chain(260..275).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn without_a_period_it_happens_once() {
        let script = [parse("dark@10s+5s").unwrap()];
        assert!(Staged::at(&script, Duration::from_secs(14)).has(Kind::Dark));
        assert!(!Staged::at(&script, Duration::from_secs(15)).has(Kind::Dark));
    }

    #[test]
    fn a_frozen_picture_knows_since_when() {
        let script = [parse("frozen@10s+5s/1m").unwrap()];
        let staged = Staged::at(&script, Duration::from_secs(73));
        assert_eq!(staged.frozen_since(), Some(Duration::from_secs(70)));
    }

    #[test]
    fn errors_name_what_is_wrong_and_what_is_right() {
        let cases = [
            ("covered", "KIND@START+DURATION"),
            ("covered@20s", "KIND@START+DURATION"),
            ("stolen@1s+1s", "no incident \"stolen\": covered, turned"),
            ("dark@x+1s", "its start \"x\" is not a time"),
            ("dark@1s+1", "its duration \"1\" is not a time"),
            ("dark@1s+1s/y", "its period \"y\" is not a time"),
            ("dark@1s+0s", "its duration is zero"),
            (
                "dark@1s+20s/10s",
                "it lasts 20s and cannot begin again every 10s",
            ),
        ];
        for (text, expected) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
