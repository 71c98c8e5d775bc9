//! Holds the user-agent classifier to the corpus in `tests/data/ua-corpus`, and to strings that no
//! collection had.

use std::collections::BTreeMap;

use entrenous::domain::agent::Agent;
use entrenous::domain::family::Family;

const PREVIEW_BOTS: &str = include_str!("data/ua-corpus/preview_bots.txt");
const CRAWLERS: &str = include_str!("data/ua-corpus/crawlers.txt");
const MAIL_SCANNERS: &str = include_str!("data/ua-corpus/mail_scanners.txt");
const HUMANS: &str = include_str!("data/ua-corpus/humans.txt");

/// The user agents that the classifier does not judge as expected, each with its verdict.
fn misjudged<'a>(
    user_agents: impl IntoIterator<Item = &'a str>,
    right: impl Fn(Agent) -> bool,
) -> Vec<String> {
    user_agents
        .into_iter()
        .map(|user_agent| (Agent::classify(user_agent), user_agent))
        .filter(|(verdict, _)| !right(*verdict))
        .map(|(verdict, user_agent)| format!("{verdict:?}: {user_agent}"))
        .collect()
}

fn assert_all_are<'a>(expected: Agent, user_agents: impl IntoIterator<Item = &'a str>) {
    let wrong = misjudged(user_agents, |verdict| verdict == expected);
    assert!(wrong.is_empty(), "{} should be {expected:?}:\n{}", wrong.len(), wrong.join("\n"));
}

fn assert_all_are_previews<'a>(user_agents: impl IntoIterator<Item = &'a str>) {
    let wrong = misjudged(user_agents, |verdict| matches!(verdict, Agent::Preview(_)));
    assert!(wrong.is_empty(), "{} should be previews:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_preview_bot_counts_as_an_unfurl() {
    assert_all_are_previews(PREVIEW_BOTS.lines());
}

/// Which family each preview bot of the corpus is of, by a word that no other one has; those without such
/// a word are others.
const OWN_WORDS: [(&str, Family); 12] = [
    ("WhatsApp", Family::WhatsApp),
    ("facebookexternalhit/1.", Family::Facebook),
    ("facebookplatform/1.0", Family::Facebook),
    ("api.slack.com/robots", Family::Slack),
    ("discordapp.com", Family::Discord),
    ("skype-url-preview@microsoft.com", Family::Teams),
    ("www.linkedin.com", Family::LinkedIn),
    ("developers.snap.com", Family::Snapchat),
    ("snapchat-proxy", Family::Snapchat),
    ("Mastodon/", Family::Mastodon),
    ("GoogleMessages/", Family::GoogleMessages),
    ("bluesky", Family::Bluesky),
];

#[test]
fn every_preview_bot_is_of_the_family_of_its_app() {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for user_agent in PREVIEW_BOTS.lines() {
        let lower = user_agent.to_ascii_lowercase();
        let own = OWN_WORDS.iter().find(|(word, _)| lower.contains(&word.to_ascii_lowercase()));
        let family = own.map_or(Family::Other, |(_, family)| *family);
        assert_eq!(Agent::classify(user_agent), Agent::Preview(family), "{user_agent}");
        *lines.entry(family.name()).or_default() += 1;
    }
    let expected = [
        ("bluesky", 2),
        ("discord", 1),
        ("facebook", 3),
        ("google_messages", 1),
        ("linkedin", 1),
        ("mastodon", 2),
        ("other", 47),
        ("slack", 4),
        ("snapchat", 2),
        ("teams", 1),
        ("whatsapp", 18),
    ];
    assert_eq!(lines, BTreeMap::from(expected));
}

#[test]
fn an_app_that_borrows_anothers_name_is_of_its_own_family() {
    let apple = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15 \
                 facebookexternalhit/1.1 Facebot Twitterbot/1.0";
    for (user_agent, family) in [
        (apple, Family::IMessage),
        ("Twitterbot/1.0 facebookexternalhit/1.1", Family::IMessage),
        ("facebookexternalhit/1.1", Family::Facebook),
        ("facebookexternalhit/1.1 Facebot", Family::Facebook),
        ("Twitterbot/1.0", Family::X),
        ("TelegramBot (like TwitterBot)", Family::Telegram),
        ("facebookexternalhit/1.1;line-poker/1.0", Family::Line),
        ("facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://kakao.example", Family::KakaoTalk),
        ("WhatsApp/2.25.30.7 A", Family::WhatsApp),
        ("WhatsApp/2.25.30", Family::WhatsApp),
        ("WhatsApp/2", Family::Signal),
        ("whatsapp/2", Family::Signal),
        ("WhatsApp/20", Family::WhatsApp),
        ("Slackbot-LinkExpanding 1.1 (+https://slack.example)", Family::Slack),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.6", Family::Teams),
        ("Viber/25.1", Family::Viber),
        ("Pinterest/0.3 (+http://www.pinterest.com/bot.html)", Family::Pinterest),
        ("Mozilla/5.0 (compatible; Pinterestbot/1.0)", Family::Pinterest),
        ("Mozilla/5.0 (compatible; redditbot/1.1)", Family::Reddit),
        ("Bluesky Bot/1.1", Family::Bluesky),
        ("Akkoma 3.16.0; https://social.example <admin@social.example>", Family::Mastodon),
        ("SomeNewMessengerUnfurler/0.1", Family::Other),
        // The house's crawler for its models and its catalogue: nobody pasted anything.
        ("meta-externalagent/1.2", Family::Other),
        ("facebookcatalog/1.0", Family::Other),
    ] {
        assert_eq!(Agent::classify(user_agent), Agent::Preview(family), "{user_agent}");
    }
}

#[test]
fn no_person_is_mistaken_for_a_machine() {
    assert_all_are(Agent::Person, HUMANS.lines());
}

#[test]
fn every_mail_scanner_that_says_so_counts_nothing() {
    assert_all_are(Agent::Robot, MAIL_SCANNERS.lines());
}

#[test]
fn at_most_two_percent_of_the_crawlers_pass_for_a_person() {
    let all = CRAWLERS.lines().count();
    let missed = misjudged(CRAWLERS.lines(), |verdict| verdict != Agent::Person);
    println!("{} of {all} crawlers pass for a person:\n{}", missed.len(), missed.join("\n"));
    assert!(
        missed.len() * 50 <= all,
        "{} of {all} crawlers pass for a person:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn no_string_of_the_corpus_is_copied_into_the_classifier() {
    let source = include_str!("../src/domain/agent.rs").to_lowercase();
    let corpus = [PREVIEW_BOTS, CRAWLERS, MAIL_SCANNERS, HUMANS];
    let copied: Vec<_> = corpus
        .iter()
        .flat_map(|file| file.lines())
        .filter(|user_agent| user_agent.len() > 24 && source.contains(&user_agent.to_lowercase()))
        .collect();
    assert!(copied.is_empty(), "copied from the corpus: {copied:#?}");
}

#[test]
fn upper_and_lower_case_make_no_difference() {
    for user_agent in [PREVIEW_BOTS, CRAWLERS, MAIL_SCANNERS, HUMANS].iter().flat_map(|file| file.lines()) {
        let verdict = Agent::classify(user_agent);
        assert_eq!(Agent::classify(user_agent.to_ascii_uppercase()), verdict, "{user_agent}");
        assert_eq!(Agent::classify(user_agent.to_ascii_lowercase()), verdict, "{user_agent}");
    }
}

#[test]
fn whoever_sends_no_user_agent_is_a_robot() {
    assert_all_are(Agent::Robot, ["", " ", "-", "Mozilla/5.0"]);
}

#[test]
fn text_without_any_sense_is_a_robot_and_never_a_panic() {
    let long = "a".repeat(100_000);
    assert_all_are(Agent::Robot, [long.as_str(), "\u{202e}ねこ/1.0", "() { :;}; echo", "\0\u{7f}", "%s%n"]);
}

#[test]
fn an_app_fetches_a_preview_but_its_own_browser_is_a_person() {
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
    let android = "Mozilla/5.0 (Linux; Android 15; SM-A556B Build/AP3A.240905.015; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
                   Version/4.0 Chrome/141.0.7390.43 Mobile Safari/537.36";
    let fetchers_and_browsers = [
        ("WhatsApp/2.25.30.7 A", "[WAiOS/2.25.30]"),
        ("WhatsApp/2", "WA4A/2.25.30.7"),
        ("facebookexternalhit/1.1 Facebot Twitterbot/1.0", "[FBAN/FBIOS;FBAV/530.0.0.40.70;FBDV/iPhone17,1]"),
        ("facebookexternalhit/1.1;line-poker/1.0", "Safari Line/15.9.0"),
        ("facebookexternalhit/1.1; kakaotalk-scrap/1.0;", "KAKAOTALK/25.8.1 (INAPP)"),
        ("Viber/25.1", "Viber/25.1.0.1"),
        ("Pinterest/0.3 (+http://www.pinterest.com/bot.html)", "[Pinterest/iOS]"),
        ("Mozilla/5.0 (compatible; Snap URL Preview Service)", "Snapchat/13.50.0.44 (like Safari/604.1)"),
        (
            "Mozilla/5.0 (compatible; TikTokSpider)",
            "musical_ly_41.2.0 JsSdk/2.0 Channel/App Store BytedanceWebview/d8a21c6",
        ),
        ("meta-externalfetcher/1.2", "Instagram 400.0.0.30.80 (iPhone16,2; iOS 18_5; de_DE; de; scale=3.00)"),
        ("Mozilla/5.0 (compatible; redditbot/1.1)", "Reddit/Version 2025.40.0/Build 619000"),
        ("FlipboardProxy/2.2", "Flipboard/4.3.40"),
        ("LinkedInBot/2.0", "[LinkedInApp]/9.31.1"),
    ];
    for (fetcher, browser) in fetchers_and_browsers {
        assert_all_are_previews([fetcher]);
        assert_all_are(
            Agent::Person,
            [format!("{iphone} {browser}").as_str(), format!("{android} {browser}").as_str()],
        );
    }
}

#[test]
fn chat_and_fediverse_servers_count_as_unfurls() {
    assert_all_are_previews([
        "Slackbot-LinkExpanding 1.1 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/3.0; +https://discord.com)",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SkypeUriPreview Preview/0.6",
        "Mozilla/5.0 (compatible; ZulipURLPreview/11.0; +https://zulip.example)",
        "Rocket.Chat/7.9 (https://chat.example)",
        "Synapse (bot; +https://github.com/matrix-org/synapse)",
        "Misskey/2025.9.0 (https://misskey.example)",
        "Mastodon/4.5.0 (http.rb/5.3.1; +https://social.example/)",
        "Akkoma 3.16.0; https://social.example <admin@social.example>",
        "ExampleApp-LinkPreview/3 (+https://app.example)",
        "SomeNewMessengerUnfurler/0.1",
    ]);
}

#[test]
fn a_phone_with_an_unlucky_name_is_a_person() {
    assert_all_are(
        Agent::Person,
        [
            "Mozilla/5.0 (Linux; Android 15; CUBOT KINGKONG X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 7.1.2; M bot 55 Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 15; moto g Build/V1RSS35.1-2; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
             Chrome/141.0.0.0 Mobile Safari/537.36",
        ],
    );
}

#[test]
fn old_small_and_textual_browsers_are_persons() {
    assert_all_are(
        Agent::Person,
        [
            "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.5.1",
            "w3m/0.5.5+git20250101",
            "Links (2.30; Linux 6.12.1 x86_64; GNU C 14.2; text)",
            "ELinks/0.18.0 (textmode; Linux; 120x40-2)",
            "Dillo/3.2.0",
            "NetSurf/3.11 (RISC OS)",
            "Opera/9.80 (J2ME/MIDP; Opera Mini/8.0.35158/191.283; U; en) Presto/2.12.423 Version/12.16",
            "UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.2; en-US; XT1022) U2/1.0.0 UCBrowser/10.7.9.856 U2/1.0.0 Mobile",
            "Nokia3110c/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1",
            "BlackBerry8530/5.0.0.973 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/105",
            "Mozilla/4.0 (compatible; Linux 2.6.26) NetFront/3.5 Kindle/2.5 (screen 824x1200; rotate)",
            "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Kindle/3.0+",
            "Mozilla/5.0 (PlayStation 5/SmartTV) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            "Opera/9.30 (Nintendo Wii; U; ; 3642; en)",
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 WebAppManager",
            "HbbTV/1.6.1 (+DRM;Samsung;SmartTV2024:UAU8000;T-KSU2E;;)",
            "Mozilla/5.0 (compatible; Konqueror/5.0; Linux) KHTML/5.80 (like Gecko)",
            "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 1.1.4322)",
        ],
    );
}

#[test]
fn machines_that_no_list_has_count_nothing() {
    assert_all_are(
        Agent::Robot,
        [
            "curl/8.16.0",
            "Wget/1.25.0",
            "some-new-http-library/0.1",
            "Deno/2.5.0",
            "Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9 Build/BP1A.250505.005)",
            "SomeApp/12 CFNetwork/3826.500 Darwin/24.5.0",
            "Mozilla/5.0 (compatible; TomorrowSearch/1.0)",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; TomorrowAI/2.0; +https://tomorrow.example/ai) Chrome/141.0.0.0",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 (mailto:ops@uptime.example)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 NewSyntheticMonitor",
            "Mozilla/5.0 (Linux; Android 15; CUBOT X90) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 (compatible; Tomorrowbot/1)",
            "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0 (via mail.example ImageProxy)",
        ],
    );
}

#[test]
fn people_and_robots_with_unusual_names_are_told_apart() {
    let android = "Mozilla/5.0 (Linux; Android 13; SM-A135F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
    let desktop = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
    let people = [
        format!("{android} CamScanner/6.5"),
        format!("{android} SomeShopCheckout/3.1"),
        format!("{desktop} Mattermost/5.9.0 Chrome/128.0.0.0 Electron/32.0.0 Safari/537.36"),
        "Mozilla/5.0 (Linux; Android 11; INCO AIR® Build/RP1A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
         Chrome/120.0.0.0 Mobile Safari/537.36"
            .to_owned(),
        "Mozilla/5.0 (Linux; Android 14; 华为 Mate™) AppleWebKit/537.36 (KHTML, like Gecko) Versão/4.0 Safari/537.36".to_owned(),
    ];
    assert_all_are(Agent::Person, people.iter().map(String::as_str));
    let robots = [
        format!("{desktop} Chrome/120.0.0.0 Safari/537.36;OneTrust;"),
        format!("{desktop} Chrome/120.0.0.0 Safari/537.36 Agent-NovaAct/0.9"),
    ];
    assert_all_are(Agent::Robot, robots.iter().map(String::as_str));
    assert_all_are_previews(["mattermost-bot/1.1", "mattermost-5.19.0"]);
    // What is no text at all is judged by what can be read of it.
    let latin1 = b"Mozilla/5.0 (Linux; Android 11; INCO AIR\xae) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36";
    assert_eq!(Agent::classify(latin1), Agent::Person);
    assert_eq!(Agent::classify(b"curl/8 \xff\xfe"), Agent::Robot);
}

/// Holds the word lists to collections that they were not made from: `scripts/check-agents` brings these, and prints the
/// figures.
#[test]
#[ignore = "scripts/check-agents brings the collections"]
fn of_other_collections_hardly_a_person_is_mistaken_and_hardly_a_robot_missed() {
    let folder =
        std::env::var("AGENT_COLLECTIONS").expect("AGENT_COLLECTIONS, which scripts/check-agents sets");
    let read = |name| std::fs::read_to_string(format!("{folder}/{name}")).expect("a collection");
    let (people, robots) = (read("people.txt"), read("robots.txt"));
    let mistaken = misjudged(people.lines(), |verdict| verdict == Agent::Person);
    let missed = misjudged(robots.lines(), |verdict| verdict != Agent::Person);
    let (of_people, of_robots) = (people.lines().count(), robots.lines().count());
    println!("{} of {of_people} people are mistaken for robots:\n{}", mistaken.len(), mistaken.join("\n"));
    println!("{} of {of_robots} robots are missed:\n{}", missed.len(), missed.join("\n"));
    assert!(of_people > 20_000 && of_robots > 2_000, "a collection is not whole");
    assert!(mistaken.len() * 10_000 <= of_people, "{} people are mistaken for robots", mistaken.len());
    assert!(missed.len() * 100 <= of_robots, "{} robots are missed", missed.len());
}
