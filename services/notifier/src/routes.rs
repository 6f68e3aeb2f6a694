//! Who is told of what, how and when: what the file of routes says, or people have set, checked.

use std::{collections::BTreeMap, time::Duration};

use event_bus::{ReceiverName, RoutesSet};
use hours::Hours;
use proto::v1::{Alert, AlertMatcher, Folder as Details};
use receivers::Receiver;

use crate::{outbox::Rate, page::PageUrl};

/// All that the file says; of routes, what people have set, if they have.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    pub(crate) receivers: BTreeMap<ReceiverName, Addressee>,
    pub(crate) routes: Vec<Route>,
    /// Where the web page is.
    pub(crate) link: Option<PageUrl>,
    /// Whether messages lead only to pages on which one has to log in.
    pub(crate) links_ask_for_login: bool,
    /// The routes as tables `[[route]]`.
    pub(crate) text: String,
    /// Who set them; `None` where they are the file's.
    pub(crate) set: Option<RoutesSet>,
}

/// Somebody who is told.
#[derive(Debug, Clone)]
pub(crate) struct Addressee {
    pub(crate) receiver: Receiver,
    pub(crate) rate: Option<Rate>,
}

/// Which alerts are told to whom.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) matcher: AlertMatcher,
    /// Whether the ends are told as well.
    pub(crate) tells_ends: bool,
    pub(crate) to: Vec<ReceiverName>,
    pub(crate) group_by: Vec<GroupBy>,
    pub(crate) group_wait: Duration,
    pub(crate) group_interval: Duration,
    pub(crate) remind: Option<Duration>,
    pub(crate) escalate: Option<Escalate>,
    pub(crate) hours: Option<Hours>,
}

/// Who is told as well, where nobody has an alert in hand after so long.
#[derive(Debug, Clone)]
pub(crate) struct Escalate {
    pub(crate) after: Duration,
    pub(crate) to: Vec<ReceiverName>,
}

/// What alerts that are told together have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    Site,
    Area,
    Folder,
    Kind,
    Subject,
}

impl GroupBy {
    pub(crate) const ALL: [GroupBy; 5] = [
        GroupBy::Site,
        GroupBy::Area,
        GroupBy::Folder,
        GroupBy::Kind,
        GroupBy::Subject,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            GroupBy::Site => "site",
            GroupBy::Area => "area",
            GroupBy::Folder => "folder",
            GroupBy::Kind => "kind",
            GroupBy::Subject => "subject",
        }
    }

    /// The value by which an alert is grouped. `details` is what people say of its folder.
    fn value(self, alert: &Alert, details: &Details) -> String {
        match self {
            GroupBy::Site => details.site.clone(),
            GroupBy::Area => details.area.clone(),
            GroupBy::Folder => alert.folder.clone(),
            GroupBy::Kind => receivers::Told::of(alert.clone()).kind,
            GroupBy::Subject => alert.subject().word().to_owned(),
        }
    }
}

impl Route {
    /// By what this alert is grouped, and what it has of that; `None` where all that the route tells is one group.
    pub(crate) fn group(&self, alert: &Alert, details: &Details) -> Option<receivers::Group> {
        let join = |words: Vec<String>| words.join(", ");
        let by = join(
            self.group_by
                .iter()
                .map(|by| by.word().to_owned())
                .collect(),
        );
        let values = self.group_by.iter().map(|by| by.value(alert, details));
        (!self.group_by.is_empty()).then(|| receivers::Group {
            by,
            name: join(values.filter(|value| !value.is_empty()).collect()),
            cameras: None,
        })
    }
}
