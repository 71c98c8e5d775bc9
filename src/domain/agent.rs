//! Who asks for a link: a person, a chat app that draws a preview, or another machine.
//!
//! **Promises.** The verdict is a pure function of the user agent: nothing looked up, nothing kept, one
//! pass over the text whatever its length, the same for upper and lower case. A shared link that a chat app
//! unfurls is a [`Preview`](Agent::Preview) of that app's [`Family`], somebody who opens it inside that same
//! app is a [`Person`](Agent::Person).
//!
//! **Refuses.** To unmask anybody. A scanner that sends Chrome's own user agent is a person here, because
//! telling them apart would take an address or a behaviour that this service does not want to know. What
//! does not have the shape of a browser is a machine without being on a list, so HTTP libraries, apps'
//! background requests and tomorrow's crawlers need no entry.
//!
//! ```
//! use entrenous::domain::agent::Agent;
//! use entrenous::domain::family::Family;
//!
//! assert_eq!(Agent::classify("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), Agent::Person);
//! assert_eq!(Agent::classify("TelegramBot (like TwitterBot)"), Agent::Preview(Family::Telegram));
//! assert_eq!(Agent::classify("curl/8.14.1"), Agent::Robot);
//! ```

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::domain::family::Family;
use crate::domain::family::Family::{
    Bluesky, Discord, Facebook, GoogleMessages, KakaoTalk, Line, LinkedIn, Mastodon, Other, Pinterest,
    Reddit, Slack, Snapchat, Teams, Telegram, Viber, WhatsApp, X,
};

/// Who sent a request, judged by its user agent alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Somebody in front of a browser, an app's own browser included.
    Person,
    /// The fetcher behind a link preview in a chat or a feed: counts an unfurl of that family.
    Preview(Family),
    /// Every other machine, and whoever sends no user agent: counts nothing.
    Robot,
}

/// What a token in a user agent says about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// It has the shape of a browser. Without one of these nobody is a person.
    Browser,
    /// It draws previews, for this family. One is enough, whatever else the user agent pretends.
    Preview(Family),
    /// It is a machine, although it may have the shape of a browser.
    Robot,
    /// It only looks like another sign, which it hides by starting earlier or reaching further.
    Innocent,
}

/// What gives a sender away, in lower case. A leading `^` means: only as the first thing in the user agent.
#[rustfmt::skip]
const TOKENS: &[(Sign, &[&str])] = &[
    // Nearly every browser names its rendering engine. The longer ones keep old browsers that call themselves
    // `compatible` with Mozilla out of the contacts below, where a machine's name follows that word.
    (Sign::Browser, &[
        "applewebkit", "gecko", "khtml", "trident/", "presto/", "msie", "firefox/", "netscape", "opera/",
        "opera ", "operamini", "compatible; msie", "compatible;msie", "compatible;+msie", "compatible; u;",
        "compatible; konqueror", "compatible; opera", "compatible; avantgo", "compatible; ibrowse",
        "compatible; netpositive", "compatible; polaris", "compatible; gecko",
    ]),
    // Feature phones, readers, consoles and television sets, which often name no engine, or hide it behind a
    // proxy that renders for them.
    (Sign::Browser, &[
        "midp", "cldc", "wap2", "wap browser", "wap-browser", "mqqbrowser", "up.browser", "up.link",
        "netfront", "obigo", "teleca", "polaris", "maui", "jasmine", "ucweb", "ucbrowser", "uc browser",
        "^nokia", "^blackberry", "^sonyericsson", "^samsung", "^lg-", "^lge-", "^mot-", "^docomo", "^kddi",
        "^softbank", "^vodafone", "hbbtv", "nintendo", "playstation", "dreamcast", "dreampassport", "avantgo",
        "espial", "webos", "[fban/",
        "^mozilla/5.0 (linux; android", "^mozilla/5.0 (linux; u; android", "^mozilla/5.0 (ipad", "mobile safari/", "webkit/",
        "browser/", "^jig browser", "(jig browser", "smart-tv", "smarttv_", "kreatv", "palmos", "^palmscape", "^xiino",
    ]),
    // Browsers with an engine of their own: in a terminal, or on a small or an old system.
    (Sign::Browser, &[
        "^lynx/", "^w3m/", "^links (", "^elinks", "^emacs-w3m", "^dillo", "^netsurf", "^konqueror",
        "^ibrowse", "^amigavoyager", "^icab", "mosaic/", "amiga-aweb", "inferno)", "browsex", "^amaya/", "^hotjava",
        "compatible; offbyone", "compatible; risc os", "compatible; ncbrowser", "compatible; antgalio", "fireweb",
    ]),
    // How a fetcher says what it is for.
    (Sign::Preview(Other), &[
        "preview", "unfurl", "onebox", "linkexpand", "link expand", "richlink", "metatagfetcher", "peekbot",
    ]),
    // Fetchers by name, each with its family. Apple's Messages call themselves `facebookexternalhit` and
    // Twitterbot, and other apps append their own name to one of these: `Family::and` tells them apart.
    (Sign::Preview(Facebook), &["facebookexternalhit", "facebot", "facebookplatform"]),
    (Sign::Preview(X), &["twitterbot"]),
    (Sign::Preview(Telegram), &["telegrambot"]),
    (Sign::Preview(Slack), &["slackbot", "slack-imgproxy"]),
    (Sign::Preview(Discord), &["discordbot"]),
    (Sign::Preview(Teams), &["skypeuripreview"]),
    (Sign::Preview(LinkedIn), &["linkedinbot"]),
    (Sign::Preview(Line), &["line-poker"]),
    (Sign::Preview(KakaoTalk), &["kakaotalk-scrap"]),
    (Sign::Preview(Snapchat), &["snap url", "snapchat-proxy"]),
    (Sign::Preview(Pinterest), &["pinterestbot"]),
    (Sign::Preview(Reddit), &["redditbot"]),
    (Sign::Preview(GoogleMessages), &["googlemessages"]),
    (Sign::Preview(Bluesky), &["bluesky bot", "cardyb"]),
    // Fediverse servers fetch the page of every link their users post.
    (Sign::Preview(Mastodon), &[
        "mastodon/", "pleroma", "akkoma", "misskey", "summaly", "friendica", "lemmy/", "gotosocial",
    ]),
    // Fetchers by name that have no family: of apps that are rarer, of services that draw previews for
    // others, and of the same houses for their catalogues, searches and models.
    (Sign::Preview(Other), &[
        "facebookcatalog", "facebookscraper", "meta-external", "meta-webindexer", "groupmebot", "dingtalkbot",
        "keybasebot", "xing bot", "loomlybot", "everyonesocial", "quora-bot", "codabot", "odklbot", "vkrobot",
        "vkshare", "linespider", "tiktokspider", "larkurl2meta", "steamchat", "flipboardproxy",
        "flipboardbrowserproxy", "embedly", "notionembedder", "iframely", "opengraph.io", "mattermost-",
        "rocket.chat", "zulip", "matrix-media-repo", "compatible; goodreads", "teamspeak", "listgembot",
        "supabase paired",
    ]),
    // Names that prove a fetcher only in the first place: further on, the same word is the app's own browser,
    // or a phone.
    (Sign::Preview(WhatsApp), &["^whatsapp"]),
    (Sign::Preview(Viber), &["^viber"]),
    (Sign::Preview(Pinterest), &["^pinterest/"]),
    (Sign::Preview(Bluesky), &["^bluesky"]),
    (Sign::Preview(Other), &[
        "^synapse", "^discourse", "^hatena", "^tumblr", "^notion/", "^trello", "^valve/steam", "^ning/",
    ]),
    // Proxies and counters that work for shared links without drawing them; they prove as well that a link was
    // pasted somewhere.
    (Sign::Preview(Other), &[
        "addthis", "newsharecounts", "tweetmeme", "jetslide", "(dbot)", "github-camo", "twilioproxy",
        "aasa-bot",
    ]),
    // What machines call their work. None of these words occurs in the browsers that people use, but for the
    // lookalikes below.
    (Sign::Robot, &[
        "bot", "crawl", "crwl", "spider", "slurp", "scrap", "fetch", "scan", "monitor", "check", "archiv",
        "collect", "parser", "feed", "probe", "observ", "inspect", "survey", "measur", "research", "analy",
        "verif", "valid", "diagnos", "securityheaders", "insights", "prospect", "marketing", "generator",
        "render", "transcod", "thumb", "screenshot", "snapshot", "mshots", "capture", "websnap", "finder",
        "automat", "linktiger", "-agent", "agent)", " agent/", "httpagent", "-user/", "claude-",
    ]),
    // A machine that behaves says where to complain; a browser has no address. `compatible;` is where such a
    // name stands.
    (Sign::Robot, &[
        "http://", "https://", "www.", ".com", ".org", "mailto:", "compatible;",
    ]),
    // Browsers without a person, and what drives them.
    (Sign::Robot, &[
        "headless", "phantomjs", "selenium", "webdriver", "playwright", "puppeteer", "cypress", "browserless",
        "wkhtmlto", "webkit2png", "splash safari", "splash version", "jsdom", "nutch", "libwww-perl",
        "python", "fasthttp", "imgsizer", "offline explorer", "web services client", "http client",
    ]),
    // Services that measure or test pages in a real browser and sign its user agent.
    (Sign::Robot, &[
        "lighthouse", "ptst", "synthetic", "pingdom", "checkly", "statuscake", "gtmetrix", "dareboost",
        "debugbear", "neustar wpm", "catchpoint", "gomez", "rigor)", "iplabel", "ghost inspector",
        "testlocally", "functionize", " ylt ", "yottaa", "nodemeter", "silktide", "hotjar", "hardenize",
        "watchtowr", "assetnote", "foregenix",
    ]),
    // Other services and agents that drive a browser and sign it with a plain name.
    (Sign::Robot, &[
        "google-", "-google", "google favicon", "google page", "google search", "google web",
        "googleweblight", "google_partner", "googleother", "bingbot", "binglocal", "yandex.translate",
        "cloudflare", "criteo", "hubspot", "cookiehub", "datanyze", "scope3", "zotero", "collapsify",
        "turingos", "onetrust", "novaact", "manus-", "devin/", "chatgpt", "perplexity", "dmbrowser", "geedo", "marketgoo", "mixnode",
        "sindup", "convertify", "kimonolabs", "webthumb", "sparkler", "snapsearch", "stackrambler", "daum/",
        "firefox mutant",
    ]),
    // Mail proxies and scanners that say so, and Office, which fetches a link itself before it hands it to the
    // browser.
    (Sign::Robot, &[
        "imageproxy", "mailproxy", "(via ", "microsoft outlook", "ms-office", "^outlook", "^macoutlook",
        "dts agent",
    ]),
    // An app that scans paper and one that sells, by words of machines. Phones with `bot` in their name, a company, toolbars that advertise themselves, app packages, Apple's
    // beta browser; and Kindles and signs in shop windows, which are compatible with Linux.
    (Sign::Innocent, &[
        "cubot", "; b bot ", "; c bot ", "; m bot ", "; m_bot_", "idbot", "id bot ", "vr bot ", "power bot ",
        "; xbot", "botech", "htc_bot", "caboto", "; spider 8", "capture+)", "user-agent", "inspectlet",
        "camscanner", "checkout", "http://bsalsa.com", "http://www.bsalsa.com", "http://www.qtweb", "avantbrowser.com", ".com.",
        ".com_", "technology preview", "technology%20preview", "compatible; linux",
    ]),
];

/// What Signal sends, so that it gets what WhatsApp gets. WhatsApp itself always says its whole version, and
/// for which system it is.
const SIGNAL: &str = "whatsapp/2";

/// The tokens as one automaton, with the meaning of each beside it.
struct Scanner {
    automaton: AhoCorasick,
    /// By pattern: what it means, and whether it must open the user agent.
    meanings: Vec<(Sign, bool)>,
}

/// Leftmost-longest, because that is what lets a lookalike hide the token inside it.
static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let tokens = TOKENS.iter().flat_map(|(sign, tokens)| tokens.iter().map(move |token| (*sign, *token)));
    let (meanings, patterns): (Vec<_>, Vec<_>) = tokens
        .map(|(sign, token)| match token.strip_prefix('^') {
            Some(opening) => ((sign, true), opening),
            None => ((sign, false), token),
        })
        .unzip();
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns)
        .expect("a few hundred short tokens fit in an automaton");
    Scanner { automaton, meanings }
});

impl Agent {
    /// Judges a user agent; an absent one is empty. It is read as bytes: what is no ASCII, or no text at all, is no sign of
    /// anything.
    ///
    /// A preview fetcher is one with a single sign of it. Anybody else is a person only with the shape of a
    /// browser and no sign of a machine.
    #[must_use]
    pub fn classify(user_agent: impl AsRef<[u8]>) -> Self {
        let user_agent = user_agent.as_ref();
        let scanner = &*SCANNER;
        let mut preview: Option<Family> = None;
        let mut browser = false;
        let mut robot = false;
        for found in scanner.automaton.find_iter(user_agent) {
            let (sign, opening) = scanner.meanings[found.pattern().as_usize()];
            if opening && found.start() > 0 {
                continue;
            }
            match sign {
                Sign::Preview(family) => {
                    preview = Some(preview.map_or(family, |before| before.and(family)));
                }
                Sign::Browser => browser = true,
                Sign::Robot => robot = true,
                Sign::Innocent => {}
            }
        }
        match preview {
            Some(WhatsApp) if user_agent.eq_ignore_ascii_case(SIGNAL.as_bytes()) => {
                Self::Preview(Family::Signal)
            }
            Some(family) => Self::Preview(family),
            None if browser && !robot => Self::Person,
            None => Self::Robot,
        }
    }
}
