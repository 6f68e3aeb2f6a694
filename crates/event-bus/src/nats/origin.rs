//! Which trace an event belongs to: the W3C header `traceparent`, from who publishes to who handles.

use std::collections::HashMap;

use async_nats::{HeaderMap, jetstream::message::PublishMessage};
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// The span that published an event, where it was traced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin(Option<SpanContext>);

impl Origin {
    pub(crate) fn read(headers: Option<&HeaderMap>) -> Self {
        let Some(headers) = headers.filter(|all| all.get(TRACEPARENT).is_some()) else {
            return Origin(None);
        };
        let context = TraceContextPropagator::new().extract(&Received(headers));
        let span = context.span().span_context().clone();
        Origin(span.is_valid().then_some(span))
    }

    /// Whether the event was traced.
    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Makes a new span a part of the event's trace.
    pub fn continue_in(&self, span: &Span) {
        if let Some(origin) = &self.0 {
            let parent = Context::new().with_remote_span_context(origin.clone());
            // Where nothing is traced there is nothing to be a part of.
            span.set_parent(parent).ok();
        }
    }
}

/// Lets who handles the message continue the span in which it is published.
pub(crate) fn traced(message: PublishMessage) -> PublishMessage {
    let mut fields = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut fields);
    match fields.remove(TRACEPARENT) {
        Some(span) => message.header(TRACEPARENT, span),
        None => message,
    }
}

struct Received<'a>(&'a HeaderMap);

impl Extractor for Received<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key).filter(|_| key == TRACEPARENT)?;
        Some(value.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
