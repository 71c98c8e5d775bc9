//! The part of the port for who may see a site's numbers: people, sessions and shared views. They are few, so
//! what is asked for is all of a kind, or one by its name.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::StoreError;

/// Returns the name of a person's record.
pub(super) fn person_key(site: &SiteId, name: &PersonName) -> String {
    format!("{}/{}", site.as_str(), name.folded())
}

/// What [`Store`](crate::store::Store) does for it. What one instance has changed holds for all of them at once.
#[async_trait]
pub trait Access: Send + Sync {
    /// Adds a person. Of two people of one site and one name, in whatever case, the first stays and the other is a
    /// [`StoreError::Conflict`]. People of different sites may have one name: nobody learns who is of another site.
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError>;

    /// The person of a site with this name, in whatever case.
    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError>;

    /// Every person of every site, in any order.
    async fn people(&self) -> Result<Vec<Person>, StoreError>;

    /// Changes a person and returns what they became; concurrent changes of different fields all hold.
    async fn change_person(
        &self,
        site: &SiteId,
        name: &PersonName,
        change: PersonChange,
    ) -> Result<Option<Person>, StoreError>;

    /// Forgets a person; sessions stay until they are ended. Returns whether they were there.
    async fn delete_person(&self, site: &SiteId, name: &PersonName) -> Result<bool, StoreError>;

    /// Adds a session.
    async fn insert_session(&self, session: &Session) -> Result<(), StoreError>;

    /// The session whose token has this hash.
    async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError>;

    /// Every session of every site, in any order.
    async fn sessions(&self) -> Result<Vec<Session>, StoreError>;

    /// Notes when a session was last used; one that was ended meanwhile stays ended.
    async fn note_use(&self, token: &KeyHash, at: Timestamp) -> Result<(), StoreError>;

    /// Ends sessions; those that are not there are ended.
    async fn end_sessions(&self, tokens: &[KeyHash]) -> Result<(), StoreError>;

    /// Adds a shared view.
    async fn insert_view(&self, view: &View) -> Result<(), StoreError>;

    /// The view whose token has this hash.
    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError>;

    /// Every view of every site, in any order.
    async fn views(&self) -> Result<Vec<View>, StoreError>;

    /// Forgets views; those that are not there are forgotten.
    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError>;
}
