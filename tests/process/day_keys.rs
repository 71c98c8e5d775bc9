//! A shared day key that is lost in the middle of its day.

use std::time::Instant;

use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE};
use crate::redis::RedisServer;

#[tokio::test]
async fn a_day_key_that_is_lost_is_put_back_by_an_instance_that_has_it() {
    let (redis, ephemeral) = (RedisServer::start(), RedisServer::start());
    let setting = format!("store.ephemeral_url={}", ephemeral.url());
    let url = redis.url();
    let arguments =
        ["--store", url.as_str(), "--set", setting.as_str(), BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]];
    let (home, second_home) = (Home::new(), Home::new());
    let service = home.serve(&arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    assert!(service.click(&code, "192.0.2.1").await.expect("an answer").is_redirection());
    service.counted_at_least(&secret, &code, 1).await;
    let keys = || ephemeral.ask("KEYS ens:k:*");
    assert!(keys().starts_with("*1"), "{}", keys());
    assert!(ephemeral.ask("FLUSHALL").starts_with("+OK"));
    let began = Instant::now();
    while !keys().starts_with("*1") {
        assert!(began.elapsed() < DEADLINE, "nobody puts the key back");
        tokio::time::sleep(PAUSE).await;
    }
    let other = second_home.serve(&arguments);
    assert!(other.click(&code, "192.0.2.1").await.expect("an answer").is_redirection());
    other.counted_at_least(&secret, &code, 2).await;
    assert_eq!(other.counted(&secret, &code).await, (2, 1), "it is one person");
}
