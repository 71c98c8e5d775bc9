//! Deleting a site: what goes is said first, and it goes when somebody has said so.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::open;
use crate::service::accounts::sites::{Belongings, Sites};
use crate::settings::Settings;

/// `entrenous site delete NAME`.
#[derive(Debug, Args)]
pub(super) struct DeleteSite {
    /// The site's name
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Says what goes with the site, asks for its name once more, and deletes it.
pub(super) async fn execute(command: &DeleteSite, settings: &Settings) -> anyhow::Result<()> {
    let DeleteSite { name, yes } = command;
    let sites = Sites::new(Arc::clone(&open(settings).await?));
    let unknown = || format!("there is no site \"{name}\"");
    let site = sites.by_name(name).await?.with_context(unknown)?;
    let Belongings { links, people, views, .. } = sites.belongings(&site.id).await?;
    println!(
        "With the site \"{name}\" go its keys, {links} links with everything that was counted for them, {people} people \
         who sign in, and {views} shared views. Its short addresses answer 404 from then on, and are never given to \
         another site. Nothing of it comes back but from a backup."
    );
    if !yes && !is_meant(name)? {
        bail!("nothing was deleted");
    }
    if !sites.delete(&site).await? {
        bail!(unknown());
    }
    println!("The site \"{name}\" was deleted.");
    Ok(())
}

fn is_meant(name: &str) -> anyhow::Result<bool> {
    print!("Type its name to delete it: ");
    stdout().flush()?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == name)
}
