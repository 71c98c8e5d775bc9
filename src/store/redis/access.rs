//! People, sessions and shared views, each in a hash of records; all three share one hash slot.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::access::person_key;
use crate::store::redis::RedisStore;
use crate::store::redis::keys::{PEOPLE, SESSIONS, VIEWS};
use crate::store::{Access, StoreError};

#[async_trait]
impl Access for RedisStore {
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError> {
        self.insert_record(PEOPLE, &person_key(&person.site, &person.name), person).await
    }

    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError> {
        self.record(PEOPLE, &person_key(site, name)).await
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.records(PEOPLE).await
    }

    async fn change_person(
        &self,
        site: &SiteId,
        name: &PersonName,
        change: PersonChange,
    ) -> Result<Option<Person>, StoreError> {
        let change = |person: &mut Person| person.apply(change.clone());
        self.change_record(PEOPLE, &person_key(site, name), change).await
    }

    async fn delete_person(&self, site: &SiteId, name: &PersonName) -> Result<bool, StoreError> {
        self.delete_records(PEOPLE, &[person_key(site, name)]).await
    }

    async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        self.insert_record(SESSIONS, &session.token.to_hex(), session).await
    }

    async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError> {
        self.record(SESSIONS, &token.to_hex()).await
    }

    async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
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

    async fn insert_view(&self, view: &View) -> Result<(), StoreError> {
        self.insert_record(VIEWS, &view.token.to_hex(), view).await
    }

    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError> {
        self.record(VIEWS, &token.to_hex()).await
    }

    async fn views(&self) -> Result<Vec<View>, StoreError> {
        self.records(VIEWS).await
    }

    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let names: Vec<_> = tokens.iter().map(KeyHash::to_hex).collect();
        self.delete_records(VIEWS, &names).await.map(drop)
    }
}
