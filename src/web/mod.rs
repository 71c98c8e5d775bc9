//! The outermost ring: how each request is answered.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Semaphore;
use url::Url;

use crate::domain::channel::{ChannelName, Channels};
use crate::domain::consent::Policy;
use crate::domain::destination::is_loopback;
use crate::domain::reserved::Reservations;
use crate::domain::site::Site;
use crate::service::accounts::attempts::Attempts;
use crate::service::accounts::known_browsers::KnownBrowsers;
use crate::service::accounts::passwords::Passwords;
use crate::service::accounts::people::People;
use crate::service::accounts::sessions::Sessions;
use crate::service::accounts::shared_views::SharedViews;
use crate::service::accounts::sites::Sites;
use crate::service::health::Health;
use crate::service::ingest::count_limit::CountLimit;
use crate::service::ingest::plausibility::Plausibility;
use crate::service::links::Links;
use crate::service::links::dedup::Taps;
use crate::service::links::targets::Targets;
use crate::service::metrics::Metrics;
use crate::service::prober::Prober;
use crate::service::reports::Reports;
use crate::service::reports::live as following;
use crate::service::reports::live::Live;
use crate::service::rollover::day_keys::DayKeys;
use crate::service::rollover::today::TodaysNumbers;
use crate::service::shared_clock::SharedClock;
use crate::service::steady_time::SteadyTime;
use crate::settings::Settings;
use crate::store::{Store, StoreError};

pub(crate) mod api;
pub(crate) mod dashboard;
pub(crate) mod extract;
pub(crate) mod operations;
pub(crate) mod response;
pub(crate) mod routes;
pub(crate) mod visitor;

use dashboard::public_cache::PublicPages;

/// What handlers work with; one for the process.
pub(crate) struct AppState {
    settings: Settings,
    /// What all instances share; deleting for age asks `steady`.
    clock: SharedClock,
    steady: SteadyTime,
    store: Arc<dyn Store>,
    sites: Sites,
    people: People,
    sessions: Sessions,
    views: SharedViews,
    attempts: Attempts,
    known_browsers: KnownBrowsers,
    public_pages: PublicPages,
    badges: visitor::badge::Badges,
    links: Links,
    reports: Arc<Reports>,
    today: Arc<TodaysNumbers>,
    reservations: Arc<Reservations>,
    channels: Arc<Channels>,
    day_keys: Arc<DayKeys>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    prober: Arc<Prober>,
    plausibility: Arc<Plausibility>,
    limits: extract::rate_limit::Limits,
    count_limit: CountLimit,
    taps: Taps,
    live: Live,
    share_turns: Semaphore,
    waiting_bots: Semaphore,
    component: visitor::share_js::Component,
    public_url: Arc<Url>,
    /// Whether the public address is one of this machine.
    only_local: bool,
}

/// What [`AppState`] is made of.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) clock: SharedClock,
    pub(crate) steady: SteadyTime,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) targets: Arc<Targets>,
    pub(crate) reports: Arc<Reports>,
    pub(crate) today: Arc<TodaysNumbers>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) day_keys: Arc<DayKeys>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) prober: Arc<Prober>,
    pub(crate) plausibility: Arc<Plausibility>,
    pub(crate) session_secret: [u8; 64],
}

impl AppState {
    /// Puts the parts together.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            settings,
            clock,
            steady,
            store,
            targets,
            reports,
            today,
            channels,
            day_keys,
            metrics,
            health,
            prober,
            plausibility,
            session_secret,
        } = parts;
        let public_url = Arc::new(settings.public_url());
        let own_names = Arc::new(settings.own_names().expect("settings are checked when they are read"));
        let reservations = Arc::new(Reservations::new(&session_secret));
        let passwords = Arc::new(Passwords::default());
        let views = SharedViews::new(
            Arc::clone(&store),
            Arc::clone(&passwords),
            Arc::clone(&own_names),
            &session_secret,
        );
        Self {
            sites: Sites::new(Arc::clone(&store)),
            people: People::new(Arc::clone(&store), passwords),
            sessions: Sessions::new(Arc::clone(&store), settings.session_lifetime(), steady.clone()),
            views,
            attempts: Attempts::default(),
            known_browsers: KnownBrowsers::new(&session_secret),
            public_pages: PublicPages::default(),
            badges: visitor::badge::Badges::default(),
            links: Links::new(
                Arc::clone(&store),
                targets,
                Arc::clone(&channels),
                Arc::clone(&public_url),
                own_names,
                Arc::clone(&reservations),
            ),
            reservations,
            live: Live::new(Arc::clone(&reports), Arc::clone(&store), clock.clone(), following::MOST),
            reports,
            today,
            limits: extract::rate_limit::Limits::new(&settings.limits),
            count_limit: CountLimit::new(settings.limits.count_per_minute),
            taps: Taps::default(),
            share_turns: Semaphore::new(visitor::share::AT_ONCE),
            waiting_bots: Semaphore::new(visitor::pending::BOTS),
            component: visitor::share_js::Component::new(&public_url, &channels),
            settings,
            clock,
            steady,
            store,
            channels,
            day_keys,
            metrics,
            health,
            prober,
            plausibility,
            only_local: public_url.host().is_some_and(|host| is_loopback(&host)),
            public_url,
        }
    }

    /// The numbers that are told to the operator.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Forgets whom the limits no longer hold back, and who has just shared.
    pub(crate) fn forget_idle_clients(&self) {
        self.limits.forget_idle();
        self.count_limit.forget_before(self.clock.now());
        self.taps.forget_old(self.clock.now());
        self.attempts.forget_old();
    }

    /// Forgets sessions, shared views and leases whose time is over. Returns `false` where the time is not steady, and
    /// forgets nothing.
    pub(crate) async fn forget_ended_access(&self) -> Result<bool, StoreError> {
        let Some(steady) = self.steady.now() else { return Ok(false) };
        let now = steady.min(self.clock.now());
        self.sessions.forget_ended(now).await?;
        self.views.forget_ended(now).await?;
        self.store.forget_ended_leases(now).await?;
        Ok(true)
    }

    /// Ends what would go on for as long as a client likes: the service is stopped.
    pub(crate) fn end_streams(&self) {
        self.live.end();
    }

    /// Whether visitors come over https, as the public address says.
    fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// Whether the service is for this machine alone, as its public address says: then no other name is its own.
    fn is_for_this_machine(&self) -> bool {
        self.only_local
    }

    /// What the names of all sites' consent cookies begin with; the site's identifier follows.
    fn consent_cookie_prefix(&self) -> &'static str {
        if self.is_https() { "__Host-consent-" } else { "consent-" }
    }

    /// What a site wants done with people who have not answered.
    fn policy(&self, site: &Site) -> Policy {
        site.consent.unwrap_or(self.settings.consent.unknown)
    }

    fn trusted_proxies(&self) -> &[IpNet] {
        &self.settings.server.trusted_proxies
    }

    fn channel_label(&self, name: &ChannelName) -> String {
        let channel = self.channels.get(name.as_str());
        channel.map_or_else(|| name.to_string(), |(_, channel)| channel.label.clone())
    }
}
