//! Settings: embedded defaults, then a file, then the environment.

mod ranges;
mod sections;
mod variables;

use std::path::Path;

use config::{Config, ConfigError, File, FileFormat};
use validator::Validate;

pub use sections::*;

/// The defaults, with the comment that explains each.
pub const DEFAULTS: &str = include_str!("../../../data/defaults.toml");

/// Why the settings cannot be used. Never holds a text, which may be secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The environment holds something unknown or of a wrong type.
    #[error("settings: {0}")]
    Source(#[from] ConfigError),
    /// The file cannot be read, or holds something unknown or of a wrong type.
    #[error("settings: {file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file named by a `_FILE` variable cannot be read.
    #[error("settings: {variable}: {error}")]
    SecretFile {
        /// The variable.
        variable: String,
        /// Why.
        error: std::io::Error,
    },
    /// A value is outside its range.
    #[error("settings: {}", ranges::told(.0))]
    Range(#[from] validator::ValidationErrors),
    /// A value makes no sense.
    #[error("settings: {0}")]
    Invalid(String),
}

impl Settings {
    /// Reads defaults, then `file`, then `environment` (name and value pairs).
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml));
            // Without the environment first: what is wrong in the file is told
            // with its name.
            let read = builder.build_cloned().and_then(Config::try_deserialize::<Self>);
            read.map_err(|error| in_file(file, &error))?;
        }
        for (setting, value) in variables::read(environment)? {
            builder = builder.set_override(setting, value)?;
        }
        let settings: Self = builder.build()?.try_deserialize()?;
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

/// What is wrong in a file, without the lines of it that a TOML parser shows:
/// they may hold a secret.
fn in_file(file: &Path, error: &ConfigError) -> SettingsError {
    let reason = match error {
        ConfigError::FileParse { cause, .. } => {
            let text = cause.to_string();
            let told: Vec<&str> = text.lines().filter(|line| !line.contains('|')).collect();
            told.join(": ")
        }
        other => other.to_string(),
    };
    SettingsError::File { file: file.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use config::{Value, ValueKind};

    use super::*;

    fn load_with(
        file: Option<&Path>,
        variables: &[(&str, &str)],
    ) -> Result<Settings, SettingsError> {
        let base = [("DATABASE_URL", "sqlite:///tmp/x.db"), ("SHIMING__KEYS__FILE", "/tmp/k.json")];
        let all = base.iter().chain(variables);
        Settings::load(file, all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn load(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        load_with(None, variables)
    }

    /// Settings with this in their file.
    fn load_file(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shiming.toml");
        fs::write(&path, text).unwrap();
        load_with(Some(&path), variables)
    }

    #[test]
    fn the_environment_overrides_the_defaults() {
        let settings = load(&[
            ("PORT", "9000"),
            ("SHIMING__SMS__VALID_SECONDS", "60"),
            ("SHIMING__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1/32"),
            ("SHIMING__SERVER__RETURN_ORIGINS", ""),
            ("SHIMING__CONTACT__PHONE", "12333"),
            ("SHIMING__MAIL__INCLUDE_PERSONAL_DATA", "true"),
        ])
        .unwrap();
        assert_eq!(settings.server.port, 9000);
        assert_eq!(settings.sms.valid_seconds, 60);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert!(settings.server.return_origins.is_empty());
        assert_eq!(settings.contact.phone, ["12333"]);
        assert!(settings.mail.include_personal_data);
    }

    #[test]
    fn a_text_stays_what_it_is_although_it_looks_like_a_number() {
        for text in ["0123", "1e5", "TRUE", "4,5"] {
            let settings = load(&[("SHIMING__MAIL__SMTP__PASSWORD", text)]).unwrap();
            assert_eq!(settings.mail.smtp.password.expose(), text);
        }
    }

    #[test]
    fn a_file_overrides_the_defaults_and_the_environment_the_file() {
        let text = "profile = \"development\"\n[sms]\nvalid_seconds = 90\nresend_seconds = 30\n\
            [server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n";
        let settings = load_file(text, &[("SHIMING__SMS__RESEND_SECONDS", "20")]).unwrap();
        assert_eq!(settings.sms.valid_seconds, 90, "of the file");
        assert_eq!(settings.sms.resend_seconds, 20, "of the environment");
        assert_eq!(settings.sms.wrong_tries, 5, "of the defaults");
        assert_eq!(settings.server.trusted_proxies.len(), 1);
    }

    #[test]
    fn a_secret_in_a_file_of_its_own_is_over_both() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "from the secret\r\n").unwrap();
        let path = secret.path().to_str().unwrap();
        let text = "[mail.smtp]\npassword = \"from the file\"\n";
        let of = |variables: &[(&str, &str)]| {
            load_file(text, variables).unwrap().mail.smtp.password.expose().clone()
        };
        let (plain, named) =
            ("SHIMING__MAIL__SMTP__PASSWORD", "SHIMING__MAIL__SMTP__PASSWORD_FILE");
        assert_eq!(of(&[]), "from the file");
        assert_eq!(of(&[(plain, "from the environment")]), "from the environment");
        assert_eq!(of(&[(named, path)]), "from the secret");
        for both in [[(plain, "x"), (named, path)], [(named, path), (plain, "x")]] {
            assert_eq!(of(&both), "from the secret");
        }
        let short = load(&[("DATABASE_URL_FILE", path)]).unwrap();
        assert_eq!(short.database.url.expose(), "from the secret");
        let keys = load(&[("SHIMING__KEYS__FILE_FILE", path)]).unwrap();
        assert_eq!(keys.keys.file, "from the secret");
        let error = load(&[("DATABASE_URL_FILE", "/nowhere/url")]).unwrap_err();
        assert!(error.to_string().contains("DATABASE_URL_FILE"), "{error}");
    }

    #[test]
    fn a_short_name_means_the_long_one() {
        let long = ("SHIMING__DATABASE__URL", "sqlite:///tmp/long.db");
        assert_eq!(load(&[long]).unwrap().database.url.expose(), "sqlite:///tmp/x.db");
        let only = [long, ("SHIMING__KEYS__FILE", "/tmp/k.json")];
        let only = only.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::load(None, only).unwrap();
        assert_eq!(settings.database.url.expose(), "sqlite:///tmp/long.db");
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = load(&[("SHIMING__SMS__VALID_SECOND", "60")]).unwrap_err();
        assert!(error.to_string().contains("valid_second"), "{error}");
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_name() {
        for (text, named) in [
            ("[sms]\nvalid_second = 60\n", "valid_second"),
            ("[sn]\nvalid_seconds = 60\n", "sn"),
            ("[sms]\nvalid_seconds = \"soon\"\n", "sms.valid_seconds"),
            ("[sms]\nadapter = \"pigeon\"\n", "pigeon"),
            ("[mail.smtp]\npassword = \"keep-this-quiet\n", "line 2"),
        ] {
            let error = load_file(text, &[]).unwrap_err().to_string();
            assert!(error.contains("shiming.toml"), "{error}");
            assert!(error.contains(named), "{error}");
            assert!(!error.contains("keep-this-quiet"), "{error}");
        }
        let error = load_with(Some(Path::new("/nowhere/shiming.toml")), &[]).unwrap_err();
        assert!(error.to_string().contains("/nowhere/shiming.toml"), "{error}");
    }

    /// Numbers of which nothing is a sensible amount.
    const MAY_BE_ZERO: [&str; 14] = [
        "server.port",
        "server.workers",
        "server.stop_seconds",
        "password.history",
        "password.max_age_days",
        "password.permits",
        "sms.resend_seconds",
        "limits.sms_per_phone_hour",
        "limits.sms_per_phone_day",
        "limits.sms_per_flow",
        "limits.sms_per_address_hour",
        "account.changes_hold_hours",
        "account.closing_days",
        "oauth.key_ahead_minutes",
    ];

    /// The names of all settings that are numbers.
    fn numbers(path: &str, value: &Value, found: &mut Vec<String>) {
        match &value.kind {
            ValueKind::I64(_) => found.push(path.to_owned()),
            ValueKind::Table(table) => {
                for (name, value) in table {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    numbers(&path, value, found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn every_number_has_a_range() {
        let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        let root: Value = defaults.build().unwrap().try_deserialize().unwrap();
        let mut names = Vec::new();
        numbers("", &root, &mut names);
        assert!(names.len() > 60, "{names:?}");
        for name in names {
            let variable = format!("SHIMING__{}", name.to_uppercase().replace('.', "__"));
            let error = load(&[(&variable, "4294967295")]).unwrap_err().to_string();
            assert!(error.contains(&name), "{error}");
            match load(&[(&variable, "0")]) {
                Ok(_) => assert!(MAY_BE_ZERO.contains(&name.as_str()), "{name} may be zero"),
                Err(error) => {
                    let said = format!("settings: {name} is 0, and must be from ");
                    assert!(error.to_string().contains(&said), "{error}");
                    assert!(!MAY_BE_ZERO.contains(&name.as_str()), "{error}");
                }
            }
        }
    }

    #[test]
    fn everything_that_is_out_of_range_is_told_at_once() {
        let error = load(&[
            ("SHIMING__SMS__VALID_SECONDS", "0"),
            ("SHIMING__PASSWORD__FAILURES__BEFORE_LOCK", "101"),
            ("SHIMING__MAIL__SUPPORT_TO", "nobody"),
        ]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "settings: mail.support_to is no mail address; password.failures.before_lock is 101, and \
             must be from 1 to 100 (SP 800-63B-4 allows 100); sms.valid_seconds is 0, and must be \
             from 30 to 600 (SP 800-63B-4 allows ten minutes)"
        );
    }

    #[test]
    fn the_sandbox_does_not_start_in_production() {
        let error = load(&[("SHIMING__PROFILE", "production")]).unwrap_err();
        assert!(error.to_string().contains("sandbox"), "{error}");
    }
}
