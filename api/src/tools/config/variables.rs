//! The environment's settings.

use std::{collections::BTreeMap, fs};

use config::{Value, ValueKind};

use super::SettingsError;

/// Lists: comma separated.
const LISTS: [&str; 4] = [
    "server.trusted_proxies",
    "server.return_origins",
    "contact.phone",
    "webhooks.allowed_networks",
];

/// Names that other tools set by custom, and what they mean here.
const SHORT_NAMES: [(&str, &str); 2] = [("PORT", "server.port"), ("DATABASE_URL", "database.url")];

/// `keys.file` is a path itself.
const KEY_FILE: &str = "SHIMING__KEYS__FILE";

/// Where a value is from; of two for one setting the greater one counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    LongName,
    ShortName,
    File,
}

/// Settings and their values, each once.
///
/// A value is a text, whatever it looks like, and is read as what the setting
/// wants: a password may begin with a zero.
pub(super) fn read(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, Value)>, SettingsError> {
    let mut found = BTreeMap::new();
    for (name, value) in environment {
        let of_file = name.strip_suffix("_FILE").filter(|_| name != KEY_FILE);
        let plain = of_file.unwrap_or(&name);
        let short = SHORT_NAMES.iter().find(|(short, _)| *short == plain);
        let setting = match (short, plain.strip_prefix("SHIMING__")) {
            (Some((_, setting)), _) => (*setting).to_owned(),
            (None, Some(path)) => path.to_lowercase().replace("__", "."),
            (None, None) => continue,
        };
        let origin = match (of_file, short) {
            (Some(_), _) => Origin::File,
            (None, Some(_)) => Origin::ShortName,
            (None, None) => Origin::LongName,
        };
        let entry = (origin, name, value);
        match found.get(&setting) {
            Some(other) if *other > entry => {}
            _ => drop(found.insert(setting, entry)),
        }
    }
    found.into_iter().map(|(setting, entry)| value_of(setting, entry)).collect()
}

fn value_of(
    setting: String,
    (origin, variable, text): (Origin, String, String),
) -> Result<(String, Value), SettingsError> {
    let text = match origin {
        Origin::LongName | Origin::ShortName => text,
        Origin::File => match fs::read_to_string(&text) {
            Ok(content) => content.trim_end_matches(['\r', '\n']).to_owned(),
            Err(error) => return Err(SettingsError::SecretFile { variable, error }),
        },
    };
    let kind = if LISTS.contains(&setting.as_str()) {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        ValueKind::Array(items.map(|item| Value::new(Some(&variable), item)).collect())
    } else {
        ValueKind::String(text)
    };
    Ok((setting, Value::new(Some(&variable), kind)))
}
