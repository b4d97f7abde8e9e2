//! One connection, from the upgrade to its end.

use std::sync::Arc;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tracing::debug;

use super::adt;
use super::core::Aliases;
use super::handshake::{self, Admitted, Socket};
use super::job::Peer;
use super::limits::{
    CLOSE_LIMIT, HANDSHAKE_LIMIT, MAX_CHUNK_BYTES, MAX_TRANSFERS, MAX_WINDOW, WRITE_LIMIT,
};
use super::line::Line;
use super::listener::stopped;
use super::opening::{self, Opening};
use super::outbox::{Outbox, Outgoing};
use super::process::WorkProcess;
use super::profile::Profile;
use super::requests::Requests;
use super::state::State;
use crate::proto::frame::write::FrameWriter;
use crate::proto::{Features, MessageId};

/// Serves one connection until it ends or the server stops.
pub(super) async fn serve(
    mut tcp: TcpStream,
    number: u64,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) {
    // Progress frames are small and should not wait for each other.
    let _ = tcp.set_nodelay(true);
    let opening = tokio::select! {
        opening = timeout(HANDSHAKE_LIMIT, opening::read(&mut tcp, &state)) => opening,
        () = stopped(&mut stop) => return,
    };
    let head = match opening {
        Ok(Ok(Opening::Upgrade(head))) => head,
        Ok(Ok(Opening::Http(head))) => {
            let line = Line::new(&mut tcp, head);
            adt::serve(line, &state, &mut stop).await;
            return linger(&mut tcp).await;
        }
        Ok(Err(_)) | Err(_) => return,
    };
    let mut line = Line::new(&mut tcp, head);
    let upgrade = timeout(HANDSHAKE_LIMIT, handshake::upgrade(&mut line, &state));
    let upgraded = tokio::select! {
        upgraded = upgrade => upgraded,
        () = stopped(&mut stop) => return,
    };
    let outcome = match upgraded {
        Ok(Ok((mut socket, admitted))) => {
            if let Some(bytes) = state.script.cut_of(admitted.seat.number) {
                socket.get_mut().cut_after(bytes);
            }
            Ok(converse(socket, number, admitted, &state, &mut stop).await)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => return,
    };
    match outcome {
        Ok(End::Cut | End::Lost) => {}
        Ok(_) => linger(&mut tcp).await,
        Err(error) => {
            debug!(%error, "no upgrade");
            let _ = timeout(CLOSE_LIMIT, handshake::explain(&mut tcp, &error)).await;
        }
    }
}

/// Why a conversation is over.
#[derive(Clone, Copy)]
enum End {
    /// The peer sent a Close frame.
    PeerClosed,
    /// This side sent one, as scripted.
    Closed,
    /// The peer broke the rules, or the server stops; it is to be told why.
    Telling(CloseCode),
    /// The connection is gone or silent.
    Lost,
    /// The connection is to be dropped as it is, as scripted or because its work process died.
    Cut,
}

async fn converse(
    socket: Socket<'_, '_>,
    number: u64,
    admitted: Admitted,
    state: &Arc<State>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let Admitted { user, seat: _seat } = admitted;
    let (mut sink, mut stream) = socket.split();
    let (outbox, queue) = Outbox::new();
    let state = Arc::clone(state);
    let (profile, features) = (state.profile, state.features);
    let process = WorkProcess::new();
    let own = process.clone();
    let mut requests = Requests::new(Peer {
        state,
        outbox: outbox.clone(),
        connection: number,
        user,
        process: own,
        aliases: Aliases::default(),
    });
    let receive = async {
        if outbox.send(|| welcome(number, profile, features)).await.is_err() {
            return End::Lost;
        }
        receive(&mut stream, &mut requests).await
    };
    let end = tokio::select! {
        end = receive => end,
        end = send(&mut sink, queue, &process) => end,
        () = process.died() => End::Cut,
        () = stopped(stop) => End::Telling(CloseCode::Away),
    };
    debug!("connection ends");
    drop(requests);
    if !matches!(end, End::Cut | End::Lost) {
        let goodbye = async {
            if let End::Telling(code) = end {
                let frame = CloseFrame { code, reason: "".into() };
                let _ = sink.send(Message::Close(Some(frame))).await;
            }
            // Reading to the end is what answers a Close frame, and waits for the answer to ours.
            while let Some(Ok(_)) = stream.next().await {}
        };
        let _ = timeout(CLOSE_LIMIT, goodbye).await;
    }
    end
}

async fn receive(stream: &mut SplitStream<Socket<'_, '_>>, requests: &mut Requests) -> End {
    while let Some(message) = stream.next().await {
        let handled = match message {
            Ok(Message::Text(text)) => requests.handle(&text).await,
            Ok(Message::Binary(_)) => requests.refuse_binary().await,
            Ok(Message::Close(_)) => return End::PeerClosed,
            // Pings are answered by the socket library while this loop reads on.
            Ok(_) => Ok(()),
            Err(Error::Capacity(_)) => return End::Telling(CloseCode::Size),
            Err(Error::Utf8(_)) => return End::Telling(CloseCode::Invalid),
            Err(Error::Protocol(error)) => {
                debug!(%error, "peer breaks the rules");
                return End::Telling(CloseCode::Protocol);
            }
            Err(_) => return End::Lost,
        };
        if handled.is_err() {
            return End::Lost;
        }
    }
    End::Lost
}

async fn send(
    sink: &mut SplitSink<Socket<'_, '_>, Message>,
    mut queue: mpsc::Receiver<Outgoing>,
    process: &WorkProcess,
) -> End {
    while let Some(outgoing) = queue.recv().await {
        let Outgoing::Message(message) = outgoing else { return End::Cut };
        // What is made of the process's end is not to be sent.
        if process.is_dead() {
            return End::Cut;
        }
        let closes = message.is_close();
        match timeout(WRITE_LIMIT, sink.send(message)).await {
            Ok(Ok(())) if closes => return End::Closed,
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!(%error, "message not sent");
                return End::Lost;
            }
            Err(_) => {
                debug!("peer does not read");
                return End::Lost;
            }
        }
    }
    End::Lost
}

/// Reads what the peer still sends, so that the last frame is not lost to a reset.
async fn linger(tcp: &mut TcpStream) {
    let mut unread = vec![0; 4 << 10];
    let drained = async {
        // Clients leave it to the server to end the TCP connection.
        let _ = tcp.shutdown().await;
        while tcp.read(&mut unread).await.is_ok_and(|bytes| bytes > 0) {}
    };
    let _ = timeout(CLOSE_LIMIT, drained).await;
}

/// The first frame of a connection. *Source*: PROTOCOL 1.2.
fn welcome(number: u64, profile: Profile, features: Option<Features>) -> String {
    #[derive(Serialize)]
    struct Data {
        session: String,
        version: &'static str,
        domains: &'static [&'static str],
        #[serde(skip_serializing_if = "Option::is_none")]
        features: Option<Vec<&'static str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        limits: Option<Limits>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(clippy::struct_field_names, reason = "the names on the wire")]
    struct Limits {
        max_chunk: u64,
        max_window: u64,
        max_transfers: usize,
    }
    let limits =
        Limits { max_chunk: MAX_CHUNK_BYTES, max_window: MAX_WINDOW, max_transfers: MAX_TRANSFERS };
    let data = Data {
        session: format!("longhaul-{number}"),
        version: profile.version(),
        domains: profile.domains(),
        features: features.map(|features| features.names().collect()),
        limits: features.map(|_| limits),
    };
    FrameWriter::new(MessageId::RESERVED[0]).answer(&data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Feature, Welcome};

    fn welcome_of(number: u64, profile: Profile) -> String {
        welcome(number, profile, profile.features())
    }

    #[test]
    fn the_welcome_says_what_the_profile_can() {
        let full = Welcome::read(&welcome_of(1, Profile::Full)).unwrap();
        assert_eq!(full.features, Some(Feature::ALL.into_iter().collect()));
        assert_eq!(full.limits.max_chunk_bytes, Some(MAX_CHUNK_BYTES));
        assert_eq!(full.limits.max_window, Some(MAX_WINDOW));
        assert_eq!(full.domains, ["atc", "git", "test"]);
        assert_eq!(
            welcome_of(1, Profile::Seed),
            r#"{"id":"welcome","success":true,"data":{"session":"longhaul-1","version":"2.3.0","domains":["git"]}}"#
        );
        assert_eq!(
            welcome_of(2, Profile::Deployed),
            r#"{"id":"welcome","success":true,"data":{"session":"longhaul-2","version":"2.3.0","domains":["rfc","debug","amdp","git","report"]}}"#
        );
    }
}
