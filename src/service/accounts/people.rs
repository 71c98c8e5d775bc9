//! People: added, changed and removed by the owners of their site, and known again when they sign in.

use std::fmt;
use std::sync::Arc;

use crate::domain::person::{Password, Person, PersonChange, PersonName, Role, check_password};
use crate::domain::site::SiteId;
use crate::domain::token::random_password;
use crate::service::accounts::passwords::{Busy, Passwords};
use crate::service::links::InvalidParam;
use crate::store::{Store, StoreError};

/// The people of one store.
#[derive(Clone)]
pub struct People {
    store: Arc<dyn Store>,
    passwords: Arc<Passwords>,
}

/// Why a person cannot be added or changed.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The name or the password breaks a rule.
    #[error("{}", .0.iter().map(|param| format!("{} {}", param.name, param.reason)).collect::<Vec<_>>().join(", "))]
    Invalid(Vec<InvalidParam>),
    /// Somebody has the name.
    #[error("somebody has this name already")]
    Taken,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl People {
    /// The people on `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, passwords: Arc<Passwords>) -> Self {
        Self { store, passwords }
    }

    /// Adds a person to a site. Without a password one is made, and returned to be shown once.
    pub async fn add(
        &self,
        site: &SiteId,
        name: &str,
        role: Role,
        password: Option<&str>,
    ) -> Result<(Person, Option<String>), PersonError> {
        let name = PersonName::parse(name);
        let mut wrong: Vec<_> =
            name.as_ref().err().map(|error| InvalidParam::new("name", *error)).into_iter().collect();
        wrong.extend(wrong_password(password));
        let (Ok(name), true) = (name, wrong.is_empty()) else { return Err(PersonError::Invalid(wrong)) };
        let (password, made) = self.password(password).await?;
        let person = Person { name, site: site.clone(), role, password };
        match self.store.insert_person(&person).await {
            Ok(()) => Ok((person, made)),
            Err(StoreError::Conflict) => Err(PersonError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// The people of a site, by name.
    pub async fn of_site(&self, site: &SiteId) -> Result<Vec<Person>, StoreError> {
        let mut people = self.store.people(site).await?;
        people.sort_by_key(|person| person.name.folded());
        Ok(people)
    }

    /// The person of this name, if they are of this site.
    pub async fn get(&self, site: &SiteId, name: &str) -> Result<Option<Person>, StoreError> {
        let Ok(name) = PersonName::parse(name) else { return Ok(None) };
        self.store.person(site, &name).await
    }

    /// Gives a person another role; `None` where the site has nobody of this name.
    pub async fn change_role(
        &self,
        site: &SiteId,
        name: &str,
        role: Role,
    ) -> Result<Option<Person>, StoreError> {
        let Some(person) = self.get(site, name).await? else { return Ok(None) };
        let change = PersonChange { role: Some(role), ..PersonChange::default() };
        self.store.change_person(site, &person.name, change).await
    }

    /// Gives a person another password, which ends their sessions; without one it is made, and returned to be shown
    /// once. `None` where the site has nobody of this name.
    pub async fn change_password(
        &self,
        site: &SiteId,
        name: &str,
        password: Option<&str>,
    ) -> Result<Option<(Person, Option<String>)>, PersonError> {
        let wrong: Vec<_> = wrong_password(password).into_iter().collect();
        if !wrong.is_empty() {
            return Err(PersonError::Invalid(wrong));
        }
        let Some(person) = self.get(site, name).await? else { return Ok(None) };
        let (password, made) = self.password(password).await?;
        let change = PersonChange { password: Some(password), ..PersonChange::default() };
        Ok(self.store.change_person(site, &person.name, change).await?.map(|person| (person, made)))
    }

    /// Removes a person, which ends their sessions; whether the site had somebody of this name.
    pub async fn remove(&self, site: &SiteId, name: &str) -> Result<bool, StoreError> {
        match self.get(site, name).await? {
            Some(person) => self.store.delete_person(site, &person.name).await,
            None => Ok(false),
        }
    }

    /// The person with this name and this password, of whichever site. Takes as long where nobody has the name as where
    /// somebody does; where people of several sites have it, each of their passwords is looked at.
    pub async fn with_password(&self, name: &str, password: &str) -> Result<Option<Person>, PersonError> {
        let mut people = match PersonName::parse(name) {
            Ok(name) => self.store.people_named(&name).await?,
            Err(_) => Vec::new(),
        };
        people.sort_by(|one, other| one.site.as_str().cmp(other.site.as_str()));
        if people.is_empty() {
            self.passwords.verify(password, None).await?;
        }
        let mut found = None;
        for person in people {
            let right = self.passwords.verify(password, Some(&person.password.hash)).await?;
            found = found.or(Some(person).filter(|_| right));
        }
        Ok(found)
    }

    /// Returns whether this is the password of the site's person.
    pub async fn is_password(&self, site: &SiteId, name: &str, password: &str) -> Result<bool, PersonError> {
        let person = self.get(site, name).await?;
        Ok(self.passwords.verify(password, person.as_ref().map(|person| &person.password.hash)).await?)
    }

    async fn password(&self, given: Option<&str>) -> Result<(Password, Option<String>), Busy> {
        let made = given.is_none().then(random_password);
        let hash = self.passwords.hash(given.or(made.as_deref()).unwrap_or_default()).await?;
        Ok((Password::new(hash), made))
    }
}

fn wrong_password(password: Option<&str>) -> Option<InvalidParam> {
    let error = password.and_then(|password| check_password(password).err())?;
    Some(InvalidParam::new("password", error))
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("People")
    }
}
