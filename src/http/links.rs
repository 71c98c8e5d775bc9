//! The API for links: make, list, read, change, delete.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::body::{self, Fields};
use super::error::Problem;
use super::request::{self, KeyHolder, key_holder, secret_site};
use super::{AppState, cors};
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::device::Device;
use crate::domain::link::{Link, MAX_CAMPAIGN, Text};
use crate::domain::site::{KeyKind, Site};
use crate::service::links::{Draft, DraftChange, InvalidParam};
use crate::store::{Cursor, Inserted, LinkFilter};

/// The most links in one bulk.
const MAX_BULK: usize = 100;
/// The most links in one list, and how many where the client does not say.
const MAX_LIST: usize = 100;
const DEFAULT_LIST: usize = 50;

/// A link as the API shows it.
#[derive(Serialize)]
struct LinkBody {
    code: String,
    short_url: String,
    url: String,
    channel: String,
    campaign: Option<String>,
    title: Option<String>,
    parent: Option<String>,
    share_url: Option<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    disabled: bool,
}

impl LinkBody {
    fn of(link: &Link, app: &AppState) -> Self {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
        Self {
            code: link.code.to_string(),
            short_url: app.links.short_url(&link.code),
            url: link.url.to_string(),
            channel: link.channel.to_string(),
            campaign: text(&link.campaign),
            title: text(&link.title),
            parent: link.parent.as_ref().map(Code::to_string),
            // The client is seldom what the link is shared from; most shares come from phones.
            share_url: app.links.share_url(link, Device::Phone),
            created_at: link.created_at,
            expires_at: link.expires_at,
            disabled: link.disabled,
        }
    }
}

/// Answers with JSON that nobody caches.
pub(super) fn answer(status: u16, body: &impl Serialize) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).expect("a literal status");
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// `POST /api/v1/links`.
pub(super) async fn create(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let holder = creator(&request, &app).await?;
    let fields = body::json(&request, payload).await?;
    app.limits.create(&holder.hash, &request::network(request.head(), app.trusted_proxies()), 1)?;
    let mut draft = draft(fields, &holder, &app).map_err(Problem::invalid)?;
    draft.idempotency_key = idempotency_key(&request)?;
    let (status, link) = create_one(&app, &holder, draft).await?;
    let mut created = answer(status, &LinkBody::of(&link, &app));
    let path = format!("/api/v1/links/{}", link.code);
    created.headers_mut().insert(LOCATION, path.parse().expect("a code is plain ASCII"));
    Ok(created)
}

/// `POST /api/v1/links/bulk`: every draft succeeds or fails by itself.
pub(super) async fn create_bulk(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let holder = creator(&request, &app).await?;
    let mut fields = body::json(&request, payload).await?;
    let drafts = fields.list("links", MAX_BULK);
    fields.end().map_err(Problem::invalid)?;
    app.limits.create(
        &holder.hash,
        &request::network(request.head(), app.trusted_proxies()),
        drafts.len(),
    )?;
    let mut results = Vec::with_capacity(drafts.len());
    for value in drafts {
        let draft =
            Fields::of(value).and_then(|fields| draft(fields, &holder, &app)).map_err(Problem::invalid);
        let created = match draft {
            Ok(draft) => create_one(&app, &holder, draft).await,
            Err(problem) => Err(problem),
        };
        results.push(match created {
            Ok((status, link)) => json!({ "status": status, "link": LinkBody::of(&link, &app) }),
            Err(problem) => {
                let error = problem.to_json();
                json!({ "status": error["status"], "error": error })
            }
        });
    }
    Ok(answer(200, &json!({ "results": results })))
}

/// `GET /api/v1/links`: newest first.
pub(super) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(request.head(), &app).await?;
    let query = body::query(&request, &["cursor", "limit", "channel", "campaign", "url"])?;
    let mut wrong = Vec::new();
    let limit = query.get("limit").map_or(Some(DEFAULT_LIST), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=MAX_LIST).contains(limit));
    if limit.is_none() {
        wrong.push(InvalidParam::new("limit", "must be a number from 1 to 100"));
    }
    let after = query.get("cursor").map(|cursor| read_cursor(cursor));
    if after == Some(None) {
        wrong.push(InvalidParam::new("cursor", "must be a next_cursor of an earlier answer"));
    }
    let filter = filter(&query, &site, &app, &mut wrong);
    let (Some(limit), true) = (limit, wrong.is_empty()) else { return Err(Problem::invalid(wrong)) };
    let after = after.flatten();
    // One more than asked for tells whether there are more.
    let mut links = app.store.links(&site.id, &filter, after.as_ref(), limit + 1).await?;
    let more = links.len() > limit;
    links.truncate(limit);
    let next_cursor = links.last().filter(|_| more).map(write_cursor);
    let links: Vec<_> = links.iter().map(|link| LinkBody::of(link, &app)).collect();
    Ok(answer(200, &json!({ "links": links, "next_cursor": next_cursor })))
}

/// `GET /api/v1/links/{code}`.
pub(super) async fn read(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (_, link) = own_link(&request, &app).await?;
    Ok(answer(200, &LinkBody::of(&link, &app)))
}

/// `PATCH /api/v1/links/{code}`.
pub(super) async fn change(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (site, link) = own_link(&request, &app).await?;
    let mut fields = body::json(&request, payload).await?;
    let change = DraftChange {
        url: fields.set_text("url"),
        campaign: fields.nullable_text("campaign"),
        expires_at: fields.nullable_time("expires_at"),
        disabled: fields.flag("disabled"),
    };
    fields.end().map_err(Problem::invalid)?;
    let changed = app.links.change(&site, &link.code, change, app.clock.now()).await?;
    Ok(answer(200, &LinkBody::of(&changed.ok_or_else(Problem::not_found)?, &app)))
}

/// `DELETE /api/v1/links/{code}`.
pub(super) async fn delete(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(request.head(), &app).await?;
    let deleted = app.links.delete(&site.id, &code_in(&request)?).await?;
    if deleted { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

/// The link of the path, if it is the secret key's site's.
pub(super) async fn own_link(request: &HttpRequest, app: &AppState) -> Result<(Site, Link), Problem> {
    let site = secret_site(request.head(), app).await?;
    let link = app.links.of_site(&site.id, &code_in(request)?).await?.ok_or_else(Problem::not_found)?;
    Ok((site, link))
}

/// The code in the path; what is none names nothing.
fn code_in(request: &HttpRequest) -> Result<Code, Problem> {
    Code::parse(request.match_info().query("code")).map_err(|_| Problem::not_found())
}

/// Who may make links: any key, but from a page in a browser a publishable one only where the
/// site allows that page's origin. A page that may call may read the answer.
pub(super) async fn creator(request: &HttpRequest, app: &AppState) -> Result<KeyHolder, Problem> {
    let holder = key_holder(request.head(), app).await?;
    if let Some(origin) = request::origin(request.head()) {
        if holder.site.allows_origin(origin) {
            cors::let_read(request);
        } else if holder.kind == KeyKind::Publishable {
            return Err(Problem::foreign_origin());
        }
    }
    Ok(holder)
}

/// Makes one link: 201, or 200 where it had been made before.
async fn create_one(app: &AppState, holder: &KeyHolder, draft: Draft) -> Result<(u16, Link), Problem> {
    if draft.slug.is_some() && holder.kind == KeyKind::Publishable {
        return Err(Problem::secret_key_needed());
    }
    match app.links.create(&holder.site, draft, app.clock.now()).await? {
        (link, Inserted::Created) => Ok((201, link)),
        (_, Inserted::Existing(link)) => Ok((200, link)),
    }
}

fn draft(mut fields: Fields, holder: &KeyHolder, app: &AppState) -> Result<Draft, Vec<InvalidParam>> {
    let claimed = |claim: String| app.reservations.claimed(&claim, &holder.site.id, app.clock.now());
    let claim = fields.text("claim").map(claimed);
    let draft = Draft {
        url: fields.required_text("url"),
        channel: fields.required_text("channel"),
        campaign: fields.text("campaign"),
        title: fields.text("title"),
        parent: fields.text("parent"),
        // Its address may be in a chat already: it must come to be.
        leaves_wrong_parent_out: claim.is_some(),
        slug: fields.text("slug"),
        claim,
        expires_at: fields.nullable_time("expires_at").flatten(),
        external_id: fields.text("external_id"),
        ..Draft::default()
    };
    fields.end().map(|()| draft)
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let wrong = |_| Problem::invalid(vec![InvalidParam::new("Idempotency-Key", "must be ASCII text")]);
    value.to_str().map(|key| Some(key.to_owned())).map_err(wrong)
}

fn filter(
    query: &std::collections::BTreeMap<String, String>,
    site: &Site,
    app: &AppState,
    wrong: &mut Vec<InvalidParam>,
) -> LinkFilter {
    let mut filter = LinkFilter::default();
    let mut refuse = |name: &str, reason: String| wrong.push(InvalidParam::new(name, reason));
    if let Some(channel) = query.get("channel") {
        match ChannelName::parse(channel) {
            Ok(channel) => filter.channel = Some(channel),
            Err(error) => refuse("channel", error.to_string()),
        }
    }
    if let Some(campaign) = query.get("campaign") {
        match Text::parse(campaign, MAX_CAMPAIGN) {
            Ok(campaign) => filter.campaign = campaign,
            Err(error) => refuse("campaign", error.to_string()),
        }
    }
    if let Some(url) = query.get("url") {
        match app.links.destination(site, url) {
            Ok(url) => filter.url = Some(url),
            Err(error) => refuse("url", error.to_string()),
        }
    }
    filter
}

/// A place in the list: milliseconds and code, opaque to clients.
fn write_cursor(link: &Link) -> String {
    format!("{}.{}", link.created_at.as_millisecond(), link.code)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (milliseconds, code) = text.split_once('.')?;
    let created_at = Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    Some(Cursor { created_at, code: Code::parse(code).ok()? })
}
