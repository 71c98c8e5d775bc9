//! A test write: whether a Redis can be written and read, on a Cluster in each part of it.

use std::sync::{LazyLock, PoisonError};

use async_trait::async_trait;
use redis::cmd;

use crate::store::redis::connection::Connection;
use crate::store::redis::{RedisStore, failure, keys, persistence, script, suitability};
use crate::store::{HealthStore, KeyPlace, StoreError};

/// How many keys of a Cluster are tried. They lie evenly in its slots, so every master that has a run of
/// at least so many slots is among those asked: 1,024.
const PARTS: u16 = 32;
/// The slots of a Cluster.
const SLOTS: u16 = 16_384;

/// A key for each part of a Cluster's slots.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let in_part = |part: u16| {
        let mut keys = (0_u32..).map(keys::probe);
        keys.find(|(tag, _)| slot(tag) / (SLOTS / PARTS) == part).expect("every slot has keys").1
    };
    (0..PARTS).map(in_part).collect()
});

#[async_trait]
impl HealthStore for RedisStore {
    /// Writes, reads and deletes a key; of a Cluster, one in each part. Then asks whether it keeps everything.
    async fn probe(&self) -> Result<(), StoreError> {
        try_connection(&self.connection).await
    }

    /// Does the same with the store of the day keys, where that is another one, and asks once more whether they reach a
    /// disk there: the server can be told to change that while it runs.
    async fn probe_ephemeral(&self) -> Result<(), StoreError> {
        let Some(connection) = &self.ephemeral else {
            // A store that is away is told of elsewhere.
            if let Ok(place) = persistence::of(&self.connection).await {
                self.note_key_place(place);
            }
            return Ok(());
        };
        try_connection(connection).await?;
        let place = persistence::of(connection).await?;
        self.note_key_place(place);
        persistence::refuse(place)
    }
}

impl RedisStore {
    fn note_key_place(&self, place: KeyPlace) {
        *self.key_place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    /// Reads a key, to see whether the store answers. The node that holds it is asked, also on a Cluster;
    /// `PING` would be answered by any.
    pub(super) async fn answers(&self) -> bool {
        self.connection.query::<()>(cmd("EXISTS").arg(keys::SITES)).await.is_ok()
    }
}

async fn try_connection(connection: &Connection) -> Result<(), StoreError> {
    let keys = match connection {
        Connection::Server(_) => &KEYS[..1],
        Connection::Cluster(_) => &KEYS[..],
    };
    let calls = keys.iter().map(|key| script::PROBE.on(std::slice::from_ref(key))).collect();
    let read: Vec<String> = connection.call_all(&script::PROBE, calls).await?;
    if !read.iter().all(|value| value == "1") {
        return Err(failure::corrupt("a test key"));
    }
    // What it does when its memory is full may have been changed since the start.
    suitability::keeps_all(connection).await.map(drop)
}

/// The slot of a hash tag: its CRC-16 (XMODEM) as the Cluster's specification has it.
fn slot(tag: &str) -> u16 {
    let crc = tag.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_lie_evenly_in_a_clusters_slots() {
        // The specification's own example, and what CLUSTER KEYSLOT answers.
        assert_eq!((slot("123456789"), slot("foo")), (0x31c3, 12_182));
        assert_eq!(KEYS.len(), usize::from(PARTS));
        let tag = |key: &'static String| key.split(['{', '}']).nth(1).expect("a tag");
        let parts: Vec<u16> = KEYS.iter().map(|key| slot(tag(key)) / (SLOTS / PARTS)).collect();
        assert_eq!(parts, (0..PARTS).collect::<Vec<_>>());
    }
}
