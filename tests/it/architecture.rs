//! The shape of the code, as the documentation of the library tells it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The floors, from the ground up.
const FLOORS: [&[&str]; 5] = [
    &["kernel"],
    &["identity", "config", "crypto", "db", "ports", "password", "web"],
    &[
        "core",
        "accounts",
        "sessions",
        "otp",
        "captcha",
        "limits",
        "password_failures",
        "audit",
        "outbox",
        "idempotency",
        "flows",
        "proving",
        "security_questions",
        "cases",
        "clients",
        "grants",
        "sign_in",
        "access_tokens",
        "claims",
        "events",
        "callers",
        "identity_checks",
    ],
    &[
        "registration",
        "login",
        "account",
        "recovery",
        "support",
        "reference",
        "oauth",
        "client_registry",
        "integration",
    ],
    &["app", "server", "worker", "routes", "openapi", "cli"],
];
const FEATURES: usize = 3;
const COMPOSITION: usize = 4;

/// Lines of the longest file that anybody should have to read.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    assert!(!files.is_empty());
    files
}

/// The files of the library: module, path below `src`, and text without
/// comments.
pub(crate) fn sources() -> Vec<(String, String, String)> {
    let src = root().join("src");
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let module = below.split(['/', '.']).next().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap());
        (module, below, code.collect::<Vec<_>>().join("\n"))
    };
    files_in(&src).into_iter().map(source).filter(|(module, ..)| module != "main").collect()
}

/// The name that a text begins with.
pub(crate) fn name_at(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// The modules that follow `crate::`, alone or in braces.
fn mentioned(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(name_at(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    names.insert(name_at(&list[start..at]));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

/// What each module mentions, itself left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for (module, _, code) in sources() {
        let names = mentioned(&code).into_iter().filter(|name| *name != module);
        all.entry(module.clone()).or_default().extend(names.map(str::to_owned));
    }
    all
}

#[test]
fn every_module_stands_on_a_floor() {
    let listed = FLOORS.concat().into_iter().chain(["adapters", "lib"]);
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(dependencies().into_keys().collect::<BTreeSet<_>>(), listed);
}

#[test]
fn a_module_mentions_what_it_may() {
    for (module, names) in dependencies() {
        for name in names {
            let allowed = match (floor(&module), floor(&name)) {
                (Some(COMPOSITION), None) => name == "adapters",
                (None, Some(lower)) => lower < FEATURES,
                (Some(own), Some(other)) if own == other => own != FEATURES,
                (Some(own), Some(other)) => other < own,
                _ => false,
            };
            assert!(allowed, "{module} mentions {name}");
        }
    }
}

#[test]
fn no_modules_mention_each_other_in_a_circle() {
    let mut left = dependencies();
    while !left.is_empty() {
        let free = |names: &BTreeSet<String>| !names.iter().any(|name| left.contains_key(name));
        let next = left.iter().find(|(_, names)| free(names)).map(|(module, _)| module.clone());
        let Some(next) = next else { panic!("in a circle: {:?}", left.keys()) };
        left.remove(&next);
    }
}

#[test]
fn http_and_sql_stay_in_their_places() {
    for (module, path, code) in sources() {
        let composes = floor(&module) == Some(COMPOSITION);
        let http = composes || module == "web" || path.ends_with("http.rs");
        assert!(http || !code.contains("actix_web::"), "{path} knows of HTTP");
        let sql = module == "db" || path.ends_with("store.rs");
        assert!(sql || !code.contains("diesel"), "{path} knows of SQL");
    }
}

#[test]
fn files_say_what_they_are_for_and_can_be_read_at_once() {
    for path in files_in(&root().join("src")).into_iter().chain(files_in(&root().join("../tests")))
    {
        if path.components().any(|part| part.as_os_str() == "node_modules") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} says nothing about itself", path.display());
        assert!(text.lines().count() <= LONGEST, "{} is too long", path.display());
    }
}
