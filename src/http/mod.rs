//! The outermost ring: every address of the service, and how it is answered.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{Resource, Route, guard, web};
use ipnet::IpNet;
use tokio::sync::Semaphore;
use url::Url;

use crate::clock::Clock;
use crate::domain::channel::{ChannelName, Channels};
use crate::domain::consent::Policy;
use crate::domain::reserved::Reservations;
use crate::domain::site::Site;
use crate::service::day_keys::DayKeys;
use crate::service::links::Links;
use crate::service::metrics::Metrics;
use crate::service::origins::Origins;
use crate::service::reports::Reports;
use crate::service::sites::Sites;
use crate::service::taps::Taps;
use crate::service::targets::Targets;
use crate::settings::Settings;
use crate::store::Store;

mod agents;
mod answer;
mod asset;
mod body;
mod chart;
mod codes;
mod component;
mod consent;
mod cors;
pub(crate) mod door;
mod error;
mod export;
mod limit;
mod lineage;
mod links;
mod ops;
mod pages;
mod qr;
mod qr_image;
mod question;
mod receipt;
mod redirect;
mod request;
mod share;
mod sign_in;
mod squeeze;
mod stats;
mod stats_pages;
mod try_page;
mod views;
mod visit;
mod waiting;

/// What handlers work with; one for the process.
pub(crate) struct AppState {
    settings: Settings,
    clock: Clock,
    store: Arc<dyn Store>,
    sites: Sites,
    links: Links,
    reports: Arc<Reports>,
    origins: Origins,
    reservations: Reservations,
    channels: Arc<Channels>,
    day_keys: Arc<DayKeys>,
    metrics: Arc<Metrics>,
    limits: limit::Limits,
    taps: Taps,
    share_turns: Semaphore,
    waiting_bots: Semaphore,
    component: component::Component,
    public_url: Arc<Url>,
    session_secret: [u8; 64],
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
        Self {
            sites: Sites::new(Arc::clone(&store)),
            origins: Origins::new(Arc::clone(&store), &targets),
            reservations: Reservations::new(&session_secret),
            links: Links::new(Arc::clone(&store), targets, Arc::clone(&channels), Arc::clone(&public_url)),
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
            session_secret,
        }
    }

    /// Forgets whom the limits no longer hold back, and who has just shared.
    pub(crate) fn forget_idle_clients(&self) {
        self.limits.forget_idle();
        self.taps.forget_old(self.clock.now());
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

/// Every address of the service.
pub(crate) fn routes(app: &web::Data<AppState>) -> impl Fn(&mut web::ServiceConfig) + Clone + 'static {
    let app = app.clone();
    move |config| {
        config.service(
            web::scope("")
                .wrap(from_fn(answer::finish))
                .service(at("/", "GET, HEAD", [read().to(try_page::show)]))
                .service(at("/try", "POST", [web::post().to(try_page::share)]))
                .service(at("/healthz", "GET, HEAD", [read().to(ops::healthz)]))
                .service(at("/readyz", "GET, HEAD", [read().to(ops::readyz)]))
                .service(at("/metrics", "GET, HEAD", [read().to(ops::metrics)]))
                .service(at("/share.js", "GET, HEAD", [read().to(component::latest)]))
                .service(at("/static/{file}", "GET, HEAD", [read().to(pages::file)]))
                .service(at("/share/{channel}", "GET, HEAD", [read().to(share::share)]))
                .service(at("/share/{channel}/{code}", "GET, HEAD", [read().to(share::show)]))
                .service(at("/privacy", "GET, HEAD", [read().to(consent::privacy)]))
                .service(at("/privacy/consent", "POST", [web::post().to(consent::change)]))
                .service(
                    web::scope("/api/v1")
                        .service(
                            at("/codes", "POST", [web::post().to(codes::reserve)])
                                .wrap(from_fn(cors::for_pages)),
                        )
                        .service(
                            at(
                                "/links",
                                "GET, HEAD, POST",
                                [read().to(links::list), web::post().to(links::create)],
                            )
                            .wrap(from_fn(cors::for_pages)),
                        )
                        .service(
                            at("/links/bulk", "POST", [web::post().to(links::create_bulk)])
                                .wrap(from_fn(cors::for_pages)),
                        )
                        .service(at(
                            "/links/{code}",
                            "GET, HEAD, PATCH, DELETE",
                            [
                                read().to(links::read),
                                web::patch().to(links::change),
                                web::delete().to(links::delete),
                            ],
                        ))
                        .service(at("/links/{code}/stats", "GET, HEAD", [read().to(stats::link)]))
                        .service(at("/stats", "GET, HEAD", [read().to(stats::site)]))
                        .service(at("/stats/lineage", "GET, HEAD", [read().to(lineage::of_key)]))
                        .default_service(web::to(nothing_here)),
                )
                .service(
                    web::scope("/stats")
                        .wrap(sign_in::session(&app))
                        .service(at("", "GET, HEAD", [read().to(stats_pages::home)]))
                        .service(at(
                            "/sign-in",
                            "GET, HEAD, POST",
                            [read().to(sign_in::form), web::post().to(sign_in::sign_in)],
                        ))
                        .service(at("/sign-out", "POST", [web::post().to(sign_in::sign_out)]))
                        .service(at("/export/{name}", "GET, HEAD", [read().to(stats::download)]))
                        .service(at("/{code}", "GET, HEAD", [read().to(stats_pages::link)]))
                        .default_service(web::to(nothing_here)),
                )
                .service(at("/{code}/consent", "POST", [web::post().to(consent::answer)]))
                .service(at("/{code}+", "GET, HEAD", [read().to(receipt::show)]))
                .service(at("/{code}/qr.svg", "GET, HEAD", [read().to(qr::svg)]))
                .service(at("/{code}/qr.png", "GET, HEAD", [read().to(qr::png)]))
                .service(web::resource("/{code}").to(redirect::routed))
                .default_service(web::to(nothing_here)),
        );
    }
}

/// An address with its methods; any other method is a 405.
fn at<const N: usize>(path: &str, methods: &'static str, routes: [Route; N]) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(move || async move {
        Err::<&'static str, _>(error::Problem::method_not_allowed(methods))
    }))
}

/// `GET`, and `HEAD`, which is answered in the same way without the body.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> Result<&'static str, error::Problem> {
    Err(error::Problem::not_found())
}
