//! Many games at once on one service, each on a site of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use entrenous::domain::day::Day;
use futures_util::stream::{StreamExt, iter};
use tokio::time::sleep;

use crate::attacks::{Attack, Moment};
use crate::game::Game;
use crate::guess::measure;
use crate::service::{Backend, Service, on_every_store};

on_every_store!(
    nobody_with_fewer_than_five_networks_learns_of_a_visit_and_nobody_much,
    one_person_after_five_restarts_is_one_person,
);

/// How many networks an attacker has.
const NETWORKS: [u32; 5] = [0, 1, 4, 5, 8];
/// What the best threshold attack gains with k = 5, as `enumeration` counts it.
const MOST: f64 = 0.488;
/// A measured advantage may be so many standard deviations greater.
const SIGMAS: f64 = 4.0;
/// How many games go on at once.
const AT_ONCE: usize = 12;

/// How many games each attack is played in where what is read may tell something.
fn number_of_games() -> usize {
    std::env::var("DISCLOSURE_GAMES").map_or(6, |number| number.parse().expect("DISCLOSURE_GAMES: a number"))
}

/// Nothing that is read may differ where nothing may be learnt, so a few games show that as well as many.
const FEW: usize = 2;

type Games = BTreeMap<(Attack, u32), Vec<Game>>;

/// Does something in every game.
async fn all<'a, F: Future<Output = ()> + 'a>(games: &'a mut Games, act: impl Fn(Attack, &'a mut Game) -> F) {
    let all =
        games.iter_mut().flat_map(|((attack, _), games)| games.iter_mut().map(move |game| (*attack, game)));
    iter(all.map(|(attack, game)| act(attack, game)).collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, |acting| acting)
        .await;
}

async fn begin(service: &Service) -> Games {
    let mut games = Games::new();
    let mut number = 0;
    for attack in Attack::ALL {
        for networks in NETWORKS {
            let tells_nothing = attack.networks_at_best(networks).is_some_and(|best| best < 5);
            let wanted = if tells_nothing { FEW.min(number_of_games()) } else { number_of_games() };
            let mut of_attack = Vec::new();
            for _ in 0..wanted {
                number += 1;
                // Of few games, half of each kind.
                let came = if wanted > FEW { random_bit() } else { number % 2 == 0 };
                of_attack.push((number, came));
            }
            let made = iter(of_attack)
                .map(|(number, came)| Game::new(service, number, networks, came, attack.is_of_opens()))
                .buffered(AT_ONCE);
            games.insert((attack, networks), made.collect().await);
        }
    }
    games
}

/// Waits until all sites' days are closed, which takes longer than those of one.
async fn closed(service: &Service) {
    let midnight = u64::try_from(Day::of(service.now()).start().as_second()).unwrap();
    let began = Instant::now();
    while service.metric("closed_before_timestamp_seconds").await != midnight {
        assert!(began.elapsed() < Duration::from_mins(2), "the days were not closed in time");
        sleep(Duration::from_millis(20)).await;
    }
}

fn random_bit() -> bool {
    let mut byte = [0; 1];
    getrandom::fill(&mut byte).expect("the operating system has a random source");
    byte[0] % 2 == 1
}

/// Plays all games to the end of the week.
async fn play(service: &Service) -> Games {
    service.set_time("2026-11-23T09:00:00Z");
    service.days_closed().await;
    let mut games = begin(service).await;
    for (time, moment) in [
        ("2026-11-23T10:00:00Z", Moment::Monday),
        ("2026-11-24T08:00:00Z", Moment::Morning),
        ("2026-11-24T12:00:00Z", Moment::Victim),
        ("2026-11-24T15:00:00Z", Moment::Afternoon),
        ("2026-11-25T00:30:00Z", Moment::Closed),
        ("2026-11-25T15:00:00Z", Moment::Later),
        ("2026-11-26T15:00:00Z", Moment::Later),
        ("2026-11-27T15:00:00Z", Moment::Later),
        ("2026-11-30T00:30:00Z", Moment::WeekClosed),
    ] {
        service.set_time(time);
        closed(service).await;
        let reads = matches!(moment, Moment::Afternoon | Moment::Closed | Moment::WeekClosed);
        if reads {
            all(&mut games, |_, game| game.read(service, time)).await;
        }
        all(&mut games, |attack, game| attack.act(service, game, moment)).await;
        service.settled().await;
        if reads {
            let after = format!("after {time}");
            let after = &after;
            let read_again = |attack: Attack, game| async move {
                if attack.acts_when_closed() {
                    Game::read(game, service, after).await;
                }
            };
            all(&mut games, read_again).await;
        }
    }
    games
}

async fn nobody_with_fewer_than_five_networks_learns_of_a_visit_and_nobody_much(backend: Backend) {
    let service = Service::start(backend).await;
    let games = play(&service).await;
    for ((attack, networks), games) in games {
        let name = format!("{attack:?} with {networks} networks");
        if attack.networks_at_best(networks).is_some_and(|best| best < 5) {
            assert_alike(&games, &name);
            continue;
        }
        let Some(measured) = measure(&games) else { continue };
        println!("{name}: {:.3} ± {:.3}", measured.advantage, measured.error);
        if attack.is_about_one_visit() {
            assert!(measured.advantage <= MOST + SIGMAS * measured.error, "{name}: {measured:?}");
        }
    }
}

/// Everything that was read has to be the same in all games, whether the victim came or not.
fn assert_alike(games: &[Game], name: &str) {
    let first = &games[0];
    assert!(games.iter().any(|game| game.came != first.came), "{name}: games of both kinds");
    for game in games {
        for (read, known) in game.seen.iter().zip(&first.seen) {
            assert_eq!(read, known, "{name}: the victim came: {} and {}", game.came, first.came);
        }
        assert_eq!(game.seen.len(), first.seen.len());
    }
}

async fn one_person_after_five_restarts_is_one_person(backend: Backend) {
    let mut service = Service::start(backend).await;
    service.set_time("2026-11-24T08:00:00Z");
    service.days_closed().await;
    let mut games = Vec::new();
    for number in 0..6 {
        games.push(Game::new(&service, number, 4, number % 2 == 0, false).await);
    }
    for restart in 0..5 {
        for game in &games {
            game.victim(&service, &["victim"]).await;
            game.pad(&service, "victim").await;
        }
        service.settled().await;
        service.restart().await;
        service.set_time(&format!("2026-11-24T1{restart}:00:00Z"));
    }
    for time in ["2026-11-24T20:00:00Z", "2026-11-25T00:30:00Z", "2026-11-30T00:30:00Z"] {
        service.set_time(time);
        service.days_closed().await;
        for game in &mut games {
            game.read(&service, time).await;
        }
    }
    assert_alike(&games, "five restarts");
}
