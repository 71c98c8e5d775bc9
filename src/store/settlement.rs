//! The part of the port that turns journal entries into counts.

use async_trait::async_trait;

use crate::domain::entry::Numbered;
use crate::domain::identity::JournalId;
use crate::domain::link_key::LinkKey;
use crate::store::{SetAside, StoreError};

/// Adds journal entries to the counts, each entry once.
#[async_trait]
pub trait SettlementStore: Send + Sync {
    /// Returns the number of the store's partitions: parts that can be out of reach independently of each other.
    fn partitions(&self) -> usize;

    /// Returns the partition that holds a link's counts.
    fn partition(&self, link: &LinkKey) -> usize;

    /// Adds journal entries to the counts, in one atomic step for each partition: the counts, the visitors,
    /// and the last entry's number as the partition's *checkpoint* of this journal. Entries up to the
    /// checkpoint are passed over, so settling entries again, in whatever groups, changes nothing. Entries come in
    /// the order of their numbers. Entries of links that are gone count nothing, and never count for a later
    /// link of the same code.
    ///
    /// A partition that cannot be reached or read holds up only itself: [`Settled::held`] names it, and its
    /// entries are to be settled again. Counts of a link whose record is damaged are set aside in the store, in
    /// the same atomic step, and [`Settled::set_aside`] names it.
    ///
    /// # Errors
    /// [`StoreError::Behind`] where a partition's checkpoint is below the `previous` of its first entry here: the
    /// store has lost what it had confirmed. Nothing was added to that partition. [`StoreError::Foreign`] where the
    /// store is another one. On an error some partitions may have been settled and others not; settle the
    /// same entries again.
    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError>;
}

/// What became of entries that were settled. The numbers add up to those that were given, less those of
/// partitions that are held up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Entries that were added to the counts now.
    pub counted: u64,
    /// Entries that had been dealt with before: their numbers are not above the checkpoint.
    pub passed_over: u64,
    /// Entries of links that are gone.
    pub gone: u64,
    /// Those of them whose links somebody is known to have deleted. Others may be of links that the store has lost.
    pub deleted: u64,
    /// Entries whose links' records are damaged; the store keeps them apart.
    pub set_aside: Vec<SetAside>,
    /// Partitions that could not be settled, each with the reason. A partition number of [`SettlementStore::partitions`] stands
    /// for what is announced of a site: all entries are to be settled again for it.
    pub held: Vec<(usize, String)>,
}
