//! What all pages have in common: their headers, and the files that they load.

use std::sync::LazyLock;

use actix_web::dev::RequestHead;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION,
    REFERRER_POLICY, REFRESH, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::i18n::Language;
use crate::service::reports::Reading;
use crate::web::AppState;
use crate::web::dashboard::script;
use crate::web::response::asset::{Asset, FOR_EVER};
use crate::web::response::page::{OnPage, Page};
use crate::web::response::problem::Problem;
use crate::web::response::templates::ReadingPage;

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_str!("../../../static/built/style.css"), "text/css; charset=utf-8"));
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_str!("../../../static/icon.svg"), "image/svg+xml"));

/// What a page without a script may load, and where its forms may lead.
macro_rules! policy {
    ($forms:literal) => {
        concat!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action ",
            $forms,
            "; base-uri 'none'; frame-ancestors 'none'"
        )
    };
}

/// Where the forms of a page may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forms {
    /// The page has none.
    None,
    /// To the service.
    Own,
    /// Through the service to a link's destination, and from there wherever that redirects: browsers hold each redirect
    /// behind a form against the policy.
    Anywhere,
}

impl Forms {
    fn of(text: &str) -> Self {
        if text.contains("<form") { Self::Own } else { Self::None }
    }

    fn policy(self) -> &'static str {
        match self {
            Self::None => policy!("'none'"),
            Self::Own => policy!("'self'"),
            Self::Anywhere => policy!("'self' http: https:"),
        }
    }
}

/// The style sheet's address, which changes with its text so that it can be cached for ever.
static STYLE_URL: LazyLock<String> = LazyLock::new(|| format!("/static/style.css?v={}", STYLE.hash()));

/// What every page needs that answers this request.
pub(crate) fn of(head: &RequestHead) -> Page {
    Page::of(head, &STYLE_URL)
}

/// Answers with a page. A page's own forms need its origin to be told; nobody else learns a thing.
pub(crate) fn page(template: &impl OnPage) -> Result<HttpResponse, Problem> {
    let page = html(actix_web::http::StatusCode::OK, template.render()?, template.page().language);
    Ok(if template.page().script().is_some() { script::allowed(page) } else { page })
}

/// Lets the form of a page lead through the service to wherever a link does.
pub(crate) fn leading_anywhere(mut page: HttpResponse) -> HttpResponse {
    let policy = HeaderValue::from_static(Forms::Anywhere.policy());
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    page
}

/// Answers with the text of a page.
pub(crate) fn html(status: actix_web::http::StatusCode, text: String, language: Language) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, ACCEPT_LANGUAGE.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, Forms::of(&text).policy()))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .body(text)
}

/// The page for who must wait until the days they want are read.
pub(crate) fn reading(page: Page, again: String, reading: Reading) -> Result<HttpResponse, Problem> {
    let number = |days: usize| u64::try_from(days).unwrap_or(u64::MAX);
    let (read, of) = (number(reading.read), number(reading.of));
    let page = ReadingPage { page, again, read, of };
    let mut answer = self::page(&page)?;
    look_again(&mut answer, &page.again);
    Ok(answer)
}

/// Lets a browser look there in two seconds.
pub(crate) fn look_again(answer: &mut HttpResponse, address: &str) {
    let refresh = HeaderValue::try_from(format!("2;url={address}")).expect("an address is ASCII");
    answer.headers_mut().insert(REFRESH, refresh);
}

/// Sends a browser on to another page of the service after a form.
pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// `GET /static/{file}`.
pub(crate) async fn file(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    match request.match_info().query("file") {
        "style.css" => Ok(STYLE.answer(&request, FOR_EVER)),
        "stats.js" => Ok(script::asset().answer(&request, FOR_EVER)),
        "icon.svg" => Ok(ICON.answer(&request, "public, max-age=86400")),
        name => app.component.answer_for_ever(name, &request).ok_or(Problem::NotFound),
    }
}
