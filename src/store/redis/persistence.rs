//! Whether the server that has the shared day keys writes what it holds to a disk.

use redis::cmd;

use crate::store::redis::connection::Connection;
use crate::store::redis::suitability::of_each_master;
use crate::store::{KeyPlace, StoreError};

/// What to do about a server that does.
const ADVICE: &str = "it writes what it holds to its disk, and with it the day key, so that whoever has a copy of that disk can \
                      test who opened which link on that day";

/// Asks whether a master saves snapshots (`save`) or appends to a file (`appendonly`). Servers that refuse to say, as some
/// managed services do, are unknown; then replicas and backups of such a service are, too.
///
/// # Errors
/// Those of the driver.
pub(super) async fn of(connection: &Connection) -> Result<KeyPlace, StoreError> {
    let (saves, appends) = (setting(connection, "save").await?, setting(connection, "appendonly").await?);
    Ok(match (saves.as_deref(), appends.as_deref()) {
        (Some(save), _) if !save.is_empty() => KeyPlace::Disk,
        (_, Some("yes")) => KeyPlace::Disk,
        (Some(_), Some(_)) => KeyPlace::Memory,
        _ => KeyPlace::Unknown,
    })
}

/// What `CONFIG GET` says of a setting; of several masters, what one of them says that writes. None where one refuses.
async fn setting(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let answers: Vec<Option<Vec<String>>> =
        of_each_master(connection, cmd("CONFIG").arg("GET").arg(name)).await?;
    let values: Option<Vec<String>> =
        answers.into_iter().map(|pair| pair.and_then(|pair| pair.into_iter().nth(1))).collect();
    // `yes` comes after `no`, and whatever is set after nothing.
    Ok(values.and_then(|values| values.into_iter().max()))
}

/// What is wrong with a place for day keys that was chosen because it keeps nothing on disk.
///
/// # Errors
/// [`StoreError::Unsuitable`] where it does.
pub(super) fn refuse(place: KeyPlace) -> Result<(), StoreError> {
    if place == KeyPlace::Disk {
        let reason = format!(
            "{ADVICE}; set save to \"\" and appendonly to no there, or name a Redis that has them so"
        );
        return Err(StoreError::Unsuitable(reason));
    }
    Ok(())
}

/// Warns where the day keys may reach a disk. `is_chosen`: whether their place has an address of its own.
pub(super) fn warn(place: KeyPlace, is_chosen: bool) {
    let name = if is_chosen { "store.ephemeral_url" } else { "store.url" };
    match place {
        KeyPlace::Disk => tracing::warn!(
            "{name}: {ADVICE}; name a Redis that keeps nothing on disk in store.ephemeral_url (see PRIVACY.md)"
        ),
        KeyPlace::Unknown => tracing::warn!(
            "{name}: the server does not tell CONFIG GET save and appendonly, so it is not known whether it writes the day \
             key to its disk; it must not, or store.ephemeral_url must name one that does not (see PRIVACY.md)"
        ),
        KeyPlace::Process | KeyPlace::Memory => {}
    }
}
