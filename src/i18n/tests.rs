//! Every language says the same things.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;

use crate::i18n::Language;
use crate::i18n::Language::{English, French};
use crate::i18n::without_scheme;
use crate::stats::publication::Number;
use crate::stats::report::ClicksPerShare;

/// What is in a message.
#[derive(Debug, PartialEq, Eq, Default)]
struct Parts {
    arguments: BTreeSet<String>,
    /// How often each tag opens.
    tags: BTreeMap<String, usize>,
    text: String,
}

fn messages(language: Language) -> BTreeMap<String, Parts> {
    let file = parse(language.source()).expect("the file can be read");
    let message = |entry: &Entry<&str>| match entry {
        Entry::Message(message) => {
            let mut parts = Parts::default();
            read(message.value.as_ref().expect("a text"), &mut parts);
            for tag in parts.text.split('<').skip(1) {
                let name: String =
                    tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
                *parts.tags.entry(name).or_default() += 1;
            }
            Some((message.id.name.to_owned(), parts))
        }
        Entry::Junk { content } => panic!("{}: {content}", language.tag()),
        _ => None,
    };
    file.body.iter().filter_map(message).collect()
}

fn read(pattern: &Pattern<&str>, parts: &mut Parts) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => parts.text.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => argument(inline, parts),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                argument(selector, parts);
                for variant in variants {
                    read(&variant.value, parts);
                }
            }
        }
    }
}

fn argument(inline: &InlineExpression<&str>, parts: &mut Parts) {
    if let InlineExpression::VariableReference { id } = inline {
        parts.arguments.insert(id.name.to_owned());
    }
}

/// Every template, with its text.
fn templates() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let files = std::fs::read_dir(folder).expect("a folder");
    let text = |path: std::path::PathBuf| {
        (path.display().to_string(), std::fs::read_to_string(path).expect("a text"))
    };
    files.map(|file| text(file.expect("a file").path())).collect()
}

/// The text of every source.
fn code() -> Vec<String> {
    let (mut texts, mut folders) = (Vec::new(), vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push(std::fs::read_to_string(path).expect("a text"));
            }
        }
    }
    texts
}

/// The names of the messages that a template asks for in this way, and whether it takes them as markup.
fn asked(text: &str, how: &str) -> Vec<(String, bool)> {
    let calls = text.split(how).skip(1);
    let call = |rest: &str| {
        let (id, rest) = rest.split_once('"').expect("a name ends");
        let end = rest.find(['}', '%']).unwrap_or(rest.len());
        (id.to_owned(), rest[..end].contains("|safe"))
    };
    calls.map(call).collect()
}

#[test]
fn every_language_has_every_message_with_the_same_arguments_and_markup() {
    let english = messages(English);
    assert!(english.len() > 300);
    for language in Language::ALL {
        let others = messages(language);
        let (here, there): (Vec<_>, Vec<_>) = (others.keys().collect(), english.keys().collect());
        assert_eq!(here, there);
        for (id, parts) in &others {
            assert_eq!(parts.arguments, english[id].arguments, "{}: {id}", language.tag());
            assert_eq!(parts.tags, english[id].tags, "{}: {id}", language.tag());
        }
    }
}

#[test]
fn every_template_asks_for_messages_that_exist_and_takes_as_markup_what_is() {
    let english = messages(English);
    for (path, text) in templates() {
        for (how, markup) in [("say(\"", false), ("markup(\"", true)] {
            for (id, safe) in asked(&text, how) {
                let parts = english.get(&id).unwrap_or_else(|| panic!("{path}: there is no {id}"));
                assert_eq!((markup, safe), (!parts.tags.is_empty(), markup), "{path}: {id}");
            }
        }
    }
}

#[test]
fn the_code_says_messages_that_exist() {
    let english = messages(English);
    let mut said = 0;
    for text in code() {
        for (id, _) in ["say(\"", "markup(\""].into_iter().flat_map(|how| asked(&text, how)) {
            said += 1;
            assert!(english.contains_key(&id), "there is no {id}");
        }
    }
    assert!(said > 30, "{said}");
}

#[test]
fn no_message_is_left_over() {
    let all: String = templates().into_iter().map(|(_, text)| text).chain(code()).collect();
    // Named by what they are about.
    let by_name = ["channel-", "error-", "stats-period-", "field-", "site-consent-", "site-key-", "reason-"];
    let unused: Vec<_> = messages(English)
        .into_keys()
        .filter(|id| !by_name.iter().any(|beginning| id.starts_with(beginning)))
        .filter(|id| !all.contains(&format!("\"{id}\"")))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn french_has_its_own_spaces_and_quotation_marks() {
    for (id, parts) in messages(French) {
        for wrong in [" :", " ;", " !", " ?", " »", "« ", "'", "…."] {
            assert!(!parts.text.contains(wrong), "{id}: {wrong:?} in {}", parts.text);
        }
    }
}

#[test]
fn numbers_are_written_as_each_language_does() {
    for (number, english, french) in
        [(0, "0", "0"), (999, "999", "999"), (1_234_567, "1,234,567", "1\u{202f}234\u{202f}567")]
    {
        assert_eq!([English.number(number), French.number(number)], [english, french]);
    }
    for (clicks, shares, english, french) in [
        (160, 100, "1.6", "1,6"),
        (5_388_420, 3_000, "1,796.14", "1\u{202f}796,14"),
        (1, 3, "0.33", "0,33"),
        (2_999, 1_000, "3.0", "3,0"),
        (0, 4, "0.0", "0,0"),
    ] {
        let known = ClicksPerShare::exact(clicks, shares);
        let written = [English.clicks_per_share(known), French.clicks_per_share(known)];
        assert_eq!(written, [english, french]);
    }
    assert_eq!([English.percent(5, 8), French.percent(5, 8)], ["63%", "63\u{202f}%"]);
    assert_eq!(
        [English.percent(1, 1_000), English.percent(0, 0), English.percent(3, 2)],
        ["<1%", "0%", "150%"]
    );
    assert_eq!(French.percent(1, 1_000), "<\u{202f}1\u{202f}%");
    assert_eq!(
        [English.percent(1_199, 1_204), English.percent(7, 7), French.percent(1_100, 100)],
        ["99%", "100%", "1\u{202f}100\u{202f}%"]
    );
    assert_eq!(
        [English.compact(5_000), English.compact(20_000), French.compact(2_000_000)],
        ["5,000", "20K", "2\u{202f}M"]
    );
}

#[test]
fn days_are_written_in_words_and_other_text_is_left_alone() {
    assert_eq!(English.day("2025-03-02"), "2 March 2025");
    assert_eq!(French.day("2025-08-01T10:00:00Z"), "1er août 2025");
    assert_eq!([English.short_day("2025-12-31"), French.short_day("2025-12-31")], ["31 Dec", "31 déc."]);
    for (first, last, english, french) in [
        ("2026-11-16", "2026-11-22", "16", "16"),
        ("2026-11-28", "2026-12-04", "28 November", "28 novembre"),
        ("2026-12-28", "2027-01-03", "28 December 2026", "28 décembre 2026"),
    ] {
        assert_eq!([English.first_day(first, last), French.first_day(first, last)], [english, french]);
    }
    assert_eq!(
        [English.month("2025-12-31"), French.short_month("2025-01-31")],
        ["December 2025", "janv. 2025"]
    );
    for odd in ["", "soon", "2025-13-01", "2025-00-01", "ééééé-é"] {
        assert_eq!(French.day(odd), odd);
    }
}

#[test]
fn what_is_filled_into_markup_is_escaped() {
    let receipt = English.markup("receipt-over").text("address", "<script>\"'&");
    assert_eq!(receipt.to_string(), "Receipt of the link <b>&lt;script&gt;&quot;&#39;&amp;</b>");
    let others = French.say("stats-others").number("groups", 1_u64);
    assert_eq!(others.to_string(), "1 autre");
}

#[test]
fn an_address_is_read_without_its_scheme() {
    assert_eq!(without_scheme("https://example.com/a/"), "example.com/a/");
    assert_eq!(without_scheme("http://example.com/"), "example.com");
    assert_eq!(without_scheme("spring/summer"), "spring/summer");
}

#[test]
fn a_count_never_shows_what_is_not_published() {
    let words = |number: Number| [English.count(number), French.count(number)];
    assert_eq!(words(Number::Shown(1_204)), ["1,204", "1\u{202f}204"]);
    assert_eq!(words(Number::Suppressed), ["too few to show", "trop peu pour être affiché"]);
}
