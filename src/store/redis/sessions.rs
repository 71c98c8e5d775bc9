//! Sessions, in a hash of records. People, sessions and views share one hash slot.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::store::redis::RedisStore;
use crate::store::redis::keys::SESSIONS;
use crate::store::{SessionStore, StoreError};

#[async_trait]
impl SessionStore for RedisStore {
    async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        self.insert_record(SESSIONS, &session.token.to_hex(), session).await
    }

    async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError> {
        self.record(SESSIONS, &token.to_hex()).await
    }

    async fn sessions(&self, site: &SiteId) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.all_sessions().await?;
        sessions.retain(|session| session.site == *site);
        Ok(sessions)
    }

    async fn all_sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.records(SESSIONS).await
    }

    async fn note_use(&self, token: &KeyHash, at: Timestamp) -> Result<(), StoreError> {
        let change = |session: &mut Session| session.used_at = at;
        self.change_record(SESSIONS, &token.to_hex(), change).await.map(drop)
    }

    async fn end_sessions(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let names: Vec<_> = tokens.iter().map(KeyHash::to_hex).collect();
        self.delete_records(SESSIONS, &names).await.map(drop)
    }
}
