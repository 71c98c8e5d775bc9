//! The memory of the program: before the day ends, its visits can be confirmed and their networks told; afterwards nothing
//! of them is there.

use crate::image::{Image, Needle};
use crate::program::FIREFOX;
use crate::scene::{Scene, VISITORS, day_key};
use crate::traces::{assert_none_in_files, networks};
use crate::visits::{States, Visit, clicks, needles, sets};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_day_nothing_in_memory_confirms_a_visit_on_sqlite() {
    let scene = Scene::on_sqlite(&[]).await;
    scene.visits().await;
    let journal = clicks(&scene.home.path().join("data/journal"));
    assert_eq!(journal.len(), usize::from(VISITORS));
    let visits: Vec<Visit> = (0..VISITORS)
        .zip(journal)
        .map(|(number, (site, link, tag, masked))| {
            let (address, code) = scene.visitor(number);
            assert_eq!(link.code.as_str(), code);
            Visit { site, link, address, agent: FIREFOX, tag, masked }
        })
        .collect();
    let image = Image::of(scene.service.process());
    let states = States::find(&image, &visits[0]).expect("the day key is in memory while its day lasts");
    assert!(!image.search(&set_needles(&states, &visits)).is_empty(), "and so are the sets of networks");
    // The file of the journal has what hides them, and nothing has them as they are.
    let secrets = networks(&states, &visits);
    let files = assert_none_in_files(scene.home.path(), &secrets);
    assert!(files.iter().any(|name| name.ends_with(".journal")), "{files:?}");
    nothing_is_left(&scene, &image, &image, states, &visits).await;
    assert_none_in_files(scene.home.path(), &secrets);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_day_nothing_in_memory_confirms_a_visit_on_redis() {
    let scene =
        Scene::on_redis(&["--save", "", "--appendonly", "no"], &["--set", "journal.keep_seconds=1"]).await;
    scene.visits().await;
    let key = day_key(&scene.url).await;
    let visits = scene.visits_by(&key).await;
    let image = Image::of(scene.service.process());
    let states = States::find(&image, &visits[0]).expect("the day key is in memory while its day lasts");
    assert!(states.are_of(&key));
    let secrets = networks(&states, &visits);
    assert_none_in_files(scene.home.path(), &secrets);
    // There the visitor sets are, in the memory of the Redis.
    let redis = scene.redis.as_ref().and_then(|redis| redis.info("process_id")).expect("its process");
    let keeper = Image::of(redis.parse().expect("a number"));
    nothing_is_left(&scene, &image, &keeper, states, &visits).await;
    assert_none_in_files(scene.home.path(), &secrets);
    let process = scene.service.process();
    let key = [Needle { name: "the day key".to_owned(), bytes: key.to_vec() }];
    scene.until_none(|| Image::of(process).search(&key)).await;
}

/// Searches before and after midnight. `keeper` is the memory that visitors are told apart in.
async fn nothing_is_left(scene: &Scene, before: &Image, keeper: &Image, states: States, visits: &[Visit]) {
    assert!(visits.iter().all(|visit| states.confirm(visit)), "all visits can be confirmed before midnight");
    for visit in visits {
        let hidden = states.bucket(visit) ^ states.mask(visit);
        assert_eq!(visit.masked.byte(), hidden, "and their networks can be told");
    }
    let (secret, tags, network_keys) = (states.needles(), needles(visits), states.network_needles());
    for (name, needles) in [("states", &secret), ("keys of networks", &network_keys)] {
        let found = before.search(needles).len();
        assert!(found >= 8, "the {name} are found: {found}");
    }
    let found = keeper.search(&tags);
    println!("before midnight: {} places with tags and fingerprints in {} KiB", found.len(), keeper.kib());
    assert!(!found.is_empty());

    scene.midnight().await;
    let sets = set_needles(&states, visits);
    let all: Vec<Needle> = secret.into_iter().chain(network_keys).chain(tags).chain(sets).collect();
    let process = scene.service.process();
    scene.until_none(|| Image::of(process).search(&all)).await;
    let after = Image::of(process);
    assert!(States::find(&after, &visits[0]).is_none());
    assert!(!after.random_parts().any(|part| states.are_of(part)), "the key itself");
}

/// What sets of networks look like in memory: of each, eight bytes that stand for nothing else.
fn set_needles(states: &States, visits: &[Visit]) -> Vec<Needle> {
    let bits = |part: &[u8]| part.iter().map(|byte| byte.count_ones()).sum::<u32>();
    // Two zeros at the beginning would make a candidate of all empty memory.
    let telling = |part: &&[u8]| part[0] != 0 && part[1] != 0 && bits(part) >= 5;
    let sets = sets(states, visits);
    let parts = sets.iter().filter_map(|set| set.windows(8).find(telling));
    parts.map(|part| Needle { name: "a set of networks".to_owned(), bytes: part.to_vec() }).collect()
}
