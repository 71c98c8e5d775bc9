//! The whole service, wired: built from settings and a clock, run until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, web};
use anyhow::{Context, bail};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::clock::Clock;
use crate::domain::channel::Channels;
use crate::domain::day::Day;
use crate::domain::identity::StoreId;
use crate::domain::site::Site;
use crate::journal::folder;
use crate::journal::{Ledger, LedgerError, Position, Progress, Writer, note_unwritten, take_unwritten};
use crate::memory;
use crate::net;
use crate::net::Terms;
use crate::service::accounts::sites::{NewKeys, Sites};
use crate::service::health::{Fault, Health};
use crate::service::ingest::backlog::Backlog;
use crate::service::ingest::context::Context as JournalContext;
use crate::service::ingest::flusher::Flusher;
use crate::service::ingest::plausibility::Plausibility;
use crate::service::ingest::recorder;
use crate::service::ingest::recorder::{JournalThread, Recorder};
use crate::service::ingest::replay::Replay;
use crate::service::links::targets::Targets;
use crate::service::metrics::Metrics;
use crate::service::prober::Prober;
use crate::service::reports::Reports;
use crate::service::reports::digest::{Digests, Post, Writer as LetterWriter};
use crate::service::rollover::close_days::Closing;
use crate::service::rollover::day_keys::DayKeys;
use crate::service::rollover::midnight::Midnight;
use crate::service::rollover::today::TodaysNumbers;
use crate::service::shared_clock::SharedClock;
use crate::service::steady_time::SteadyTime;
use crate::settings::Settings;
use crate::store;
use crate::store::{Store, StoreError};
use crate::web::visitor::fast_path;
use crate::web::{AppState, Parts, routes};

/// The part of the time to stop in which connections drain.
const DRAINING: f32 = 0.75;
/// The part after which what is not settled is left to the next start.
const SETTLING: f32 = 0.9;

/// Between attempts to reach a store that does not answer when the service starts.
const STORE_AGAIN: Duration = Duration::from_millis(250);

/// How long the end waits for a note of what could not be written.
const NOTE: Duration = Duration::from_millis(100);
/// How long the start waits for the store's time.
const STORE_TIME: Duration = Duration::from_secs(2);
/// How often sessions and shared views that are over are forgotten.
const FORGETTING: Duration = Duration::from_hours(1);
/// How often it is looked whether the time is steady enough for that.
const UNSTEADY: Duration = Duration::from_secs(1);

/// A service that is ready to run.
#[expect(missing_debug_implementations, reason = "it may hold the keys of the first start")]
pub struct Application {
    settings: Settings,
    /// How many connections each worker may have.
    connections: usize,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    state: web::Data<AppState>,
    health: Arc<Health>,
    recorder: Recorder,
    journal: JournalThread,
    flusher: JoinHandle<()>,
    /// What works beside the requests and ends with them.
    watchers: JoinSet<()>,
    /// Tells when a day's visitors were forgotten.
    days_forgotten: watch::Receiver<()>,
    sites: Sites,
    /// The site of a first start, which is not in the store yet.
    first_site: Option<(Site, NewKeys)>,
}

impl Application {
    /// Takes the port and the journal, opens the store, and begins to settle what an earlier run
    /// left in the journal. `settings.server.listen` may have port 0 for any free one.
    ///
    /// # Errors
    /// When one of these cannot be had; the message says which setting it concerns.
    pub async fn build(mut settings: Settings, channels: Channels, clock: Clock) -> anyhow::Result<Self> {
        let workers = workers(&settings);
        let connections = net::most_connections(workers, settings.metrics.listen.is_some())?;
        let listen = settings.server.listen;
        let listener =
            net::listen(listen).with_context(|| format!("server.listen: {listen} cannot be listened on"))?;
        settings.server.listen = listener.local_addr()?;
        let metrics_listener = match settings.metrics.listen {
            Some(listen) => {
                let listener = net::listen(listen)
                    .with_context(|| format!("metrics.listen: {listen} cannot be listened on"))?;
                settings.metrics.listen = Some(listener.local_addr()?);
                Some(listener)
            }
            None => None,
        };

        let store = open_store(&settings).await?;
        let metrics = Arc::new(Metrics::default());
        let health = Arc::new(Health::default());
        let steady = SteadyTime::begin(clock.clone(), Arc::clone(&health));
        let clock = SharedClock::new(clock);
        // Where this fails, the machine's time counts until the store answers.
        let _ = timeout(STORE_TIME, clock.ask(&*store)).await;
        let day_keys = Arc::new(DayKeys::new(Arc::clone(&store)));
        let mut watchers = JoinSet::new();
        let (context, recorder, journal) =
            open_journal(&settings, &store, &day_keys, &clock, &metrics, &health)?;
        let (flusher, settled) = flush(&context, &recorder, &journal, &mut watchers);
        let closing = Closing { store: Arc::clone(&store), metrics: Arc::clone(&metrics) };
        // Where this fails, it is done again at the turn of the day, and the failure is told there.
        let _ = closing.begin(Day::of(clock.now())).await;
        let (forgotten, days_forgotten) = watch::channel(());
        let midnight = Midnight {
            health: Arc::clone(&health),
            clock: clock.clone(),
            steady: steady.clone(),
            day_keys: Arc::clone(&day_keys),
            recorder: recorder.clone(),
            settled,
            store: Arc::clone(&store),
            forgotten,
            closing,
            retention_months: settings.retention.months,
        };
        watchers.spawn(midnight.run());
        let (following, of_store, told) = (clock.clone(), Arc::clone(&store), Arc::clone(&health));
        watchers.spawn(async move { following.follow(&*of_store, &told).await });

        let sites = Sites::new(Arc::clone(&store));
        let first_site = first_site(&settings, &sites, &clock).await?;
        let targets =
            Arc::new(Targets::new(Arc::clone(&store), settings.cache.max_mib.saturating_mul(1 << 20)));
        let following = Arc::clone(&targets);
        watchers.spawn(async move { following.follow().await });
        let reports = reports(&settings, &clock, &store, &mut watchers);
        let today = todays_numbers(&settings, &clock, &store, &mut watchers);
        let channels = Arc::new(channels);
        if let Some(digests) = digests(&settings, &clock, &store, &reports, &channels, &metrics)? {
            watchers.spawn(digests.run());
        }
        let plausibility = Arc::new(Plausibility::default());
        let prober = Arc::new(Prober::new(context, Arc::clone(&plausibility)));
        let probing = Arc::clone(&prober);
        watchers.spawn(async move { probing.run().await });
        let session_secret = session_secret(store.as_ref()).await?;
        let state = web::Data::new(AppState::new(Parts {
            settings: settings.clone(),
            clock,
            steady,
            store,
            targets,
            reports,
            today,
            channels,
            day_keys,
            metrics,
            health: Arc::clone(&health),
            prober,
            plausibility,
            session_secret,
        }));
        log_start(&settings);
        Ok(Self {
            settings,
            connections,
            listener,
            metrics_listener,
            state,
            health,
            recorder,
            journal,
            flusher,
            watchers,
            days_forgotten,
            sites,
            first_site,
        })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.settings.server.listen
    }

    /// Returns the numbers that are told to the operator.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        self.state.metrics()
    }

    /// Makes the site of a first start, where this is one: `show` shows its keys, which nobody can ask for again, and
    /// then they are made permanent. Returns `false` where another instance has made the site meanwhile, so that what
    /// was shown does not hold.
    ///
    /// # Errors
    /// When the keys cannot be shown, and nothing was made; when the store refuses the site.
    pub async fn make_first_site(
        &mut self,
        show: impl FnOnce(NewKeys) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let Some((site, keys)) = self.first_site.take() else { return Ok(true) };
        show(keys)?;
        self.sites.keep_first(&site).await.context("the first site")
    }

    /// Answers requests until `stop` comes; then says at `/readyz` that no visitors should be sent any more, takes
    /// those that come for as long as the settings say or until `stop` comes again, lets open requests end, settles
    /// the journal, and returns. What cannot be settled in the time that the settings give stays in the journal.
    ///
    /// # Errors
    /// When the server or the journal thread ends by itself.
    pub async fn run_until_stopped(self, mut stop: impl AsyncFnMut()) -> anyhow::Result<()> {
        let Self {
            settings,
            connections,
            listener,
            metrics_listener,
            state,
            health,
            recorder,
            mut journal,
            mut flusher,
            mut watchers,
            days_forgotten,
            ..
        } = self;
        let shutdown = settings.shutdown_timeout();
        let streaming = state.clone();
        forget_in_time(&state, &mut watchers);
        let terms = Terms {
            workers: workers(&settings),
            connections,
            request: settings.request_timeout(),
            idle: settings.idle_timeout(),
            shutdown: shutdown.mul_f32(DRAINING),
        };
        let mut metrics_server = serve_metrics(metrics_listener, terms.of_operator(), state.metrics())?;
        let mut server = net::serve(listener, terms, move || {
            let worker = recorder.for_worker();
            spawn_local(memory::overwrite_stack_at_each(days_forgotten.clone()));
            let app = App::new()
                .app_data(state.clone())
                .app_data(web::ThinData(worker.clone()))
                .configure(routes::routes);
            fast_path::before(app, state.clone(), worker)
        })?;

        let handle = server.handle();
        let stopped = async {
            stop().await;
            health.drain();
            let time = settings.drain();
            if !time.is_zero() {
                tracing::info!(
                    seconds = time.as_secs(),
                    "told to stop: /readyz says so, and visitors are still taken (server.drain_seconds)"
                );
                tokio::select! {
                    () = sleep(time) => {}
                    () = stop() => {}
                }
            }
        };
        let ended_early = tokio::select! {
            ended = &mut server => Some(ended.map_err(Into::into)),
            ended = ended(&mut metrics_server) => Some(ended.context("metrics.listen")),
            _ = &mut journal.ended => Some(Err(anyhow::anyhow!("the journal thread ended"))),
            _ = &mut flusher => Some(Err(anyhow::anyhow!("the flusher ended"))),
            // Without one of them, a key would outlive its day, or an old target be believed for ever.
            _ = watchers.join_next() => Some(Err(anyhow::anyhow!("what works beside the requests ended"))),
            () = stopped => None,
        };
        tracing::info!("stopping");
        let deadline = Instant::now() + shutdown.mul_f32(SETTLING);
        // Else their connections would drain only when their clients leave.
        streaming.end_streams();
        // Connections drain; with the server the last recorders go; then the journal thread ends,
        // then the flusher.
        if ended_early.is_none() {
            let drained = timeout_at(deadline, async { tokio::join!(handle.stop(true), server) });
            if let Ok(((), ended)) = drained.await {
                ended.context("the server")?;
            } else {
                tracing::warn!("requests under way do not end; going on without them");
            }
        } else {
            drop(server);
        }
        // To the end, the operator sees what is going on.
        if let Some(server) = metrics_server.filter(|_| ended_early.is_none()) {
            let handle = server.handle();
            // It ends only while somebody drives it.
            let _ = timeout_at(deadline, async { tokio::join!(handle.stop(false), server) }).await;
        }
        watchers.shutdown().await;
        let settled = timeout_at(deadline, async {
            // Not joined before that: a write that hangs would be waited for without end.
            if !journal.ended.is_terminated() {
                let _ = journal.ended.await;
            }
            let settled = if flusher.is_finished() { Ok(()) } else { flusher.await };
            (journal.handle.join(), settled)
        });
        match settled.await {
            Ok((Ok(()), Ok(()))) => {}
            Ok(_) => bail!("the journal thread or the flusher failed"),
            Err(_) => {
                tracing::warn!(
                    "server.shutdown_timeout_seconds: the time to stop is over; the next start settles what is left in \
                     the journal ({})",
                    settings.journal.dir.display()
                );
                tell_unwritten(&settings.journal.dir, journal.unwritten.entries());
            }
        }
        ended_early.unwrap_or(Ok(()))
    }
}

/// Serves metrics where the operator wants them.
fn serve_metrics(
    listener: Option<TcpListener>,
    terms: Terms,
    metrics: Arc<Metrics>,
) -> anyhow::Result<Option<Server>> {
    let Some(listener) = listener else { return Ok(None) };
    let server = net::serve(listener, terms, move || {
        App::new().app_data(web::Data::from(Arc::clone(&metrics))).configure(routes::operators_routes)
    })?;
    Ok(Some(server))
}

/// Every address of the service as a pattern such as `/{code}/consent`, with its methods.
#[must_use]
pub fn route_table() -> Vec<(String, &'static str)> {
    routes::table()
}

/// Tells that the end of this process takes entries with it, and leaves word of that for the next start.
fn tell_unwritten(dir: &Path, entries: u64) {
    if entries == 0 {
        return;
    }
    tracing::error!(
        "journal.dir: a write to {} does not return; {entries} clicks wait behind it that were forwarded, and they are lost",
        dir.display()
    );
    let (noted, done) = mpsc::channel();
    let dir = dir.to_owned();
    thread::spawn(move || noted.send(note_unwritten(&dir, entries)));
    // The same disk may not take this either. The log has it.
    let _ = done.recv_timeout(NOTE);
}

/// Tells of entries that the end of an earlier process took with it.
fn tell_lost(dir: &Path, metrics: &Metrics, health: &Health) {
    let Ok(entries @ 1..) = take_unwritten(dir) else { return };
    metrics.shed.inc_by(entries);
    let reason = format!(
        "journal.dir: the service ended while a write to {} did not return, and {entries} clicks that had been forwarded were \
         lost; this is told until the next start",
        dir.display()
    );
    health.raise(Fault::ClicksLost, reason);
}

/// Waits for the end of a server; for ever where there is none.
async fn ended(server: &mut Option<Server>) -> std::io::Result<()> {
    match server {
        Some(server) => server.await,
        None => std::future::pending().await,
    }
}

/// Takes the journal's folder for this process, and starts the thread that writes there.
fn open_journal(
    settings: &Settings,
    store: &Arc<dyn Store>,
    day_keys: &Arc<DayKeys>,
    clock: &SharedClock,
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
) -> anyhow::Result<(JournalContext, Recorder, JournalThread)> {
    let dir = &settings.journal.dir;
    let writer = Writer::open(dir, settings.journal.sync).context("journal.dir")?;
    tell_lost(dir, metrics, health);
    let context = JournalContext {
        dir: dir.clone(),
        journal: writer.journal().clone(),
        ledger: Arc::new(Mutex::new(ledger(dir, store.as_ref()).context("journal.dir")?)),
        before: Arc::new(Mutex::new(Progress::read(dir))),
        adoptions: Arc::default(),
        writing: Arc::default(),
        store: Arc::clone(store),
        keeps: settings.store.url.is_shared().then(|| settings.keep()),
        day_keys: Arc::clone(day_keys),
        clock: clock.clone(),
        metrics: Arc::clone(metrics),
        backlog: Arc::new(Backlog::new(Arc::clone(metrics))),
        health: Arc::clone(health),
    };
    let terms = recorder::Terms {
        dir: dir.clone(),
        wait: settings.wait(),
        metrics: Arc::clone(metrics),
        health: Arc::clone(health),
    };
    let (recorder, journal) = Recorder::start(writer, terms).context("the journal thread")?;
    Ok((context, recorder, journal))
}

/// Begins to flush the journal into the store. Returns the flusher, and what tells up to where everything is settled for
/// good.
fn flush(
    context: &JournalContext,
    recorder: &Recorder,
    journal: &JournalThread,
    watchers: &mut JoinSet<()>,
) -> (JoinHandle<()>, watch::Receiver<Position>) {
    let settled = watch::Sender::new(Position::START);
    let for_good = match context.keeps {
        Some(time) => {
            let settled_twice = watch::Sender::new(Position::START);
            let for_good = settled_twice.subscribe();
            let (context, recorder) = (context.clone(), recorder.clone());
            let replay = Replay { context, recorder, time, settled: settled.subscribe(), settled_twice };
            watchers.spawn(memory::overwriting_stacks(replay.run()));
            for_good
        }
        None => settled.subscribe(),
    };
    let flusher = Flusher { context: context.clone(), settled };
    (tokio::spawn(memory::overwriting_stacks(flusher.run(journal.end.clone()))), for_good)
}

/// The secret that all instances on a store share.
async fn session_secret(store: &dyn Store) -> anyhow::Result<[u8; 64]> {
    let mut proposal = [0; 64];
    getrandom::fill(&mut proposal).context("no source of random bytes")?;
    store.agree_session_secret(proposal).await.context("the session secret")
}

/// Forgets clients that are idle, and sessions and shared views that are over.
fn forget_in_time(state: &web::Data<AppState>, watchers: &mut JoinSet<()>) {
    let idle_state = state.clone();
    watchers.spawn(async move {
        loop {
            sleep(Duration::from_mins(1)).await;
            idle_state.forget_idle_clients();
        }
    });
    let with_access = state.clone();
    watchers.spawn(async move {
        loop {
            let next = match with_access.forget_ended_access().await {
                Ok(true) => FORGETTING,
                Ok(false) => UNSTEADY,
                Err(error) => {
                    tracing::warn!(%error, "sessions that are over are forgotten later");
                    Duration::from_mins(1)
                }
            };
            sleep(next).await;
        }
    });
}

/// Reads the folder's ledger. A folder that has belonged to no store yet belongs to this one from now on.
fn ledger(dir: &Path, store: &dyn Store) -> anyhow::Result<Ledger> {
    match Ledger::read(dir) {
        Ok(Some(ledger)) => Ok(ledger),
        Ok(None) => {
            let ledger = Ledger::new(store.identity());
            match ledger.write(dir) {
                // What fills the disk may be clicks that are settled and deleted soon.
                Err(error) if !folder::is_full(&error) => Err(error.into()),
                _ => Ok(ledger),
            }
        }
        // It belongs to no store that anybody knows, until an operator says to which one.
        Err(LedgerError::Damaged) => Ok(Ledger::new(StoreId::new("that its damaged ledger does not name"))),
        Err(error) => Err(error.into()),
    }
}

/// How many threads answer requests.
fn workers(settings: &Settings) -> usize {
    let of_machine = || thread::available_parallelism().ok().map(usize::from);
    settings.server.workers.or_else(of_machine).unwrap_or(1)
}

/// Opens the store. One that is shared and does not answer yet is tried for a while: it may be starting, too.
async fn open_store(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    let (url, ephemeral) = (&settings.store.url, settings.store.ephemeral_url.as_ref());
    let patience = settings.start_patience();
    let (began, mut told) = (Instant::now(), false);
    loop {
        let opened = async {
            let store = store::open_to_serve(url, ephemeral, settings.keep()).await?;
            // A server that still reads its data from the disk takes connections, and nothing else.
            if url.is_shared() {
                store.probe().await?;
                store.probe_ephemeral().await?;
            }
            Ok::<_, StoreError>(store)
        };
        match opened.await {
            Ok(store) => return Ok(store),
            Err(StoreError::Unavailable(why)) if url.is_shared() && began.elapsed() < patience => {
                if !std::mem::replace(&mut told, true) {
                    let seconds = patience.as_secs();
                    tracing::warn!(
                        "store.url: {url} is not available: {why}; trying for {seconds} seconds (store.start_seconds)"
                    );
                }
                sleep(STORE_AGAIN).await;
            }
            Err(error) => return Err(error).with_context(|| format!("store.url: {url} cannot be opened")),
        }
    }
}

/// The site to try everything on, where this is a first start that only this machine can reach.
async fn first_site(
    settings: &Settings,
    sites: &Sites,
    clock: &SharedClock,
) -> anyhow::Result<Option<(Site, NewKeys)>> {
    if !settings.is_local() {
        return Ok(None);
    }
    sites.first_start(clock.now()).await.context("the first site")
}

/// What reports are made of, and what keeps it ready.
fn reports(
    settings: &Settings,
    clock: &SharedClock,
    store: &Arc<dyn Store>,
    watchers: &mut JoinSet<()>,
) -> Arc<Reports> {
    let reports = Arc::new(Reports::new(
        Arc::clone(store),
        clock.clone(),
        settings.retention.months,
        settings.cache.stats_mib.saturating_mul(1 << 20),
    ));
    let (warm, time) = (Arc::clone(&reports), clock.clone());
    watchers.spawn(async move { warm.keep_warm(time).await });
    let open = Arc::clone(&reports);
    watchers.spawn(async move { open.keep_open_days().await });
    reports
}

/// What shows today's numbers.
fn todays_numbers(
    settings: &Settings,
    clock: &SharedClock,
    store: &Arc<dyn Store>,
    watchers: &mut JoinSet<()>,
) -> Arc<TodaysNumbers> {
    let is_shared = settings.store.url.is_shared();
    let today = Arc::new(TodaysNumbers::new(Arc::clone(store), clock.clone(), is_shared));
    let at_hours = Arc::clone(&today);
    watchers.spawn(async move { at_hours.run().await });
    today
}

/// Tells the operator what runs where.
fn log_start(settings: &Settings) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = %settings.store.url,
        journal = %settings.journal.dir.display(),
        listen = %settings.server.listen,
        public_url = %settings.public_url(),
        metrics = %settings.metrics.listen.map_or_else(|| "off".to_owned(), |listen| listen.to_string()),
        "starting"
    );
}

/// What writes the weekly letters, where a server for them is set.
fn digests(
    settings: &Settings,
    clock: &SharedClock,
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
