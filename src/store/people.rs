//! The part of the port for people.

use async_trait::async_trait;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Keeps the people who may sign in. What one instance has changed holds for all of them at once.
#[async_trait]
pub trait PersonStore: Send + Sync {
    /// Adds a person. Of two people of one site and one name, in whatever case, the first stays and the other is a
    /// [`StoreError::Conflict`]. People of different sites may have one name: nobody learns who is of another site.
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError>;

    /// Returns the person of a site with this name, in whatever case.
    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError>;

    /// Returns the people of a site, in any order.
    async fn people(&self, site: &SiteId) -> Result<Vec<Person>, StoreError>;

    /// Returns the people of all sites who have this name, in whatever case and in any order.
    async fn people_named(&self, name: &PersonName) -> Result<Vec<Person>, StoreError>;

    /// Changes a person and returns what they became; concurrent changes of different fields all hold.
    async fn change_person(
        &self,
        site: &SiteId,
        name: &PersonName,
        change: PersonChange,
    ) -> Result<Option<Person>, StoreError>;

    /// Deletes a person; sessions stay until they are ended. Returns whether the person existed.
    async fn delete_person(&self, site: &SiteId, name: &PersonName) -> Result<bool, StoreError>;
}

/// Returns the name of a person's record.
pub(super) fn person_key(site: &SiteId, name: &PersonName) -> String {
    format!("{}/{}", site.as_str(), name.folded())
}
