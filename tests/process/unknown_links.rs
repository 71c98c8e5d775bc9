//! Links that the service does not know, asked for while Redis is silent.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::header::RETRY_AFTER;

use crate::installation::{Installation, instance};
use crate::publisher::{Publisher, Visitor, Way};
use crate::redis::RedisServer;

/// How many ask at once, for one link and for many.
const AT_ONCE: usize = 100;
/// The store is given two seconds; the rest is for a busy machine. Ten who would wait for each other
/// would wait for longer.
const SOON: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_an_unknown_link_while_redis_is_silent_is_told_soon_however_many_ask() {
    let redis = RedisServer::start();
    let installation = Installation::start(&redis.url()).await;
    let (other, _home) = instance(&redis.url());
    Publisher::at(&other, &installation.secret).make("there", "https://example.com/there").await;
    let visitor = Visitor::unasked_at(&installation.service);
    assert!(matches!(visitor.look(&installation.codes[0]).await, Way::To(_)));

    redis.pause();
    let slowest = soon(async |attempt| {
        let one = vec!["there".to_owned(); AT_ONCE];
        let many = (0..AT_ONCE).map(|number| format!("nowhere{attempt}-{number}"));
        ask(&visitor, one.into_iter().chain(many)).await
    });
    println!("{} askers at once: 503 after {:.1?} at most", 2 * AT_ONCE, slowest.await);
    assert!(matches!(visitor.look(&installation.codes[0]).await, Way::To(_)), "a known one");
    // Some come, and go again before there is an answer.
    let slowest = soon(async |attempt| {
        let code = format!("nobody{attempt}");
        let hasty = (0..AT_ONCE).map(|_| visitor.request(&code).timeout(Duration::from_millis(300)).send());
        tokio::join!(join_all(hasty), ask(&visitor, vec![code.clone(); 10])).1
    });
    println!("{AT_ONCE} went away; 503 for the others after {:.1?} at most", slowest.await);

    redis.resume();
    let began = Instant::now();
    let way = Way::To("https://example.com/there".to_owned());
    let known = visitor.sees_since(began, "there", &way).await;
    let unknown = visitor.sees_since(began, "nowhere0-0", &Way::End(404)).await;
    println!(
        "Redis is back: the link forwards after {known:.1?}, what is no link is 404 after {unknown:.1?}"
    );
}

/// Tries it some times, as a busy machine may spoil one, and asserts that it was done soon.
async fn soon(mut attempt: impl AsyncFnMut(usize) -> Duration) -> Duration {
    let mut fastest = Duration::MAX;
    for number in 0..ATTEMPTS {
        fastest = fastest.min(attempt(number).await);
        if fastest < SOON {
            return fastest;
        }
    }
    panic!("503 took {fastest:?}");
}

/// Asks for all of them at once, and returns how long the slowest refusal took.
async fn ask(visitor: &Visitor, codes: impl IntoIterator<Item = String>) -> Duration {
    let codes: Vec<_> = codes.into_iter().collect();
    let asked = codes.iter().map(|code| async move {
        let began = Instant::now();
        let answer = visitor.request(code).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 503, "{code}");
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        assert!(seconds.is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|seconds| seconds > 0)));
        began.elapsed()
    });
    join_all(asked).await.into_iter().max().expect("somebody asked")
}
