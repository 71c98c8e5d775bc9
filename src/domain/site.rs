//! Sites: the publishers, what their links may do, and the keys that speak for them.

use std::fmt;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::domain::consent::Policy;
use crate::domain::destination::HostRule;
use crate::domain::min_count::MinCounts;
use crate::domain::stripping::Stripping;
use crate::domain::utm::Utm;

/// Letters and digits.
pub(super) const KEY_ALPHABET: [char; 62] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K',
    'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];
/// 62^32 is over 2^190: nobody guesses a key.
const KEY_LENGTH: usize = 32;

/// A publisher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Site {
    /// What the stores call it.
    pub id: SiteId,
    /// What people call it; no two sites have one name.
    pub name: String,
    /// Where its links may lead.
    pub destinations: Vec<HostRule>,
    /// From which web origins a browser may use its publishable key.
    pub origins: Vec<OriginRule>,
    /// What is done with people who have not answered; the service's setting where it has no own.
    #[serde(default)]
    pub consent: Option<Policy>,
    /// What the destination is told of a link in UTM parameters; nothing where it is off.
    #[serde(default)]
    pub utm: Utm,
    /// What is taken off destinations that a publishable key brings, beside what is always.
    #[serde(default, skip_serializing_if = "Stripping::is_empty")]
    pub stripping: Stripping,
    /// Whether the query string of a short address is passed on to the destination.
    #[serde(default)]
    pub forward_query: bool,
    /// Whether a forwarded address names the link that led there, so that what is shared from there can
    /// name its parent.
    #[serde(default)]
    pub lineage: bool,
    /// How many people its published numbers stand for at least, and since when.
    #[serde(default)]
    pub min_count: MinCounts,
    /// Whether anybody may read its numbers, at an address of their own.
    #[serde(default)]
    pub public: bool,
    /// Whether its links and pages have badges with their total clicks.
    #[serde(default)]
    pub badges: bool,
    /// Rises with each change of the settings above, except for the name, the public numbers and the badges.
    #[serde(default)]
    pub revision: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its keys, by their hashes.
    pub keys: Vec<SiteKey>,
}

impl Site {
    /// Counts a change from `old` in the revision, if the settings that it stands for have changed.
    pub fn revise(&mut self, old: &Self) {
        let settings = |site: &Self| Self {
            name: String::new(),
            public: false,
            badges: false,
            revision: 0,
            keys: Vec::new(),
            ..site.clone()
        };
        if settings(self) != settings(old) {
            self.revision = old.revision.saturating_add(1);
        }
    }

    /// What the key with this hash may do, compared in constant time; `None` where it is not a key
    /// of this site.
    #[must_use]
    pub fn key_kind(&self, hash: &KeyHash) -> Option<KeyKind> {
        self.keys.iter().find(|key| bool::from(key.hash.0.ct_eq(&hash.0))).map(|key| key.kind)
    }

    /// Puts the hash of a new key of this kind in the place of the old one, which ends.
    pub fn rotate(&mut self, kind: KeyKind, hash: KeyHash) {
        self.keys.retain(|key| key.kind != kind);
        self.keys.push(SiteKey { kind, hash });
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists = size_of_val(&*self.destinations) + size_of_val(&*self.origins) + size_of_val(&*self.keys);
        let texts = self.name.len() + 32 * (self.destinations.len() + self.origins.len());
        size_of::<Self>() + lists + texts + self.utm.bytes() + self.stripping.bytes() + self.min_count.bytes()
    }

    /// Whether a browser on a page of `origin` may use the publishable key.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|rule| rule.allows(origin))
    }
}

/// How many letters and digits a site's identifier has.
const ID_LENGTH: usize = 8;

/// A site's name inside the stores: 8 random letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteId(CompactString);

impl SiteId {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(nanoid::nanoid!(ID_LENGTH, &KEY_ALPHABET).into())
    }

    /// Takes what a client says is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then(|| Self(text.into()))
    }

    /// Takes what a store or the journal kept.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A web origin such as `https://www.example.com`, or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OriginRule(String);

/// The text is no web origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an origin such as https://www.example.com, or *")]
pub struct OriginRuleError(String);

impl OriginRule {
    /// The rule that allows every origin.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether it allows pages of this origin; nothing is no origin.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        !origin.is_empty() && (self.0 == "*" || self.0 == origin)
    }

    /// Takes an origin: scheme, host and, where it is not the usual one, port.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, OriginRuleError> {
        let wrong = || OriginRuleError(text.to_owned());
        if text == "*" {
            return Ok(Self(text.to_owned()));
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty();
        if bare { Ok(Self(url.origin().ascii_serialization())) } else { Err(wrong()) }
    }
}

impl fmt::Display for OriginRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Only create links; may stand in a page.
    Publishable,
    /// Everything of its site.
    Secret,
}

/// A key as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteKey {
    /// What it may do.
    pub kind: KeyKind,
    /// Its hash.
    pub hash: KeyHash,
}

/// The SHA-256 of a key. A key is 190 random bits, so it needs no salt and no slow hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of what a client sent as its key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// Takes what [`KeyHash::to_hex`] gave.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let whole = base16ct::lower::decode(text, &mut bytes).ok()?.len() == 32;
        whole.then_some(Self(bytes))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

impl Serialize for KeyHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("64 hexadecimal digits expected"))
    }
}

/// A fresh key in clear, to be shown once: it has no `Debug`, and only its hash is kept.
#[expect(missing_debug_implementations, reason = "a key must be shown once, on purpose")]
pub struct Key(String);

impl Key {
    /// `ens_pk_…` or `ens_sk_…` with 32 random letters and digits.
    #[must_use]
    pub fn random(kind: KeyKind) -> Self {
        let prefix = match kind {
            KeyKind::Publishable => "ens_pk_",
            KeyKind::Secret => "ens_sk_",
        };
        Self(format!("{prefix}{}", nanoid::nanoid!(KEY_LENGTH, &KEY_ALPHABET)))
    }

    /// The key in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its hash, for the store.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        assert_eq!(
            OriginRule::parse("https://WWW.example.com:443/").map(|o| o.to_string()).as_deref(),
            Ok("https://www.example.com")
        );
        assert_eq!(
            OriginRule::parse("http://localhost:3000").map(|o| o.to_string()).as_deref(),
            Ok("http://localhost:3000")
        );
        for wrong in
            ["", "example.com", "ftp://example.com", "https://example.com/a", "https://a@example.com", "null"]
        {
            assert!(OriginRule::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn site() -> Site {
        Site {
            id: SiteId::random(),
            name: "press".into(),
            destinations: vec![],
            origins: vec![],
            consent: None,
            utm: Utm::default(),
            stripping: Stripping::default(),
            forward_query: false,
            lineage: false,
            min_count: MinCounts::default(),
            public: false,
            badges: false,
            revision: 0,
            created_at: Timestamp::UNIX_EPOCH,
            keys: vec![],
        }
    }

    #[test]
    fn the_revision_rises_with_the_settings_and_not_with_keys_or_public_numbers() {
        let old = site();
        let mut new = Site { public: true, badges: true, ..old.clone() };
        new.rotate(KeyKind::Secret, Key::random(KeyKind::Secret).hash());
        new.revise(&old);
        assert_eq!(new.revision, 0);
        new.forward_query = true;
        new.revise(&old);
        assert_eq!(new.revision, 1);
        let mut back = Site { forward_query: false, ..new.clone() };
        back.revise(&new);
        assert_eq!(back.revision, 2, "the same settings as at first, and another revision");
    }

    #[test]
    fn a_rotated_key_ends_and_the_other_stays() {
        let (publishable, secret) = (Key::random(KeyKind::Publishable), Key::random(KeyKind::Secret));
        let mut site = site();
        site.rotate(KeyKind::Publishable, publishable.hash());
        site.rotate(KeyKind::Secret, secret.hash());
        let next = Key::random(KeyKind::Secret);
        site.rotate(KeyKind::Secret, next.hash());
        assert_eq!(site.key_kind(&secret.hash()), None);
        assert_eq!(site.key_kind(&next.hash()), Some(KeyKind::Secret));
        assert_eq!(site.key_kind(&publishable.hash()), Some(KeyKind::Publishable));
        let json = serde_json::to_string(&site).expect("json");
        assert!(!json.contains(&publishable.reveal()[7..]));
        assert_eq!(serde_json::from_str::<Site>(&json).expect("a site"), site);
    }
}
