//! Connections: how many are accepted, and when one is given up.
//!
//! The web framework closes a connection whose first request does not arrive. It waits without end
//! for the rest of a later request, for the end of a body that nobody reads, and for a client that
//! takes no answer, and its watch over idle connections costs each request a timer. Here a
//! connection ends when nothing could be written to it for longer than it may be idle, whatever its
//! client does.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// How many clients may wait to be accepted; the system may allow fewer. Who does not fit in waits
/// at least a second before it asks again.
const BACKLOG: u32 = 4_096;
/// Files that are no connections: the store's, the journal's, the workers' own.
const OTHER_FILES: u64 = 256;
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
    /// How long the head of a first request may take.
    pub(crate) request: Duration,
    /// How long a connection may be idle.
    pub(crate) idle: Duration,
    /// How long requests under way get when the server is stopped.
    pub(crate) shutdown: Duration,
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
        .max_concurrent_connections(most_connections() / terms.workers)
        .shutdown_timeout(terms.shutdown.as_secs())
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

/// How many connections there may be, with the right to as many open files as the system grants.
/// Beyond it clients wait, so that the journal and the store can always open their files.
fn most_connections() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Many systems begin with 1,024, which a thousand silent clients use up.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES).max(OTHER_FILES)).unwrap_or(usize::MAX)
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
}

impl Patient {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        let pause = patience / ALARMS;
        Self { stream, pause, quiet: 0, wrote: false, alarm: Box::pin(sleep(pause)), waiting: None }
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
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.wait(context),
            ready @ Poll::Ready(_) => ready,
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
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
