//! Forgetting visitors when their day is over, and counts when their time is.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::domain::day::Day;
use crate::store::sqlite::{SqliteStore, cells, counts, links};
use crate::store::{RetentionStore, StoreError};

/// How many cells are forgotten at once; what else has to be written goes on in between.
const CELLS_A_STEP: usize = 2_000;

#[async_trait]
impl RetentionStore for SqliteStore {
    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        // Nothing of them is in the file, so nothing has to leave it.
        self.file()
            .writer
            .write(move |_: &Connection, visitors| {
                visitors.let_visitors_go(day);
                Ok(())
            })
            .await
    }

    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        while self.file().writer.write(move |db, _| links::strip_shares_before(db, day, CELLS_A_STEP)).await?
        {
        }
        while self.file().writer.write(move |db, _| cells::delete_before(db, day, CELLS_A_STEP)).await? {}
        self.file()
            .writer
            .erase(move |db, visitors| {
                counts::delete_before(db, day)?;
                visitors.let_counts_go(day);
                Ok(())
            })
            .await
    }
}
