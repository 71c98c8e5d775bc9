//! That the store answers, and that the first word on a secret holds.

use std::sync::Arc;

use entrenous::store::Store;
use futures_util::future::join_all;

pub(crate) async fn a_store_that_is_open_answers(store: Arc<dyn Store>) {
    for _ in 0..2 {
        store.probe().await.expect("it can be written");
        store.probe_ephemeral().await.expect("so can what it is for");
    }
}

pub(crate) async fn of_session_secrets_the_first_stays(store: Arc<dyn Store>) {
    let agreed = join_all((1..=20).map(|number| store.agree_session_secret([number; 64]))).await;
    let first = *agreed[0].as_ref().expect("a secret");
    assert!(agreed.iter().all(|secret| secret.as_ref().is_ok_and(|secret| *secret == first)));
    assert!((1..=20).any(|number| first == [number; 64]));
    assert_eq!(store.agree_session_secret([99; 64]).await.expect("a secret"), first);
}
