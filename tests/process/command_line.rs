//! The command line and the settings: what they do, and how they refuse.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::program::{Home, run, serve};
use crate::publisher::{Visitor, Way};

#[tokio::test]
async fn the_first_start_prints_the_keys_and_the_second_does_not() {
    let home = Home::new();
    let first = home.serve(&[]);
    let (publishable, secret) = (first.printed_key("ens_pk_"), first.printed_key("ens_sk_"));
    let (publishable, secret) = (publishable.expect("a key"), secret.expect("a key"));
    assert_eq!(first.share(&publishable).await.status(), StatusCode::CREATED);
    assert_eq!(first.share(&secret).await.status(), StatusCode::CREATED);
    first.terminate();
    assert_eq!(first.end(), Some(0));

    let second = home.serve(&["serve"]);
    assert_eq!(second.printed_key("ens_"), None, "{}", second.greeting);
    assert_eq!(second.share(&publishable).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_site_made_beside_the_running_service_works_at_once() {
    let home = Home::new();
    let service = home.serve(&[]);
    let keys = home.site("The Courier");
    assert_eq!(keys["site"], "The Courier");
    for kind in ["publishable_key", "secret_key"] {
        let key = keys[kind].as_str().expect("a key");
        assert_eq!(service.share(key).await.status(), StatusCode::CREATED, "{kind}");
    }
    let again = home.run(&["site", "create", "The Courier", "--destination", "example.com"]);
    assert_eq!(again.code, Some(1));
    assert!(again.errors.contains("\"The Courier\""), "{}", again.errors);
    let list = home.run(&["site", "list"]);
    assert!(list.text.contains("default") && list.text.contains("The Courier"), "{}", list.text);
    assert!(!list.text.contains("ens_"), "a list shows no keys");
    let list = home.run(&["site", "list", "--json"]);
    let names: Vec<serde_json::Value> =
        list.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(names.iter().map(|site| &site["site"]).collect::<Vec<_>>(), ["The Courier", "default"]);
}

#[test]
fn a_site_has_a_lineage_where_it_is_asked_for() {
    let home = Home::new();
    for (name, option, expected) in
        [("a", None, false), ("b", Some("--lineage"), true), ("c", Some("--lineage=off"), false)]
    {
        let create = ["site", "create", name, "--destination", "example.com"];
        let created = home.run(&create.into_iter().chain(option).collect::<Vec<_>>());
        assert_eq!(created.code, Some(0), "{}", created.errors);
        let sites = home.run(&["site", "list", "--json"]);
        let newest: serde_json::Value =
            serde_json::from_str(sites.text.lines().last().expect("a site")).expect("JSON");
        assert_eq!((&newest["site"], &newest["lineage"]), (&name.into(), &expected.into()));
    }
    for (option, expected) in [("--lineage=off", false), ("--lineage", true), ("--no-utm", true)] {
        let changed = home.run(&["site", "change", "b", option]);
        assert_eq!(changed.code, Some(0), "{}", changed.errors);
        let sites = home.run(&["site", "list", "--json"]);
        let second = sites.text.lines().nth(1).expect("a second site");
        let second: serde_json::Value = serde_json::from_str(second).expect("JSON");
        assert_eq!((&second["site"], &second["lineage"]), (&"b".into(), &expected.into()), "{option}");
    }
    let wrong = home.run(&["site", "create", "d", "--destination", "example.com", "--lineage=maybe"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.errors);
    assert!(wrong.errors.contains("--lineage"), "{}", wrong.errors);
}

#[test]
fn a_site_has_the_k_that_is_asked_for_and_a_new_one_from_tomorrow() {
    let home = Home::new();
    let sites = || -> Vec<serde_json::Value> {
        let list = home.run(&["site", "list", "--json"]);
        list.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let of_days = |site: &serde_json::Value| (site["min_count"].clone(), site["min_count_tomorrow"].clone());
    for (name, options, expected, sentence) in [
        ("a", &[][..], 5, "With k from 5 to 20, a link’s numbers for a day"),
        ("b", &["--min-count", "1"], 1, "With 1, every number is exact"),
        ("c", &["--set", "stats.min_count=20"], 20, "With k from 5 to 20, a link’s numbers for a day"),
    ] {
        let created =
            home.run(&[&["site", "create", name, "--destination", "example.com"], options].concat());
        assert_eq!(created.code, Some(0), "{}", created.errors);
        let told = format!("Its k (--min-count) is {expected}. {sentence}");
        assert!(created.text.contains(&told), "{}", created.text);
        assert_eq!(of_days(sites().last().expect("a site")), (expected.into(), expected.into()), "{name}");
    }
    let changed = home.run(&["site", "change", "a", "--min-count", "12"]);
    assert_eq!(changed.code, Some(0), "{}", changed.errors);
    for told in
        ["Its k is 12 from tomorrow (UTC) on; until then it is 5.", "min count     5; from tomorrow (UTC) 12"]
    {
        assert!(changed.text.contains(told), "{}", changed.text);
    }
    assert_eq!(of_days(&sites()[0]), (5.into(), 12.into()));
    let undone = home.run(&["site", "change", "a", "--min-count", "5"]);
    assert!(undone.text.contains("min count     5\n"), "{}", undone.text);
    for (wrong, command) in [("4", "create"), ("21", "change"), ("few", "change")] {
        let refused = home.run(&["site", command, "a", "--destination", "example.com", "--min-count", wrong]);
        assert_eq!(refused.code, Some(2), "{}", refused.errors);
        for part in ["--min-count", "must be 1, or 5 to 20"] {
            assert!(refused.errors.contains(part), "{}", refused.errors);
        }
    }
}

#[test]
fn whatever_is_set_of_a_new_site_can_be_changed_later() {
    let home = Home::new();
    home.site("The Courier");
    let change = |options: &[&str]| {
        let changed = home.run(&[&["site", "change"][..], options].concat());
        assert_eq!(changed.code, Some(0), "{options:?}: {}", changed.errors);
        let sites = home.run(&["site", "list", "--json"]);
        serde_json::from_str::<serde_json::Value>(sites.text.lines().next().expect("a site")).expect("JSON")
    };
    for (options, field, expected) in [
        (
            &["--destination", "courier.example", "news.example"][..],
            "destinations",
            json!(["courier.example", "news.example"]),
        ),
        (&["--origin", "https://courier.example"], "origins", json!(["https://courier.example"])),
        (&["--origin"], "origins", json!([])),
        (&["--consent", "skip"], "consent", json!("skip")),
        (&["--consent", "default"], "consent", json!(null)),
        (&["--strip", "reader", "Voucher"], "strip", json!(["reader", "voucher"])),
        (&["--strip"], "strip", json!([])),
        (&["--keep", "token"], "keep", json!(["token"])),
        (&["--forward-query"], "forward_query", json!(true)),
        (&["--forward-query=off"], "forward_query", json!(false)),
        (&["--lineage"], "lineage", json!(true)),
    ] {
        let site = change(&[&["The Courier"], options].concat());
        assert_eq!(site[field], expected, "{options:?}");
    }
    let renamed = change(&["The Courier", "--name", "The Messenger", "--keep"]);
    assert_eq!((&renamed["site"], &renamed["keep"]), (&json!("The Messenger"), &json!([])));
    assert_eq!(renamed["destinations"], json!(["courier.example", "news.example"]), "all else stays");
    home.site("Another");
    let taken = home.run(&["site", "change", "Another", "--name", "The Messenger"]);
    assert_eq!(taken.code, Some(1), "{}", taken.errors);
    let nothing = home.run(&["site", "change", "Another"]);
    assert_eq!(nothing.code, Some(2), "{}", nothing.errors);
}

#[tokio::test]
async fn deleting_a_site_asks_first_and_takes_everything_of_it() {
    let home = Home::new();
    let service = home.serve(&[]);
    let (keys, others) = (home.site("The Courier"), home.site("Another"));
    let key = keys["secret_key"].as_str().expect("a key");
    let link: serde_json::Value = service.share(key).await.json().await.expect("JSON");
    home.run(&["person", "add", "The Courier", "Ada", "--role", "reader"]);
    // The standard input says nothing.
    let asked = home.run(&["site", "delete", "The Courier"]);
    assert_eq!(asked.code, Some(1), "{}", asked.errors);
    assert!(asked.text.contains("1 links") && asked.text.contains("1 people"), "{}", asked.text);
    assert_eq!(service.share(key).await.status(), StatusCode::CREATED, "nothing was deleted");
    let deleted = home.run(&["site", "delete", "The Courier", "--yes"]);
    assert_eq!(deleted.code, Some(0), "{}", deleted.errors);
    assert_eq!(service.share(key).await.status(), StatusCode::UNAUTHORIZED);
    let short_url = link["short_url"].as_str().expect("an address");
    let deadline = Instant::now() + Duration::from_secs(20);
    while reqwest::get(short_url).await.expect("an answer").status() != StatusCode::NOT_FOUND {
        assert!(Instant::now() < deadline, "the link goes on");
        tokio::task::yield_now().await;
    }
    let list = home.run(&["site", "list"]);
    assert!(!list.text.contains("The Courier") && list.text.contains("Another"), "{}", list.text);
    let again = home.run(&["site", "delete", "The Courier", "--yes"]);
    assert_eq!(again.code, Some(1), "{}", again.errors);
    let other = others["secret_key"].as_str().expect("a key");
    assert_eq!(service.share(other).await.status(), StatusCode::CREATED);
    // The name is free, and so is that of the person.
    home.site("The Courier");
    assert_eq!(home.run(&["person", "add", "The Courier", "Ada", "--role", "reader"]).code, Some(0));
}

#[tokio::test]
async fn a_rotated_key_ends_and_the_other_one_stays() {
    let home = Home::new();
    let service = home.serve(&[]);
    let keys = home.site("rotating");
    let (publishable, old) = (keys["publishable_key"].as_str(), keys["secret_key"].as_str());
    let (publishable, old) = (publishable.expect("a key"), old.expect("a key"));
    let rotated = home.run(&["key", "rotate", "rotating", "--kind", "secret", "--json"]);
    let rotated: serde_json::Value = serde_json::from_str(&rotated.text).expect("JSON");
    let new = rotated["secret_key"].as_str().expect("a key");
    for (key, expected) in
        [(old, StatusCode::UNAUTHORIZED), (new, StatusCode::CREATED), (publishable, StatusCode::CREATED)]
    {
        assert_eq!(service.share(key).await.status(), expected);
    }
    let unknown = home.run(&["key", "rotate", "nobody", "--kind", "secret"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.errors.contains("there is no site \"nobody\""), "{}", unknown.errors);
}

#[tokio::test]
async fn a_link_that_is_taken_down_answers_451_until_it_is_restored() {
    let home = Home::new();
    let service = home.serve(&[]);
    let code = service.code(&service.printed_key("ens_sk_").expect("a key")).await;
    let visitor = Visitor::at(&service);
    let forwarded = Way::To("https://example.com/".to_owned());
    assert_eq!(visitor.look(&code).await, forwarded);
    for (command, expected) in [("take-down", Way::End(451)), ("restore", forwarded)] {
        let done = home.run(&["link", command, &code]);
        assert_eq!(done.code, Some(0), "{}", done.errors);
        assert!(done.text.contains(&code) && done.text.contains("https://example.com/"), "{}", done.text);
        visitor.sees(&code, &expected).await;
    }
    let unknown = home.run(&["link", "take-down", "nothing1"]);
    assert_eq!((unknown.code, unknown.errors.contains("nothing1")), (Some(1), true), "{}", unknown.errors);
    for command in ["take-down", "restore"] {
        for code in ["--help", "-h", "-promo"] {
            let unknown = home.run(&["link", command, code]);
            assert_eq!((unknown.code, unknown.errors.contains(code)), (Some(1), true), "{}", unknown.errors);
        }
        assert_eq!(home.run(&["help", "link", command]).code, Some(0));
    }
}

#[test]
fn an_unknown_setting_or_a_wrong_value_in_a_file_exits_with_2_and_is_named() {
    for (file, name, takes) in [
        ("[server]\nlisten_on = \"127.0.0.1:1\"", "listen_on", ""),
        ("[sever]\nlisten = \"127.0.0.1:1\"", "sever", ""),
        ("[server]\nlisten = \"everywhere\"", "server.listen", ""),
        ("[server]\nworkers = 0", "server.workers", "from 1 on"),
        ("[store]\nurl = \"mysql://localhost\"", "store.url", "sqlite:"),
        ("[journal]\nsync = \"sometimes\"", "journal.sync", "always or os"),
        ("[consent]\nunknown = \"maybe\"", "consent.unknown", "ask, skip or aggregate"),
        ("[retention]\nmonths = 26", "retention.months", "25"),
        ("[server\n", "wrong.toml", ""),
    ] {
        let home = Home::new();
        let folder = home.path().join("config");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("wrong.toml"), file).expect("written");
        let ended = home.run(&["site", "list"]);
        assert_eq!(ended.code, Some(2), "{file}: {}", ended.errors);
        assert!(ended.errors.contains(name) && ended.errors.contains(takes), "{file}: {}", ended.errors);
        assert!(!home.path().join("data").exists(), "nothing was begun");
    }
}

#[test]
fn the_example_for_production_is_taken_as_it_is() {
    let home = Home::new();
    let folder = home.path().join("config");
    std::fs::create_dir(&folder).expect("a folder");
    let example = include_str!("../../config/production.example.toml");
    std::fs::write(folder.join("production.toml"), example).expect("written");
    let ended = home.run(&["site", "list"]);
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_setting_or_a_wrong_value_in_the_environment_exits_with_2_and_is_named() {
    for (variable, value, name) in [
        ("ENTRENOUS__SERVER__LISTEN_ON", "127.0.0.1:1", "ENTRENOUS__SERVER__LISTEN_ON"),
        ("ENTRENOUS__SEVER__LISTEN", "127.0.0.1:1", "ENTRENOUS__SEVER__LISTEN"),
        ("ENTRENOUS_SERVER_LISTEN", "127.0.0.1:1", "ENTRENOUS__SERVER__LISTEN is probably meant"),
        ("ENTRENOUS__SERVER__LISTEN", "everywhere", "server.listen"),
        ("ENTRENOUS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,ten", "'ten'"),
        ("ENTRENOUS__STATS__MIN_COUNT", "4", "must be 1, or 5 to 20, not '4' for key `stats.min_count`"),
        ("ENTRENOUS__STATS__MIN_COUNT", "few", "must be 1, or 5 to 20, not 'few' for key `stats.min_count`"),
    ] {
        let home = Home::new();
        let mut command = home.command(&["site", "list"]);
        command.env(variable, value);
        let ended = run(command);
        assert_eq!(ended.code, Some(2), "{variable}: {}", ended.errors);
        assert!(ended.errors.contains(name), "{variable}: {}", ended.errors);
    }
}

#[test]
fn an_unknown_setting_or_a_wrong_value_in_a_flag_exits_with_2_and_is_named() {
    for (arguments, name) in [
        (&["--listen-on", "127.0.0.1:1"][..], "--listen-on"),
        (&["--set", "server.listen_on=127.0.0.1:1"], "listen_on"),
        (&["--set", "server.listen"], "KEY=VALUE"),
        (&["--listen", "everywhere"], "server.listen"),
        (&["--store", "mysql://localhost"], "sqlite:"),
        (&["--config", "no-such-folder"], "no-such-folder"),
        (&["start"], "start"),
        (&["site", "create", "x", "--destination", "no host"], "--destination"),
    ] {
        let ended = Home::new().run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.errors);
        assert!(ended.errors.contains(name), "{arguments:?}: {}", ended.errors);
    }
}

#[tokio::test]
async fn a_list_in_the_environment_is_comma_separated_and_outweighs_the_file() {
    let home = Home::new();
    let folder = home.path().join("config");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("a.toml"), "[server]\ntrusted_proxies = []").expect("written");
    let mut command = home.command(&["--listen", "127.0.0.1:0", "--set", "stats.min_count=1"]);
    command.env("ENTRENOUS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1");
    let service = serve(command);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1, 10.9.9.9"] {
        assert_eq!(service.click(&code, address).await.expect("an answer"), StatusCode::FOUND);
    }
    service.counted_at_least(&secret, &code, 3).await;
    assert_eq!(service.counted(&secret, &code).await, (3, 2));
}

#[test]
fn a_port_in_use_exits_with_1_and_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let ended = Home::new().run(&["--listen", &address]);
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    for part in ["server.listen", &address, "in use"] {
        assert!(ended.errors.contains(part), "{part}: {}", ended.errors);
    }
}

#[test]
fn a_journal_that_another_process_uses_exits_with_1_and_says_so() {
    let home = Home::new();
    let _service = home.serve(&[]);
    let second = home.run(&["--listen", "127.0.0.1:0", "--store", "sqlite:data/other.db"]);
    assert_eq!(second.code, Some(1), "{}", second.errors);
    for part in ["journal.dir", "another process", "data/journal"] {
        assert!(second.errors.contains(part), "{part}: {}", second.errors);
    }
}

#[test]
fn a_store_that_cannot_be_opened_exits_with_1_and_keeps_its_password_to_itself() {
    let home = Home::new();
    std::fs::write(home.path().join("text.db"), "this is a text and not a database, ".repeat(99))
        .expect("written");
    let ended = home.run(&["--listen", "127.0.0.1:0", "--store", "sqlite:text.db"]);
    assert_eq!((ended.code, ended.errors.contains("store.url")), (Some(1), true), "{}", ended.errors);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address");
    drop(taken);
    let ended = home.run(&["site", "list", "--store", &format!("redis://user:pass-word@{address}")]);
    assert_eq!((ended.code, ended.errors.contains("store.url")), (Some(1), true), "{}", ended.errors);
    assert!(!ended.errors.contains("pass-word"), "{}", ended.errors);
}

#[test]
fn the_healthcheck_tells_by_its_exit_code() {
    let home = Home::new();
    let service = home.serve(&[]);
    let address = service.address().to_owned();
    let alive = home.run(&["healthcheck", "--listen", &address]);
    assert_eq!(alive.code, Some(0), "{}", alive.errors);
    service.kill();
    assert_eq!(service.end(), None);
    let dead = home.run(&["healthcheck", "--listen", &address]);
    assert_eq!(dead.code, Some(1), "{}", dead.errors);
}
