//! The API for shared views: share, list, revoke. With the secret key.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::service::accounts::shared_views::{ViewDraft, ViewError};
use crate::stats::view::{Scope, View};
use crate::web::AppState;
use crate::web::api::links::answer;
use crate::web::dashboard::shared_view;
use crate::web::extract::body;
use crate::web::extract::request::secret_site;
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

/// `POST /api/v1/views`: `{page?, campaign?, expires_at?, password?}` → 201 with the address, once.
pub(crate) async fn share(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let mut fields = body::json(&request, payload).await?;
    let draft = ViewDraft {
        page: fields.text("page"),
        campaign: fields.text("campaign"),
        expires_at: fields.nullable_time("expires_at").flatten(),
        password: fields.text("password"),
    };
    fields.end().map_err(Problem::invalid)?;
    let (view, token) = app.views.share(&site, draft, app.clock.now()).await?;
    let mut body = body_of(&view);
    body["url"] = shared_view::address(&app, token.reveal()).into();
    Ok(answer(201, &body))
}

/// `GET /api/v1/views`: the newest first.
pub(crate) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let views = app.views.of_site(&site.id, app.clock.now()).await?;
    Ok(answer(200, &json!({ "views": views.iter().map(body_of).collect::<Vec<_>>() })))
}

/// `DELETE /api/v1/views/{id}`.
pub(crate) async fn revoke(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let revoked = app.views.revoke(&site.id, request.match_info().query("id"), app.clock.now()).await?;
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
