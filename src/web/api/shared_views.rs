//! The API for shared views: share, list, revoke. With the secret key.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::domain::own_address::own_address;
use crate::service::accounts::shared_views::{ViewDraft, ViewError, path};
use crate::stats::view::{Scope, View};
use crate::web::AppState;
use crate::web::extract::body::{Fields, FromFields, Json};
use crate::web::extract::client::Client;
use crate::web::extract::key::SecretKey;
use crate::web::extract::then::Then;
use crate::web::response::json::json;
use crate::web::response::problem::Problem;

/// A view as the API shows it. Its address is known to whoever has shared it, and to nobody else.
fn body_of(view: &View) -> Value {
    let (page, campaign) = match &view.scope {
        Scope::Site => (None, None),
        Scope::Page(page) => (Some(page.as_str()), None),
        Scope::Campaign(campaign) => (None, Some(campaign.as_str())),
    };
    json!({
        "id": view.id(), "page": page, "campaign": campaign, "password": view.password.is_some(),
        "created_at": view.created_at, "expires_at": view.expires_at,
    })
}

impl FromFields for ViewDraft {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            page: fields.text("page"),
            campaign: fields.text("campaign"),
            expires_at: fields.nullable_time("expires_at").flatten(),
            password: fields.text("password"),
        }
    }
}

/// `POST /api/v1/views`: `{page?, campaign?, expires_at?, password?}` → 201 with the address, once.
pub(crate) async fn share(
    Then(SecretKey(site), Json(draft)): Then<SecretKey, Json<ViewDraft>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (view, token) = app.views.share(&site, draft, app.clock.now()).await?;
    let mut body = body_of(&view);
    body["url"] = own_address(&app.public_url, &path(token.reveal())).into();
    Ok(json(StatusCode::CREATED, &body))
}

/// `GET /api/v1/views`: the newest first.
pub(crate) async fn list(
    SecretKey(site): SecretKey,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let views = app.views.of_site(&site.id, app.clock.now()).await?;
    Ok(json(StatusCode::OK, &json!({ "views": views.iter().map(body_of).collect::<Vec<_>>() })))
}

/// `DELETE /api/v1/views/{id}`.
pub(crate) async fn revoke(
    SecretKey(site): SecretKey,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let revoked = app.views.revoke(&site.id, client.segment("id"), app.clock.now()).await?;
    if revoked { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::NotFound) }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Invalid(params) => Self::invalid(params),
            ViewError::Busy(busy) => busy.into(),
            ViewError::Store(error) => error.into(),
        }
    }
}
