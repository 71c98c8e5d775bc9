//! People, sessions and shared views, each in a table of records.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::session::Session;
use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::access::person_key;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::records::{PEOPLE, SESSIONS, Table, VIEWS};
use crate::store::{Access, StoreError};

#[async_trait]
impl Access for SqliteStore {
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError> {
        let person = person.clone();
        let key = person_key(&person.site, &person.name);
        self.file().writer.write_in_time(move |db, _| PEOPLE.insert(db, &key, &person)).await
    }

    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError> {
        let key = person_key(site, name);
        self.file().lookups.read(move |db| PEOPLE.get(db, &key)).await
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.file().lookups.read(|db| PEOPLE.all(db)).await
    }

    async fn change_person(
        &self,
        site: &SiteId,
        name: &PersonName,
        change: PersonChange,
    ) -> Result<Option<Person>, StoreError> {
        let key = person_key(site, name);
        let change = move |person: &mut Person| person.apply(change);
        self.file().writer.erase_in_time(move |db, _| PEOPLE.change(db, &key, change)).await
    }

    async fn delete_person(&self, site: &SiteId, name: &PersonName) -> Result<bool, StoreError> {
        let key = person_key(site, name);
        self.file().writer.erase_in_time(move |db, _| PEOPLE.delete(db, &key)).await
    }

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

    async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
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

    async fn insert_view(&self, view: &View) -> Result<(), StoreError> {
        let view = view.clone();
        self.file().writer.write_in_time(move |db, _| VIEWS.insert(db, &view.token.to_hex(), &view)).await
    }

    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError> {
        let token = token.to_hex();
        self.file().lookups.read(move |db| VIEWS.get(db, &token)).await
    }

    async fn views(&self) -> Result<Vec<View>, StoreError> {
        self.file().lookups.read(|db| VIEWS.all(db)).await
    }

    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        self.delete_each(VIEWS, tokens).await
    }
}

impl SqliteStore {
    async fn delete_each(&self, table: Table, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let names: Vec<_> = tokens.iter().map(KeyHash::to_hex).collect();
        let delete = move |db: &rusqlite::Connection| {
            names.iter().try_for_each(|name| table.delete(db, name).map(drop))
        };
        self.file().writer.erase_in_time(move |db, _| delete(db)).await
    }
}
