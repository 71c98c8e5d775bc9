//! People, in a hash of records. People, sessions and views share one hash slot.

use async_trait::async_trait;

use crate::domain::person::{Person, PersonChange, PersonName};
use crate::domain::site::SiteId;
use crate::store::people::person_key;
use crate::store::redis::RedisStore;
use crate::store::redis::keys::PEOPLE;
use crate::store::{PersonStore, StoreError};

#[async_trait]
impl PersonStore for RedisStore {
    async fn insert_person(&self, person: &Person) -> Result<(), StoreError> {
        self.insert_record(PEOPLE, &person_key(&person.site, &person.name), person).await
    }

    async fn person(&self, site: &SiteId, name: &PersonName) -> Result<Option<Person>, StoreError> {
        self.record(PEOPLE, &person_key(site, name)).await
    }

    async fn people(&self, site: &SiteId) -> Result<Vec<Person>, StoreError> {
        let mut people: Vec<Person> = self.records(PEOPLE).await?;
        people.retain(|person| person.site == *site);
        Ok(people)
    }

    async fn people_named(&self, name: &PersonName) -> Result<Vec<Person>, StoreError> {
        let folded = name.folded();
        let mut people: Vec<Person> = self.records(PEOPLE).await?;
        people.retain(|person| person.name.folded() == folded);
        Ok(people)
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
}
