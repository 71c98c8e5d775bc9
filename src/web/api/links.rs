//! The API for links: make, list, read, change, delete.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::device::Device;
use crate::domain::link::{FOR_EVER, Link, MAX_CAMPAIGN, Text, last_end};
use crate::domain::reserved::Claim;
use crate::domain::rule::FieldError;
use crate::domain::site::{KeyKind, Site};
use crate::service::links::{Draft, DraftChange, InvalidParam, LinkError};
use crate::store::{Cursor, Deletion, Inserted, LinkFilter};
use crate::web::AppState;
use crate::web::api::cors;
use crate::web::extract::body;
use crate::web::extract::body::Fields;
use crate::web::extract::request;
use crate::web::extract::request::{KeyHolder, key_holder, secret_site};
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

/// Answers with JSON that nobody caches.
pub(crate) fn answer(status: u16, body: &impl Serialize) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).expect("a literal status");
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// `POST /api/v1/links`.
pub(crate) async fn create(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (holder, value) = creator(&request, payload, &app).await?;
    let fingerprint = body::fingerprint(&value);
    let fields = Fields::of(value).map_err(Problem::invalid)?;
    let draft = draft(fields, &holder, &app).and_then(|draft| allowed(&holder, draft));
    // What was reserved may be claimed, whatever is used up.
    if !matches!(&draft, Ok(Draft { claim: Some(Ok(_)), .. })) {
        app.limits.attempt(&holder.client(), 1)?;
    }
    let mut draft = draft?;
    draft.idempotency = idempotency_key(&request)?.map(|key| holder.idempotency(key, fingerprint, 0));
    let admission = || Ok(app.limits.create(&holder.client())?);
    let created = app.links.create_admitted(&holder.site, draft, app.clock.now(), &admission).await?;
    let (status, link) = status(created);
    let mut created = answer(status, &LinkBody::of(&link, &app));
    let path = format!("/api/v1/links/{}", link.code);
    created.headers_mut().insert(LOCATION, path.parse().expect("a code is plain ASCII"));
    Ok(created)
}

/// `POST /api/v1/links/bulk`: every draft succeeds or fails by itself.
pub(crate) async fn create_bulk(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (holder, value) = creator(&request, payload, &app).await?;
    let fingerprint = body::fingerprint(&value);
    let mut fields = Fields::of(value).map_err(Problem::invalid)?;
    let drafts = fields.list("links", MAX_BULK);
    fields.end().map_err(Problem::invalid)?;
    let key = idempotency_key(&request)?;
    let drafts = drafts.into_iter().enumerate().map(|(place, value)| {
        let fields = Fields::of(value).map_err(Problem::invalid);
        let draft = fields.and_then(|fields| draft(fields, &holder, &app));
        let mut draft = draft.and_then(|draft| allowed(&holder, draft))?;
        draft.idempotency = key.clone().map(|key| holder.idempotency(key, fingerprint, place));
        Ok::<_, Problem>(draft)
    });
    let drafts: Vec<_> = drafts.collect();
    let claims = drafts.iter().filter(|draft| matches!(draft, Ok(Draft { claim: Some(Ok(_)), .. }))).count();
    app.limits.attempt(&holder.client(), drafts.len() - claims)?;
    let mut wanted = Vec::with_capacity(drafts.len());
    let refusals: Vec<Option<Problem>> =
        drafts.into_iter().map(|draft| draft.map(|draft| wanted.push(draft)).err()).collect();
    let admission = || Ok(app.limits.create(&holder.client())?);
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
                Ok((status, link)) => json!({ "status": status, "link": LinkBody::of(&link, &app) }),
                Err(problem) => {
                    let error = problem.to_json();
                    json!({ "status": error["status"], "error": error })
                }
            }
        })
        .collect();
    Ok(answer(200, &json!({ "results": results })))
}

/// `GET /api/v1/links`: newest first.
pub(crate) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let query = body::query(&request, &["cursor", "limit", "channel", "campaign", "page"])?;
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
    Ok(answer(200, &json!({ "links": links, "next_cursor": next_cursor })))
}

/// `GET /api/v1/links/{code}`.
pub(crate) async fn read(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (_, link) = own_link(&request, &app).await?;
    Ok(answer(200, &LinkBody::of(&link, &app)))
}

/// `PATCH /api/v1/links/{code}`.
pub(crate) async fn change(
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
    Ok(answer(200, &LinkBody::of(&changed.ok_or(Problem::NotFound)?, &app)))
}

/// `DELETE /api/v1/links/{code}`.
pub(crate) async fn delete(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let code = code_in(&request)?;
    match app.links.delete(&site.id, &code).await? {
        Deletion::NotThere => Err(Problem::NotFound),
        Deletion::LetGo => Ok(HttpResponse::NoContent().finish()),
        Deletion::HeldByReader => Ok(answer(202, &json!({ "code": code, "detail": HELD }))),
    }
}

/// The link of the path, if it is the secret key's site's.
pub(crate) async fn own_link(request: &HttpRequest, app: &AppState) -> Result<(Site, Link), Problem> {
    let site = secret_site(request, app).await?;
    let link = app.links.of_site(&site.id, &code_in(request)?).await?.ok_or(Problem::NotFound)?;
    Ok((site, link))
}

/// The code in the path; what is none names nothing.
fn code_in(request: &HttpRequest) -> Result<Code, Problem> {
    Code::parse(request.match_info().query("code")).map_err(|_| Problem::NotFound)
}

/// Reads the key of a call that makes links, and its body. Any key may make links; from a page in a browser only a
/// publishable one, and only where the site allows that page's origin. A page that may call may read the answer.
///
/// A claim says by itself which site was given it, and for which page. So a code that was given out can be claimed also
/// when the publishable key was replaced meanwhile, or the page's origin taken off the list.
pub(crate) async fn creator(
    request: &HttpRequest,
    payload: web::Payload,
    app: &AppState,
) -> Result<(KeyHolder, Value), Problem> {
    let origin = request::origin(request.head());
    let is_allowed = |site: &Site| origin.is_none_or(|origin| site.allows_origin(origin));
    let holder = key_holder(request, app).await;
    let (holder, value) = match holder {
        Ok(holder) if holder.kind == KeyKind::Secret || is_allowed(&holder.site) => {
            if origin.is_some() {
                cors::let_read(request);
            }
            (holder, body::json_object(request, payload).await?)
        }
        Err(problem) if problem != Problem::UnknownKey => return Err(problem),
        refused => {
            let value = body::json_object(request, payload).await;
            let claim = value.as_ref().ok().and_then(|value| value.get("claim")?.as_str());
            let claim = claim.and_then(|claim| app.reservations.claimed(claim, app.clock.now()).ok());
            let is_of_page =
                |claim: &Claim| origin.is_none_or(|origin| app.reservations.has_judged_origin(claim, origin));
            let site = match claim.filter(is_of_page) {
                Some(claim) => app.sites.get(&claim.site).await?,
                None => None,
            };
            let refusal = || refused.as_ref().err().cloned().unwrap_or(Problem::ForeignOrigin);
            let site = site.ok_or_else(refusal)?;
            if refused.as_ref().is_ok_and(|holder| holder.site.id != site.id) {
                return Err(refusal());
            }
            cors::let_read(request);
            (KeyHolder::of_claim(request, app, site), value?)
        }
    };
    Ok((holder, value))
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
fn status(made: (Link, Inserted)) -> (u16, Link) {
    match made {
        (_, Inserted::Existing(link)) => (200, link),
        (link, _) => (201, link),
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

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let wrong = |_| Problem::invalid(vec![InvalidParam::new("Idempotency-Key", FieldError::NotAscii)]);
    value.to_str().map(|key| Some(key.to_owned())).map_err(wrong)
}

async fn filter(
    query: &std::collections::BTreeMap<String, String>,
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
