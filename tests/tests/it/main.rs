//! From a picture to an alert, across all services.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cameras;
mod cascade;
mod changes;
mod contract;
mod corpus;
mod deleted;
mod demo;
mod evidence;
mod kinds;
mod looks;
mod masks;
mod migration;
mod mutations;
mod observability;
mod own_detail;
mod parts;
mod pipeline;
mod proposals;
mod real_cameras;
mod restart;
mod rules;
mod shadow;
mod trouble;
mod view;
mod watch;
