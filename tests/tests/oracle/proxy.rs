use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A way to a server that can be cut. Gone when dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// Each change ends all connections.
    cuts: watch::Sender<()>,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cuts, cut) = watch::channel(());
        tokio::spawn(serve(listener, server, cut));
        Proxy { address, cuts }
    }

    /// Ends all connections that there are at this moment.
    pub(crate) fn cut(&self) {
        self.cuts.send_replace(());
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, cut: watch::Receiver<()>) {
    let mut gone = cut.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = async { while gone.changed().await.is_ok() {} } => return,
        };
        let Ok((mut client, _)) = accepted else {
            return;
        };
        let mut cut = cut.clone();
        cut.mark_unchanged();
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(server).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = cut.changed() => {}
            }
        });
    }
}
