//! Statistics that are shown to others: a site that is public, and a view that is shared by its address. To guess at either
//! is a miss, as to guess at codes is.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;

use crate::domain::site::Site;
use crate::stats::view::View;
use crate::web::extract::address::PathSegment;
use crate::web::extract::form::{FormFields, FromForm};
use crate::web::extract::signed_in::{Extraction, state};
use crate::web::extract::{miss_limit, request};
use crate::web::response::problem::Problem;

/// The public site that a path names. A site that is not public is not found.
pub(crate) struct PublicSite(pub(crate) Site);

impl FromRequest for PublicSite {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (app, segment) = (state(&request), PathSegment::new(&request));
            // The router leaves some characters encoded that a name may have.
            let name = percent_decode_str(segment.as_str()).decode_utf8_lossy();
            let read = async || Ok(app.sites.by_name(&name).await?.filter(|site| site.public));
            Ok(Self(miss_limit::look_up(request.head(), app, read).await?))
        })
    }
}

/// The shared view whose token a path has, and the token.
pub(crate) struct ViewByToken {
    pub(crate) token: String,
    pub(crate) view: View,
}

impl ViewByToken {
    async fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let (app, token) = (state(request), PathSegment::new(request));
        let read = async || app.views.get(token.as_str(), app.clock.now()).await;
        let view = miss_limit::look_up(request.head(), app, read).await?;
        Ok(Self { token: token.as_str().to_owned(), view })
    }
}

impl FromRequest for ViewByToken {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::read(&request).await })
    }
}

/// A form on the page of a shared view.
pub(crate) struct ViewByTokenForm<T> {
    pub(crate) found: ViewByToken,
    pub(crate) form: T,
}

impl<T: FromForm> FromRequest for ViewByTokenForm<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            refuse_foreign(&request)?;
            let found = ViewByToken::read(&request).await?;
            let form = T::from_form(&FormFields::read(&request, payload).await?)?;
            Ok(Self { found, form })
        })
    }
}

/// Refuses a form of another page. A page that sends no referrer does not name its origin either: its form comes from
/// `null` if the browser does not say more. The password is protection enough: whoever sends it may open the view.
fn refuse_foreign(request: &HttpRequest) -> Result<(), Problem> {
    let head = request.head();
    let is_silent = request::origin(head) == Some("null") && !request::says_foreign(head);
    if is_silent { Ok(()) } else { request::refuse_foreign_form(head, &state(request).public_url) }
}
