//! Settings: defaults that work with no file, then `config/*.toml`, the environment, and flags.
//!
//! Every field is documented in `config/default.toml`, which a test holds equal to
//! [`Settings::default`]. An unknown key is an error that names it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use config::{Config, Environment, File, FileFormat};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::domain::consent::Policy;
use crate::domain::destination::is_loopback;
use crate::domain::min_count::MinCount;
use crate::domain::own_names::{OwnNameError, OwnNames};
use crate::domain::session::Lifetime;
use crate::i18n::Language;
use crate::journal::Sync;
use crate::service::reports::digest::{Correspondent, MailServer, MailServerError};
use crate::stats::digest::{Schedule, Weekday};
use crate::store::StoreUrl;

mod variables;

/// The environment variables that are settings begin with this.
const ENV_PREFIX: &str = "ENTRENOUS";
/// Settings that hold a list.
const LISTS: [&str; 2] = ["server.names", "server.trusted_proxies"];
/// The longest that counts may be kept, in months.
const MAX_RETENTION_MONTHS: u32 = 25;

/// The longest that somebody may stay signed in: a year.
const MAX_IDLE_HOURS: u32 = 8_760;
const MAX_SESSION_DAYS: u32 = 365;

/// The longest that a visitor may wait for the journal, in milliseconds.
const MAX_WAIT_MS: u64 = 10_000;

/// The longest that settled clicks may be kept, in seconds.
const MAX_KEEP_SECONDS: u64 = 600;

/// All settings.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How the service is reached.
    pub server: Server,
    /// Where the operator's numbers are told.
    pub metrics: Metrics,
    /// Whom to tell of a vulnerability.
    pub security: Security,
    /// Where sites, links and counts are.
    pub store: Store,
    /// Where clicks are recorded.
    pub journal: Journal,
    /// What is kept in memory.
    pub cache: Cache,
    /// What people are asked.
    pub consent: Consent,
    /// What is published.
    pub stats: Stats,
    /// How long people stay signed in.
    pub sessions: Sessions,
    /// How much one client may do.
    pub limits: Limits,
    /// How long counts are kept.
    pub retention: Retention,
    /// Which letters are sent.
    pub digest: Digest,
    /// What is logged.
    pub log: Log,
}

/// How the service is reached.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// The address that short links begin with; `http://localhost` with the port listened on
    /// where it is not given.
    pub public_url: Option<Url>,
    /// Other host names under which the service is reached: no link may lead back to one of them.
    pub names: Vec<String>,
    /// Worker threads; one for each core that the process may use where it is not given.
    pub workers: Option<usize>,
    /// Networks whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// After how many seconds a request is given up.
    pub request_timeout_seconds: u64,
    /// After how many seconds a connection without a request is closed.
    pub idle_timeout_seconds: u64,
    /// For how many seconds visitors are still taken when the service is told to stop, and `/readyz` says so.
    pub drain_seconds: u64,
    /// How many seconds open requests and unsettled clicks get when the service is stopped.
    pub shutdown_timeout_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            names: Vec::new(),
            workers: None,
            trusted_proxies: Vec::new(),
            request_timeout_seconds: 10,
            idle_timeout_seconds: 75,
            drain_seconds: 5,
            shutdown_timeout_seconds: 20,
        }
    }
}

/// Where the operator's numbers are told.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// The address and port of `/metrics`; `off` where it is told nowhere.
    #[serde(deserialize_with = "listener")]
    pub listen: Option<SocketAddr>,
}

/// Whom to tell of a vulnerability.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Security {
    /// The contact that `/.well-known/security.txt` names: an e-mail address, or an address that begins with `mailto:`,
    /// `https:` or `tel:`.
    #[serde(deserialize_with = "contact")]
    pub contact: Option<Url>,
}

/// Where sites, links and counts are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `sqlite:PATH`, `redis://…`, `rediss://…`, `redis+sentinel://h1:p,h2:p/name` or
    /// `redis+cluster://h1:p,h2:p`.
    #[serde(deserialize_with = "store_url")]
    pub url: StoreUrl,
    /// A Redis that keeps nothing on disk, for the day keys that instances share.
    #[serde(deserialize_with = "optional_store_url")]
    pub ephemeral_url: Option<StoreUrl>,
    /// For how many seconds a start tries to reach a store that is shared.
    pub start_seconds: u64,
}

impl Default for Store {
    fn default() -> Self {
        let url = StoreUrl::parse("sqlite:data/entrenous.db").expect("a test holds that it parses");
        Self { url, ephemeral_url: None, start_seconds: 30 }
    }
}

/// Where clicks are recorded before they are forwarded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Journal {
    /// A folder of this instance's own.
    pub dir: PathBuf,
    /// `always` survives a power cut, `os` a killed process.
    #[serde(deserialize_with = "named")]
    pub sync: Sync,
    /// The longest that a visitor waits for a click to be recorded, in milliseconds; 1 to 10,000.
    pub wait_ms: u64,
    /// For how many seconds settled clicks are kept where the store is shared; 1 to 600.
    pub keep_seconds: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self { dir: PathBuf::from("data/journal"), sync: Sync::Always, wait_ms: 500, keep_seconds: 60 }
    }
}

/// What is kept in memory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// The most memory that the links which are clicked take, in MiB.
    pub max_mib: usize,
    /// The most memory that the days which statistics are made of take, in MiB.
    pub stats_mib: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { max_mib: 512, stats_mib: 256 }
    }
}

/// What people are asked.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Consent {
    /// `ask`, `skip` or `aggregate`, for sites without a policy of their own.
    #[serde(deserialize_with = "named")]
    pub unknown: Policy,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stats {
    /// The k of sites that are made without one of their own: 1, with which every number is exact, or 5 to 20.
    #[serde(deserialize_with = "named")]
    pub min_count: MinCount,
}

/// How long people stay signed in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// Hours after the last use.
    pub idle_hours: u32,
    /// Days after signing in.
    pub max_days: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_hours: 168, max_days: 30 }
    }
}

/// How much one client may do; 0 is no limit. Kept in memory only.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Links that one address makes in a minute with publishable keys. One publishable key makes twenty times as many, and
    /// one secret key, from whatever address, ten times.
    pub create_per_minute: u32,
    /// Calls for codes from one address in a minute. One publishable key may make twenty times as many.
    pub reserve_per_minute: u32,
    /// Links that one publishable key makes in a day, with the codes that are given out for them. One address may make a
    /// twentieth of them.
    pub store_per_day: u32,
    /// Unknown codes asked for in a minute from one address.
    pub miss_per_minute: u32,
    /// Clicks, opens and unfurls counted in a minute of one address, all links together.
    pub count_per_minute: u32,
    /// Attempts to sign in, and to open a shared view by its password, in a minute from one address.
    pub sign_in_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            create_per_minute: 60,
            reserve_per_minute: 600,
            store_per_day: 5_000_000,
            miss_per_minute: 300,
            count_per_minute: 600,
            sign_in_per_minute: 10,
        }
    }
}

/// How long counts are kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Months, at most 25.
    pub months: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { months: 13 }
    }
}

/// The weekly digest; nothing is sent where no mail server is given.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Digest {
    /// The mail server: `smtps://user:password@host:465` or `smtp://host:587?tls=required`.
    #[serde(deserialize_with = "optional_named")]
    pub smtp_url: Option<MailServer>,
    /// A file with the same, in the place of it.
    pub smtp_url_file: Option<PathBuf>,
    /// Who sends them.
    #[serde(deserialize_with = "optional_named")]
    pub from: Option<Correspondent>,
    /// Who gets those of a site, by its name.
    #[serde(deserialize_with = "recipients")]
    pub recipients: BTreeMap<String, Vec<Correspondent>>,
    /// On which day of the week.
    #[serde(deserialize_with = "named")]
    pub weekday: Weekday,
    /// At which hour, UTC.
    pub hour: u8,
    /// In which language: `en` or `fr`.
    #[serde(deserialize_with = "named")]
    pub language: Language,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            smtp_url: None,
            smtp_url_file: None,
            from: None,
            recipients: BTreeMap::new(),
            weekday: Weekday::MONDAY,
            hour: 7,
            language: Language::English,
        }
    }
}

/// Why the file with the mail server's address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum SmtpFileError {
    /// The address is set twice.
    #[error("cannot be combined with digest.smtp_url")]
    Both,
    /// The file cannot be read.
    #[error("takes a file that can be read")]
    Unreadable,
    /// The file holds something else.
    #[error(transparent)]
    Address(#[from] MailServerError),
}

impl Digest {
    /// When digests are due.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        Schedule { weekday: self.weekday, hour: self.hour }
    }

    /// Takes the mail server from its file, where it is in one.
    fn read_file(&mut self) -> Result<(), SmtpFileError> {
        let Some(file) = &self.smtp_url_file else { return Ok(()) };
        if self.smtp_url.is_some() {
            return Err(SmtpFileError::Both);
        }
        let text = std::fs::read_to_string(file).map_err(|_| SmtpFileError::Unreadable)?;
        self.smtp_url = Some(text.parse()?);
        Ok(())
    }
}

/// What is logged, to standard error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` (each request: route pattern, status, duration) or `trace`.
    #[serde(deserialize_with = "named")]
    pub level: Level,
    /// Whether lines are JSON.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::Info, json: false }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the usual ones")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// The text is not a level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be error, warn, info, debug or trace")]
pub struct LevelError;

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(LevelError),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable or a flag has an unknown key, or a value of another kind.
    #[error(transparent)]
    Read(#[from] config::ConfigError),
    /// A file has an unknown key, or a value of another kind.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: config::ConfigError,
    },
    /// An environment variable begins as settings do and is none.
    #[error("{name}: there is no setting of this name{}", hint(meant.as_deref()))]
    Variable {
        /// The variable's name.
        name: String,
        /// The name that is probably meant.
        meant: Option<String>,
    },
    /// A value is outside what the setting takes.
    #[error("{setting}: {reason}")]
    Value {
        /// The setting's name.
        setting: &'static str,
        /// What it takes.
        reason: String,
    },
}

impl Settings {
    /// Reads the `*.toml` of `folder` in the order of their names (not `channels.toml`, not
    /// `*.example.toml`), then the environment, then `flags`, each a key such as
    /// `server.listen` and a value.
    pub fn read(folder: &Path, flags: &[(String, String)]) -> Result<Self, SettingsError> {
        variables::check(std::env::vars_os())?;
        let mut builder = Config::builder();
        for path in files(folder) {
            let file = File::from(path.as_path()).format(FileFormat::Toml);
            // Each file for itself, because an error of all of them together does not say where it stands.
            let alone = Config::builder().add_source(file.clone()).build();
            if let Err(error) = alone.and_then(Config::try_deserialize::<Self>) {
                return Err(SettingsError::File { path, error });
            }
            builder = builder.add_source(file);
        }
        let environment = Environment::with_prefix(ENV_PREFIX)
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .list_separator(",");
        builder = builder.add_source(LISTS.iter().fold(environment, |e, list| e.with_list_parse_key(list)));
        for (key, value) in flags {
            builder = if LISTS.contains(&key.as_str()) {
                builder.set_override(key, value.split(',').map(str::to_owned).collect::<Vec<_>>())?
            } else {
                builder.set_override(key, value.as_str())?
            };
        }
        let mut settings: Self = builder.build()?.try_deserialize()?;
        let wrong = |reason: SmtpFileError| SettingsError::Value {
            setting: "digest.smtp_url_file",
            reason: reason.to_string(),
        };
        settings.digest.read_file().map_err(wrong)?;
        settings.check()?;
        Ok(settings)
    }

    /// The address that short links begin with.
    #[must_use]
    pub fn public_url(&self) -> Url {
        let port = self.server.listen.port();
        self.server.public_url.clone().unwrap_or_else(|| {
            Url::parse(&format!("http://localhost:{port}")).expect("a host and a port make an address")
        })
    }

    /// Every name under which the service is reached.
    ///
    /// # Errors
    /// When one of them is no host name.
    pub fn own_names(&self) -> Result<OwnNames, OwnNameError> {
        let own = OwnNames::new(&self.public_url()).listening_on(self.server.listen);
        self.server
            .names
            .iter()
            .filter(|name| !name.trim().is_empty())
            .try_fold(own, |own, name| own.with(name.trim()))
    }

    /// After how long a request is given up.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.server.request_timeout_seconds)
    }

    /// Returns the longest that a visitor waits for the journal.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.journal.wait_ms)
    }

    /// How long settled clicks are kept.
    #[must_use]
    pub fn keep(&self) -> Duration {
        Duration::from_secs(self.journal.keep_seconds)
    }

    /// How long people stay signed in.
    #[must_use]
    pub fn session_lifetime(&self) -> Lifetime {
        let hours = |hours| SignedDuration::from_hours(i64::from(hours));
        Lifetime { idle: hours(self.sessions.idle_hours), longest: hours(24 * self.sessions.max_days) }
    }

    /// After how long a connection without a request is closed.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.server.idle_timeout_seconds)
    }

    /// For how long visitors are still taken after the word to stop.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.server.drain_seconds)
    }

    /// For how long a start tries to reach the store.
    #[must_use]
    pub fn start_patience(&self) -> Duration {
        Duration::from_secs(self.store.start_seconds)
    }

    /// How long stopping may take.
    #[must_use]
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.server.shutdown_timeout_seconds)
    }

    /// Whether only this machine can reach the service, by its settings: then there is a page to
    /// try everything on.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.server.listen.ip().is_loopback()
            && self.public_url().host().is_some_and(|host| is_loopback(&host))
    }

    fn check(&self) -> Result<(), SettingsError> {
        let wrong = |setting, reason: &str| Err(SettingsError::Value { setting, reason: reason.to_owned() });
        let url = self.public_url();
        if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
            return wrong("server.public_url", "takes http:// or https:// and a host, without a path");
        }
        if let Err(error) = self.own_names() {
            return wrong("server.names", &format!("takes host names: {error}"));
        }
        if self.metrics.listen.is_some_and(|listen| listen.port() != 0 && listen == self.server.listen) {
            return wrong("metrics.listen", "takes another port than server.listen, which visitors reach");
        }
        if self.server.workers == Some(0) {
            return wrong("server.workers", "takes a number from 1 on");
        }
        if self.server.request_timeout_seconds == 0 {
            return wrong("server.request_timeout_seconds", "takes a number of seconds from 1 on");
        }
        if !(1..=MAX_WAIT_MS).contains(&self.journal.wait_ms) {
            return wrong("journal.wait_ms", "takes a number of milliseconds from 1 to 10000");
        }
        if !(1..=MAX_KEEP_SECONDS).contains(&self.journal.keep_seconds) {
            return wrong("journal.keep_seconds", "takes a number from 1 to 600");
        }
        if self.server.idle_timeout_seconds == 0 {
            return wrong("server.idle_timeout_seconds", "takes a number of seconds from 1 on");
        }
        if !(1..=MAX_IDLE_HOURS).contains(&self.sessions.idle_hours) {
            return wrong("sessions.idle_hours", "takes a number from 1 to 8760");
        }
        if !(1..=MAX_SESSION_DAYS).contains(&self.sessions.max_days) {
            return wrong("sessions.max_days", "takes a number from 1 to 365");
        }
        if !(1..=MAX_RETENTION_MONTHS).contains(&self.retention.months) {
            return wrong("retention.months", "takes a number from 1 to 25");
        }
        if self.digest.hour > 23 {
            return wrong("digest.hour", "takes an hour from 0 to 23");
        }
        if self.digest.smtp_url.is_some() && self.digest.from.is_none() {
            return wrong("digest.from", "is needed beside digest.smtp_url: who sends the letters");
        }
        if self.digest.smtp_url.is_none() && !self.digest.recipients.is_empty() {
            return wrong("digest.smtp_url", "is needed beside digest.recipients: what brings the letters");
        }
        if self.store.ephemeral_url.as_ref().is_some_and(|url| !url.is_shared()) {
            return wrong(
                "store.ephemeral_url",
                "takes a Redis address; an embedded store shares no day key",
            );
        }
        Ok(())
    }
}

/// Takes an address and a port, or `off`.
fn listener<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if matches!(text.trim(), "" | "off") {
        return Ok(None);
    }
    let wrong = |_| serde::de::Error::custom("takes an address and a port such as 127.0.0.1:9464, or off");
    text.trim().parse().map(Some).map_err(wrong)
}

/// Takes a contact as security.txt has it (RFC 9116): a URI, or an e-mail address, which becomes one. An empty text is none.
fn contact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = text.contains('@') && !text.contains(':');
    let url = if is_plain { Url::parse(&format!("mailto:{text}")) } else { Url::parse(text) };
    let is_one_line = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    let taken = url.ok().filter(|url| is_one_line && matches!(url.scheme(), "mailto" | "https" | "tel"));
    taken.map(Some).ok_or_else(|| {
        serde::de::Error::custom("takes an e-mail address, or an address with mailto:, https: or tel:")
    })
}

fn hint(meant: Option<&str>) -> String {
    meant.map(|meant| format!("; {meant} is probably meant")).unwrap_or_default()
}

/// The settings files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_settings_file(path)).collect();
    files.sort();
    files
}

fn is_settings_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(".toml").is_some_and(|stem| stem != "channels" && !stem.ends_with(".example"))
}

/// Takes networks such as `10.0.0.0/8`, and single addresses.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        let text = text.trim();
        text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)).map_err(|_| {
            serde::de::Error::custom(Quoted("takes networks such as 10.0.0.0/8 or addresses, not", text))
        })
    };
    texts.iter().filter(|text| !text.trim().is_empty()).map(network).collect()
}

struct Quoted<'a>(&'a str, &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.0, self.1)
    }
}

/// Takes a value by its name; of another, the error says which there are.
fn named<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| serde::de::Error::custom(format!("{error}, not '{text}'")))
}

/// The same for a value that may be missing. The error does not repeat it.
fn optional_named<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Takes a table of sites, each with a list of addresses or with one text that has commas between them. The error repeats
/// none of them.
fn recipients<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<Correspondent>>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Addresses {
        List(Vec<String>),
        Text(String),
    }

    let sites = BTreeMap::<String, Addresses>::deserialize(deserializer)?;
    let of_site = |(site, addresses): (String, Addresses)| {
        let addresses = match addresses {
            Addresses::List(list) => list,
            Addresses::Text(text) => text.split(',').map(str::to_owned).collect(),
        };
        let parsed: Result<_, _> = addresses.iter().map(|address| address.parse()).collect();
        Ok((site, parsed.map_err(serde::de::Error::custom)?))
    };
    sites.into_iter().map(of_site).collect()
}

fn store_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StoreUrl, D::Error> {
    StoreUrl::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn optional_store_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StoreUrl>, D::Error> {
    store_url(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(flags: &[(&str, &str)]) -> Vec<(String, String)> {
        flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn read(toml: &str, given: &[(&str, &str)]) -> Result<Settings, String> {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("a.toml"), toml).expect("written");
        std::fs::write(dir.path().join("b.example.toml"), "nonsense").expect("written");
        std::fs::write(dir.path().join("channels.toml"), "[x]").expect("written");
        Settings::read(dir.path(), &flags(given)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let documented = Settings::read(&dir, &[]).expect("config/default.toml");
        assert_eq!(documented, Settings::default());
        assert_eq!(documented.public_url().as_str(), "http://localhost:8080/");
    }

    #[test]
    fn an_unknown_key_is_named_and_a_wrong_value_says_what_is_taken() {
        for (toml, expected) in [
            ("[server]\nlisten_on = \"x\"", "listen_on"),
            ("[sever]\nlisten = \"x\"", "sever"),
            (
                "[consent]\nunknown = \"maybe\"",
                "must be ask, skip or aggregate, not 'maybe' for key `consent.unknown`",
            ),
            ("[journal]\nsync = \"often\"", "must be always or os, not 'often' for key `journal.sync`"),
            ("[journal]\nwait_ms = 0", "journal.wait_ms: takes a number of milliseconds from 1 to 10000"),
            ("[log]\nlevel = \"loud\"", "must be error, warn, info, debug or trace"),
            ("[retention]\nmonths = 26", "retention.months: takes a number from 1 to 25"),
            ("[stats]\nmin_count = 0", "must be 1, or 5 to 20, not '0' for key `stats.min_count`"),
            ("[stats]\nmin_count = 4", "must be 1, or 5 to 20, not '4' for key `stats.min_count`"),
            ("[stats]\nmin_count = 21", "must be 1, or 5 to 20, not '21' for key `stats.min_count`"),
            ("[store]\nurl = \"mysql://x\"", "must begin with sqlite:"),
            ("[server]\ntrusted_proxies = [\"ten\"]", "'ten'"),
            ("[digest]\nweekday = \"someday\"", "must be a day of the week such as monday, not 'someday'"),
            ("[digest]\nlanguage = \"de\"", "must be en or fr, not 'de'"),
            ("[digest]\nhour = 24", "digest.hour: takes an hour from 0 to 23"),
            ("[digest]\nsmtp_url = \"smtp://localhost\"", "digest.from: is needed"),
            ("[digest.recipients]\npress = [\"a@b.example\"]", "digest.smtp_url: is needed"),
            ("[digest]\nsmtp_url_file = \"/nowhere/at-all\"", "digest.smtp_url_file: takes a file"),
            ("[server]\npublic_url = \"https://example.com/path\"", "server.public_url"),
            ("[metrics]\nlisten = \"127.0.0.1:8080\"", "metrics.listen: takes another port"),
            ("[security]\ncontact = \"http://example.com/\"", "takes an e-mail address"),
            ("[security]\ncontact = \"a@b.example\\nExpires: never\"", "takes an e-mail address"),
        ] {
            let error = read(toml, &[]).expect_err(toml);
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }

    #[test]
    fn recipients_are_lists_of_sites_and_no_error_repeats_an_address() {
        let toml = "[digest]\nsmtp_url = \"smtps://user:pass@mail.example\"\nfrom = \"Stats <stats@go.example>\"\n\
            weekday = \"friday\"\nhour = 17\n[digest.recipients]\npress = [\"ada@press.example\", \"Ben <ben@press.example>\"]\n\
            \"The Courier\" = \"cy@courier.example, di@courier.example\"";
        let digest = read(toml, &[]).expect("settings").digest;
        let sites: Vec<_> = digest.recipients.iter().map(|(site, to)| (site.as_str(), to.len())).collect();
        assert_eq!(sites, [("The Courier", 2), ("press", 2)]);
        assert!(digest.smtp_url.is_some() && digest.hour == 17);
        let printed = format!("{digest:?}");
        for hidden in ["pass@", "ada", "courier.example", "go.example"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
        for wrong in [
            "[digest.recipients]\npress = [\"ada at press\"]",
            "[digest]\nfrom = \"ada at press\"",
            "[digest]\nsmtp_url = \"ada at press\"",
        ] {
            let error = read(wrong, &[]).expect_err(wrong);
            assert!(error.contains("takes") && !error.contains("ada at press"), "{error}");
        }
    }

    #[test]
    fn flags_outweigh_files() {
        let toml = "[server]\nlisten = \"127.0.0.1:1\"\n[stats]\nmin_count = 9";
        let settings =
            read(toml, &[("server.listen", "127.0.0.1:2"), ("server.trusted_proxies", "10.0.0.0/8, ::1")]);
        let settings = settings.expect("settings");
        assert_eq!((settings.server.listen.port(), settings.stats.min_count.get()), (2, 9));
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert_eq!(settings.public_url().as_str(), "http://localhost:2/");
    }
}
