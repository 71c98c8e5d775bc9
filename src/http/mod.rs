//! The outermost ring: how each request is answered.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Semaphore;
use url::Url;

use crate::clock::Clock;
use crate::domain::channel::{ChannelName, Channels};
use crate::domain::consent::Policy;
use crate::domain::reserved::Reservations;
use crate::domain::site::Site;
use crate::service::attempts::Attempts;
use crate::service::day_keys::DayKeys;
use crate::service::links::Links;
use crate::service::live::{self as following, Live};
use crate::service::metrics::Metrics;
use crate::service::origins::Origins;
use crate::service::passwords::Passwords;
use crate::service::people::People;
use crate::service::reports::Reports;
use crate::service::sessions::Sessions;
use crate::service::shared_views::SharedViews;
use crate::service::sites::Sites;
use crate::service::taps::Taps;
use crate::service::targets::Targets;
use crate::settings::Settings;
use crate::store::{Store, StoreError};

mod access_pages;
mod agents;
mod answer;
mod asset;
mod badge;
mod body;
mod chart;
mod codes;
mod component;
mod consent;
mod cors;
pub(crate) mod door;
mod error;
mod export;
mod kit;
mod kit_files;
mod kit_pages;
mod limit;
mod lineage;
mod link_change;
mod link_page;
mod links;
mod live;
mod ops;
mod overview;
mod own_form;
mod page;
mod pages;
mod people;
mod public_site;
mod qr;
mod qr_image;
mod question;
mod reader_language;
mod receipt;
mod redirect;
mod request;
mod routes;
mod script;
mod sessions;
mod share;
mod shared_view;
mod sign_in;
mod site_pages;
mod squeeze;
mod stats;
mod try_page;
mod view;
mod view_calls;
mod view_pages;
mod views;
mod visit;
mod waiting;

pub(crate) use routes::routes;

/// What handlers work with; one for the process.
pub(crate) struct AppState {
    settings: Settings,
    clock: Clock,
    store: Arc<dyn Store>,
    sites: Sites,
    people: People,
    sessions: Sessions,
    views: SharedViews,
    attempts: Attempts,
    badges: badge::Badges,
    links: Links,
    reports: Arc<Reports>,
    origins: Origins,
    reservations: Reservations,
    channels: Arc<Channels>,
    day_keys: Arc<DayKeys>,
    metrics: Arc<Metrics>,
    limits: limit::Limits,
    taps: Taps,
    live: Live,
    share_turns: Semaphore,
    waiting_bots: Semaphore,
    component: component::Component,
    public_url: Arc<Url>,
}

/// What [`AppState`] is made of.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) targets: Arc<Targets>,
    pub(crate) reports: Arc<Reports>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) day_keys: Arc<DayKeys>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) session_secret: [u8; 64],
}

impl AppState {
    /// Puts the parts together.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { settings, clock, store, targets, reports, channels, day_keys, metrics, session_secret } =
            parts;
        let public_url = Arc::new(settings.public_url());
        let passwords = Arc::new(Passwords::default());
        let views = SharedViews::new(
            Arc::clone(&store),
            Arc::clone(&passwords),
            Arc::clone(&public_url),
            &session_secret,
        );
        Self {
            sites: Sites::new(Arc::clone(&store)),
            people: People::new(Arc::clone(&store), passwords),
            sessions: Sessions::new(Arc::clone(&store), settings.session_lifetime()),
            views,
            attempts: Attempts::default(),
            badges: badge::Badges::default(),
            origins: Origins::new(Arc::clone(&store), &targets),
            reservations: Reservations::new(&session_secret),
            links: Links::new(Arc::clone(&store), targets, Arc::clone(&channels), Arc::clone(&public_url)),
            live: Live::new(Arc::clone(&reports), clock.clone(), following::MOST),
            reports,
            limits: limit::Limits::new(&settings.limits),
            taps: Taps::default(),
            share_turns: Semaphore::new(share::AT_ONCE),
            waiting_bots: Semaphore::new(waiting::BOTS),
            component: component::Component::new(&public_url, &channels),
            settings,
            clock,
            store,
            channels,
            day_keys,
            metrics,
            public_url,
        }
    }

    /// Forgets whom the limits no longer hold back, and who has just shared.
    pub(crate) fn forget_idle_clients(&self) {
        self.limits.forget_idle();
        self.taps.forget_old(self.clock.now());
        self.attempts.forget_old();
    }

    /// Forgets sessions and shared views whose time is over.
    pub(crate) async fn forget_ended_access(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.sessions.forget_ended(now).await?;
        self.views.forget_ended(now).await
    }

    /// Ends what would go on for as long as a client likes: the service is stopped.
    pub(crate) fn end_streams(&self) {
        self.live.end();
    }

    /// Whether visitors come over https, as the public address says.
    fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    fn consent_cookie(&self) -> &'static str {
        if self.is_https() { "__Host-consent" } else { "consent" }
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
