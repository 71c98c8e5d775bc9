//! People on the command line, beside the running service.

use std::fs::File;
use std::process::Stdio;

use reqwest::{Client, redirect};
use serde_json::Value;

use crate::program::{Home, Service, run};

/// What an attempt to sign in is answered.
async fn sign_in(service: &Service, name: &str, password: &str) -> u16 {
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let form = [("name", name), ("secret", password)];
    let answer = client.post(format!("{}/stats/sign-in", service.base)).form(&form).send().await;
    answer.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_person_is_added_beside_the_running_service_and_signs_in_at_once() {
    let home = Home::new();
    let service = home.serve(&[]);
    let added = home.run(&["person", "add", "default", "Zoë Ng", "--role", "reader"]);
    assert_eq!(added.code, Some(0), "{}", added.errors);
    let password = added.text.lines().last().expect("a password").trim().to_owned();
    assert_eq!(password.len(), 23, "{}", added.text);
    assert_eq!(sign_in(&service, "zoë ng", &password).await, 303);

    let again = home.run(&["person", "password", "default", "ZOË NG", "--json"]);
    let again: Value = serde_json::from_str(&again.text).expect("JSON");
    assert_eq!(again["name"], "Zoë Ng");
    assert_eq!(sign_in(&service, "zoë ng", &password).await, 401);
    assert_eq!(sign_in(&service, "zoë ng", again["password"].as_str().expect("a password")).await, 303);

    let list = home.run(&["person", "list", "default"]);
    assert_eq!(list.text.trim(), "reader  Zoë Ng");
    assert_eq!(home.run(&["person", "remove", "default", "zoë ng"]).code, Some(0));
    assert_eq!(sign_in(&service, "zoë ng", again["password"].as_str().expect("a password")).await, 401);
}

#[tokio::test]
async fn a_password_is_read_from_the_standard_input_and_printed_nowhere() {
    let home = Home::new();
    let service = home.serve(&[]);
    let file = home.path().join("password");
    for (given, code) in [("correct horse battery\r\nmore\n", Some(0)), ("short\n", Some(1))] {
        std::fs::write(&file, given).expect("written");
        let name = if code == Some(0) { "ada" } else { "bob" };
        let mut command =
            home.command(&["person", "add", "default", name, "--role", "owner", "--password-stdin"]);
        command.stdin(Stdio::from(File::open(&file).expect("a file")));
        let ended = run(command);
        assert_eq!(ended.code, code, "{}", ended.errors);
        assert!(!ended.text.contains("horse") && !ended.errors.contains("short\n"), "{}", ended.text);
    }
    assert_eq!(sign_in(&service, "ada", "correct horse battery").await, 303);
    assert_eq!(sign_in(&service, "bob", "short").await, 401);
}

#[test]
fn what_cannot_be_done_to_a_person_is_said() {
    let home = Home::new();
    home.site("default");
    assert_eq!(home.run(&["person", "add", "default", "ada", "--role", "owner"]).code, Some(0));
    for (arguments, code, words) in [
        (&["add", "default", "ADA", "--role", "reader"][..], 1, "somebody called \"ADA\" already"),
        (&["add", "nowhere", "bob", "--role", "reader"], 1, "no site \"nowhere\""),
        (&["add", "default", "", "--role", "reader"], 1, "name must be 1 to 60 characters"),
        (&["add", "default", "bob", "--role", "king"], 2, "owner or reader"),
        (&["add", "default", "bob"], 2, "--role"),
        (&["remove", "default", "bob"], 1, "nobody called \"bob\""),
        (&["password", "default", "bob"], 1, "nobody called \"bob\""),
    ] {
        let ended = home.run(&[&["person"], arguments].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.errors);
        assert!(ended.errors.contains(words), "{arguments:?}: {}", ended.errors);
    }
}

#[test]
fn a_sites_numbers_and_badges_are_for_everybody_where_it_is_asked_for() {
    let home = Home::new();
    home.site("press");
    for (option, public, badges) in
        [("--public", true, false), ("--badges", true, true), ("--public=off", false, true)]
    {
        let changed = home.run(&["site", "change", "press", option]);
        assert_eq!(changed.code, Some(0), "{}", changed.errors);
        let site: Value =
            serde_json::from_str(&home.run(&["site", "list", "--json"]).text).expect("one site's JSON");
        assert_eq!((&site["public"], &site["badges"]), (&public.into(), &badges.into()), "{option}");
    }
}
