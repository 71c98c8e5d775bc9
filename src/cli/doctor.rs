//! `entrenous doctor`: whether the journal and the store belong together, and what to do where they do not.

use anyhow::{Context, bail};
use clap::Args;

use crate::domain::identity::{JournalId, StoreId};
use crate::journal::{Adoption, Confirmed, Ledger, LedgerError, Progress};
use crate::settings::Settings;
use crate::store;
use crate::store::Store;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Take the store at store.url for the right one, whatever it lacks; the service goes on within seconds, or when it
    /// starts
    #[arg(long)]
    adopt_store: bool,
}

pub(super) async fn execute(doctor: &Doctor, settings: &Settings) -> anyhow::Result<()> {
    let (url, dir) = (&settings.store.url, &settings.journal.dir);
    if let Some(file) = url.file().filter(|file| !doctor.adopt_store && !file.exists()) {
        // Opening it would make an empty one.
        bail!("store.url: there is no file {}. {ADVICE}", file.display());
    }
    let store = store::open(url, settings.store.ephemeral_url.as_ref()).await;
    let store = store.with_context(|| format!("store.url: {url} cannot be opened"))?;
    let identity = store.identity();
    let ledger = Ledger::read(dir);
    // What a store that others answer for confirms for good it says later than the journal hears of it.
    let newest = Progress::read(dir).filter(|_| !url.is_shared());
    if doctor.adopt_store {
        let adoption = adoption(ledger.ok().flatten(), newest, store.as_ref()).await?;
        adoption.request(dir).with_context(|| format!("journal.dir: {} cannot be written", dir.display()))?;
        println!("The store {identity} at {url} is taken for the right one.");
        println!("The service does so within seconds where it runs, or else when it starts.");
        return Ok(());
    }
    println!("store.url    {url}: the store {identity}");
    let ledger = match ledger {
        Ok(ledger) => ledger,
        Err(LedgerError::Damaged) => {
            bail!("journal.dir: the file ledger in {} is damaged. {ADVICE}", dir.display())
        }
        Err(error) => return Err(error).with_context(|| format!("journal.dir: {}", dir.display())),
    };
    let Some(ledger) = ledger else {
        println!("journal.dir  {}: belongs to no store yet", dir.display());
        return Ok(());
    };
    println!("journal.dir  {}: belongs to the store {}", dir.display(), ledger.store);
    check(&ledger, newest, store.as_ref(), &identity).await
}

const ADVICE: &str =
    "Put the right store back, or run `entrenous doctor --adopt-store` if the present one is right.";

/// What an operator decides, with what they can see of the store now.
async fn adoption(
    ledger: Option<Ledger>,
    newest: Option<(JournalId, u64)>,
    store: &dyn Store,
) -> anyhow::Result<Adoption> {
    let lost = ledger.as_ref().map_or(0, |ledger| ledger.lost);
    let deleted = ledger.and_then(|ledger| ledger.confirmed).map(|confirmed| confirmed.journal);
    let mut has = Vec::new();
    for journal in deleted.into_iter().chain(newest.map(|(journal, _)| journal)) {
        let number = store.checkpoint(&journal).await?;
        has.push((journal, number));
    }
    Ok(Adoption { store: store.identity(), lost, has })
}

/// Checks that the store is the journal's and has what it had confirmed, be it deleted from the journal or not.
async fn check(
    ledger: &Ledger,
    newest: Option<(JournalId, u64)>,
    store: &dyn Store,
    identity: &StoreId,
) -> anyhow::Result<()> {
    if ledger.store != *identity {
        bail!("the journal belongs to another store. {ADVICE}");
    }
    if ledger.lost > 0 {
        bail!(
            "the store lost links that it had, with {} counts that it had confirmed. {ADVICE}",
            ledger.lost
        );
    }
    let deleted = ledger
        .confirmed
        .clone()
        .map(|Confirmed { journal, number, hour }| (journal, number, format!(" by the hour {hour} UTC")));
    let newest = newest.map(|(journal, number)| (journal, number, String::new()));
    for (journal, number, when) in deleted.into_iter().chain(newest) {
        let checkpoint = store.checkpoint(&journal).await?;
        if checkpoint < number {
            let lacks = number - checkpoint;
            bail!("the store lacks up to {lacks} counts that it had confirmed{when}. {ADVICE}");
        }
    }
    println!("They belong together, and the store has everything that it had confirmed.");
    Ok(())
}
