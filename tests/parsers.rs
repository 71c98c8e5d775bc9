//! Every parser of what comes from outside: no text makes it panic, and what it takes it gives
//! back. (The journal's records and the forms of destinations are held where they are defined.)

use entrenous::domain::agent::Agent;
use entrenous::domain::channel::{ChannelName, Channels};
use entrenous::domain::code::Code;
use entrenous::domain::consent::{Choice, Policy};
use entrenous::domain::day::Day;
use entrenous::domain::destination::{Destination, HostRule};
use entrenous::domain::link::Text;
use entrenous::domain::reserved::{ClaimError, Reservations};
use entrenous::domain::site::{KeyHash, OriginRule};
use entrenous::settings::Settings;
use entrenous::stats::report::Grouping;
use entrenous::store::StoreUrl;
use proptest::prelude::*;
use url::Url;

/// Any text, and texts that are nearly right.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9_.+%/-]{0,70}",
        "(https?|ftp|javascript)://[a-z0-9.:@\\[\\]\u{e0}-\u{ff}-]{0,40}(/[ -~]{0,20})?",
        "(sqlite|rediss?|redis\\+cluster)(:|://)[a-z0-9.:@,/-]{0,40}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "\\[[a-z]{1,8}\\]\nlabel = \"[ -~]{0,10}\"\nshare = \"[a-z:{}]{0,20}\"",
    ]
}

proptest! {
    #[test]
    fn a_code_that_is_taken_stands_unchanged_in_an_address(text in text()) {
        if let Ok(code) = Code::parse(&text) {
            prop_assert_eq!(code.as_str(), &text);
            let address = Url::parse("https://go.example/").expect("an address").join(&text).expect("a path");
            prop_assert_eq!(address.path(), format!("/{text}"));
        }
    }

    #[test]
    fn a_claim_that_was_not_given_out_is_refused(text in text(), secret in any::<[u8; 8]>(), end in any::<i64>()) {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let reservations = Reservations::new(&secret);
        for claim in [text.clone(), format!("abc.{end}.{text}"), format!("{text}.{end}.s1{}", "0".repeat(64))] {
            prop_assert_eq!(reservations.claimed(&claim, now), Err(ClaimError::Unknown));
        }
        if let Ok(code) = Code::parse(&text) {
            // It may be true of one in thousands, and is always the same.
            prop_assert_eq!(reservations.may_have(&code), Reservations::new(&secret).may_have(&code));
        }
    }

    #[test]
    fn a_day_that_is_taken_is_written_as_it_came(text in text()) {
        if let Ok(day) = text.parse::<Day>() {
            prop_assert_eq!(day.to_string(), text);
            prop_assert_eq!(Day::from_number(day.number()), Some(day));
            prop_assert_eq!(Day::of(day.start()), day);
        }
    }

    #[test]
    fn a_destination_that_is_taken_is_taken_again(text in text(), query in any::<String>()) {
        let own = "https://go.example".parse().expect("an address");
        if let Ok(destination) = Destination::parse(&text, &[HostRule::any()], &own) {
            let again = Destination::parse(destination.as_str(), &[HostRule::any()], &own);
            prop_assert_eq!(again.as_ref(), Ok(&destination));
            prop_assert!(!destination.host().is_empty());
            prop_assert!(destination.with_queries([&*query].into_iter()).is_ascii());
        }
    }

    #[test]
    fn rules_for_hosts_and_origins_are_taken_again_as_they_are_written(text in text()) {
        if let Ok(rule) = HostRule::parse(&text) {
            prop_assert_eq!(HostRule::parse(&rule.to_string()), Ok(rule));
        }
        if let Ok(rule) = OriginRule::parse(&text) {
            prop_assert_eq!(OriginRule::parse(&rule.to_string()), Ok(rule));
        }
    }

    #[test]
    fn names_choices_and_texts_are_taken_or_refused(text in text(), longest in 0..50_usize) {
        if let Ok(name) = ChannelName::parse(&text) {
            prop_assert_eq!(name.as_str(), &text);
        }
        if let Ok(policy) = text.parse::<Policy>() {
            prop_assert_eq!(policy.as_str(), &text);
        }
        if let Ok(Some(taken)) = Text::parse(&text, longest) {
            prop_assert!(taken.as_str().chars().count() <= longest);
            prop_assert!(!taken.as_str().chars().any(char::is_control));
        }
        if let Some(hash) = KeyHash::from_hex(&text) {
            prop_assert_eq!(hash.to_hex(), text.clone());
        }
        if let Some(choice) = Choice::from_cookie(text.as_bytes()) {
            prop_assert_eq!(choice.cookie_value(), text.clone());
        }
        let _ = text.parse::<Grouping>();
    }

    #[test]
    fn a_channels_file_is_taken_or_its_mistake_is_told(text in text()) {
        match Channels::with(&text) {
            Ok(channels) => prop_assert!(channels.iter().count() >= 12),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn an_address_of_a_store_is_taken_or_refused_without_its_password(text in text(), password in "[a-z]{12}") {
        for text in [
            text.clone(),
            format!("redis://user:{password}@{text}"),
            format!("redis+sentinel://:{password}@{text}"),
            format!("redis+cluster://:{password}@{text}"),
        ] {
            let told = match StoreUrl::parse(&text) {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!told.contains(&password));
        }
    }

    #[test]
    fn a_setting_is_taken_or_its_mistake_is_told(key in "[a-z]{1,8}\\.[a-z_]{1,20}", value in text()) {
        let settings = Settings::read("/nowhere".as_ref(), &[(key.clone(), value)]);
        let named = settings.is_err_and(|error| error.to_string().contains(key.split('.').next().expect("a section")));
        prop_assert!(named, "no section has one of these names by chance");
    }

    #[test]
    fn any_user_agent_is_judged_the_same_in_upper_and_lower_case(text in text()) {
        prop_assert_eq!(Agent::classify(text.to_ascii_uppercase()), Agent::classify(text.to_ascii_lowercase()));
    }
}
