//! What the operator says on the command line is what a site's destinations are told.

use serde_json::{Value, json};

use crate::program::Home;
use crate::publisher::{Publisher, Visitor, Way};

fn to(query: &str) -> Way {
    Way::To(format!("https://example.com/{query}"))
}

/// What the list says of the only site of this name.
fn listed(home: &Home, name: &str) -> Value {
    let list = home.run(&["site", "list", "--json"]).text;
    let mut sites = list.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    sites.find(|site| site["site"] == name).unwrap_or_else(|| panic!("{name} in {list}"))["utm"].clone()
}

#[tokio::test]
async fn templates_of_the_command_line_are_used_and_a_change_of_them_is_seen_within_a_second() {
    let home = Home::new();
    let service = home.serve(&[]);
    let made = home.run(&[
        "site",
        "create",
        "press",
        "--destination",
        "example.com",
        "--json",
        "--utm-template",
        "source=press,medium={channel}-link",
        "--utm-channel",
        "sms:medium=text {channel}",
        "--utm-channel",
        "email:medium=letter",
    ]);
    assert_eq!(made.code, Some(0), "{}", made.errors);
    let keys: Value = serde_json::from_str(&made.text).expect("JSON");
    let secret = keys["secret_key"].as_str().expect("a key");
    Publisher::at(&service, secret).make("known", "https://example.com/").await;
    let visitor = Visitor::at(&service);
    assert_eq!(visitor.finds("known").await, to("?utm_source=press&utm_medium=text+sms"));
    let own = json!({ "source": "press", "medium": "{channel}-link",
        "channels": { "sms": { "medium": "text {channel}" }, "email": { "medium": "letter" } } });
    assert_eq!(listed(&home, "press"), own);
    let list = home.run(&["site", "list"]).text;
    for words in [
        "utm           source=press,medium={channel}-link,campaign={campaign} email:medium=letter sms:medium=text {channel}\n",
        "utm           off\n",
    ] {
        assert!(list.contains(words), "{words}: {list}");
    }

    for (options, query, stored) in [
        (&["--utm"][..], "?utm_source=sms&utm_medium=share", json!(true)),
        (
            &["--utm-channel", "sms:source="],
            "?utm_medium=share",
            json!({ "channels": { "sms": { "source": "" } } }),
        ),
        (&["--no-utm"], "", json!(false)),
        (&["--utm-template", "medium="], "?utm_source=sms", json!({ "medium": "" })),
    ] {
        let changed = home.run(&[&["site", "change", "press"], options].concat());
        assert_eq!(changed.code, Some(0), "{}", changed.errors);
        assert!(changed.text.contains("\"press\""), "{}", changed.text);
        visitor.sees("known", &to(query)).await;
        assert_eq!(listed(&home, "press"), stored);
    }
    // The keys are as they were.
    Publisher::at(&service, secret).make("another", "https://example.com/").await;
}

#[test]
fn a_wrong_template_is_refused_by_name_and_nothing_is_made_or_changed() {
    let home = Home::new();
    home.site("press");
    for (options, code, words) in [
        (
            &["--utm-template", "source={chanel}"][..],
            2,
            &["--utm-template", "source", "{chanel}", "{channel}"][..],
        ),
        (&["--utm-template", "sauce=a"], 2, &["--utm-template", "'sauce=a'", "medium=…"]),
        (&["--utm-template", ""], 2, &["--utm-template"]),
        (&["--utm-template", "source=a,source=b"], 2, &["source is given twice"]),
        (&["--utm-template", "medium=a\nb"], 2, &["medium", "control characters"]),
        (&["--utm-channel", "source=a"], 2, &["--utm-channel", "email:medium=newsletter"]),
        (&["--utm-channel", "E-Mail:source=a"], 2, &["--utm-channel", "lower-case"]),
        (&["--utm-channel", "email:medium={campaign"], 2, &["--utm-channel", "email: medium", "brace"]),
        (&["--utm-channel", "e-mail:source=a"], 1, &["--utm-channel", "'e-mail'", "email"]),
        (
            &["--utm-channel", "sms:source=a", "--utm-channel", "sms:medium=a"],
            1,
            &["--utm-channel", "'sms' is given twice"],
        ),
    ] {
        for command in [&["site", "create", "other", "--destination", "*"][..], &["site", "change", "press"]]
        {
            let ended = home.run(&[command, options].concat());
            assert_eq!(ended.code, Some(code), "{command:?} {options:?}: {}", ended.errors);
            for words in words {
                assert!(ended.errors.contains(words), "{words}: {}", ended.errors);
            }
        }
    }
    for (arguments, code, words) in [
        (&["press"][..], 2, "--no-utm"),
        (&["press", "--utm", "--no-utm"], 2, "--no-utm"),
        (&["nobody", "--utm"], 1, "there is no site \"nobody\""),
    ] {
        let ended = home.run(&[&["site", "change"], arguments].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.errors);
        assert!(ended.errors.contains(words), "{words}: {}", ended.errors);
    }
    assert_eq!(listed(&home, "press"), json!(false));
    assert!(!home.run(&["site", "list"]).text.contains("other"));
}
