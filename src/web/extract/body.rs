//! Reading bodies: JSON objects field by field, forms, and query strings. Every parameter that is
//! wrong is named in one answer.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::ops::RangeInclusive;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::domain::link::last_end;
use crate::domain::rule::FieldError;
use crate::service::links::InvalidParam;
use crate::web::extract::request::header;
use crate::web::extract::state;
use crate::web::response::problem::Problem;

/// The largest body in bytes.
const MAX_BODY: usize = 64 << 10;

/// Reads a body of at most 64 KiB, which must arrive in the time that a request has.
async fn bytes(request: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, Problem> {
    let app = state(request);
    match timeout(app.settings.request_timeout(), payload.to_bytes_limited(MAX_BODY)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_))) => Err(Problem::BadRequest),
        Ok(Err(_)) => Err(Problem::TooLarge),
        Err(_) => Err(Problem::TimedOut),
    }
}

fn media_type(request: &HttpRequest) -> String {
    let value = header(request.head(), &CONTENT_TYPE).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What is read from the fields of a JSON object.
pub(crate) trait FromFields: Sized + 'static {
    /// Takes every field that there may be. Those that are wrong, or left over, are collected by `fields`.
    fn from_fields(fields: &mut Fields) -> Self;
}

/// A JSON body. The problem of a body that is wrong names each parameter that is.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: FromFields> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let payload = payload.await.map_err(|_| Problem::BadRequest)?;
            read(json_object(&request, payload).await?).map(Self)
        })
    }
}

/// Reads a JSON object.
pub(crate) fn read<T: FromFields>(value: Value) -> Result<T, Problem> {
    let mut fields = Fields::of(value).map_err(Problem::invalid)?;
    let read = T::from_fields(&mut fields);
    fields.end().map(|()| read).map_err(Problem::invalid)
}

/// What is read from the parameters of a query string.
pub(crate) trait FromQuery: Sized + 'static {
    /// The parameters that there may be; any other is an error.
    const NAMES: &'static [&'static str];

    /// Takes the parameters that were given.
    fn from_query(given: BTreeMap<String, String>) -> Self;
}

/// A query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: FromQuery> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request, T::NAMES).map(T::from_query).map(Self))
    }
}

/// Reads a JSON document.
pub(crate) async fn json_object(request: &HttpRequest, payload: web::Payload) -> Result<Value, Problem> {
    let is_json = match media_type(request).as_str() {
        "application/json" => true,
        // RFC 7396: what `PATCH` takes is a merge patch under either name.
        "application/merge-patch+json" => request.method() == Method::PATCH,
        _ => false,
    };
    if !is_json {
        return Err(Problem::WrongMediaType("Send the body as Content-Type: application/json."));
    }
    serde_json::from_slice(&bytes(request, payload).await?).map_err(|_| Problem::NotJson)
}

/// A hash of a JSON document, which does not depend on white space and the order of fields.
pub(crate) fn fingerprint(value: &Value) -> [u8; 16] {
    let hash = Sha256::digest(value.to_string());
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}

/// Reads a form's fields; of one that stands twice, the last.
pub(crate) async fn form(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<BTreeMap<String, String>, Problem> {
    Ok(form_fields(request, payload).await?.into_iter().collect())
}

/// Reads a form's fields in their order; some may stand several times.
pub(crate) async fn form_fields(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Vec<(String, String)>, Problem> {
    if media_type(request) != "application/x-www-form-urlencoded" {
        return Err(Problem::WrongMediaType(
            "Send the form as Content-Type: application/x-www-form-urlencoded.",
        ));
    }
    Ok(form_urlencoded::parse(&bytes(request, payload).await?).into_owned().collect())
}

/// A request's query parameters; an unknown one is an error.
pub(crate) fn query(request: &HttpRequest, known: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
    known_fields(request.query_string(), known)
}

/// Returns the parameters of a query; an unknown one is an error.
pub(crate) fn known_fields(query: &str, known: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
    let all: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let unknown = all.keys().filter(|name| !known.contains(&name.as_str()));
    let rule = FieldError::UnknownParameter(known.join(", "));
    let wrong: Vec<_> = unknown.map(|name| InvalidParam::new(name, rule.clone())).collect();
    if wrong.is_empty() { Ok(all) } else { Err(Problem::invalid(wrong)) }
}

/// The last time that there is, where a text names one of the hours behind it: people write `9999-12-31T23:59:59Z` for
/// what never ends.
fn end_of_time(text: &str) -> Option<Timestamp> {
    let is_beyond = text.parse::<Timestamp>().is_err()
        && text.get(..10).is_some_and(|day| ("9999-12-30"..="9999-12-31").contains(&day));
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok().filter(|_| is_beyond)?;
    (pieces.time().is_some() && pieces.offset().is_some()).then(last_end)
}

/// The fields of a JSON object, taken one by one; what is wrong with any is gathered.
pub(crate) struct Fields {
    left: Map<String, Value>,
    wrong: Vec<InvalidParam>,
}

impl Fields {
    /// Takes a JSON value that must be an object.
    pub(crate) fn of(value: Value) -> Result<Self, Vec<InvalidParam>> {
        match value {
            Value::Object(left) => Ok(Self { left, wrong: Vec::new() }),
            _ => Err(vec![InvalidParam::new("", FieldError::NotObject)]),
        }
    }

    /// A text, or `None` where it is missing or null.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.nullable_text(name).flatten()
    }

    /// A text that may be missing but not null.
    pub(crate) fn set_text(&mut self, name: &str) -> Option<String> {
        let text = self.nullable_text(name)?;
        if text.is_none() {
            self.refuse(name, FieldError::NotString);
        }
        text
    }

    /// A text that must be there.
    pub(crate) fn required_text(&mut self, name: &str) -> String {
        if !self.left.contains_key(name) {
            self.refuse(name, FieldError::Missing);
        }
        self.text(name).unwrap_or_default()
    }

    /// `None` where it is missing, `Some(None)` where it is null.
    pub(crate) fn nullable_text(&mut self, name: &str) -> Option<Option<String>> {
        match self.left.remove(name)? {
            Value::String(text) => Some(Some(text)),
            Value::Null => Some(None),
            _ => {
                self.refuse(name, FieldError::NotString);
                None
            }
        }
    }

    /// A time, as [`Fields::nullable_text`].
    pub(crate) fn nullable_time(&mut self, name: &str) -> Option<Option<Timestamp>> {
        let text = self.nullable_text(name)?;
        let time = text.map(|text| end_of_time(&text).map_or_else(|| text.parse(), Ok));
        if let Some(Err(_)) = time {
            self.refuse(name, FieldError::NotTime);
        }
        Some(time.and_then(Result::ok))
    }

    /// A whole number in a range, or `None` where it is missing or null.
    pub(crate) fn number(&mut self, name: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.refuse(name, FieldError::OutOfRange(*range.start(), *range.end()));
        }
        number
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.left.remove(name)?;
        if !value.is_boolean() {
            self.refuse(name, FieldError::NotBoolean);
        }
        value.as_bool()
    }

    /// A list of at most `most` values that must be there.
    pub(crate) fn list(&mut self, name: &str, most: usize) -> Vec<Value> {
        match self.left.remove(name) {
            Some(Value::Array(values)) if values.len() <= most => values,
            Some(_) => {
                self.refuse(name, FieldError::NotArray(most));
                Vec::new()
            }
            None => {
                self.refuse(name, FieldError::Missing);
                Vec::new()
            }
        }
    }

    /// Ends the reading: every field that is left is one too many.
    pub(crate) fn end(mut self) -> Result<(), Vec<InvalidParam>> {
        let unknown = self.left.keys().map(|name| InvalidParam::new(name, FieldError::UnknownField));
        self.wrong.extend(unknown);
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }

    fn refuse(&mut self, name: &str, rule: FieldError) {
        self.wrong.push(InvalidParam::new(name, rule));
    }
}
