//! What a handler takes from a request: the code, the language, the client, the key, a body or form that was checked.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod code;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod form;
pub(crate) mod locale;
pub(crate) mod miss_limit;
pub(crate) mod owner;
pub(crate) mod published;
pub(crate) mod query;
pub(crate) mod rate_limit;
pub(crate) mod request;
pub(crate) mod sender;
pub(crate) mod signed_in;
pub(crate) mod user_agent_cache;
