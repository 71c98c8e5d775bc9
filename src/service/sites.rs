//! Sites and their keys: made and rotated by the operator, looked up for every request with a key.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::destination::HostRule;
use crate::domain::site::{Key, KeyHash, KeyKind, OriginRule, Site, SiteId};
use crate::domain::utm::Utm;
use crate::store::{Store, StoreError};

/// The site that a first start makes on a loopback address.
pub const TRIAL_SITE: &str = "default";

/// The publishers on one store.
#[derive(Clone)]
pub struct Sites {
    store: Arc<dyn Store>,
}

/// A site's two keys in clear, to be shown once.
#[expect(missing_debug_implementations, reason = "keys must be shown on purpose only")]
pub struct NewKeys {
    /// May stand in a page.
    pub publishable: Key,
    /// May do everything of the site.
    pub secret: Key,
}

impl Sites {
    /// The sites on `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Adds a site, whose keys, identifier and time of creation are made here.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is a site of that name.
    pub async fn create(&self, mut site: Site, now: Timestamp) -> Result<(Site, NewKeys), StoreError> {
        let keys =
            NewKeys { publishable: Key::random(KeyKind::Publishable), secret: Key::random(KeyKind::Secret) };
        site.id = SiteId::random();
        site.created_at = now;
        site.rotate(KeyKind::Publishable, keys.publishable.hash());
        site.rotate(KeyKind::Secret, keys.secret.hash());
        self.store.insert_site(&site).await?;
        Ok((site, keys))
    }

    /// Makes the trial's site on an empty store, for any destination and origin, so that everything
    /// can be tried at once; `None` where there are sites.
    pub async fn first_start(&self, now: Timestamp) -> Result<Option<NewKeys>, StoreError> {
        if !self.all().await?.is_empty() {
            return Ok(None);
        }
        let site = Site {
            id: SiteId::random(),
            name: TRIAL_SITE.to_owned(),
            destinations: vec![HostRule::any()],
            origins: vec![OriginRule::any()],
            consent: None,
            utm: Utm::default(),
            forward_query: false,
            lineage: false,
            public: false,
            badges: false,
            created_at: now,
            keys: Vec::new(),
        };
        match self.create(site, now).await {
            Ok((_, keys)) => Ok(Some(keys)),
            // Another instance was first.
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the site of this name a new key of this kind; the old one ends. `None` where there is
    /// no such site.
    pub async fn rotate_key(&self, name: &str, kind: KeyKind) -> Result<Option<Key>, StoreError> {
        let key = Key::random(kind);
        let changed = self.change(name, |site| site.rotate(kind, key.hash())).await?;
        Ok(changed.map(|_| key))
    }

    /// Changes the site of this name, and returns what it became. `None` where there is no such site. Where somebody else
    /// changes it at the same time, this change is made to what it became by theirs.
    pub async fn change(&self, name: &str, change: impl Fn(&mut Site)) -> Result<Option<Site>, StoreError> {
        loop {
            let Some(old) = self.by_name(name).await? else { return Ok(None) };
            let mut new = old.clone();
            change(&mut new);
            if self.store.replace_site(&old, &new).await? {
                return Ok(Some(new));
            }
        }
    }

    /// Every site, by name.
    pub async fn all(&self) -> Result<Vec<Site>, StoreError> {
        self.store.sites().await
    }

    /// The site of this name.
    pub async fn by_name(&self, name: &str) -> Result<Option<Site>, StoreError> {
        Ok(self.store.sites().await?.into_iter().find(|site| site.name == name))
    }

    /// The site with this identifier.
    pub async fn get(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        self.store.site(id).await
    }

    /// The site that a key belongs to, and what the key may do.
    pub async fn by_key(&self, hash: &KeyHash) -> Result<Option<(Site, KeyKind)>, StoreError> {
        let site = self.store.site_by_key(hash).await?;
        Ok(site.and_then(|site| site.key_kind(hash).map(|kind| (site, kind))))
    }
}

impl std::fmt::Debug for Sites {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sites")
    }
}
