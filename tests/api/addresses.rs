//! Addresses as chats and people deliver them, and slugs in any case.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::raw;
use crate::service::{Backend, FIREFOX, Service, on_every_store, problem, refused, totals, wrong_names};

on_every_store!(
    an_address_with_what_stood_around_it_is_the_links_own,
    a_slug_is_found_in_any_case_and_a_random_code_in_its_own,
    no_two_slugs_differ_in_case_only,
    no_slug_hides_an_address_of_the_service_or_looks_like_an_option,
    a_question_that_is_loaded_again_leads_back_to_the_link,
);

/// What a path answers to a browser that has refused: the status and where it leads.
fn answer(service: &Service, path: &str) -> (u16, Option<String>) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nAccept: text/html\r\nDNT: 1\r\nConnection: close\r\n\r\n"
    );
    let answer = raw::exchange(service.address(), request.as_bytes()).expect("an answer");
    (answer.status, answer.headers("location").first().map(|location| (*location).to_owned()))
}

async fn an_address_with_what_stood_around_it_is_the_links_own(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let forwarded = (302, Some("https://example.com/".to_owned()));
    for (before, behind) in [("/", "/"), ("//", ""), ("//", "/")] {
        assert_eq!(answer(&service, &format!("{before}{code}{behind}")), forwarded, "{before} {behind}");
    }
    for behind in [
        ".",
        ",",
        ")",
        "!",
        "*",
        "%22",
        "%3E",
        "%60",
        "%20",
        "%E2%80%A6",
        "%E2%80%8B",
        "&utm_source=soup",
        "./",
        "%2F",
        ";x=1",
        ".?fbclid=abc",
    ] {
        assert_eq!(answer(&service, &format!("/{code}{behind}")), forwarded, "{behind}");
    }
    for behind in ["+", "%2B", "%2b", "+/", "+.", "%2B)", "+?lang=fr"] {
        assert_eq!(answer(&service, &format!("/{code}{behind}")), (200, None), "{behind}");
    }
    for path in [format!("/{code}/x"), format!("///{code}"), format!("/x/{code}"), format!("/.{code}")] {
        assert_eq!(answer(&service, &path).0, 404, "{path}");
    }
    // What follows uses the link's own code: the question is sent to it, and the click counts for it.
    let asked =
        service.visit(&format!("{code}.")).send().await.expect("an answer").text().await.expect("text");
    assert!(asked.contains(&format!("action=\"/{code}/consent\"")), "{asked}");
    service.click(&format!("{code})"), "192.0.2.1").await;
    assert_eq!(totals(&service.stats(&code).await), [0, 1, 1, 0].map(Some));
}

async fn a_slug_is_found_in_any_case_and_a_random_code_in_its_own(backend: Backend) {
    let service = Service::start(backend).await;
    service.link(json!({ "url": "https://example.com/", "channel": "sms", "slug": "Spring-Sale" })).await;
    for (visitor, written) in
        ["Spring-Sale", "spring-sale", "SPRING-SALE", "sPRING-sALE.", "/spring-sale/"].iter().enumerate()
    {
        service.click(written, &format!("192.0.2.{visitor}")).await;
        assert_eq!(answer(&service, &format!("/{written}")).0, 302, "{written}");
    }
    for path in ["/SPRING-SALE+", "/spring-sale/qr.svg"] {
        assert_eq!(answer(&service, path).0, 200, "{path}");
    }
    assert_eq!(totals(&service.stats("Spring-Sale").await), [0, 5, 5, 0].map(Some));
    let form = service.request(Method::POST, "/SPRING-sale/consent").header("user-agent", FIREFOX);
    let allowed = form.form(&[("choice", "allow")]).send().await.expect("an answer");
    assert_eq!(allowed.status(), StatusCode::SEE_OTHER);
    assert_eq!(totals(&service.stats("Spring-Sale").await), [0, 6, 6, 0].map(Some));
    // The API names links exactly.
    refused(service.api(Method::GET, "/api/v1/links/spring-sale"), 404, "not_found").await;
    refused(service.api(Method::DELETE, "/api/v1/links/spring-sale"), 404, "not_found").await;
    // What is changed holds in every case.
    let off =
        service.api(Method::PATCH, "/api/v1/links/Spring-Sale").json(&json!({ "disabled": true })).send();
    assert_eq!(off.await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(answer(&service, "/spring-SALE").0, 410);

    let code = service.code().await;
    let swapped: String = code
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    if swapped != code {
        assert_eq!(answer(&service, &format!("/{code}")).0, 302);
        assert_eq!(answer(&service, &format!("/{swapped}")).0, 404, "{code} is not {swapped}");
    }
}

async fn no_two_slugs_differ_in_case_only(backend: Backend) {
    let service = Service::start(backend).await;
    let create = |slug: &str| {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "slug": slug });
        service.api(Method::POST, "/api/v1/links").json(&body)
    };
    assert_eq!(create("Menu").send().await.expect("an answer").status(), StatusCode::CREATED);
    for slug in ["Menu", "menu", "MENU"] {
        let taken = create(slug).send().await.expect("an answer");
        assert_eq!(taken.status(), StatusCode::CONFLICT, "{slug}");
    }
    // Nor does one differ so from a code that was drawn.
    let code = service.code().await;
    let taken = create(&code.to_ascii_lowercase()).send().await.expect("an answer");
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    let gone = service.api(Method::DELETE, "/api/v1/links/Menu").send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer(&service, "/menu").0, 404);
}

async fn no_slug_hides_an_address_of_the_service_or_looks_like_an_option(backend: Backend) {
    let service = Service::start(backend).await;
    for slug in ["bulk", "export", "Bulk", "live", "stats", "favicon", "measure", "-promo"] {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "slug": slug });
        let answer = service.api(Method::POST, "/api/v1/links").json(&body).send().await.expect("an answer");
        let problem = problem(answer, 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["slug"], "{slug}");
    }
}

async fn a_question_that_is_loaded_again_leads_back_to_the_link(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for (path, expected) in [
        (format!("{code}/consent"), format!("/{code}")),
        (format!("{code}/consent?a=1"), format!("/{code}?a=1")),
    ] {
        let answer = service.visit(&path).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &expected.parse().expect("text"))
        );
    }
}
