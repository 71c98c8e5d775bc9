//! People, in a table of records.

use async_trait::async_trait;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::site::SiteId;
use crate::store::people::person_key;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::records::PEOPLE;
use crate::store::{PersonStore, StoreError};

#[async_trait]
impl PersonStore for SqliteStore {
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError> {
        let person = person.clone();
        let key = person_key(&person.site, &person.name);
        self.file().writer.write_in_time(move |db, _| PEOPLE.insert(db, &key, &person)).await
    }

    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError> {
        let key = person_key(site, name);
        self.file().lookups.read(move |db| PEOPLE.get(db, &key)).await
    }

    async fn people(&self, site: &SiteId) -> Result<Vec<Person>, StoreError> {
        let site = site.clone();
        self.file().lookups.read(move |db| PEOPLE.of_site(db, &site)).await
    }

    async fn people_named(&self, name: &PersonName) -> Result<Vec<Person>, StoreError> {
        let folded = name.folded();
        let mut people: Vec<Person> = self.file().lookups.read(|db| PEOPLE.all(db)).await?;
        people.retain(|person| person.name.folded() == folded);
        Ok(people)
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
}
