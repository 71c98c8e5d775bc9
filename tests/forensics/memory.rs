//! The memory of the program: before the day ends, its visits can be confirmed; afterwards nothing of them is there.

use entrenous::domain::visitor::{DayKey, Network, Tagger};

use crate::image::{Image, Needle};
use crate::program::FIREFOX;
use crate::scene::{Scene, VISITORS, day_key};
use crate::visits::{States, Visit, clicks, needles};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_day_nothing_in_memory_confirms_a_visit_on_sqlite() {
    let scene = Scene::on_sqlite(&[]).await;
    scene.visits().await;
    let journal = clicks(&scene.home.path().join("data/journal"));
    assert_eq!(journal.len(), usize::from(VISITORS));
    let visits: Vec<Visit> = (0..VISITORS)
        .zip(journal)
        .map(|(number, (link, tag))| {
            let (address, code) = scene.visitor(number);
            assert_eq!(link.code.as_str(), code);
            Visit { link, address, agent: FIREFOX, tag }
        })
        .collect();
    let image = Image::of(scene.service.process());
    let states = States::find(&image, &visits[0]).expect("the day key is in memory while its day lasts");
    nothing_is_left(&scene, &image, states, &visits).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_day_nothing_in_memory_confirms_a_visit_on_redis() {
    let scene =
        Scene::on_redis(&["--save", "", "--appendonly", "no"], &["--set", "journal.keep_seconds=1"]).await;
    scene.visits().await;
    let key = day_key(&scene.url).await;
    let tagger = Tagger::new(&DayKey::new(&key));
    let mut visits = Vec::new();
    for number in 0..VISITORS {
        let (address, code) = scene.visitor(number);
        let link = scene.link_key(code).await;
        let tag = tagger.tag(&link, &Network::of(address.into()), FIREFOX);
        visits.push(Visit { link, address, agent: FIREFOX, tag });
    }
    let image = Image::of(scene.service.process());
    let states = States::find(&image, &visits[0]).expect("the day key is in memory while its day lasts");
    assert!(states.are_of(&key));
    nothing_is_left(&scene, &image, states, &visits).await;
    let process = scene.service.process();
    let key = [Needle { name: "the day key".to_owned(), bytes: key.to_vec() }];
    scene.until_none(|| Image::of(process).search(&key)).await;
}

/// Searches before and after midnight.
async fn nothing_is_left(scene: &Scene, before: &Image, states: States, visits: &[Visit]) {
    assert!(visits.iter().all(|visit| states.confirm(visit)), "all visits can be confirmed before midnight");
    let (secret, tags) = (states.needles(), needles(visits));
    let found = before.search(&secret).len();
    assert!(found >= 8, "the states are found: {found}");
    let found = before.search(&tags);
    println!("before midnight: {} places with tags and fingerprints in {} KiB", found.len(), before.kib());
    assert!(!found.is_empty());

    scene.midnight().await;
    let all: Vec<Needle> = secret.into_iter().chain(tags).collect();
    let process = scene.service.process();
    scene.until_none(|| Image::of(process).search(&all)).await;
    let after = Image::of(process);
    assert!(States::find(&after, &visits[0]).is_none());
    assert!(!after.random_parts().any(|part| states.are_of(part)), "the key itself");
}
