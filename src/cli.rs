//! The command line.

#![expect(clippy::doc_markdown, reason = "the comments of options are their help texts")]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use self::doctor::Doctor;
use self::person::PersonCommand;
use self::site_delete::DeleteSite;
use self::utm::UtmOptions;
use crate::app::Application;
use crate::clock::Clock;
use crate::domain::channel::Channels;
use crate::domain::code::Code;
use crate::domain::consent::{Policy, PolicyError};
use crate::domain::day::Day;
use crate::domain::destination::HostRule;
use crate::domain::min_count::{MinCount, MinCounts};
use crate::domain::reserved::Reservations;
use crate::domain::session::hour;
use crate::domain::site::{KeyKind, OriginRule, Site, SiteId};
use crate::domain::stripping::{ParameterName, Stripping};
use crate::domain::utm::Utm;
use crate::i18n::Language;
use crate::memory;
use crate::service::accounts::sites::{NewKeys, Sites};
use crate::service::links::Links;
use crate::service::links::targets::Targets;
use crate::service::reports::Reports;
use crate::service::reports::digest::Writer;
use crate::service::shared_clock::SharedClock;
use crate::settings::Settings;
use crate::store;
use crate::store::{Store, StoreError};
use crate::telemetry;

mod doctor;
mod person;
mod site_delete;
mod utm;

/// The exit code for settings or a command line that cannot be used.
const UNUSABLE: u8 = 2;
/// How long a command waits for the store's time.
const STORE_TIME: Duration = Duration::from_secs(2);
/// How long a command's end waits for what still works beside it.
const PARTING: Duration = Duration::from_secs(5);

/// Short links for what people share in private, counted without knowing who.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Options {
    /// Folder of the settings files and of channels.toml [default: config, where there is one]
    #[arg(long, value_name = "FOLDER", global = true)]
    config: Option<PathBuf>,
    /// A setting, such as stats.min_count=10; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value, global = true)]
    set: Vec<(String, String)>,
    /// Same as --set server.listen=ADDRESS
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<String>,
    /// Same as --set server.public_url=URL
    #[arg(long, value_name = "URL", global = true)]
    public_url: Option<String>,
    /// Same as --set store.url=URL
    #[arg(long, value_name = "URL", global = true)]
    store: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service (this is what happens without a command)
    Serve,
    /// Make, change and list sites
    #[command(subcommand)]
    Site(SiteCommand),
    /// Let people sign in to the statistics
    #[command(subcommand)]
    Person(PersonCommand),
    /// Replace keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Take links down for abuse
    #[command(subcommand)]
    Link(LinkCommand),
    /// Look at the weekly digest
    #[command(subcommand)]
    Digest(DigestCommand),
    /// Check that the journal and the store belong together; exit code 0 says yes
    Doctor(Doctor),
    /// Ask the service on this machine whether it is alive; exit code 0 says yes
    Healthcheck,
}

#[derive(Debug, Subcommand)]
enum SiteCommand {
    /// Make a site and print its keys, once
    Create(CreateSite),
    /// Change a site; what is given takes the place of what was there, as a whole
    Change(ChangeSite),
    /// Delete a site with its links, its counts and whoever may see them
    Delete(DeleteSite),
    /// Print all sites
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct CreateSite {
    /// What to call it
    name: String,
    /// Hosts that its links may lead to, with their subdomains; * is any host
    #[arg(long = "destination", value_name = "HOST", num_args = 1.., required = true, value_parser = HostRule::parse)]
    destinations: Vec<HostRule>,
    /// Web origins whose pages may use the publishable key; * is any origin
    #[arg(long = "origin", value_name = "ORIGIN", num_args = 1.., value_parser = OriginRule::parse)]
    origins: Vec<OriginRule>,
    /// What is done with people who have not answered: ask, skip or aggregate
    #[arg(long, value_name = "POLICY")]
    consent: Option<Policy>,
    #[command(flatten)]
    utm: UtmOptions,
    #[command(flatten)]
    stripping: StrippingOptions,
    /// How many people stand behind a number: 1, with which every number is exact, or 5 to 20 [default: stats.min_count]
    #[arg(long, value_name = "K")]
    min_count: Option<MinCount>,
    /// Pass the query string of a short address on to the destination
    #[arg(long)]
    forward_query: bool,
    /// Name the link in the address that it forwards to, so that what is shared from there has a parent
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    lineage: Option<Switch>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("changes").required(true).multiple(true).args([
    "new_name", "destinations", "origins", "consent", "utm", "utm_template", "utm_channels", "no_utm", "strip", "keep", "min_count",
    "forward_query", "lineage", "public", "badges",
])))]
struct ChangeSite {
    /// The site's name
    name: String,
    /// What to call it from now on
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// Hosts that its links may lead to, with their subdomains; * is any host
    #[arg(long = "destination", value_name = "HOST", num_args = 1.., value_parser = HostRule::parse)]
    destinations: Option<Vec<HostRule>>,
    /// Web origins whose pages may use the publishable key; * is any origin, and nothing is none
    #[arg(long = "origin", value_name = "ORIGIN", num_args = 0.., value_parser = OriginRule::parse)]
    origins: Option<Vec<OriginRule>>,
    /// What is done with people who have not answered: ask, skip or aggregate; default is what the service does
    #[arg(long, value_name = "POLICY", value_parser = policy_or_default)]
    consent: Option<ConsentChange>,
    #[command(flatten)]
    utm: UtmOptions,
    #[command(flatten)]
    stripping: StrippingOptions,
    /// How many people stand behind a number, from tomorrow (UTC) on: 1, with which every number is exact, or 5 to 20
    #[arg(long, value_name = "K")]
    min_count: Option<MinCount>,
    /// Pass the query string of a short address on to the destination
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    forward_query: Option<Switch>,
    /// Tell the destination nothing in UTM parameters
    #[arg(long, conflicts_with_all = ["utm", "utm_template", "utm_channels"])]
    no_utm: bool,
    /// Name the link in the address that it forwards to, so that what is shared from there has a parent
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    lineage: Option<Switch>,
    /// Let anybody read the site's numbers, at /stats/public/NAME
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    public: Option<Switch>,
    /// Give links badges with their total clicks, at /CODE/badge.svg
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    badges: Option<Switch>,
}

/// Another policy, or the service's own.
#[derive(Debug, Clone, Copy)]
struct ConsentChange(Option<Policy>);

fn policy_or_default(text: &str) -> Result<ConsentChange, PolicyError> {
    if text == "default" {
        Ok(ConsentChange(None))
    } else {
        text.parse().map(|policy| ConsentChange(Some(policy)))
    }
}

/// What destinations lose.
#[derive(Debug, Args)]
struct StrippingOptions {
    /// Parameters that destinations lose too when a publishable key brings them, beside those that name a person or a session
    #[arg(long, value_name = "PARAMETER", num_args = 0..)]
    strip: Option<Vec<ParameterName>>,
    /// Parameters that they never lose
    #[arg(long, value_name = "PARAMETER", num_args = 0..)]
    keep: Option<Vec<ParameterName>>,
}

impl StrippingOptions {
    /// Puts what was given in the place of what was there.
    fn put_into(&self, stripping: &mut Stripping) {
        if let Some(strip) = &self.strip {
            stripping.also.clone_from(strip);
        }
        if let Some(keep) = &self.keep {
            stripping.except.clone_from(keep);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Give a site a new key, print it once, and end the old one
    Rotate {
        /// The site's name
        site: String,
        /// Which key
        #[arg(long, value_enum)]
        kind: Kind,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Publishable,
    Secret,
}

#[derive(Debug, Subcommand)]
enum LinkCommand {
    // To a script that goes through codes, a code such as `--help` must be one that is not there, and no success. The help
    // is `entrenous help link take-down`.
    /// Make a link answer 451
    #[command(disable_help_flag = true)]
    TakeDown {
        /// The link's code
        #[arg(allow_hyphen_values = true)]
        code: String,
    },
    /// Let a link that was taken down forward again
    #[command(disable_help_flag = true)]
    Restore {
        /// The link's code
        #[arg(allow_hyphen_values = true)]
        code: String,
    },
}

#[derive(Debug, Subcommand)]
enum DigestCommand {
    /// Print the latest letter that is due for a site; nothing is sent
    Preview {
        /// The site's name
        site: String,
        /// Print its HTML
        #[arg(long)]
        html: bool,
    },
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    memory::keep_private();
    let Cli { options, command } = Cli::parse();
    let (settings, channels) = match settings(&options) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("entrenous: {error:#}");
            return ExitCode::from(UNUSABLE);
        }
    };
    telemetry::start(&settings.log);
    // Requests run on the workers' own threads; these two do the settling and the store's traffic.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = runtime.context("the runtime cannot be started").and_then(|runtime| {
        let done = runtime.block_on(execute(command.unwrap_or(Command::Serve), settings, channels));
        // What still reads or writes then may hang with its disk.
        runtime.shutdown_timeout(PARTING);
        done
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrenous: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("takes KEY=VALUE, such as stats.min_count=10")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

fn settings(options: &Options) -> anyhow::Result<(Settings, Channels)> {
    let named = [
        ("server.listen", &options.listen),
        ("server.public_url", &options.public_url),
        ("store.url", &options.store),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let flags: Vec<_> = options.set.iter().cloned().chain(named).collect();
    let folder = options.config.as_deref().unwrap_or("config".as_ref());
    if options.config.is_some() && !folder.is_dir() {
        bail!("--config: there is no folder {}", folder.display());
    }
    let settings = Settings::read(folder, &flags)?;
    Ok((settings, channels(folder)?))
}

fn channels(folder: &Path) -> anyhow::Result<Channels> {
    let path = folder.join("channels.toml");
    match std::fs::read_to_string(&path) {
        Ok(file) => Channels::with(&file).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Channels::built_in()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

async fn execute(command: Command, settings: Settings, channels: Channels) -> anyhow::Result<()> {
    match command {
        Command::Serve => serve(settings, channels).await,
        Command::Doctor(command) => doctor::execute(&command, &settings).await,
        Command::Healthcheck => healthcheck(settings.server.listen),
        Command::Site(SiteCommand::Create(site)) => create_site(site, &settings, &channels).await,
        Command::Site(SiteCommand::Change(site)) => change_site(site, &settings, &channels).await,
        Command::Site(SiteCommand::Delete(command)) => site_delete::execute(&command, &settings).await,
        Command::Site(SiteCommand::List { json }) => list_sites(json, &settings).await,
        Command::Person(command) => person::execute(command, &settings).await,
        Command::Key(KeyCommand::Rotate { site, kind, json }) => {
            rotate_key(&site, kind, json, &settings).await
        }
        Command::Digest(DigestCommand::Preview { site, html }) => {
            preview_digest(&site, html, &settings, channels).await
        }
        Command::Link(LinkCommand::TakeDown { code }) => take_down(&code, true, &settings, channels).await,
        Command::Link(LinkCommand::Restore { code }) => take_down(&code, false, &settings, channels).await,
    }
}

async fn serve(settings: Settings, channels: Channels) -> anyhow::Result<()> {
    let mut told_to_stop = stop_signals(settings.drain(), settings.shutdown_timeout())?;
    let mut application = tokio::select! {
        built = Application::build(settings.clone(), channels, Clock::system()) => built?,
        // A start may wait for its store, or for a disk.
        () = told_to_stop() => return Ok(()),
    };
    let settings = Settings {
        server: crate::settings::Server { listen: application.address(), ..settings.server.clone() },
        ..settings
    };
    if !application.make_first_site(|keys| print_first_keys(&keys)).await? {
        println!("Another instance was first: its keys hold, and these do not.\n");
    }
    let mut out = std::io::stdout().lock();
    let invitation = if settings.is_local() { "ready to try" } else { "listening" };
    writeln!(out, "Entrenous is {invitation} at {}", settings.public_url())?;
    out.flush()?;
    drop(out);
    application.run_until_stopped(told_to_stop).await
}

/// Returns what waits for the next SIGTERM or SIGINT. From the first one on the process has the time to drain and the time
/// to stop, and from the second one on the time to stop: afterwards it ends wherever it is, because a disk or a
/// database that hangs could hold it for ever. SIGHUP ends nothing.
fn stop_signals(drain: Duration, limit: Duration) -> anyhow::Result<impl AsyncFnMut()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (tell, mut told) = mpsc::unbounded_channel();
    // In a task of its own, because the start may hold up the calling thread.
    tokio::spawn(async move {
        let mut time_left = drain + limit;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {
                    tracing::info!("SIGHUP ends nothing; settings are read when the service starts");
                    continue;
                }
            }
            end_after(time_left);
            time_left = limit;
            let _ = tell.send(());
        }
    });
    Ok(async move || {
        let _ = told.recv().await;
    })
}

/// Ends the process after this time, whatever it is doing.
fn end_after(time: Duration) {
    let waiting = thread::Builder::new().name("deadline".to_owned()).spawn(move || {
        thread::sleep(time);
        tracing::warn!("the time to stop is over; what was recorded is settled by the next start");
        std::process::exit(0);
    });
    if let Err(error) = waiting {
        tracing::warn!(%error, "nothing watches that the process ends in time");
    }
}

/// Prints the keys of a first start, to the last byte: they are made permanent after that.
fn print_first_keys(keys: &NewKeys) -> anyhow::Result<()> {
    let text = format!(
        "This is a first start: the site \"default\" is made, for any destination and any origin.\n\
         Its keys are shown this once:\n\n  publishable key   {}\n  secret key        {}\n\n",
        keys.publishable.reveal(),
        keys.secret.reveal()
    );
    let mut out = std::io::stdout().lock();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    printed.context("the keys of the first site cannot be printed, so it was not made")
}

/// Asks `/healthz` over a plain connection: a client library would be most of the binary's weight
/// for these few bytes.
fn healthcheck(listen: SocketAddr) -> anyhow::Result<()> {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, listen.port()), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    if answer.ends_with(b" 200") { Ok(()) } else { bail!("the service does not say that it is alive") }
}

async fn open(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    let url = &settings.store.url;
    let opened = store::open(url, None).await;
    opened.with_context(|| format!("store.url: {url} cannot be opened"))
}

async fn create_site(asked: CreateSite, settings: &Settings, channels: &Channels) -> anyhow::Result<()> {
    let CreateSite { name, destinations, origins, consent, utm, stripping, min_count, .. } = asked;
    let CreateSite { forward_query, lineage, json, .. } = asked;
    check_name(&name)?;
    let mut stripped = Stripping::default();
    stripping.put_into(&mut stripped);
    let utm = utm.rule(channels)?.unwrap_or_default();
    let now = Clock::system().now();
    let id = SiteId::random();
    let site = Site {
        id,
        name,
        destinations,
        origins,
        consent,
        utm,
        stripping: stripped,
        forward_query,
        lineage: lineage == Some(Switch::On),
        min_count: MinCounts::always(min_count.unwrap_or(settings.stats.min_count)),
        public: false,
        badges: false,
        revision: 0,
        created_at: hour(now),
        keys: Vec::new(),
    };
    let name = site.name.clone();
    let (site, keys) = match Sites::new(open(settings).await?).create(site, now).await {
        Err(StoreError::Conflict) => bail!("there is a site \"{name}\" already"),
        created => created?,
    };
    let (publishable, secret) = (keys.publishable.reveal(), keys.secret.reveal());
    if json {
        println!("{}", json!({ "site": site.name, "publishable_key": publishable, "secret_key": secret }));
    } else {
        println!("The site \"{}\" was made. Its keys are shown this once:\n", site.name);
        println!("  publishable key   {publishable}\n  secret key        {secret}\n");
        print_min_count(site.min_count.chosen());
    }
    Ok(())
}

/// Prints a k, with what it shows and hides.
fn print_min_count(k: MinCount) {
    let sentence = if k.is_exact() { "min-count-one" } else { "min-count-some" };
    println!("Its k (--min-count) is {k}. {}", Language::English.say(sentence));
}

fn check_name(name: &str) -> anyhow::Result<()> {
    if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        bail!("the site's name must be 1 to 100 characters on one line");
    }
    Ok(())
}

/// Puts what was given in the place of what was there.
fn put<T: Clone>(place: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        place.clone_from(given);
    }
}

async fn change_site(asked: ChangeSite, settings: &Settings, channels: &Channels) -> anyhow::Result<()> {
    let ChangeSite { name, new_name, destinations, origins, consent, utm, no_utm, stripping, .. } = asked;
    let ChangeSite { min_count, forward_query, lineage, public, badges, .. } = asked;
    if let Some(name) = &new_name {
        check_name(name)?;
    }
    let utm = utm.rule(channels)?.or(no_utm.then(Utm::default));
    let store = open(settings).await?;
    let today = today(&*store).await;
    let change = |site: &mut Site| {
        put(&mut site.name, new_name.as_ref());
        put(&mut site.destinations, destinations.as_ref());
        put(&mut site.origins, origins.as_ref());
        put(&mut site.consent, consent.map(|ConsentChange(policy)| policy).as_ref());
        put(&mut site.utm, utm.as_ref());
        stripping.put_into(&mut site.stripping);
        if let Some(k) = min_count {
            site.min_count.choose(k, today);
        }
        for (flag, switch) in [
            (&mut site.forward_query, forward_query),
            (&mut site.lineage, lineage),
            (&mut site.public, public),
            (&mut site.badges, badges),
        ] {
            put(flag, switch.map(|switch| switch == Switch::On).as_ref());
        }
    };
    let changed = match Sites::new(store).change(&name, change).await {
        Err(StoreError::Conflict) => bail!("there is a site of that name already"),
        changed => changed?,
    };
    let site = changed.with_context(|| format!("there is no site \"{name}\""))?;
    println!("The site \"{}\" was changed.\n", site.name);
    if let Some(k) = min_count {
        println!("Its k is {k} from tomorrow (UTC) on; until then it is {}.", site.min_count.on(today));
        print_min_count(k);
        println!();
    }
    print_site(&site, today);
    Ok(())
}

/// The day of all instances on this store, as far as it tells. A change that counts from tomorrow on must not count today.
async fn today(store: &dyn Store) -> Day {
    let clock = SharedClock::new(Clock::system());
    let _ = timeout(STORE_TIME, clock.ask(store)).await;
    Day::of(clock.now())
}

async fn list_sites(json: bool, settings: &Settings) -> anyhow::Result<()> {
    let store = open(settings).await?;
    let today = today(&*store).await;
    for site in Sites::new(store).all().await? {
        if json {
            println!(
                "{}",
                json!({
                    "site": site.name, "destinations": site.destinations, "origins": site.origins,
                    "consent": site.consent, "utm": site.utm, "strip": site.stripping.also, "keep": site.stripping.except,
                    "min_count": site.min_count.on(today), "min_count_tomorrow": site.min_count.on(today.plus(1)),
                    "forward_query": site.forward_query,
                    "lineage": site.lineage, "public": site.public, "badges": site.badges,
                    "created_at": site.created_at,
                })
            );
        } else {
            print_site(&site, today);
        }
    }
    Ok(())
}

/// Prints what is set of a site.
fn print_site(site: &Site, today: Day) {
    fn list(rules: &[impl ToString]) -> String {
        let rules: Vec<_> = rules.iter().map(ToString::to_string).collect();
        if rules.is_empty() { "none".to_owned() } else { rules.join(" ") }
    }
    let word = |on| if on { "on" } else { "off" };
    let min_count = match [today, today.plus(1)].map(|day| site.min_count.on(day)) {
        [now, tomorrow] if now == tomorrow => now.to_string(),
        [now, tomorrow] => format!("{now}; from tomorrow (UTC) {tomorrow}"),
    };
    println!("{}", site.name);
    for (name, value) in [
        ("destinations", list(&site.destinations)),
        ("origins", list(&site.origins)),
        ("consent", site.consent.map_or("the service's", Policy::as_str).to_owned()),
        ("utm", site.utm.to_string()),
        ("strip", list(&site.stripping.also)),
        ("keep", list(&site.stripping.except)),
        ("min count", min_count),
        ("forward query", word(site.forward_query).to_owned()),
        ("lineage", word(site.lineage).to_owned()),
        ("public", word(site.public).to_owned()),
        ("badges", word(site.badges).to_owned()),
    ] {
        println!("  {name:<14}{value}");
    }
}

async fn rotate_key(site: &str, kind: Kind, json: bool, settings: &Settings) -> anyhow::Result<()> {
    let (kind, name) = match kind {
        Kind::Publishable => (KeyKind::Publishable, "publishable_key"),
        Kind::Secret => (KeyKind::Secret, "secret_key"),
    };
    let rotated = Sites::new(open(settings).await?).rotate_key(site, kind).await?;
    let key = rotated.with_context(|| format!("there is no site \"{site}\""))?;
    if json {
        println!("{}", json!({ "site": site, name: key.reveal() }));
    } else {
        println!("The old key has ended. The new one is shown this once:\n\n  {}", key.reveal());
    }
    Ok(())
}

async fn preview_digest(
    site: &str,
    html: bool,
    settings: &Settings,
    channels: Channels,
) -> anyhow::Result<()> {
    let store = open(settings).await?;
    let found = Sites::new(Arc::clone(&store)).by_name(site).await?;
    let found = found.with_context(|| format!("there is no site \"{site}\""))?;
    let clock = SharedClock::new(Clock::system());
    let most_bytes = settings.cache.stats_mib.saturating_mul(1 << 20);
    let reports = Reports::new(store, clock, settings.retention.months, most_bytes);
    let (channels, public_url) = (Arc::new(channels), settings.public_url());
    let writer =
        Writer { reports: Arc::new(reports), channels, public_url, language: settings.digest.language };
    let now = Clock::system().now();
    let (letter, _) = writer.letter(&found, settings.digest.schedule().last_due(now)).await?;
    if html {
        print!("{}", letter.html);
    } else {
        println!("Subject: {}\n\n{}", letter.subject, letter.text);
    }
    Ok(())
}

async fn take_down(
    code: &str,
    taken_down: bool,
    settings: &Settings,
    channels: Channels,
) -> anyhow::Result<()> {
    let unknown = || format!("there is no link \"{code}\"");
    let parsed = Code::parse(code).with_context(unknown)?;
    let public_url: Arc<Url> = Arc::new(settings.public_url());
    let store = open(settings).await?;
    // Nothing is looked up here, so nothing is kept.
    let targets = Arc::new(Targets::new(Arc::clone(&store), 0));
    let own_names = Arc::new(settings.own_names()?);
    // Nothing is made here, so nothing that was given out matters.
    let reservations = Arc::new(Reservations::new(&[]));
    let links = Links::new(store, targets, Arc::new(channels), public_url, own_names, reservations);
    let link = links.take_down(&parsed, taken_down, Clock::system().now()).await?.with_context(unknown)?;
    let now = if taken_down { "taken down" } else { "restored" };
    println!("{} is {now}; it leads to {}", links.short_url(&link.code), link.url);
    Ok(())
}
