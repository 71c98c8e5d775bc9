//! Stripping: which parameters of an address name a person or a session, and are not stored.
//!
//! Mailing tools, advertisers and log-ins put identifiers into the addresses of pages. A reader who shares such a page
//! would hand them on, so a destination that a publishable key brings loses them first. A site can add names of its own,
//! and exempt names that its pages need.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// Parameters of mailing tools, advertisers, analytics and sessions that name whoever opened the page before. They are
/// compared without regard to case.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    // Mailing and marketing tools.
    "mc_eid", "mc_cid", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking", "mkt_tok", "vero_id", "vero_conv",
    "oly_enc_id", "oly_anon_id", "_ke", "_kx", "klaviyo_id", "ck_subscriber_id", "trk_contact", "trk_msg", "trk_module",
    "trk_sid", "dm_i", "dm_t", "bsft_clkid", "bsft_uid", "bsft_eid", "bsft_mid", "et_rid", "elqtrackid", "elqtrack", "elqat",
    "elq", "elqcst", "sfmc_id", "sfmc_sub", "sc_uid", "sc_eh", "sc_customer", "spmailingid", "spuserid", "spjobid",
    "spreportid", "rb_clickid", "s_cid", "ml_subscriber", "ml_subscriber_hash", "mtm_cid", "pk_cid", "piwik_cid",
    "__s", "_openstat", "inf_contact_key", "nr_email_referer", "iterable_user_id", "braze_id", "ajs_uid", "ajs_aid", 
    "wickedid", "wickedsource", "irclickid", "irgwc", "rdt_cid", "guccounter", "guce_referrer", "guce_referrer_sig",
    // Advertisers' click identifiers.
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "ttclid", "twclid", "igshid", "igsh", "yclid",
    "ysclid", "li_fat_id", "epik", "sccid", "scclid", "tblci", "obclid", "ob_click_id", "ndclid", "qclid", "zanpid",
    "mkcid", "mkevt", "mkrid", "clickid", "click_id", "awc", "cjevent", "sznclid", "vmcid", "xtor_id", "fb_action_ids",
    "fb_source", "fb_ref", "_branch_match_id", "_branch_referrer", "ref_src", "s_kwcid", "ef_id",
    // Analytics that carry a visitor from one host to the next.
    "_ga", "_gl", "_gac", "_gid", "_fbp", "_fbc", "_pk_id", "_bta_tid", "_bta_c", "mixpanel_id", "distinct_id", "anonymous_id",
    // Sessions.
    "sid", "sess", "sessid", "phpsessid", "jsessionid", "aspsessionid", "asp.net_sessionid", "cfid", "zenid", "oscsid", "xtcsid",
    // Persons.
    "mail", "uid", "userid", "user_id", "username", "user_name", "subscriber", "subscriberid",
    "subscriber_id", "contactid", "contact_id", "customerid", "customer_id", "memberid", "member_id", "recipient",
    "recipientid", "recipient_id", "profileid", "profile_id", "leadid", "lead_id", "firstname", "first_name", "lastname",
    "last_name", "fullname", "full_name", "phone", "phonenumber", "phone_number", "telephone", "msisdn",
    // What opens a door.
    "auth", "authorization", "authkey", "auth_key", "authcode", "auth_code", "apikey", "api_key", "password", "passwd",
    "passcode", "pwd", "secret", "jwt", "otp", "sso", "samlresponse", "samlrequest", "nonce", "sig",
    "signature", "hmac", "x-amz-signature", "x-amz-credential", "x-goog-signature", "x-goog-credential", "invite_code",
];
/// Whatever has one of these in its name, with `-` and `_` left out, names a person or a session.
const PARTS: [&str; 4] = ["email", "token", "session", "password"];
/// What a path may have behind a `;`, as servers write a session that has no cookie.
const IN_PATH: [&str; 3] = ["jsessionid", "phpsessid", "sid"];

/// The longest name of a parameter.
const MAX_NAME: usize = 100;

/// The name of a parameter, which is compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParameterName(Box<str>);

/// The text is not the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not the name of a parameter such as mc_eid")]
pub struct ParameterNameError(String);

impl FromStr for ParameterName {
    type Err = ParameterNameError;

    fn from_str(text: &str) -> Result<Self, ParameterNameError> {
        let is_plain =
            |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '&' | '=' | '#' | '?' | ',');
        let good = (1..=MAX_NAME).contains(&text.len()) && text.chars().all(is_plain);
        if good { Ok(Self(text.to_lowercase().into())) } else { Err(ParameterNameError(text.to_owned())) }
    }
}

impl TryFrom<String> for ParameterName {
    type Error = ParameterNameError;

    fn try_from(text: String) -> Result<Self, ParameterNameError> {
        text.parse()
    }
}

impl From<ParameterName> for String {
    fn from(name: ParameterName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a site says about stripping: names that it adds, and names that it exempts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stripping {
    /// Names that are stripped too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ParameterName>,
    /// Names that are never stripped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ParameterName>,
}

impl Stripping {
    /// Whether the site says nothing of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.also.is_empty() && self.except.is_empty()
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.also.iter().chain(&self.except).map(|name| size_of_val(name) + name.0.len()).sum()
    }

    /// Whether a parameter of this name is stripped.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        let is_in = |names: &[ParameterName]| names.iter().any(|other| *other.0 == name);
        if is_in(&self.except) {
            return false;
        }
        is_in(&self.also) || names_somebody(&name)
    }

    /// What is left of the pairs of a query string or a fragment. Every other pair stays as it was written.
    #[must_use]
    pub fn pairs(&self, text: &str, also: impl Fn(&str) -> bool) -> String {
        let is_kept = |pair: &&str| {
            let pair = form_urlencoded::parse(pair.as_bytes()).next();
            pair.is_none_or(|(name, _)| !self.takes(&name) && !also(&name))
        };
        text.split('&').filter(is_kept).collect::<Vec<_>>().join("&")
    }

    /// What is left of a path. A session stands there behind a `;`.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        let is_kept = |part: &&str| {
            let name = part.split('=').next().unwrap_or_default().to_lowercase();
            !IN_PATH.contains(&&*name) || !self.takes(&name)
        };
        let segment = |segment: &str| {
            let mut parts = segment.split(';');
            let first = parts.next().unwrap_or_default();
            std::iter::once(first).chain(parts.filter(is_kept)).collect::<Vec<_>>().join(";")
        };
        path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

/// Whether a name in lower case is one of the list, or looks like one. Of `user[email]` each part is looked at.
fn names_somebody(name: &str) -> bool {
    let mut parts = name.split(['[', ']', '.']).filter(|part| !part.is_empty());
    KNOWN.contains(&name)
        || parts.any(|part| {
            let plain: String = part.chars().filter(|c| !matches!(c, '-' | '_')).collect();
            KNOWN.contains(&part) || PARTS.iter().any(|sought| plain.contains(sought))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_person_or_a_session_goes_and_the_rest_stays_as_it_was_written() {
        let stripping = Stripping::default();
        let stripped = |text: &str| stripping.pairs(text, |_| false);
        assert_eq!(stripped("mc_eid=4f2a77b1c0&_hsenc=p2A&msclkid=77&igshid=abc&id=5"), "id=5");
        assert_eq!(stripped("q=a%20b+c&flag&&x=%C3%A4;y"), "q=a%20b+c&flag&&x=%C3%A4;y");
        for name in [
            "mkt_tok",
            "vero_id",
            "oly_enc_id",
            "FBCLID",
            "gclid",
            "ttclid",
            "twclid",
            "yclid",
            "wickedid",
            "email",
            "e-mail",
            "e_mail",
            "user_email",
            "Email",
            "userEmail",
            "user[email]",
            "%65mail",
            "access_token",
            "token",
            "resetToken",
            "id-token",
            "PHPSESSID",
            "session_id",
            "password",
        ] {
            assert_eq!(stripped(&format!("{name}=x&id=5")), "id=5", "{name}");
        }
        for name in [
            "id",
            "page",
            "p",
            "q",
            "lang",
            "utm_source",
            "author",
            "tag[]",
            "article",
            "ref",
            "v",
            "mailing",
        ] {
            assert_eq!(stripped(&format!("{name}=x")), format!("{name}=x"));
        }
        assert_eq!(stripping.path("/a;jsessionid=1F/b;v=2;JSESSIONID=2"), "/a/b;v=2");
    }

    #[test]
    fn a_site_adds_names_and_exempts_others() {
        let name = |text: &str| text.parse::<ParameterName>().expect("a name");
        let stripping =
            Stripping { also: vec![name("Reader")], except: vec![name("token"), name("user_id")] };
        assert_eq!(stripping.pairs("reader=1&TOKEN=2&user_id=3&email=4", |_| false), "TOKEN=2&user_id=3");
        assert!(
            ["", "a b", "a=b", "a&b", &"a".repeat(101)]
                .iter()
                .all(|text| text.parse::<ParameterName>().is_err())
        );
    }

    #[test]
    fn the_list_is_in_lower_case_and_names_nothing_twice() {
        let mut all: Vec<_> = KNOWN.to_vec();
        assert!(all.iter().all(|name| *name == name.to_lowercase()));
        all.sort_unstable();
        let whole = all.len();
        all.dedup();
        assert_eq!(all.len(), whole);
    }
}
