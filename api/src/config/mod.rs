//! Settings: embedded defaults, then a file, then the environment.

mod sections;

use std::{fs, path::Path};

use config::{Config, ConfigError, Environment, File, FileFormat};
use validator::Validate;

pub use sections::*;

/// The defaults, with the comment that explains each.
pub const DEFAULTS: &str = include_str!("../../data/defaults.toml");

/// Why the settings cannot be used. Never holds a value, which may be secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A source cannot be read, or holds something unknown or of a wrong type.
    #[error("settings: {0}")]
    Source(#[from] ConfigError),
    /// The file named by a `_FILE` variable cannot be read.
    #[error("settings: {variable}: {error}")]
    SecretFile {
        /// The variable.
        variable: String,
        /// Why.
        error: std::io::Error,
    },
    /// A value is outside its range.
    #[error("settings: {0}")]
    Range(#[from] validator::ValidationErrors),
    /// A value makes no sense.
    #[error("settings: {0}")]
    Invalid(String),
}

/// The environment's lists: comma separated.
const LISTS: [&str; 4] = [
    "server.trusted_proxies",
    "server.return_origins",
    "contact.phone",
    "webhooks.allowed_networks",
];

/// Names that other tools set by custom, and what they mean here.
const SHORT_NAMES: [(&str, &str); 2] = [("PORT", "server.port"), ("DATABASE_URL", "database.url")];

impl Settings {
    /// Reads defaults, then `file`, then `environment` (name and value pairs).
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml));
        }
        let mut variables = config::Map::new();
        for (name, value) in environment {
            let plain = name.strip_suffix("_FILE").unwrap_or(&name);
            let short = SHORT_NAMES.iter().find(|(short, _)| *short == plain);
            if short.is_none() && !name.starts_with("SHIMING__") {
                continue;
            }
            let (name, value) = from_file(name, value)?;
            if let Some((_, setting)) = short {
                builder = builder.set_override(setting, value)?;
            } else {
                variables.insert(name, value);
            }
        }
        let mut source = Environment::with_prefix("SHIMING")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .source(Some(variables));
        for list in LISTS {
            source = source.with_list_parse_key(list);
        }
        let settings: Self = builder.add_source(source).build()?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    /// What no type can express.
    fn check(&self) -> Result<(), SettingsError> {
        self.validate()?;
        let fail = |text: &str| Err(SettingsError::Invalid(text.to_owned()));
        if self.database.url.expose().is_empty() {
            return fail(
                "database.url is empty: set DATABASE_URL to sqlite:///path or postgres://…",
            );
        }
        if self.keys.file.is_empty() {
            return fail(
                "keys.file is empty: name the key file, for example /var/lib/shiming/keyring.json",
            );
        }
        let origin = self.server.public_url.as_str();
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains('/')) {
            return fail("server.public_url must be http(s)://host[:port] without a path");
        }
        if self.mail.adapter == MailAdapter::Smtp
            && (self.mail.smtp.host.is_empty() || self.mail.smtp.from.is_empty())
        {
            return fail(
                "mail.smtp.host and mail.smtp.from must be set with mail.adapter = \"smtp\"",
            );
        }
        if self.mail.smtp.security == SmtpSecurity::None && !self.mail.smtp.username.is_empty() {
            return fail("mail.smtp.username needs security \"starttls\" or \"tls\"");
        }
        if self.profile == Profile::Production {
            if self.uses_sandbox() {
                return fail(
                    "the sandbox does not start with profile = \"production\": choose real bank, sms and mail adapters",
                );
            }
            if !self.secure() {
                return fail("server.public_url must be https:// with profile = \"production\"");
            }
        }
        Ok(())
    }

    /// Whether anything fictitious answers: then every page says so.
    pub fn uses_sandbox(&self) -> bool {
        self.bank.adapter == Adapter::Sandbox
            || self.sms.adapter == Adapter::Sandbox
            || self.mail.adapter == MailAdapter::Sandbox
    }

    /// Whether people reach us by https.
    pub fn secure(&self) -> bool {
        self.server.public_url.starts_with("https://")
    }
}

/// `NAME_FILE=/path` becomes `NAME=<content of the file, without the last line end>`.
fn from_file(name: String, value: String) -> Result<(String, String), SettingsError> {
    // keys.file is a path itself.
    if name == "SHIMING__KEYS__FILE" {
        return Ok((name, value));
    }
    match name.strip_suffix("_FILE") {
        None => Ok((name, value)),
        Some(plain) => match fs::read_to_string(&value) {
            Ok(content) => {
                Ok((plain.to_owned(), content.trim_end_matches(['\r', '\n']).to_owned()))
            }
            Err(error) => Err(SettingsError::SecretFile { variable: name, error }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let base = [("DATABASE_URL", "sqlite:///tmp/x.db"), ("SHIMING__KEYS__FILE", "/tmp/k.json")];
        let all = base.iter().chain(variables);
        Settings::load(None, all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_environment_overrides_the_defaults() {
        let settings = load(&[
            ("PORT", "9000"),
            ("SHIMING__SMS__VALID_SECONDS", "60"),
            ("SHIMING__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1/32"),
        ])
        .unwrap();
        assert_eq!(settings.server.port, 9000);
        assert_eq!(settings.sms.valid_seconds, 60);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = load(&[("SHIMING__SMS__VALID_SECOND", "60")]).unwrap_err();
        assert!(error.to_string().contains("valid_second"), "{error}");
    }

    #[test]
    fn the_sandbox_does_not_start_in_production() {
        let error = load(&[("SHIMING__PROFILE", "production")]).unwrap_err();
        assert!(error.to_string().contains("sandbox"), "{error}");
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let path = std::env::temp_dir().join(format!("shiming-secret-{}", std::process::id()));
        fs::write(&path, "sqlite:///tmp/from-file.db\n").unwrap();
        let settings = Settings::load(
            None,
            [
                ("SHIMING__DATABASE__URL_FILE".to_owned(), path.display().to_string()),
                ("SHIMING__KEYS__FILE".to_owned(), "/tmp/k.json".to_owned()),
            ],
        )
        .unwrap();
        assert_eq!(settings.database.url.expose(), "sqlite:///tmp/from-file.db");
        fs::remove_file(path).unwrap();
    }
}
