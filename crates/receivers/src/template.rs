//! Templates of Jinja that a configuration gives. They are kept from running long and from growing large, and from passing
//! over names that there are not. One that fails leaves a warning, and the usual text is sent.

use std::io::{self, Write};

use log_limiter::LogLimiter;
use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter,
    value::Serde,
};

use crate::{SpecError, plain};

/// Instructions: enough for a list of a thousand alerts.
const FUEL: u64 = 200_000;
const MAX_TEMPLATE_BYTES: usize = 64 * 1024;
const MAX_OUTPUT_BYTES: usize = 256 * 1024;

/// How the values that a template prints are escaped, so that they are not taken for what the template itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    None,
    /// `{{ subject }}` is a string of JSON, with its quotes.
    Json,
    Html,
    /// Nothing is a link or a mention for Slack.
    Slack,
}

/// The template of a receiver.
pub(crate) struct Template {
    environment: Environment<'static>,
    receiver: String,
    failures: LogLimiter,
}

const NAME: &str = "template";

impl Template {
    /// A template that can be read.
    pub(crate) fn of(receiver: &str, source: &str, escape: Escape) -> Result<Self, SpecError> {
        if source.len() > MAX_TEMPLATE_BYTES {
            return Err(fault(format!(
                "it has more than {MAX_TEMPLATE_BYTES} bytes"
            )));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(move |_| match escape {
            Escape::None => AutoEscape::None,
            Escape::Json => AutoEscape::Json,
            Escape::Html => AutoEscape::Html,
            Escape::Slack => AutoEscape::Custom("slack".into()),
        });
        environment.set_formatter(format);
        let added = environment.add_template_owned(NAME, source.to_owned());
        added.map_err(|error| fault(words(&error)))?;
        Ok(Template {
            environment,
            receiver: receiver.to_owned(),
            failures: LogLimiter::default(),
        })
    }

    /// The text that it gives. `None`, and a line in the log, where it fails or where `check` refuses the text.
    pub(crate) fn render(
        &self,
        values: &impl serde::Serialize,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<String> {
        let rendered = self.try_to_render(Value::from(Serde(values)));
        let rendered = rendered.and_then(|text| check(&text).map(|()| text));
        match rendered {
            Ok(text) => {
                self.failures.forget(&());
                Some(text)
            }
            Err(error) => {
                if self.failures.is_due(&()) {
                    let receiver = &self.receiver;
                    tracing::warn!(
                        receiver,
                        error,
                        "the template of a receiver fails, so the usual text is sent"
                    );
                }
                None
            }
        }
    }

    fn try_to_render(&self, values: Value) -> Result<String, String> {
        let template = self.environment.get_template(NAME);
        let template = template.map_err(|error| words(&error))?;
        let mut output = Bounded(Vec::new());
        let rendered = template.render_captured_to(values, &mut output);
        rendered.map_err(|error| words(&error))?;
        String::from_utf8(output.0).map_err(|error| error.to_string())
    }
}

fn fault(why: String) -> SpecError {
    let setting = "template";
    SpecError { setting, why }
}

fn words(error: &Error) -> String {
    let line = error.line();
    let at = line.map_or_else(String::new, |line| format!("line {line} of the template: "));
    let said = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    format!("{at}{}", plain::line(&said, 300))
}

fn format(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() || !matches!(state.auto_escape(), AutoEscape::Custom(_)) {
        return escape_formatter(output, state, value);
    }
    let text = plain::for_slack(&value.to_string());
    write!(output, "{text}").map_err(Error::from)
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            let message = format!("it gives more than {MAX_OUTPUT_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(source: &str, escape: Escape) -> Result<String, String> {
        let template = Template::of("ops", source, escape).unwrap();
        let values = json!({ "subject": "a \"b\" <c> & d", "alerts": [1, 2] });
        template.try_to_render(Value::from(Serde(&values)))
    }

    #[test]
    fn values_are_escaped_for_what_the_text_is() {
        for (escape, text) in [
            (Escape::None, "a \"b\" <c> & d"),
            (Escape::Html, "a &quot;b&quot; &lt;c&gt; &amp; d"),
            (Escape::Slack, "a \"b\" &lt;c&gt; &amp; d"),
        ] {
            assert_eq!(rendered("{{ subject }}", escape).unwrap(), text);
        }
        let json = rendered("{{ subject }}", Escape::Json).unwrap();
        let value: String = serde_json::from_str(&json).unwrap();
        assert_eq!(value, "a \"b\" <c> & d");
    }

    #[test]
    fn what_fails_is_named_with_its_line_and_what_grows_or_lasts_is_ended() {
        let source = "{{ subject }}\n{{ subjct }}";
        let error = rendered(source, Escape::None).unwrap_err();
        assert!(error.contains("line 2 of the template"), "{error}");
        let twice =
            "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}";
        assert!(rendered(twice, Escape::None).unwrap_err().contains("fuel"));
        let large = "{% for i in range(1000) %}{{ 'x' * 100000 }}{% endfor %}";
        rendered(large, Escape::None).unwrap_err();
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_line() {
        let error = Template::of("ops", "a\nb\n{% if %}", Escape::None)
            .err()
            .unwrap();
        assert_eq!(error.setting, "template");
        assert!(error.why.contains("line 3 of the template"), "{error}");
    }

    #[test]
    fn a_failing_template_gives_nothing_and_a_working_one_is_checked() {
        let template = Template::of("ops", "{{ nothing }}", Escape::None).unwrap();
        assert_eq!(template.render(&json!({}), |_| Ok(())), None);
        let template = Template::of("ops", "text", Escape::None).unwrap();
        assert_eq!(template.render(&json!({}), |_| Err("no".to_owned())), None);
        let given = template.render(&json!({}), |_| Ok(()));
        assert_eq!(given.as_deref(), Some("text"));
    }
}
