//! The whole service, wired: built from settings and a clock, run until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use anyhow::{Context, bail};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::clock::Clock;
use crate::connections::{self, Terms};
use crate::domain::channel::Channels;
use crate::domain::day::Day;
use crate::http::{self, AppState, Parts};
use crate::service::closing::Closing;
use crate::service::day_keys::DayKeys;
use crate::service::digest::{Digests, Post, Writer as LetterWriter};
use crate::service::journal::{Position, Writer};
use crate::service::keeper::Keeper;
use crate::service::metrics::Metrics;
use crate::service::midnight::Midnight;
use crate::service::pass::Desk;
use crate::service::recorder::{JournalThread, Recorder};
use crate::service::reports::Reports;
use crate::service::settler::Settler;
use crate::service::sites::{NewKeys, Sites};
use crate::service::targets::Targets;
use crate::settings::Settings;
use crate::store::{self, Store};

/// A service that is ready to run.
#[expect(missing_debug_implementations, reason = "it may hold the keys of the first start")]
pub struct Application {
    settings: Settings,
    listener: TcpListener,
    state: web::Data<AppState>,
    recorder: Recorder,
    journal: JournalThread,
    settler: JoinHandle<()>,
    /// What works beside the requests and ends with them.
    watchers: JoinSet<()>,
    first_keys: Option<NewKeys>,
}

impl Application {
    /// Takes the port and the journal, opens the store, and begins to settle what an earlier run
    /// left in the journal. `settings.server.listen` may have port 0 for any free one.
    ///
    /// # Errors
    /// When one of these cannot be had; the message says which setting it concerns.
    pub async fn build(mut settings: Settings, channels: Channels, clock: Clock) -> anyhow::Result<Self> {
        let listen = settings.server.listen;
        let listener = connections::listen(listen)
            .with_context(|| format!("server.listen: {listen} cannot be listened on"))?;
        settings.server.listen = listener.local_addr()?;

        let (url, ephemeral) = (&settings.store.url, settings.store.ephemeral_url.as_ref());
        let opened = store::open_keeping(url, ephemeral, settings.keep()).await;
        let store = opened.with_context(|| format!("store.url: {url} cannot be opened"))?;
        let writer =
            Writer::open(&settings.journal.dir, settings.journal.sync, clock.now()).context("journal.dir")?;

        let metrics = Arc::new(Metrics::default());
        let day_keys = Arc::new(DayKeys::new(Arc::clone(&store)));
        let (recorder, journal) =
            Recorder::start(writer, Arc::clone(&metrics)).context("the journal thread")?;
        let keeps = settings.store.url.is_shared();
        let desk = Desk {
            dir: settings.journal.dir.clone(),
            store: Arc::clone(&store),
            keeps,
            metrics: Arc::clone(&metrics),
        };
        let settled = watch::Sender::new(Position::START);
        let mut watchers = JoinSet::new();
        let done_with = if keeps {
            let let_go = watch::Sender::new(Position::START);
            let done_with = let_go.subscribe();
            let (desk, recorder) = (desk.clone(), recorder.clone());
            let keeper =
                Keeper { desk, recorder, time: settings.keep(), settled: settled.subscribe(), let_go };
            watchers.spawn(keeper.run());
            done_with
        } else {
            settled.subscribe()
        };
        let closing = Closing {
            store: Arc::clone(&store),
            min_count: settings.stats.min_count,
            metrics: Arc::clone(&metrics),
        };
        // Where this fails, it is done again at the turn of the day, and the failure is told there.
        let _ = closing.begin(Day::of(clock.now())).await;
        let midnight = Midnight {
            clock: clock.clone(),
            day_keys: Arc::clone(&day_keys),
            recorder: recorder.clone(),
            settled: done_with,
            store: Arc::clone(&store),
            closing,
            retention_months: settings.retention.months,
        };
        watchers.spawn(midnight.run());
        let settler = tokio::spawn(Settler { desk, settled }.run(journal.end.clone()));

        let first_keys = if settings.server.listen.ip().is_loopback() {
            Sites::new(Arc::clone(&store)).first_start(clock.now()).await.context("the first site")?
        } else {
            None
        };
        let mut proposal = [0; 64];
        getrandom::fill(&mut proposal).context("no source of random bytes")?;
        let targets =
            Arc::new(Targets::new(Arc::clone(&store), settings.cache.max_mib.saturating_mul(1 << 20)));
        let following = Arc::clone(&targets);
        watchers.spawn(async move { following.follow().await });
        let reports = Arc::new(Reports::new(
            Arc::clone(&store),
            settings.stats.min_count,
            settings.retention.months,
            settings.cache.stats_mib.saturating_mul(1 << 20),
        ));
        let (warm, time) = (Arc::clone(&reports), clock.clone());
        watchers.spawn(async move { warm.keep_warm(time).await });
        let open = Arc::clone(&reports);
        watchers.spawn(async move { open.keep_open_days().await });
        let channels = Arc::new(channels);
        if let Some(digests) = digests(&settings, &clock, &store, &reports, &channels, &metrics)? {
            watchers.spawn(digests.run());
        }
        let session_secret = store.agree_session_secret(proposal).await.context("the session secret")?;
        let state = web::Data::new(AppState::new(Parts {
            settings: settings.clone(),
            clock,
            store,
            targets,
            reports,
            channels,
            day_keys,
            metrics,
            session_secret,
        }));
        Ok(Self { settings, listener, state, recorder, journal, settler, watchers, first_keys })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.settings.server.listen
    }

    /// The keys of the site that this first start made, to be shown once.
    pub fn take_first_keys(&mut self) -> Option<NewKeys> {
        self.first_keys.take()
    }

    /// Answers requests until `stop` comes; then lets open requests end, settles the journal, and
    /// returns. What cannot be settled in the time that the settings give stays in the journal.
    ///
    /// # Errors
    /// When the server or the journal thread ends by itself.
    pub async fn run_until_stopped(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self { settings, listener, state, recorder, journal, mut settler, mut watchers, .. } = self;
        let shutdown = settings.shutdown_timeout();
        let workers =
            settings.server.workers.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
        let (idle_state, streaming) = (state.clone(), state.clone());
        watchers.spawn(async move {
            let mut minutes = 0;
            loop {
                // At the beginning too: instances that are started anew every night forget as others do.
                if minutes % 60 == 0
                    && let Err(error) = idle_state.forget_ended_access().await
                {
                    tracing::warn!(%error, "sessions that are over are forgotten later");
                }
                minutes = (minutes + 1) % 60;
                sleep(Duration::from_mins(1)).await;
                idle_state.forget_idle_clients();
            }
        });
        let terms = Terms {
            workers: workers.unwrap_or(1),
            request: settings.request_timeout(),
            idle: settings.idle_timeout(),
            shutdown,
        };
        let mut server = connections::serve(listener, terms, move || {
            let worker = recorder.for_worker();
            let app = App::new()
                .app_data(state.clone())
                .app_data(web::ThinData(worker.clone()))
                .configure(http::routes);
            http::door::before(app, state.clone(), worker)
        })?;

        let handle = server.handle();
        let ended_early = tokio::select! {
            ended = &mut server => Some(ended.map_err(Into::into)),
            _ = journal.ended => Some(Err(anyhow::anyhow!("the journal thread ended"))),
            _ = &mut settler => Some(Err(anyhow::anyhow!("the settler ended"))),
            // Without one of them, a key would outlive its day, or an old target be believed for ever.
            _ = watchers.join_next() => Some(Err(anyhow::anyhow!("what works beside the requests ended"))),
            () = stop => None,
        };
        tracing::info!("stopping");
        // Else their connections would drain only when their clients leave.
        streaming.end_streams();
        // Connections drain; with the server the last recorders go; then the journal thread ends,
        // then the settler.
        if ended_early.is_none() {
            let ((), ended) = tokio::join!(handle.stop(true), server);
            ended.context("the server")?;
        } else {
            drop(server);
        }
        watchers.shutdown().await;
        let settled = timeout(shutdown, async {
            let joined = spawn_blocking(move || journal.handle.join()).await;
            let settled = if settler.is_finished() { Ok(()) } else { settler.await };
            (joined, settled)
        });
        match settled.await {
            Ok((Ok(Ok(())), Ok(()))) => {}
            Ok(_) => bail!("the journal thread or the settler failed"),
            Err(_) => {
                tracing::warn!(
                    "the time to stop is over; the next start settles what is left in the journal"
                );
            }
        }
        ended_early.unwrap_or(Ok(()))
    }
}

/// What writes the weekly letters, where a server for them is set.
fn digests(
    settings: &Settings,
    clock: &Clock,
    store: &Arc<dyn Store>,
    reports: &Arc<Reports>,
    channels: &Arc<Channels>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Option<Digests>> {
    let Some(server) = &settings.digest.smtp_url else { return Ok(None) };
    let from = settings.digest.from.clone().context("digest.from: is needed")?;
    let post = Post::new(server, from).map_err(|why| anyhow::anyhow!("digest.smtp_url: {why}"))?;
    let writer = LetterWriter {
        reports: Arc::clone(reports),
        channels: Arc::clone(channels),
        public_url: settings.public_url(),
        language: settings.digest.language,
    };
    Ok(Some(Digests {
        clock: clock.clone(),
        store: Arc::clone(store),
        writer,
        post,
        schedule: settings.digest.schedule(),
        recipients: settings.digest.recipients.clone(),
        metrics: Arc::clone(metrics),
    }))
}
