//! What a handler takes from a request: the code, the language, the client, the key, a body or form that was checked.

use actix_web::{HttpRequest, web};

use crate::web::AppState;

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod code;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod form;
pub(crate) mod key;
pub(crate) mod locale;
pub(crate) mod miss_limit;
pub(crate) mod owner;
pub(crate) mod published;
pub(crate) mod query;
pub(crate) mod rate_limit;
pub(crate) mod request;
pub(crate) mod sender;
pub(crate) mod signed_in;
pub(crate) mod then;
pub(crate) mod user_agent_cache;

/// Returns the state of the program, which every request has.
fn state(request: &HttpRequest) -> &AppState {
    request.app_data::<web::Data<AppState>>().expect("every request has the state")
}
