//! Whether a message's link lets somebody act, and on which alert.

use event_bus::{AlertKey, NoticeKey, PassSays, ReceiverName};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{
    access::Visitor,
    alerts::api::{KnownAlert, existing},
    app::App,
    front_door::addresses::encoded,
    problem::{Kind, Problem},
};

/// What a link says besides the alert.
#[derive(Deserialize)]
pub(super) struct Link {
    /// The receiver of the message.
    #[serde(default)]
    to: String,
    /// Its secret.
    #[serde(default)]
    pass: String,
}

impl Link {
    /// The alert that it lets act on.
    pub(super) fn opens(&self, app: &App, id: &str) -> Result<KnownAlert, Problem> {
        let receiver: ReceiverName = self.to.parse().map_err(|_| unknown())?;
        let key = NoticeKey {
            episode: AlertKey::of_episode(id),
            receiver,
        };
        let says = {
            let notices = app.notices.read();
            let pass = notices.get(&key).and_then(|notice| notice.pass.as_ref());
            pass.map(|pass| pass.says(&self.pass, OffsetDateTime::now_utc()))
        };
        match says {
            Some(PassSays::Valid) => existing(app, id),
            Some(PassSays::Expired) => Err(Kind::ExpiredLink.because(
                "This link let people act for a week after the message. Log in to act on the alert.",
            )),
            Some(PassSays::Wrong) | None => Err(unknown()),
        }
    }

    /// The address of one of its pages.
    pub(super) fn to(&self, id: &str, part: &str) -> String {
        format!(
            "/told/{}{part}?to={}&pass={}",
            encoded(id),
            encoded(&self.to),
            encoded(&self.pass)
        )
    }

    /// By which name somebody acts: their own where they are logged in, else the one that they give, and where they have the
    /// link from.
    pub(super) fn name(&self, visitor: &Visitor, given: &str) -> String {
        match (visitor.user(), given.trim()) {
            (Some((name, _)), _) => name.to_string(),
            (None, "") => String::new(),
            (None, given) => format!("{given} (told as {})", self.to),
        }
    }
}

fn unknown() -> Problem {
    Kind::UnknownLink.because(
        "This link does not, or no longer, let anybody act on an alert. Open it as it stands in the message, or log in.",
    )
}
