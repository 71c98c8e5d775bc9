//! Every address of the service, with its methods.

use std::cell::{Cell, RefCell};

use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Resource, Route, Scope, guard, web};

use crate::web::api;
use crate::web::api::{codes, cors, links, stats};
use crate::web::dashboard::{
    bulk, bulk_files, export, link, link_edit, live, overview, people, public, sessions, settings,
    shared_view, shared_views, sign_in,
};
use crate::web::operations;
use crate::web::response::problem::Problem;
use crate::web::response::{finish, html};
use crate::web::visitor::{badge, consent, home, qr, receipt, redirect, share, share_js, well_known};

/// Every address of the service.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("")
            .wrap(from_fn(finish::finish))
            .service(at("/", "GET, HEAD", [read().to(home::show)]))
            .service(at("/try", "POST", [web::post().to(home::share)]))
            .service(at("/healthz", "GET, HEAD", [read().to(operations::healthz)]))
            .service(at("/readyz", "GET, HEAD", [read().to(operations::readyz)]))
            .service(at("/robots.txt", "GET, HEAD", [read().to(well_known::robots)]))
            .service(at("/favicon.ico", "GET, HEAD", [read().to(well_known::icon)]))
            .service(at("/.well-known/gpc.json", "GET, HEAD", [read().to(well_known::gpc)]))
            .service(at("/.well-known/traffic-advice", "GET, HEAD", [read().to(well_known::traffic_advice)]))
            .service(at("/.well-known/security.txt", "GET, HEAD", [read().to(well_known::security)]))
            .service(at("/share.js", "GET, HEAD", [read().to(share_js::latest)]))
            .service(at("/static/{file}", "GET, HEAD", [read().to(html::file)]))
            .service(at("/share/{channel}", "GET, HEAD", [read().to(share::share)]))
            .service(at("/share/{channel}/{code}", "GET, HEAD", [read().to(share::show)]))
            .service(at("/privacy", "GET, HEAD", [read().to(consent::privacy)]))
            .service(at("/privacy/consent", "POST", [web::post().to(consent::change)]))
            .service(
                below("/api/v1", api).wrap(from_fn(cors::for_pages)).default_service(web::to(nothing_here)),
            )
            // Before the other pages of statistics, because events are sent as they are.
            .service(at("/stats/live", "GET", [web::get().to(live::follow)]))
            .service(
                below("/stats", pages_of_statistics)
                    .wrap(Compress::default())
                    .default_service(web::to(nothing_here)),
            )
            .service(at(
                "/{code}/consent",
                "GET, HEAD, POST",
                [read().to(consent::back_to_link), web::post().to(consent::answer)],
            ))
            .service(at("/{code}+", "GET, HEAD", [read().to(receipt::show)]))
            .service(at("/{code}/qr.svg", "GET, HEAD", [read().to(qr::svg)]))
            .service(at("/{code}/qr.png", "GET, HEAD", [read().to(qr::png)]))
            .service(at("/{code}/badge.svg", "GET, HEAD", [read().to(badge::svg)]))
            .service(web::resource("/{code}").to(redirect::routed))
            .default_service(web::to(nothing_here)),
    );
}

/// Every address of the operator's own listener.
pub(crate) fn operators_routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/metrics", "GET, HEAD", [read().to(operations::metrics)]))
        .default_service(web::to(nothing_here));
}

/// What programs call.
fn api(config: &mut web::ServiceConfig) {
    config
        .service(at("/codes", "POST", [web::post().to(codes::reserve)]))
        .service(at("/links", "GET, HEAD, POST", [read().to(links::list), web::post().to(links::create)]))
        .service(at("/links/bulk", "POST", [web::post().to(links::create_bulk)]))
        .service(at(
            "/links/{code}",
            "GET, HEAD, PATCH, DELETE",
            [read().to(links::read), web::patch().to(links::change), web::delete().to(links::delete)],
        ))
        .service(at("/links/{code}/stats", "GET, HEAD", [read().to(stats::link)]))
        .service(at("/stats", "GET, HEAD", [read().to(stats::site)]))
        .service(at("/stats/lineage", "GET, HEAD", [read().to(stats::lineage)]))
        .service(at(
            "/views",
            "GET, HEAD, POST",
            [read().to(api::shared_views::list), web::post().to(api::shared_views::share)],
        ))
        .service(at("/views/{id}", "DELETE", [web::delete().to(api::shared_views::revoke)]));
}

/// What the marketer opens, and shows to others. It may be long, and is sent compressed.
fn pages_of_statistics(config: &mut web::ServiceConfig) {
    config
        .service(at("", "GET, HEAD", [read().to(overview::home)]))
        .service(at(
            "/sign-in",
            "GET, HEAD, POST",
            [read().to(sign_in::form), web::post().to(sign_in::sign_in)],
        ))
        .service(at("/sign-out", "POST", [web::post().to(sign_in::sign_out)]))
        .service(at("/export/{name}", "GET, HEAD", [read().to(export::download)]))
        .service(at("/people", "GET, HEAD, POST", [read().to(people::list), web::post().to(people::add)]))
        .service(at("/people/role", "POST", [web::post().to(people::change_role)]))
        .service(at("/people/password", "POST", [web::post().to(people::new_password)]))
        .service(at("/people/remove", "POST", [web::post().to(people::remove)]))
        .service(at(
            "/settings",
            "GET, HEAD, POST",
            [read().to(settings::show), web::post().to(settings::change)],
        ))
        .service(at("/settings/key", "POST", [web::post().to(settings::replace_key)]))
        .service(at("/sessions", "GET, HEAD", [read().to(sessions::list)]))
        .service(at("/sessions/end", "POST", [web::post().to(sessions::end)]))
        .service(at("/password", "POST", [web::post().to(sessions::change_password)]))
        .service(at(
            "/views",
            "GET, HEAD, POST",
            [read().to(shared_views::list), web::post().to(shared_views::share)],
        ))
        .service(at("/views/revoke", "POST", [web::post().to(shared_views::revoke)]))
        .service(at("/views/publicity", "POST", [web::post().to(shared_views::publish)]))
        .service(at(
            "/shared/{token}",
            "GET, HEAD, POST",
            [read().to(shared_view::show), web::post().to(shared_view::unlock)],
        ))
        .service(at("/public/{site}", "GET, HEAD", [read().to(public::show)]))
        .service(at("/new", "GET, HEAD, POST", [read().to(bulk::form), web::post().to(bulk::make)]))
        .service(at("/kit/{codes}", "GET, HEAD", [read().to(bulk::show)]))
        .service(at("/kit/{codes}/links.csv", "GET, HEAD", [read().to(bulk_files::links)]))
        .service(at("/kit/{codes}/qr.zip", "GET, HEAD", [read().to(bulk_files::pictures)]))
        .service(at("/{code}", "GET, HEAD", [read().to(link::show)]))
        .service(at("/{code}/change", "POST", [web::post().to(link_edit::change)]));
}

/// The addresses below a prefix.
fn below(prefix: &'static str, configure: impl FnOnce(&mut web::ServiceConfig)) -> Scope {
    let before = PREFIX.replace(prefix);
    let scope = web::scope(prefix).configure(configure);
    PREFIX.set(before);
    scope
}

thread_local! {
    /// What the patterns of the addresses that are being listed stand below.
    static PREFIX: Cell<&'static str> = const { Cell::new("") };
    /// The table of all addresses, while somebody asks for it.
    static TABLE: RefCell<Option<Vec<(String, &'static str)>>> = const { RefCell::new(None) };
}

/// Every address of the service as a pattern, with its methods.
pub(crate) fn table() -> Vec<(String, &'static str)> {
    TABLE.set(Some(vec![("/{code}".to_owned(), "GET, HEAD")]));
    let _ = App::new().configure(routes);
    TABLE.take().unwrap_or_default()
}

/// An address with its methods; any other method is a 405.
fn at<const N: usize>(path: &str, methods: &'static str, routes: [Route; N]) -> Resource {
    TABLE.with_borrow_mut(|table| {
        if let Some(table) = table {
            table.push((format!("{}{path}", PREFIX.get()), methods));
        }
    });
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(move || async move {
        Err::<&'static str, _>(Problem::MethodNotAllowed(methods))
    }))
}

/// `GET`, and `HEAD`, which is answered in the same way without the body.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> Result<&'static str, Problem> {
    Err(Problem::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::web::extract::code::asked;

    /// The segments of a pattern.
    fn segments(pattern: &str) -> Vec<&str> {
        pattern.split('/').skip(1).collect()
    }

    #[test]
    fn no_literal_segment_beside_a_code_can_be_a_slug() {
        let table = table();
        assert!(table.len() > 50, "{table:?}");
        let mut beside = Vec::new();
        for (pattern, _) in &table {
            let with_code = segments(pattern);
            let Some(place) = with_code.iter().position(|segment| segment.starts_with("{code")) else {
                continue;
            };
            for (other, _) in &table {
                let other = segments(other);
                if let Some(literal) = other.get(place)
                    && other[..place] == with_code[..place]
                    && !literal.contains('{')
                {
                    beside.push((*literal).to_owned());
                }
            }
        }
        for literal in ["bulk", "export", "people", "share.js", "privacy"] {
            assert!(beside.iter().any(|found| found == literal), "{literal} in {beside:?}");
        }
        for literal in beside {
            // Of a file, what stands before its dot is what would be taken for the code.
            let code = literal.split('.').find(|part| !part.is_empty()).unwrap_or_default();
            assert!(
                literal.is_empty() || Code::parse_slug(code).is_err(),
                "/{literal} can be hidden by a slug"
            );
        }
    }

    #[test]
    fn every_address_of_the_service_comes_before_every_code() {
        for (pattern, _) in table() {
            if !pattern.contains('{') {
                assert_eq!(asked(&pattern), None, "{pattern}");
            }
        }
    }
}
