//! What a handler takes from a request: the code, the language, the client, the key, a body or form that was checked.

pub(crate) mod body;
pub(crate) mod code;
pub(crate) mod csrf;
pub(crate) mod locale;
pub(crate) mod miss_limit;
pub(crate) mod query;
pub(crate) mod rate_limit;
pub(crate) mod request;
pub(crate) mod user_agent_cache;
