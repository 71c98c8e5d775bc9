//! The API for links: make, list, read, change, delete.

use std::collections::BTreeMap;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::device::Device;
use crate::domain::link::{FOR_EVER, Link, MAX_CAMPAIGN, Text, last_end};
use crate::domain::rule::FieldError;
use crate::domain::site::{KeyKind, Site};
use crate::service::links::{Draft, DraftChange, InvalidParam, LinkError};
use crate::store::{Cursor, Deletion, Inserted, LinkFilter};
use crate::web::AppState;
use crate::web::extract::body;
use crate::web::extract::body::{Fields, FromFields, FromQuery, Json, Query};
use crate::web::extract::client::Client;
use crate::web::extract::key::{AnyKey, ExpectedLink, OwnLink, SecretKey, entity_tag};
use crate::web::extract::request::KeyHolder;
use crate::web::extract::then::Then;
use crate::web::response::json::json;
use crate::web::response::problem::Problem;

/// The most links in one bulk.
const MAX_BULK: usize = 100;
/// The most links in one list, and how many where the client does not say.
const MAX_LIST: usize = 100;
const DEFAULT_LIST: usize = 50;

/// What is said of a link that was deleted while somebody reads the store.
const HELD: &str = "The link is deleted. A reader still holds the store's write-ahead log, which has it until that reader ends.";

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
    created_at: Option<Timestamp>,
    expires_at: Option<String>,
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
            created_at: (!link.is_stripped()).then_some(link.created_at),
            expires_at: link.expires_at.map(end_text),
            disabled: link.disabled,
        }
    }
}

/// The end of a link as text; the last time that there is stands for what lies beyond it.
fn end_text(end: Timestamp) -> String {
    if end == last_end() { FOR_EVER.to_owned() } else { end.to_string() }
}

/// `POST /api/v1/links`.
pub(crate) async fn create(
    AnyKey { holder, body }: AnyKey,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = body::fingerprint(&body);
    let fields = Fields::of(body).map_err(Problem::invalid)?;
    let draft = draft(fields, &holder, &app).and_then(|draft| allowed(&holder, draft));
    // What was reserved may be claimed, whatever is used up.
    if !matches!(&draft, Ok(Draft { claim: Some(Ok(_)), .. })) {
        app.limits.attempt(&holder.caller(), 1)?;
    }
    let mut draft = draft?;
    draft.idempotency = idempotency_key(client.head())?.map(|key| holder.idempotency(key, fingerprint, 0));
    let admission = || Ok(app.limits.create(&holder.caller())?);
    let created = app.links.create_admitted(&holder.site, draft, app.clock.now(), &admission).await?;
    let (status, link) = status(created);
    let mut created = json(status, &LinkBody::of(&link, &app));
    let path = format!("/api/v1/links/{}", link.code);
    created.headers_mut().insert(LOCATION, path.parse().expect("a code is plain ASCII"));
    Ok(created)
}

/// The body of a call that makes many links.
struct Bulk {
    links: Vec<Value>,
}

impl FromFields for Bulk {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { links: fields.list("links", MAX_BULK) }
    }
}

/// `POST /api/v1/links/bulk`: every draft succeeds or fails by itself.
pub(crate) async fn create_bulk(
    AnyKey { holder, body }: AnyKey,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = body::fingerprint(&body);
    let Bulk { links: drafts } = body::read(body)?;
    let key = idempotency_key(client.head())?;
    let drafts = drafts.into_iter().enumerate().map(|(place, value)| {
        let fields = Fields::of(value).map_err(Problem::invalid);
        let draft = fields.and_then(|fields| draft(fields, &holder, &app));
        let mut draft = draft.and_then(|draft| allowed(&holder, draft))?;
        draft.idempotency = key.clone().map(|key| holder.idempotency(key, fingerprint, place));
        Ok::<_, Problem>(draft)
    });
    let drafts: Vec<_> = drafts.collect();
    let claims = drafts.iter().filter(|draft| matches!(draft, Ok(Draft { claim: Some(Ok(_)), .. }))).count();
    app.limits.attempt(&holder.caller(), drafts.len() - claims)?;
    let mut wanted = Vec::with_capacity(drafts.len());
    let refusals: Vec<Option<Problem>> =
        drafts.into_iter().map(|draft| draft.map(|draft| wanted.push(draft)).err()).collect();
    let admission = || Ok(app.limits.create(&holder.caller())?);
    let created = app.links.create_all(&holder.site, wanted, app.clock.now(), &admission).await;
    if created.iter().any(|created| matches!(created, Err(LinkError::KeyReused))) {
        return Err(LinkError::KeyReused.into());
    }
    let mut created = created.into_iter();
    let results: Vec<_> = refusals
        .into_iter()
        .map(|refusal| {
            let created = match refusal {
                None => created.next().map(|created| created.map(status).map_err(Problem::from)),
                Some(problem) => Some(Err(problem)),
            };
            match created.expect("there is one outcome for each draft") {
                Ok((status, link)) => json!({ "status": status.as_u16(), "link": LinkBody::of(&link, &app) }),
                Err(problem) => {
                    let error = problem.to_json();
                    json!({ "status": error["status"], "error": error })
                }
            }
        })
        .collect();
    Ok(json(StatusCode::OK, &json!({ "results": results })))
}

/// The parameters of a list of links.
pub(crate) struct ListQuery(BTreeMap<String, String>);

impl FromQuery for ListQuery {
    const NAMES: &'static [&'static str] = &["cursor", "limit", "channel", "campaign", "page"];

    fn from_query(given: BTreeMap<String, String>) -> Self {
        Self(given)
    }
}

/// `GET /api/v1/links`: newest first.
pub(crate) async fn list(
    Then(SecretKey(site), Query(ListQuery(query))): Then<SecretKey, Query<ListQuery>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let mut wrong = Vec::new();
    let limit = query.get("limit").map_or(Some(DEFAULT_LIST), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=MAX_LIST).contains(limit));
    if limit.is_none() {
        wrong.push(InvalidParam::new("limit", FieldError::OutOfRange(1, MAX_LIST)));
    }
    let after = query.get("cursor").map(|cursor| read_cursor(cursor));
    if after == Some(None) {
        wrong.push(InvalidParam::new("cursor", FieldError::NotCursor));
    }
    let filter = filter(&query, &site, &app, &mut wrong).await?;
    let (Some(limit), true) = (limit, wrong.is_empty()) else { return Err(Problem::invalid(wrong)) };
    let after = after.flatten();
    // One more than asked for tells whether there are more.
    let mut links = app.store.links(&site.id, &filter, after.as_ref(), limit + 1).await?;
    let more = links.len() > limit;
    links.truncate(limit);
    let next_cursor = links.last().filter(|_| more).map(|last| write_cursor(last.place));
    let links: Vec<_> = links.iter().map(|listed| LinkBody::of(&listed.link, &app)).collect();
    Ok(json(StatusCode::OK, &json!({ "links": links, "next_cursor": next_cursor })))
}

/// Responds with a link and its `ETag`.
fn shown(link: &Link, app: &AppState) -> HttpResponse {
    let mut response = json(StatusCode::OK, &LinkBody::of(link, app));
    let tag = entity_tag(link, app).to_string();
    response.headers_mut().insert(ETAG, tag.parse().expect("a tag is plain ASCII"));
    response
}

/// `GET /api/v1/links/{code}`.
pub(crate) async fn read(
    OwnLink { link, .. }: OwnLink,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(&link, &app))
}

impl FromFields for DraftChange {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            url: fields.set_text("url"),
            campaign: fields.nullable_text("campaign"),
            expires_at: fields.nullable_time("expires_at"),
            disabled: fields.flag("disabled"),
        }
    }
}

/// `PATCH /api/v1/links/{code}`.
pub(crate) async fn change(
    Then(ExpectedLink(own), Json(change)): Then<ExpectedLink, Json<DraftChange>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let OwnLink { site, link } = own;
    let changed = app.links.change(&site, &link.code, change, app.clock.now()).await?;
    Ok(shown(&changed.ok_or(Problem::NotFound)?, &app))
}

/// `DELETE /api/v1/links/{code}`.
pub(crate) async fn delete(
    ExpectedLink(OwnLink { site, link }): ExpectedLink,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    match app.links.delete(&site.id, &link.code).await? {
        Deletion::NotThere => Err(Problem::NotFound),
        Deletion::LetGo => Ok(HttpResponse::NoContent().finish()),
        Deletion::HeldByReader => {
            Ok(json(StatusCode::ACCEPTED, &json!({ "code": link.code, "detail": HELD })))
        }
    }
}

/// The draft, where the key may ask for it.
fn allowed(holder: &KeyHolder, draft: Draft) -> Result<Draft, Problem> {
    let needs_secret = draft.slug.is_some() || draft.external_id.is_some();
    if needs_secret && holder.kind == KeyKind::Publishable {
        return Err(Problem::SecretKeyNeeded);
    }
    Ok(draft)
}

/// The link with its status: 201, or 200 where it had been made before.
fn status(made: (Link, Inserted)) -> (StatusCode, Link) {
    match made {
        (_, Inserted::Existing(link)) => (StatusCode::OK, link),
        (link, _) => (StatusCode::CREATED, link),
    }
}

fn draft(mut fields: Fields, holder: &KeyHolder, app: &AppState) -> Result<Draft, Problem> {
    let claimed = |claim: String| app.reservations.claimed(&claim, app.clock.now());
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
        is_share: holder.kind == KeyKind::Publishable,
        ..Draft::default()
    };
    fields.end().map(|()| draft).map_err(Problem::invalid)
}

fn idempotency_key(head: &RequestHead) -> Result<Option<String>, Problem> {
    let Some(value) = head.headers().get("idempotency-key") else { return Ok(None) };
    let wrong = |_| Problem::invalid(vec![InvalidParam::new("Idempotency-Key", FieldError::NotAscii)]);
    value.to_str().map(|key| Some(key.to_owned())).map_err(wrong)
}

async fn filter(
    query: &BTreeMap<String, String>,
    site: &Site,
    app: &AppState,
    wrong: &mut Vec<InvalidParam>,
) -> Result<LinkFilter, Problem> {
    let mut filter = LinkFilter::default();
    if let Some(channel) = query.get("channel") {
        match ChannelName::parse(channel) {
            Ok(channel) => filter.channel = Some(channel),
            Err(error) => wrong.push(InvalidParam::new("channel", error)),
        }
    }
    if let Some(campaign) = query.get("campaign") {
        match Text::parse(campaign, MAX_CAMPAIGN) {
            Ok(Some(campaign)) => filter.campaign = Some(app.links.known_spelling(site, campaign).await?),
            Ok(None) => {}
            Err(error) => wrong.push(InvalidParam::new("campaign", error)),
        }
    }
    if let Some(page) = query.get("page") {
        match app.links.page(site, page) {
            Ok(page) => filter.page = Some(page),
            Err(error) => wrong.push(InvalidParam::new("page", error)),
        }
    }
    Ok(filter)
}

/// A place in the list, opaque to clients.
fn write_cursor(Cursor { hour, sequence }: Cursor) -> String {
    format!("{hour}.{sequence}")
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (hour, sequence) = text.split_once('.')?;
    Some(Cursor { hour: hour.parse().ok()?, sequence: sequence.parse().ok()? })
}
