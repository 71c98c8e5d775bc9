//! Sessions, in a table of records.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::records::SESSIONS;
use crate::store::{SessionStore, StoreError};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.file()
            .writer
            .write_in_time(move |db, _| SESSIONS.insert(db, &session.token.to_hex(), &session))
            .await
    }

    async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError> {
        let token = token.to_hex();
        self.file().lookups.read(move |db| SESSIONS.get(db, &token)).await
    }

    async fn sessions(&self, site: &SiteId) -> Result<Vec<Session>, StoreError> {
        let site = site.clone();
        self.file().lookups.read(move |db| SESSIONS.of_site(db, &site)).await
    }

    async fn all_sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.file().lookups.read(|db| SESSIONS.all(db)).await
    }

    async fn note_use(&self, token: &KeyHash, at: Timestamp) -> Result<(), StoreError> {
        let token = token.to_hex();
        let change = move |session: &mut Session| session.used_at = at;
        self.file().writer.write_in_time(move |db, _| SESSIONS.change(db, &token, change).map(drop)).await
    }

    async fn end_sessions(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        self.delete_each(SESSIONS, tokens).await
    }
}
