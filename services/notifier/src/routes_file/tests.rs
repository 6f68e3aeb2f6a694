//! What is read from a file of routes, and what is said of one that is wrong.

use std::{path::Path, time::Duration};

use super::*;
use crate::routes::GroupBy;

const HEAD: &str = "[receiver.ops]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";

fn read(text: &str) -> Result<Routes, String> {
    parse(text, Path::new("")).map_err(|faults| faults.to_string())
}

fn refused(route: &str) -> String {
    read(&format!("{HEAD}{route}")).unwrap_err()
}

#[test]
fn all_that_can_be_said_is_read() {
    let routes = read(
        r##"
link = "https://framewatch.example.org/"

[receiver.ops]
type = "webhook"
url = "http://127.0.0.1:9/hook"
rate = "10/min"

[receiver.oncall]
type = "webhook"
url = "http://127.0.0.1:9/oncall"

[[route]]
match = { folder = "dock-*", kind = ["covered", "moved", "silent"], state = "firing" }
to = ["ops"]
group-by = ["site", "kind"]
group-wait = "0s"
group-interval = "5m"
remind = "4h"
escalate = { after = "10m", to = ["oncall"] }
hours = "Mon-Fri 06:00-22:00 Europe/Berlin"

[[route]]
to = "oncall"
"##,
    )
    .unwrap();
    assert_eq!(
        routes.link,
        Some("https://framewatch.example.org".parse().unwrap())
    );
    let ops = &routes.receivers[&"ops".parse().unwrap()];
    let rate = ops.rate.unwrap();
    assert_eq!((rate.count, rate.per), (10, Duration::from_secs(60)));
    let [first, second] = &routes.routes[..] else {
        panic!("there are two routes");
    };
    assert_eq!(first.matcher.folders, ["dock-*"]);
    assert_eq!(first.group_by, [GroupBy::Site, GroupBy::Kind]);
    assert_eq!(first.group_wait, Duration::ZERO);
    assert_eq!(first.remind, Some(Duration::from_secs(4 * 3600)));
    assert!(!first.tells_ends && second.tells_ends && first.hours.is_some());
    assert_eq!(first.escalate.as_ref().unwrap().to.len(), 1);
    assert_eq!(second.group_wait, Duration::from_secs(10));
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (route, line, wrong) in [
        (
            "[[route]]\nto = [\"nobody\"]\n",
            5,
            "no receiver \"nobody\"",
        ),
        ("[[route]]\nto = []\n", 5, "names nobody"),
        ("[[route]]\nmatch = { folder = \"*\" }\n", 4, "says nobody"),
        (
            "[[route]]\nto = \"ops\"\nremind = \"1s\"\n",
            6,
            "remind is a time from 1m to",
        ),
        (
            "[[route]]\nto = \"ops\"\nhours = \"Mon\"\n",
            6,
            "three parts",
        ),
        (
            "[[route]]\nto = \"ops\"\ngroup-by = \"colour\"\n",
            6,
            "\"colour\"",
        ),
        (
            "[[route]]\nto = \"ops\"\nmatch = { kind = \"stolen\" }\n",
            6,
            "\"stolen\"",
        ),
        (
            "[[route]]\nto = \"ops\"\nmatch = { state = \"resolved\" }\n",
            6,
            "state is",
        ),
        ("[[route]]\nto = \"ops\"\ncolour = 1\n", 6, "colour"),
        (
            "[[route]]\nto = \"ops\"\nescalate = { after = \"1m\", to = \"ops\" }\n",
            6,
            "in any case",
        ),
        ("[receiver.mail]\ntype = \"webhook\"\n", 4, "url"),
        (
            "[receiver.other]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nrate = \"often\"\n",
            7,
            "rate is 1 to",
        ),
        (
            "[receiver.Other]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n",
            4,
            "no name of a receiver",
        ),
        ("[[route]\n", 4, ""),
    ] {
        let said = refused(route);
        assert!(said.contains(&format!("line {line}")), "{route}: {said}");
        assert!(said.contains(wrong), "{route}: {said}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let said = refused("[[route]]\nto = \"a\"\n\n[[route]]\nto = \"b\"\n");
    assert!(
        said.contains("line 5, route 1") && said.contains("line 8, route 2"),
        "{said}"
    );
    let said = read("link = \"ftp://x\"\n").unwrap_err();
    assert!(
        said.contains("line 1: link is wrong: it is where"),
        "{said}"
    );
}

#[test]
fn messages_lead_where_the_file_says_and_else_where_the_setting_does() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("notify.toml");
    let page: PageUrl = "http://127.0.0.1:5000".parse().unwrap();
    let link_of = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let file = RoutesFile::new(&path).leading_to(Some(page.clone()));
        file.read().unwrap().link.unwrap().to_string()
    };
    assert_eq!(link_of(HEAD), "http://127.0.0.1:5000");
    let of_its_own = format!("link = \"https://a.example\"\n{HEAD}");
    assert_eq!(link_of(&of_its_own), "https://a.example");
}
