//! The part of the port for sessions.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::store::StoreError;

/// Keeps sessions. What one instance has changed holds for all of them at once.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session.
    async fn insert_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Returns the session whose token has this hash.
    async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError>;

    /// Returns the sessions of a site, in any order.
    async fn sessions(&self, site: &SiteId) -> Result<Vec<Session>, StoreError>;

    /// Returns the sessions of all sites, in any order, also of sites that are gone.
    async fn all_sessions(&self) -> Result<Vec<Session>, StoreError>;

    /// Notes when a session was last used; a session that was ended meanwhile stays ended.
    async fn note_use(&self, token: &KeyHash, at: Timestamp) -> Result<(), StoreError>;

    /// Ends sessions; those that do not exist count as ended.
    async fn end_sessions(&self, tokens: &[KeyHash]) -> Result<(), StoreError>;
}
