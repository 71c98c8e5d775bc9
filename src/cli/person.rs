//! People on the command line: added, listed, given a new password, removed.

use std::io::{BufRead, stdin};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::open;
use crate::domain::person::Role;
use crate::domain::site::Site;
use crate::service::accounts::passwords::Passwords;
use crate::service::accounts::people::{People, PersonError};
use crate::service::accounts::sites::Sites;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    /// Add a person to a site, and print their password, once, unless it is given
    Add {
        #[command(flatten)]
        who: Who,
        /// owner (links, people, shared views) or reader (reads and exports)
        #[arg(long, value_name = "ROLE")]
        role: Role,
        #[command(flatten)]
        password: PasswordOption,
    },
    /// Give a person a new password, print it, once, unless it is given, and end their sessions
    Password {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: PasswordOption,
    },
    /// Remove a person, and end their sessions
    Remove {
        #[command(flatten)]
        who: Who,
    },
    /// Print the people of a site
    List {
        /// The site's name
        site: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The site's name
    site: String,
    /// The person's name
    name: String,
}

#[derive(Debug, Args)]
pub(super) struct PasswordOption {
    /// Read the password from the first line of the standard input
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what the command says.
pub(super) async fn execute(command: PersonCommand, settings: &Settings) -> anyhow::Result<()> {
    let store = open(settings).await?;
    let sites = Sites::new(Arc::clone(&store));
    let people = People::new(store, Arc::new(Passwords::default()));
    let unknown = |who: &Who| format!("the site \"{}\" has nobody called \"{}\"", who.site, who.name);
    match command {
        PersonCommand::Add { who, role, password } => {
            let site = site(&sites, &who.site).await?;
            let (person, made) =
                match people.add(&site.id, &who.name, role, password.read()?.as_deref()).await {
                    Err(PersonError::Taken) => bail!("there is somebody called \"{}\" already", who.name),
                    added => added?,
                };
            let text = format!("{} may sign in to the site \"{}\" as {role}.", person.name, site.name);
            password.tell(&text, person.name.as_str(), made);
        }
        PersonCommand::Password { who, password } => {
            let site = site(&sites, &who.site).await?;
            let changed = people.change_password(&site.id, &who.name, password.read()?.as_deref()).await?;
            let (person, made) = changed.with_context(|| unknown(&who))?;
            password.tell(&format!("{} has a new password.", person.name), person.name.as_str(), made);
        }
        PersonCommand::Remove { who } => {
            let site = site(&sites, &who.site).await?;
            if !people.remove(&site.id, &who.name).await? {
                bail!(unknown(&who));
            }
            println!("{} was removed.", who.name);
        }
        PersonCommand::List { site: name, json } => {
            for person in people.of_site(&site(&sites, &name).await?.id).await? {
                if json {
                    println!("{}", json!({ "name": person.name, "role": person.role }));
                } else {
                    println!("{:<8}{}", person.role.as_str(), person.name);
                }
            }
        }
    }
    Ok(())
}

async fn site(sites: &Sites, name: &str) -> anyhow::Result<Site> {
    sites.by_name(name).await?.with_context(|| format!("there is no site \"{name}\""))
}

impl PasswordOption {
    fn read(&self) -> anyhow::Result<Option<String>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut line = String::new();
        stdin().lock().read_line(&mut line).context("--password-stdin")?;
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn tell(&self, text: &str, name: &str, made: Option<String>) {
        match (self.json, made) {
            (true, made) => println!("{}", json!({ "name": name, "password": made })),
            (false, None) => println!("{text}"),
            (false, Some(made)) => println!("{text} The password is shown this once:\n\n  {made}"),
        }
    }
}
