//! Holds the rings of the house, and the promises of `docs/ARCHITECTURE.md`, to the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The rings, each with those that its code may import from besides itself. Imports point inwards only.
const RINGS: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("stats", &["domain"]),
    ("journal", &["domain"]),
    ("store", &["domain", "stats"]),
    ("i18n", &["domain", "stats"]),
    ("service", &["domain", "stats", "journal", "store", "i18n"]),
    ("web", &["domain", "stats", "journal", "store", "i18n", "service", "settings"]),
];

/// The rooms of `src/web`. What two of them need is in `extract`, `response` or `service`.
const ROOMS: [&str; 3] = ["visitor", "api", "dashboard"];

/// What belongs to no ring, and serves all of them.
const OUTSIDE: [&str; 4] = ["clock", "inode", "memory", "telemetry"];

/// Libraries, and clocks and files, that the code of a ring may not mention, tests included.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    ("domain", PURE),
    ("stats", PURE),
    ("journal", &["actix", "redis", "rusqlite"]),
    ("store", &["actix"]),
    ("service", &["actix"]),
    ("web", &["redis::", "rusqlite"]),
];

const PURE: &[&str] = &[
    "actix",
    "redis",
    "rusqlite",
    "tokio",
    "std::fs",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant",
    "crate::clock",
];

/// Names under which anything could be kept.
const NO_NAMES: [&str; 5] = ["utils", "common", "helpers", "manager", "types"];

/// Every Rust file below a folder of the repository, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// Whether code, comments aside, has these words: not as a part of longer ones.
fn mentions(text: &str, words: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    code.flat_map(|line| line.match_indices(words).map(move |(at, _)| (line, at))).any(|(line, at)| {
        let open = words.ends_with(':') || words == "actix";
        apart(line[..at].chars().next_back()) && (open || apart(line[at + words.len()..].chars().next()))
    })
}

/// The modules below the crate's root that code mentions, comments aside.
fn imports(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let named = code.flat_map(|line| line.split("crate::").skip(1));
    named.map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")).collect()
}

#[test]
fn imports_point_inwards_and_reach_no_library_of_another_ring() {
    for (ring, inner) in RINGS {
        for (path, text) in sources(&format!("src/{ring}")) {
            for import in imports(&text) {
                let is_allowed = import == ring || inner.contains(&import) || OUTSIDE.contains(&import);
                assert!(is_allowed, "{} may not import from {import:?}", path.display());
            }
        }
    }
    for (ring, words) in FORBIDDEN {
        for (path, text) in sources(&format!("src/{ring}")) {
            let found = words.iter().find(|word| mentions(&text, word));
            assert_eq!(found, None, "{} may not mention it", path.display());
        }
    }
}

/// The errors of public functions and of conversions that are bare texts, by the lines that declare them.
fn bare_text_errors(text: &str) -> Vec<String> {
    let is_bare = |error: &str| ["String", "&str", "&'static str"].contains(&error.trim());
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().expect("a first part");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let start = code[..at].rfind('\n').map_or(0, |end| end + 1);
        let signature = code[start..].split(['{', ';']).next().expect("a first part");
        let error = signature.rsplit_once("-> ").and_then(|(_, result)| {
            let result = result.split(" where").next()?.trim();
            Some(result.strip_suffix('>')?.rsplit_once(", ")?.1)
        });
        if signature.trim_start().starts_with("pub")
            && error.is_some_and(is_bare)
            && signature.contains("Result<")
        {
            found.push(signature.trim().to_owned());
        }
    }
    let types = ["type Err = ", "type Error = "].into_iter();
    found.extend(types.flat_map(|name| code.split(name).skip(1)).filter_map(|rest| {
        let error = rest.split(';').next()?;
        is_bare(error).then(|| error.to_owned())
    }));
    found
}

#[test]
fn no_public_function_fails_with_a_bare_text() {
    for (path, text) in sources("src") {
        assert_eq!(bare_text_errors(&text), Vec::<String>::new(), "{}", path.display());
    }
    for planted in [
        "pub fn read(text: &str) -> Result<u8, String> {",
        "    pub(crate) async fn read(\n        text: &str,\n    ) -> Result<u8, &'static str> {",
        "    type Err = &'static str;",
    ] {
        assert_eq!(bare_text_errors(planted).len(), 1, "{planted}");
    }
    let sound = "pub fn read(text: &str) -> Result<BTreeMap<String, String>, Error> {\nfn own() -> Result<u8, String> {";
    assert_eq!(bare_text_errors(sound), Vec::<String>::new());
}

#[test]
fn rooms_do_not_import_each_other() {
    for room in ROOMS {
        for (path, text) in sources(&format!("src/web/{room}")) {
            for other in ROOMS.into_iter().filter(|other| *other != room) {
                let imported = [format!("web::{other}"), format!("super::{other}")];
                let found = imported.iter().find(|import| mentions(&text, import));
                assert_eq!(found, None, "{} may not import another room", path.display());
            }
        }
    }
}

#[test]
fn handlers_of_the_api_take_what_extractors_have_checked() {
    for (path, text) in sources("src/web/api") {
        assert!(!mentions(&text, "HttpRequest"), "{} may not read a raw request", path.display());
    }
}

#[test]
fn every_module_says_what_it_is_and_none_is_a_drawer() {
    for (path, text) in sources("src") {
        assert!(text.starts_with("//! "), "{} does not begin with its documentation", path.display());
        for part in &path {
            let name = part.to_str().expect("UTF-8").trim_end_matches(".rs");
            let below_src = path.iter().skip_while(|part| *part != "src").any(|below| below == part);
            assert!(!below_src || !NO_NAMES.contains(&name), "{}: {name} says nothing", path.display());
        }
    }
}

/// The most methods that a trait of the port may have.
const MOST_METHODS: usize = 9;

#[test]
fn every_trait_of_the_port_is_about_one_concern() {
    let mut traits = 0;
    for (path, text) in sources("src/store") {
        for part in text.split("\npub trait ").skip(1) {
            let body = part.split("\n}").next().expect("a body");
            let is_method = |line: &&str| line.starts_with("    fn ") || line.starts_with("    async fn ");
            let methods = body.lines().filter(is_method).count();
            assert!(methods <= MOST_METHODS, "{}: a trait has {methods} methods", path.display());
            traits += 1;
        }
    }
    assert!(traits > 1, "the port has {traits} traits");
}

#[test]
fn handlers_of_the_dashboard_name_what_they_take_of_a_request() {
    // Extractors take it apart in `web/extract`, so that a signature tells who may call.
    for (path, text) in sources("src/web/dashboard") {
        let found = ["HttpRequest", "RequestHead"].into_iter().find(|whole| mentions(&text, whole));
        assert_eq!(found, None, "{} takes a whole request", path.display());
    }
}

#[test]
fn the_image_is_built_with_every_file_that_the_build_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| fs::read_to_string(root.join(path)).expect("a text");
    let (ignored, manifest) = (text(".dockerignore"), text("Cargo.toml"));
    let given: Vec<_> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut read: Vec<String> = ["Cargo.lock", "templates/base.html"].map(str::to_owned).into();
    let quoted = |text: &str| text.split('"').next().map(str::to_owned);
    // Targets whose file is not where Cargo looks for it.
    read.extend(manifest.split("path = \"").skip(1).filter_map(quoted));
    for (path, text) in sources("src") {
        let folder = path.strip_prefix(root).expect("a source").parent().expect("a folder").to_owned();
        for name in text.split("include_str!(\"").skip(1).filter_map(quoted) {
            let up = name.matches("../").count();
            let from = folder.ancestors().nth(up).expect("a folder");
            read.push(from.join(name.trim_start_matches("../")).to_str().expect("UTF-8").to_owned());
        }
    }
    assert!(read.iter().any(|path| path == "locales/en.ftl"), "{read:?}");
    for path in read {
        assert!(root.join(&path).exists(), "{path}");
        assert!(given.iter().any(|given| Path::new(&path).starts_with(given)), "{path} is left out");
    }
}

#[test]
fn every_promise_names_tests_that_exist() {
    let all: String = ["src", "tests"].into_iter().flat_map(sources).map(|(_, text)| text).collect();
    let page = include_str!("../docs/ARCHITECTURE.md");
    let promises = page.split_once("\n## Promises\n").expect("the section Promises").1;
    let rows = promises.split("\n## ").next().expect("a first part").lines().filter(|l| l.starts_with("| "));
    let mut count = 0;
    for row in rows.skip(2) {
        let last = row.trim_end_matches(['|', ' ']).rsplit('|').next().expect("a last column");
        let mut tests = last.split('`').skip(1).step_by(2).peekable();
        assert!(tests.peek().is_some(), "no test holds this promise: {row}");
        for name in tests {
            assert!(all.contains(&format!("fn {name}(")), "there is no test {name}");
            count += 1;
        }
    }
    assert!(count > 20, "the table was not read");
}
