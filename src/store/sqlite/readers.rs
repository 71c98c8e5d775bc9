//! Reading: a few connections, each used by one thread at a time, beside the one that writes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::connection;
use super::error::{Ended, store_error};
use crate::store::StoreError;

/// Connections that read, opened when they are first needed and then kept.
pub(super) struct Readers {
    path: PathBuf,
    free: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// At most `most` at a time read the file at `path`.
    pub(super) fn new(path: PathBuf, most: usize) -> Self {
        Self { path, free: Arc::default(), turns: Arc::new(Semaphore::new(most)) }
    }

    /// Runs `work` on a thread that may block. It sees everything that was answered before.
    pub(super) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Ended("reader"))?;
        let (free, path) = (Arc::clone(&self.free), self.path.clone());
        let task = spawn_blocking(move || {
            let kept = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = kept.map_or_else(|| connection::reading(&path), Ok)?;
            let result = work(&connection);
            free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(turn);
            result
        });
        task.await.map_err(|_| Ended("reader"))?.map_err(store_error)
    }
}
