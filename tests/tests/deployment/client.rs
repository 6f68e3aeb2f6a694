//! A client of NATS that hears what the server says to each line, which those for use tell only some time later.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::json;

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    /// The subjects of messages that came while we waited for something else.
    subjects: VecDeque<String>,
    subscriptions: u32,
}

impl Client {
    /// Logs in; `Err` is what the server says.
    pub(crate) fn log_in(
        server: SocketAddr,
        login: Option<(&str, &str)>,
    ) -> Result<Self, Vec<String>> {
        let stream = TcpStream::connect(server).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut client = Client {
            stream: BufReader::new(stream),
            subjects: VecDeque::new(),
            subscriptions: 0,
        };
        client.line();
        let mut options = json!({ "verbose": false, "pedantic": false, "headers": true });
        if let Some((user, password)) = login {
            options["user"] = user.into();
            options["pass"] = password.into();
        }
        match client.errors_of(&format!("CONNECT {options}\r\n")) {
            errors if errors.is_empty() => Ok(client),
            errors => Err(errors),
        }
    }

    pub(crate) fn may_publish(&mut self, subject: &str) -> bool {
        self.may(&format!("PUB {subject} 1\r\nx\r\n"))
    }

    /// Whether a message may be published for which answers are to go to another subject.
    pub(crate) fn may_ask(&mut self, subject: &str, answers: &str) -> bool {
        self.may(&format!("PUB {subject} {answers} 1\r\nx\r\n"))
    }

    /// Publishes a payload for which answers are to go to another subject.
    pub(crate) fn ask(&mut self, subject: &str, answers: &str, payload: &str) {
        let length = payload.len();
        assert!(self.may(&format!(
            "PUB {subject} {answers} {length}\r\n{payload}\r\n"
        )));
    }

    pub(crate) fn may_subscribe(&mut self, subject: &str) -> bool {
        self.subscriptions += 1;
        let command = format!("SUB {subject} {}\r\n", self.subscriptions);
        self.may(&command)
    }

    /// The next message's subject.
    pub(crate) fn next_subject(&mut self) -> String {
        loop {
            if let Some(subject) = self.subjects.pop_front() {
                return subject;
            }
            self.line();
        }
    }

    fn may(&mut self, command: &str) -> bool {
        let errors = self.errors_of(command);
        assert!(
            errors
                .iter()
                .all(|error| error.contains("Permissions Violation")),
            "{errors:?}"
        );
        errors.is_empty()
    }

    /// What the server objects to until it has answered a ping that follows.
    fn errors_of(&mut self, command: &str) -> Vec<String> {
        self.send(&format!("{command}PING\r\n"));
        let mut errors = Vec::new();
        loop {
            let line = self.line();
            // Empty where the server has hung up.
            if line == "PONG" || line.is_empty() {
                return errors;
            }
            if line.starts_with("-ERR") {
                errors.push(line);
            }
        }
    }

    fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Reads a line, and answers it or keeps what it tells where that is due.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let line = line.trim_end().to_owned();
        if line == "PING" {
            self.send("PONG\r\n");
        } else if let Some(message) = line.strip_prefix("MSG ") {
            let subject = message.split(' ').next().unwrap();
            self.subjects.push_back(subject.to_owned());
            let mut payload = String::new();
            self.stream.read_line(&mut payload).unwrap();
        }
        line
    }
}
