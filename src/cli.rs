//! The command line.

#![expect(clippy::doc_markdown, reason = "the comments of options are their help texts")]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use self::person::PersonCommand;
use self::utm::UtmOptions;
use crate::app::Application;
use crate::clock::Clock;
use crate::domain::channel::Channels;
use crate::domain::code::Code;
use crate::domain::consent::Policy;
use crate::domain::day::Day;
use crate::domain::destination::HostRule;
use crate::domain::site::{KeyKind, OriginRule, Site, SiteId};
use crate::domain::utm::Utm;
use crate::service::digest::Writer;
use crate::service::links::Links;
use crate::service::reports::Reports;
use crate::service::sites::Sites;
use crate::service::targets::Targets;
use crate::settings::Settings;
use crate::store::{self, Store, StoreError};
use crate::telemetry;

mod person;
mod utm;

/// The exit code for settings or a command line that cannot be used.
const UNUSABLE: u8 = 2;

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
    /// Ask the service on this machine whether it is alive; exit code 0 says yes
    Healthcheck,
}

#[derive(Debug, Subcommand)]
enum SiteCommand {
    /// Make a site and print its keys, once
    Create(CreateSite),
    /// Change a site; the UTM options that are given make the whole of its new rule
    Change(ChangeSite),
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
#[command(group(ArgGroup::new("changes").required(true).multiple(true).args(["utm", "utm_template", "utm_channels", "no_utm", "lineage", "public", "badges"])))]
struct ChangeSite {
    /// The site's name
    name: String,
    #[command(flatten)]
    utm: UtmOptions,
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
    /// Make a link answer 451
    TakeDown {
        /// The link's code
        code: String,
    },
    /// Let a link that was taken down forward again
    Restore {
        /// The link's code
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
    let done = runtime
        .context("the runtime cannot be started")
        .and_then(|runtime| runtime.block_on(execute(command.unwrap_or(Command::Serve), settings, channels)));
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
        Command::Healthcheck => healthcheck(settings.server.listen),
        Command::Site(SiteCommand::Create(site)) => create_site(site, &settings, &channels).await,
        Command::Site(SiteCommand::Change(site)) => change_site(site, &settings, &channels).await,
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
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut application = Application::build(settings.clone(), channels, Clock::system()).await?;
    let settings = Settings {
        server: crate::settings::Server { listen: application.address(), ..settings.server.clone() },
        ..settings
    };
    let mut out = std::io::stdout().lock();
    if let Some(keys) = application.take_first_keys() {
        writeln!(
            out,
            "This is a first start: the site \"default\" was made, for any destination and any origin."
        )?;
        writeln!(out, "Its keys are shown this once:\n")?;
        writeln!(out, "  publishable key   {}", keys.publishable.reveal())?;
        writeln!(out, "  secret key        {}\n", keys.secret.reveal())?;
    }
    let invitation = if settings.is_local() { "ready to try" } else { "listening" };
    writeln!(out, "Entrenous is {invitation} at {}", settings.public_url())?;
    out.flush()?;
    drop(out);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    application.run_until_stopped(stop).await
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
    let CreateSite { name, destinations, origins, consent, utm, forward_query, lineage, json } = asked;
    if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        bail!("the site's name must be 1 to 100 characters on one line");
    }
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
        forward_query,
        lineage: lineage == Some(Switch::On),
        public: false,
        badges: false,
        created_at: now,
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
        println!("  publishable key   {publishable}\n  secret key        {secret}");
    }
    Ok(())
}

async fn change_site(asked: ChangeSite, settings: &Settings, channels: &Channels) -> anyhow::Result<()> {
    let ChangeSite { name, utm, no_utm, lineage, public, badges } = asked;
    let utm = utm.rule(channels)?.or(no_utm.then(Utm::default));
    let change = |site: &mut Site| {
        if let Some(utm) = &utm {
            site.utm = utm.clone();
        }
        let set = |flag: &mut bool, switch: Option<Switch>| {
            *flag = switch.map_or(*flag, |switch| switch == Switch::On);
        };
        set(&mut site.lineage, lineage);
        set(&mut site.public, public);
        set(&mut site.badges, badges);
    };
    let changed = Sites::new(open(settings).await?).change(&name, change).await?;
    let site = changed.with_context(|| format!("there is no site \"{name}\""))?;
    let word = |on| if on { "on" } else { "off" };
    println!(
        "The site \"{}\" was changed. Its lineage: {}. Its public numbers: {}. Its badges: {}. Its UTM parameters: {}",
        site.name,
        word(site.lineage),
        word(site.public),
        word(site.badges),
        site.utm
    );
    Ok(())
}

async fn list_sites(json: bool, settings: &Settings) -> anyhow::Result<()> {
    for site in Sites::new(open(settings).await?).all().await? {
        let consent = site.consent.map_or("the service's", Policy::as_str);
        if json {
            println!(
                "{}",
                json!({
                    "site": site.name, "destinations": site.destinations, "origins": site.origins,
                    "consent": site.consent, "utm": site.utm, "forward_query": site.forward_query,
                    "lineage": site.lineage, "public": site.public, "badges": site.badges,
                    "created_at": site.created_at,
                })
            );
        } else {
            let texts =
                |rules: Vec<String>| if rules.is_empty() { "none".to_owned() } else { rules.join(" ") };
            let destinations = texts(site.destinations.iter().map(ToString::to_string).collect());
            let origins = texts(site.origins.iter().map(ToString::to_string).collect());
            println!(
                "{}\n  destinations  {destinations}\n  origins       {origins}\n  consent       {consent}",
                site.name
            );
            println!("  utm           {}", site.utm);
        }
    }
    Ok(())
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
    let (k, months) = (settings.stats.min_count, settings.retention.months);
    let reports = Reports::new(store, k, months, settings.cache.stats_mib.saturating_mul(1 << 20));
    let (channels, public_url) = (Arc::new(channels), settings.public_url());
    let writer =
        Writer { reports: Arc::new(reports), channels, public_url, language: settings.digest.language };
    let now = Clock::system().now();
    let (letter, _) = writer.letter(&found, settings.digest.schedule().last_due(now), Day::of(now)).await?;
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
    let links = Links::new(store, targets, Arc::new(channels), public_url);
    let link = links.take_down(&parsed, taken_down).await?.with_context(unknown)?;
    let now = if taken_down { "taken down" } else { "restored" };
    println!("{} is {now}; it leads to {}", links.short_url(&link.code), link.url);
    Ok(())
}
