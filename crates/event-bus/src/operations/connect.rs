//! Connecting, and what each role has done with the streams and buckets.

use std::sync::Arc;

use async_nats::jetstream;
use futures::future::BoxFuture;
use proto::v1::Alert;

use super::{dead_letters::DeadLetterLimiter, ensure, formats, role::Role};
use crate::{
    contract::{
        DECLARATIONS,
        declaration::Declaration,
        frames::MAX_MESSAGE_BYTES,
        rights::{Right, Service},
    },
    nats::{
        bus::{Bus, Upkeep},
        config::BusConfig,
        connect::ConnectError,
        event::Event as _,
        publish_error::PublishError,
        storage_error::StorageError,
    },
};

/// What is done for a connection of this role.
struct Care {
    role: Role,
    config: BusConfig,
    limiter: DeadLetterLimiter,
}

impl Bus {
    /// Connects under the name of the service.
    pub async fn connect(
        config: &BusConfig,
        service: &str,
        role: Role,
    ) -> Result<Self, ConnectError> {
        let care = Care {
            role,
            config: config.clone(),
            limiter: DeadLetterLimiter::default(),
        };
        let bus = Bus::open(config, service, Arc::new(care)).await?;
        if let Role::Keeper | Role::Guest = role {
            warn_of_small_messages(&bus);
        }
        Ok(bus)
    }
}

/// Whoever publishes larger pictures hears of it only then, and may be a camera that says nothing.
fn warn_of_small_messages(bus: &Bus) {
    let most = bus.max_payload();
    if most < MAX_MESSAGE_BYTES {
        tracing::warn!(
            max_payload = most,
            "the NATS server refuses messages of more than {most} bytes, and with them larger pictures: set max_payload: \
             8MB in its configuration"
        );
    }
}

impl Upkeep for Care {
    fn check<'a>(
        &'a self,
        jetstream: &'a jetstream::Context,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async {
            match self.role {
                Role::Worker | Role::Keeper | Role::Restorer => {
                    formats::check_none_is_newer(jetstream).await
                }
                Role::Reader => formats::check_all(jetstream, is_followed_by_the_sink).await,
                Role::Teller => formats::check_all(jetstream, is_followed_by_the_notifier).await,
                Role::Guest => Ok(()),
            }
        })
    }

    fn ensure<'a>(
        &'a self,
        jetstream: &'a jetstream::Context,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async {
            match self.role {
                Role::Worker | Role::Keeper | Role::Restorer => {
                    ensure::ensure(jetstream, &self.config, self.role).await
                }
                Role::Reader | Role::Teller | Role::Guest => Ok(()),
            }
        })
    }

    fn check_stream(
        &self,
        name: &'static str,
        stream: &jetstream::stream::Config,
    ) -> Result<(), StorageError> {
        match DECLARATIONS.iter().find(|declared| declared.stream == name) {
            Some(declared) if declared.is_marked => formats::check(name, stream),
            _ => Ok(()),
        }
    }

    /// All but cameras may ask for this one.
    fn asks_for(&self) -> Option<&'static str> {
        (self.role != Role::Guest).then_some(Alert::STREAM)
    }

    fn keep_dead_letter<'a>(
        &'a self,
        bus: &'a Bus,
        message: &'a jetstream::Message,
        cause: &'a str,
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(self.limiter.keep(bus, message, cause))
    }
}

/// A sink may ask for no other stream.
fn is_followed_by_the_sink(declared: &Declaration) -> bool {
    declared.rights_of(Service::Sink).contains(&Right::Follow)
}

/// Nor may a notifier ask for one beyond these.
fn is_followed_by_the_notifier(declared: &Declaration) -> bool {
    declared
        .rights_of(Service::Notifier)
        .contains(&Right::Follow)
}
