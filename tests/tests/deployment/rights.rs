//! The rights that deploy/nats/accounts.conf gives are those that each stream and bucket declares, on a server that has
//! read it.

use event_bus::{DECLARATIONS, Right, Service};

use crate::{client::Client, nats::log_in, site::Site};

/// A folder that the camera may publish to, and any other key.
const KEY: &str = "gate";

/// The user whom a service logs in as.
fn user(service: Service) -> &'static str {
    match service {
        Service::OutsideCamera => "camera-gate",
        other => other.word(),
    }
}

fn clients(
    server: &test_support::NatsServer,
    site: &Site,
) -> impl Iterator<Item = (Service, Client)> {
    Service::ALL
        .into_iter()
        .map(|service| (service, log_in(server, site, user(service))))
}

#[test]
fn each_service_may_do_what_is_declared() {
    let site = Site::new();
    let server = site.nats(&[]);
    for (service, mut client) in clients(&server, &site) {
        for subject in service.publishes(KEY) {
            assert!(
                client.may_publish(&subject),
                "{} must be allowed to publish {subject}",
                user(service)
            );
        }
        for declared in &DECLARATIONS {
            if declared.rights_of(service).contains(&Right::Hear) {
                for subject in declared.written(KEY) {
                    assert!(
                        client.may_subscribe(&subject),
                        "{} must be allowed to hear {subject}",
                        user(service)
                    );
                }
            }
        }
    }
}

#[test]
fn nobody_may_change_what_is_not_declared_to_be_its_own_to_change() {
    let site = Site::new();
    let server = site.nats(&[]);
    for (service, mut client) in clients(&server, &site) {
        let declared = service.publishes(KEY);
        for stream in &DECLARATIONS {
            let mut changes = stream.written(KEY);
            changes.extend([stream.update(), stream.purge()]);
            for subject in changes {
                if !declared.contains(&subject) {
                    assert!(
                        !client.may_publish(&subject),
                        "{} must not publish {subject}",
                        user(service)
                    );
                }
            }
        }
    }
}

#[test]
fn the_operator_may_do_all_of_it() {
    let site = Site::new();
    let server = site.nats(&[]);
    let mut operator = log_in(&server, &site, "operator");
    for service in Service::ALL {
        for subject in service.publishes(KEY) {
            assert!(operator.may_publish(&subject), "{subject}");
        }
    }
}
