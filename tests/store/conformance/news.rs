//! What a store tells of others' changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::domain::link::{Link, LinkChange};
use entrenous::store::{Invalidation, Store};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fixtures::{day, stored_link, stored_site};

/// Within this, news are told, on whatever machine.
const DEADLINE: Duration = Duration::from_secs(10);
/// A single news may be one from before; so many in a row are not.
const ROUNDS: usize = 3;

/// Somebody who listens to a store until it is dropped.
pub(crate) struct Listener {
    told: UnboundedReceiver<Invalidation>,
    listening: JoinHandle<()>,
}

impl Listener {
    /// Begins to listen.
    pub(crate) fn begin(store: &Arc<dyn Store>) -> Self {
        let (teller, told) = unbounded_channel();
        let store = Arc::clone(store);
        let tell = move |news| drop(teller.send(news));
        Self { told, listening: tokio::spawn(async move { store.subscribe(&tell).await }) }
    }

    /// Begins to listen and waits until changes are told.
    pub(crate) async fn to(store: &Arc<dyn Store>) -> Self {
        let mut listener = Self::begin(store);
        listener.hears(DEADLINE, |news| *news == Invalidation::Everything).await;
        listener
    }

    /// Passes over what was told until now.
    pub(crate) fn forget(&mut self) {
        while self.told.try_recv().is_ok() {}
    }

    /// Asserts that nothing was told since the last that was heard.
    pub(crate) fn nothing(&mut self) {
        assert_eq!(self.told.try_recv().ok(), None);
    }

    /// Waits for such news, and returns how long that took.
    pub(crate) async fn hears(&mut self, time: Duration, wanted: impl Fn(&Invalidation) -> bool) -> Duration {
        let started = Instant::now();
        let heard = timeout(time, async { while !wanted(&self.told.recv().await.expect("it goes on")) {} });
        heard.await.unwrap_or_else(|_| panic!("nothing of the kind is told in {time:?}"));
        started.elapsed()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Disables a link or enables it again.
async fn switch(store: &dyn Store, link: &Link, disabled: bool) {
    let change = LinkChange { disabled: Some(disabled), ..LinkChange::default() };
    assert!(store.change_link(&link.code, change, day(21)).await.unwrap().is_some());
}

pub(crate) async fn at_the_beginning_anything_may_have_changed(store: Arc<dyn Store>) {
    Listener::to(&store).await;
    Listener::to(&store).await;
}

pub(crate) async fn what_another_handle_changes_or_deletes_is_told(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let link = stored_link(&*one, &site, "abc").await;
    let mut listener = Listener::to(&one).await;
    let of_it = |news: &Invalidation| {
        *news == Invalidation::Link(link.code.clone()) || *news == Invalidation::Everything
    };
    for round in 0..ROUNDS {
        listener.forget();
        switch(&*other, &link, round % 2 == 0).await;
        listener.hears(DEADLINE, of_it).await;
        let read = one.link(&link.code).await.unwrap().expect("the link");
        assert_eq!(read.disabled, round % 2 == 0, "who hears of it reads it");
    }
    for _ in 0..ROUNDS {
        listener.forget();
        assert!(other.delete_link(&link.code).await.unwrap().was_there());
        listener.hears(DEADLINE, of_it).await;
        assert_eq!(one.link(&link.code).await.unwrap(), None);
        stored_link(&*one, &site, "abc").await;
    }
}

pub(crate) async fn a_replaced_site_may_change_everything(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let mut site = stored_site(&*one, "press").await;
    let mut listener = Listener::to(&one).await;
    for _ in 0..ROUNDS {
        let old = site.clone();
        site.utm = (!site.utm.is_on()).into();
        listener.forget();
        assert!(other.replace_site(&old, &site).await.unwrap());
        listener.hears(DEADLINE, |news| *news == Invalidation::Everything).await;
        assert_eq!(one.site(&site.id).await.unwrap().as_ref(), Some(&site));
    }
}

pub(crate) async fn a_link_that_another_instance_makes_changes_or_deletes_is_told_by_its_code(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let mut listener = Listener::to(&one).await;
    let link = stored_link(&*other, &site, "abc").await;
    let it = Invalidation::Link(link.code.clone());
    listener.hears(DEADLINE, |news| *news == it).await;
    switch(&*other, &link, true).await;
    listener.hears(DEADLINE, |news| *news == it).await;
    assert!(other.delete_link(&link.code).await.unwrap().was_there());
    listener.hears(DEADLINE, |news| *news == it).await;
    // What this one changes is among it, which costs a question and no more.
    stored_link(&*one, &site, "abc").await;
    listener.hears(DEADLINE, |news| *news == it).await;
}
