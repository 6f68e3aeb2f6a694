//! A way to a server that can be cut.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A way to a server that can be cut, held or refused. Gone when dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    way: watch::Sender<Way>,
}

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It passes it on.
    Open,
    /// It passes nothing on and ends nothing, as where a cable was pulled.
    Held,
    /// It ends every connection and answers as a proxy of HTTP does whose server is not there.
    Refused,
}

#[derive(Clone, Copy)]
struct Way {
    passage: Passage,
    /// Each ends all connections.
    cuts: u32,
}

impl Proxy {
    /// An open way to `server`.
    #[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("it listens");
        let (way, changes) = watch::channel(Way {
            passage: Passage::Open,
            cuts: 0,
        });
        tokio::spawn(serve(listener, server, changes));
        Proxy { address, way }
    }

    /// Ends all connections that there are at this moment.
    pub fn cut(&self) {
        self.way.send_modify(|way| way.cuts += 1);
    }

    /// From now on does this with all that comes.
    pub fn set(&self, passage: Passage) {
        self.way.send_modify(|way| way.passage = passage);
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, way: watch::Receiver<Way>) {
    let mut gone = way.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = async { while gone.changed().await.is_ok() {} } => return,
        };
        let Ok((client, _)) = accepted else {
            return;
        };
        if way.borrow().passage == Passage::Refused {
            tokio::spawn(refuse(client));
        } else {
            tokio::spawn(pass(client, server, way.clone()));
        }
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, mut way: watch::Receiver<Way>) {
    let begun = way.borrow_and_update().cuts;
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let mut copying = std::pin::pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        let now = *way.borrow_and_update();
        if now.cuts != begun || now.passage == Passage::Refused {
            return;
        }
        tokio::select! {
            _ = &mut copying, if now.passage == Passage::Open => return,
            changed = way.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

async fn refuse(mut client: TcpStream) {
    let mut request = [0; 4096];
    drop(client.read(&mut request).await);
    let answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    drop(client.write_all(answer).await);
}
