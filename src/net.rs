//! Connections: how many are accepted, and when one is given up.
//!
//! The web framework closes a connection whose first request does not arrive. It waits without end
//! for the rest of a later request, for the end of a body that nobody reads, and for a client that
//! takes no answer, and its watch over idle connections costs each request a timer. Here a
//! connection ends when nothing could be written to it for longer than it may be idle, whatever its
//! client does. What comes is followed by [`framing`], so that no request with a `Transfer-Encoding`
//! reaches the framework as one.

mod framing;

use std::io::{self, ErrorKind, IoSlice};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server};
use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

use self::framing::Framing;

/// How many clients may wait to be accepted; the system may allow fewer. Who does not fit in waits
/// at least a second before it asks again.
const BACKLOG: u32 = 4_096;
/// Files that are no connections: the store's, the journal's and what comes and goes beside them.
const OTHER_FILES: u64 = 40;
/// Files that each worker has for itself.
const FILES_A_WORKER: u64 = 5;
/// With fewer connections than this for each worker, nobody is served well.
const LEAST_CONNECTIONS: u64 = 4;
/// How many connections the operator's own listener has.
const OPERATORS_CONNECTIONS: usize = 8;
/// Files of the operator's own listener, where there is one: itself, what accepts from it, its worker's and its connections.
const OPERATORS_FILES: u64 = 3 + FILES_A_WORKER + OPERATORS_CONNECTIONS as u64;
/// Where there are files enough, so many are left to others than connections.
const AMPLE: u64 = 256;
/// A client that is told to go has so long to do it.
const PARTING: Duration = Duration::from_secs(1);
/// How often it is looked, in the time that a connection may be idle, whether it is.
const ALARMS: u32 = 4;

/// Listens on an address.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// How connections are treated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Threads that answer.
    pub(crate) workers: usize,
    /// How many connections each of them may have.
    pub(crate) connections: usize,
    /// How long the head of a first request may take.
    pub(crate) request: Duration,
    /// How long a connection may be idle.
    pub(crate) idle: Duration,
    /// How long requests under way get when the server is stopped.
    pub(crate) shutdown: Duration,
}

impl Terms {
    /// Returns the terms of the operator's own listener, at which one program looks from time to time.
    pub(crate) fn of_operator(self) -> Self {
        Self { workers: 1, connections: OPERATORS_CONNECTIONS, ..self }
    }
}

/// Answers on a listener; `app` is made once for each worker.
pub(crate) fn serve<I, S, B>(
    listener: TcpListener,
    terms: Terms,
    app: impl Fn() -> I + Clone + Send + 'static,
) -> io::Result<Server>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let server = Server::build()
        .workers(terms.workers)
        .max_concurrent_connections(terms.connections)
        .shutdown_timeout(terms.shutdown.as_secs().max(1))
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("http", listener, move || {
        let stopping = stopping.clone();
        let app = app().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .client_request_timeout(terms.request)
            .client_disconnect_timeout(PARTING)
            .keep_alive(KeepAlive::Os)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .h1(map_config(app, |()| AppConfig::default()));
        // A request may take as long for its head as for its body.
        let patience = terms.idle.max(2 * terms.request);
        fn_service(move |stream: TcpStream| async move {
            let peer = stream.peer_addr().ok();
            Ok::<_, DispatchError>((Patient::new(stream, patience), peer))
        })
        .and_then(http)
    })?;
    Ok(server.run())
}

/// Takes the right to as many open files as the system grants, and returns how many connections each
/// worker may have. Beyond it clients wait, so that the journal and the store can always open their
/// files. Where the operator `has_listener`, it has files of its own.
///
/// # Errors
/// When there are too few files to serve anybody.
pub(crate) fn most_connections(workers: usize, has_listener: bool) -> anyhow::Result<usize> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Many systems begin with 1,024, which a thousand silent clients use up.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    connections_of(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), workers, has_listener)
}

fn connections_of(files: u64, workers: usize, has_listener: bool) -> anyhow::Result<usize> {
    let threads = workers as u64;
    let operators = if has_listener { OPERATORS_FILES } else { 0 };
    let others = OTHER_FILES + operators + FILES_A_WORKER * threads;
    let least = others + LEAST_CONNECTIONS * threads;
    if files < least {
        bail!(
            "the limit on open files (ulimit -n, RLIMIT_NOFILE) is {files}, and cannot be raised by this process; \
             at least {least} are needed: {others} for the listener, the store, the journal and {workers} worker \
             threads (server.workers), and the others for connections"
        );
    }
    let connections = (files - others).min(files.saturating_sub(AMPLE).max(files / 2).max(least - others));
    Ok(usize::try_from(connections).unwrap_or(usize::MAX) / workers)
}

/// A stream that fails when nothing could be written to it for too long: for at least its patience
/// and at most a quarter more. It looks at no clock for what goes well.
struct Patient {
    stream: TcpStream,
    /// Between alarms.
    pause: Duration,
    /// How many alarms found that nothing was written since the one before.
    quiet: u32,
    /// Whether something was written since the alarm was set.
    wrote: bool,
    alarm: Pin<Box<Sleep>>,
    /// Who is woken by the alarm.
    waiting: Option<Waker>,
    framing: Framing,
    /// Whether a client whose request was refused is given the time to go.
    parting: bool,
}

impl Patient {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        let pause = patience / ALARMS;
        Self {
            stream,
            pause,
            quiet: 0,
            wrote: false,
            alarm: Box::pin(sleep(pause)),
            waiting: None,
            framing: Framing::new(),
            parting: false,
        }
    }

    /// Takes what a client sends behind a request that was refused, until it has sent everything: closing
    /// a connection on which something is unread would take back the answer.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Waits on: until something can be read or written, or patience is at its end.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let known = self.waiting.as_ref().is_some_and(|waiting| waiting.will_wake(context.waker()));
        if known && !self.alarm.is_elapsed() {
            return Poll::Pending;
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            self.quiet = if std::mem::take(&mut self.wrote) { 0 } else { self.quiet + 1 };
            if self.quiet == ALARMS {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            let next = Instant::now() + self.pause;
            self.alarm.as_mut().reset(next);
        }
        self.waiting = Some(context.waker().clone());
        Poll::Pending
    }

    fn write_with(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match write(Pin::new(&mut self.stream), context) {
            Poll::Pending => self.wait(context),
            ready @ Poll::Ready(_) => {
                self.wrote = true;
                ready
            }
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.framing.is_closed() {
            return match this.poll_discard(context) {
                Poll::Pending => this.wait(context),
                ended @ Poll::Ready(_) => ended,
            };
        }
        let begin = buffer.filled().len();
        loop {
            let held = this.framing.held();
            if buffer.remaining() <= held.len() {
                return Poll::Ready(Err(ErrorKind::InvalidInput.into()));
            }
            buffer.put_slice(held);
            let before = buffer.filled().len();
            match Pin::new(&mut this.stream).poll_read(context, buffer) {
                Poll::Pending => {
                    buffer.set_filled(begin);
                    return this.wait(context);
                }
                Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                    let passed = this.framing.follow(&mut buffer.filled_mut()[begin..]);
                    buffer.set_filled(begin + passed);
                    // Nothing would mean the end of the connection.
                    if passed > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                ended @ Poll::Ready(_) => {
                    buffer.set_filled(begin);
                    return ended;
                }
            }
        }
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.framing.is_closed() {
            return Pin::new(&mut self.stream).poll_shutdown(context);
        }
        if !self.parting {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.parting = true;
            let latest = Instant::now() + PARTING;
            self.alarm.as_mut().reset(latest);
        }
        match self.poll_discard(context) {
            Poll::Pending if self.alarm.as_mut().poll(context).is_pending() => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_serve_few_connections_and_too_few_are_refused_with_what_is_needed() {
        for (files, workers, connections) in
            [(1_024, 2, 384), (1_000_000, 4, 249_936), (64, 2, 7), (58, 2, 4), (200, 1, 100)]
        {
            assert_eq!(
                connections_of(files, workers, false).ok(),
                Some(connections),
                "{files} files, {workers} workers"
            );
        }
        // A listener of the operator's takes nothing from visitors where there are files enough.
        for (files, connections) in [(1_024, 384), (80, 7), (74, 4)] {
            assert_eq!(connections_of(files, 2, true).ok(), Some(connections), "{files} files");
        }
        for (has_listener, too_few, least) in [(false, 57, "58"), (true, 73, "74")] {
            let error = connections_of(too_few, 2, has_listener).expect_err("too few").to_string();
            for part in ["ulimit -n", &too_few.to_string(), least, "server.workers"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }
}
