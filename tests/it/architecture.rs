//! The shape of the code, as the documentation of the library tells it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The folders of the floors, from the ground up.
const FLOORS: [&str; 5] = ["kernel", "tools", "capabilities", "features", "compose"];
/// Beside the floors.
const ADAPTERS: &str = "adapters";
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

/// A file of the library.
pub(crate) struct Source {
    /// Its module below the crate: floor and module. The kernel is one module.
    pub(crate) module: String,
    /// Its path below `src`.
    pub(crate) path: String,
    /// Its text without comments.
    pub(crate) code: String,
}

/// The module that a path leads to, named by its floor and its own name.
fn module_of(mut names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let floor = names.next().map(|name| name.as_ref().to_owned()).unwrap_or_default();
    match names.next() {
        Some(module) if floor != FLOORS[0] && floor != ADAPTERS => {
            format!("{floor}::{}", module.as_ref())
        }
        _ => floor,
    }
}

/// The files of the library that hold code: all but the lists of modules.
pub(crate) fn sources() -> Vec<Source> {
    let src = root().join("src");
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap());
        let names = below.trim_end_matches(".rs").trim_end_matches("/mod").split('/');
        Source { module: module_of(names), code: code.collect::<Vec<_>>().join("\n"), path: below }
    };
    let lists = |source: &Source| {
        let floors = FLOORS.iter().skip(1).map(|floor| format!("{floor}/mod.rs"));
        ["lib.rs", "main.rs"]
            .map(str::to_owned)
            .into_iter()
            .chain(floors)
            .any(|list| list == source.path)
    };
    files_in(&src).into_iter().map(source).filter(|source| !lists(source)).collect()
}

/// The name that a text begins with.
pub(crate) fn name_at(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// Every path below `crate::` that a text mentions, with the lists in braces
/// written out.
fn mentioned(code: &str) -> BTreeSet<Vec<&str>> {
    let mut paths = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        collect_paths(&code[at + found.len()..], &mut Vec::new(), &mut paths);
    }
    paths
}

/// Reads one path, or a list of paths in braces; returns the text behind it.
fn collect_paths<'a>(
    text: &'a str,
    before: &mut Vec<&'a str>,
    paths: &mut BTreeSet<Vec<&'a str>>,
) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            match rest.strip_prefix('}') {
                Some(behind) => return behind,
                None if rest.is_empty() => return rest,
                None => rest = collect_paths(rest, before, paths),
            }
        }
    }
    let name = name_at(text);
    let behind = &text[name.len()..];
    before.push(name);
    let rest = match behind.strip_prefix("::") {
        Some(inner) if inner.starts_with('{') || !name_at(inner).is_empty() => {
            collect_paths(inner, before, paths)
        }
        _ => {
            paths.insert(before.clone());
            // What follows a name: nothing of interest, or another name for it.
            let end = behind.find([',', '}', ';', ')', '>']).unwrap_or(behind.len());
            &behind[end..]
        }
    };
    before.pop();
    rest
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| module.split("::").next() == Some(floor))
}

/// What each module mentions, itself left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for Source { module, code, .. } in sources() {
        let names = mentioned(&code).into_iter().map(|path| module_of(path.into_iter()));
        let others = names.filter(|name| *name != module);
        all.entry(module.clone()).or_default().extend(others);
    }
    all
}

/// Whether `module` may mention `other`.
fn may_mention(module: &str, other: &str) -> bool {
    match (floor(module), floor(other)) {
        (Some(COMPOSITION), None) => other == ADAPTERS,
        (None, Some(lower)) => lower < FEATURES,
        (Some(own), Some(other)) if own == other => own != FEATURES,
        (Some(own), Some(other)) => other < own,
        _ => false,
    }
}

#[test]
fn every_file_stands_on_a_floor() {
    for Source { module, path, .. } in sources() {
        assert!(floor(&module).is_some() || module == ADAPTERS, "{path} is on no floor");
    }
}

#[test]
fn a_module_mentions_what_it_may() {
    for (module, names) in dependencies() {
        for name in names {
            assert!(may_mention(&module, &name), "{module} mentions {name}");
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
    for Source { module, path, code } in sources() {
        let composes = floor(&module) == Some(COMPOSITION);
        let http = composes || module == "tools::web" || path.ends_with("http.rs");
        assert!(http || !code.contains("actix_web::"), "{path} knows of HTTP");
        let sql = module == "tools::db" || path.ends_with("store.rs");
        assert!(sql || !code.contains("diesel"), "{path} knows of SQL");
    }
}

/// Whether a result stands directly in a result: a refusal that is to be
/// committed travels in the error instead (`capabilities::core::Stop`).
fn has_nested_result(code: &str) -> bool {
    let tight: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    tight.contains("Result<Result<")
}

#[test]
fn no_result_stands_in_a_result() {
    assert!(has_nested_result("fn f() -> Result<\n    Result<(), Refused>,\n    DbFault,\n>"));
    for Source { path, code, .. } in sources() {
        assert!(!has_nested_result(&code), "{path} has a result in a result");
    }
}

#[test]
fn a_breach_of_the_floors_is_seen() {
    assert!(!may_mention("tools::web", "capabilities::limits"));
    assert!(!may_mention("features::login", "features::recovery"));
    assert!(!may_mention("capabilities::otp", "adapters"));
    assert!(may_mention("capabilities::otp", "capabilities::limits"));
    assert!(may_mention("compose::app", "adapters"));
    let planted = "use crate::{\n    features::{login, oauth::token},\n    kernel::Timestamp,\n};";
    let names: BTreeSet<String> =
        mentioned(planted).into_iter().map(|path| module_of(path.into_iter())).collect();
    let seen = ["features::login", "features::oauth", "kernel"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(seen));
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
