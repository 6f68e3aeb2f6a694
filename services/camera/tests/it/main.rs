//! Cameras against real servers on loopback: an RTSP server, HTTP servers that do what cameras do, a NATS server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by_api;
mod fleet;
mod http;
mod http_camera;
mod local;
mod numbered;
mod process;
mod rtsp;
mod rtsp_camera;
mod sharing;
mod single;
mod site;
mod soak;
mod testing;
mod tls;
