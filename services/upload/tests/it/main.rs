//! The upload service as its users have it: over HTTP, against a real NATS server.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod access;
mod acknowledgements;
mod alerts;
mod answers;
mod areas;
mod audit;
mod cameras;
mod changes;
mod conditions;
mod cors;
mod details;
mod drift;
mod events;
mod faults;
mod folders;
mod frames;
mod history;
mod hostile;
mod labels;
mod legacy;
mod list;
mod live;
mod login;
mod logins_refused;
mod measures;
mod normals;
mod notices;
mod openapi;
mod overview;
mod pages;
mod pictures;
mod process;
mod proposals;
mod quotas;
mod refusals;
mod routes;
mod rules;
mod service;
mod silences;
mod thumbnails;
mod told;
mod unmade;
mod uploads;
