//! A mail server that never greets, has no room yet, or refuses.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use parking_lot::Mutex;

use event_bus::Telling;
use test_support::eventually;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::sleep,
};

use crate::site::Site;

/// What becomes of a connection.
#[derive(Clone, Copy)]
enum Manner {
    NeverGreets,
    /// This is said to the address that a mail is for.
    Says(&'static str),
}

const TAKES: Manner = Manner::Says("250 ok");

/// A server that treats one connection after another so, and takes the mails of those after them.
#[derive(Clone)]
struct MailServer {
    address: SocketAddr,
    manners: Arc<Mutex<VecDeque<Manner>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = MailServer {
            address: listener.local_addr().unwrap(),
            manners: Arc::new(Mutex::new(manners.iter().copied().collect())),
            mails: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let manner = serving.manners.lock().pop_front();
                tokio::spawn(serving.clone().serve(connection, manner.unwrap_or(TAKES)));
            }
        });
        server
    }

    /// The file with a receiver `ops` whose mails this server takes.
    fn routes(&self) -> String {
        format!(
            "[receiver.ops]\ntype = \"email\"\nserver = \"localhost:{}\"\ntls = \"none\"\nfrom = \"fw@example.org\"\n\
             to = [\"ops@example.org\"]\ntimeout = \"3s\"\n[[route]]\nto = \"ops\"\ngroup-wait = \"0s\"\n",
            self.address.port()
        )
    }

    /// How many of the manners were not yet needed.
    fn left(&self) -> usize {
        self.manners.lock().len()
    }

    /// The value of a header, of each mail that it took.
    fn headers(&self, name: &str) -> Vec<String> {
        let start = format!("{name}: ");
        let header = |mail: &String| {
            mail.lines()
                .find_map(|line| line.strip_prefix(&start).map(str::to_owned))
        };
        self.mails.lock().iter().filter_map(header).collect()
    }

    async fn serve(self, mut connection: TcpStream, manner: Manner) {
        let Manner::Says(to_the_address) = manner else {
            sleep(Duration::from_secs(600)).await;
            return;
        };
        let (read, mut write) = connection.split();
        let mut lines = BufReader::new(read).lines();
        let mut mail: Option<String> = None;
        write.write_all(b"220 localhost\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let says = match (&mut mail, line.split(' ').next().unwrap_or_default()) {
                (Some(_), ".") => {
                    self.mails.lock().extend(mail.take());
                    "250 ok"
                }
                (Some(mail), _) => {
                    mail.push_str(&line);
                    mail.push('\n');
                    continue;
                }
                (None, "RCPT") => to_the_address,
                (None, "DATA") => {
                    mail = Some(String::new());
                    "354 go on"
                }
                (None, "QUIT") => "221 bye",
                (None, _) => "250 ok",
            };
            let says = format!("{says}\r\n");
            // Who has gone does not listen.
            drop(write.write_all(says.as_bytes()).await);
        }
    }
}

#[tokio::test]
async fn a_mail_is_sent_again_to_a_server_that_never_greets_or_has_no_room_yet() {
    let manners = [
        Manner::NeverGreets,
        Manner::Says("451 greylisted, try later"),
    ];
    let (site, server) = (Site::new().await, MailServer::start(&manners).await);
    let running = site.start(&server.routes()).await;
    let alert = site.fire_view("dock").await;
    for (left, says) in [(1, "was not done within 3s"), (0, "451 to ops@example.org")] {
        site.notice_where(&alert, |notice| {
            let sending = notice.sending.as_ref();
            server.left() == left && sending.is_some_and(|it| it.why.contains(says))
        })
        .await;
    }
    let told = site
        .notice_where(&alert, |notice| notice.told_at.is_some())
        .await;
    assert_eq!((told.messages, told.failed), (1, None));
    assert_eq!(server.headers("Message-ID").len(), 1);
    site.resolve(&alert).await;
    site.notice_where(&alert, |notice| notice.end_told_at.is_some())
        .await;
    // The end belongs to the beginning, which was sent three times under one name.
    eventually("there are two mails", async || {
        (server.headers("Message-ID").len() == 2).then_some(())
    })
    .await;
    assert_eq!(
        server.headers("In-Reply-To"),
        server.headers("Message-ID")[..1]
    );
    running.stop().await;
}

#[tokio::test]
async fn a_mail_that_a_server_refuses_is_given_up_and_said_so() {
    let manners = [Manner::Says("550 no such user")];
    let (site, server) = (Site::new().await, MailServer::start(&manners).await);
    let running = site.start(&server.routes()).await;
    let alert = site.fire_view("dock").await;
    let notice = site
        .notice_where(&alert, |notice| notice.failed.is_some())
        .await;
    let failed = notice.failed.unwrap();
    assert_eq!(failed.telling, Telling::Firing);
    assert!(failed.why.contains("550"), "{}", failed.why);
    // Other mails go on.
    let other = site.fire_view("gate").await;
    site.notice_where(&other, |notice| notice.told_at.is_some())
        .await;
    assert_eq!(server.headers("Message-ID").len(), 1);
    running.stop().await;
}
