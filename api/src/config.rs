//! Settings: embedded defaults, then a file, then the environment.

use std::{fs, path::Path};

use config::{Config, ConfigError, Environment, File, FileFormat};
use ipnet::IpNet;
use serde::Deserialize;
use validator::Validate;

use crate::{
    identity::{PasswordPolicy, PasswordPolicyKind},
    kernel::Secret,
};

/// The defaults, with the comment that explains each.
pub const DEFAULTS: &str = include_str!("../data/defaults.toml");

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Validate)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "data/defaults.toml explains every field")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind),+ }
    )+};
}

settings! {
    /// All settings; `data/defaults.toml` explains each.
    Settings {
        profile: Profile,
        #[validate(nested)]
        server: Server,
        #[validate(nested)]
        database: Database,
        #[validate(nested)]
        keys: Keys,
        #[validate(nested)]
        log: Log,
        #[validate(nested)]
        password: Password,
        #[validate(nested)]
        captcha: Captcha,
        #[validate(nested)]
        sms: Sms,
        #[validate(nested)]
        bank: Bank,
        #[validate(nested)]
        limits: Limits,
        #[validate(nested)]
        registration: Registration,
        #[validate(nested)]
        mail: Mail,
        #[validate(nested)]
        recovery: Recovery,
        #[validate(nested)]
        account: Account,
        #[validate(nested)]
        security_questions: SecurityQuestions,
        #[validate(nested)]
        sessions: Sessions,
        #[validate(nested)]
        retention: Retention,
        #[validate(nested)]
        agreements: Agreements,
        #[validate(nested)]
        contact: Contact,
    }
    /// The HTTP server.
    Server {
        bind: String,
        port: u16,
        public_url: String,
        trusted_proxies: Vec<IpNet>,
        spa_dir: String,
        workers: usize,
        stop_seconds: u64,
        return_origins: Vec<String>,
    }
    /// The database.
    Database {
        url: Secret<String>,
        #[validate(range(min = 1))]
        connections: u32,
        migrate: bool,
    }
    /// The key file.
    Keys { file: String }
    /// Logging.
    Log { filter: String, format: LogFormat }
    /// Passwords and their hashing.
    Password {
        policy: PasswordPolicyKind,
        #[validate(range(max = 24, message = "each earlier password costs a hash"))]
        history: u32,
        max_age_days: u32,
        #[validate(range(min = 8, message = "SP 800-63B-4 asks for at least 8"))]
        min_length: usize,
        #[validate(range(min = 64, message = "SP 800-63B-4 asks for at least 64"))]
        max_length: usize,
        #[validate(range(min = 7168, message = "OWASP asks for at least 7168 KiB"))]
        memory_kib: u32,
        #[validate(range(min = 1))]
        passes: u32,
        #[validate(range(min = 1))]
        lanes: u32,
        permits: usize,
        #[validate(range(min = 1, max = 60_000))]
        queue_milliseconds: u32,
        #[validate(nested)]
        failures: PasswordFailures,
    }
    /// What wrong passwords lead to.
    PasswordFailures {
        #[validate(range(min = 1))]
        before_lock: u32,
        lock_seconds: u32,
        #[validate(range(min = 1))]
        per_address: u32,
    }
    /// Captchas.
    Captcha { valid_seconds: u32, per_address_hour: u32 }
    /// SMS codes and the gateway.
    Sms {
        adapter: Adapter,
        signature: String,
        valid_seconds: u32,
        resend_seconds: u32,
        wrong_tries: u32,
        #[validate(range(min = 1, max = 60_000))]
        timeout_milliseconds: u32,
        give_up_seconds: u32,
        notice_give_up_hours: u32,
    }
    /// The bank check.
    Bank {
        adapter: Adapter,
        #[validate(range(min = 1, max = 60_000))]
        timeout_milliseconds: u32,
    }
    /// How often things may be done.
    Limits {
        sms_per_phone_hour: u32,
        sms_per_phone_day: u32,
        sms_per_flow: u32,
        sms_per_address_hour: u32,
        bank_failures_per_card_day: u32,
        bank_failures_per_document_day: u32,
        bank_failures_per_address_hour: u32,
        bank_checks_per_flow: u32,
        documents_per_flow: u32,
        registrations_per_address_hour: u32,
        recoveries_per_address_hour: u32,
        support_cases_per_address_hour: u32,
    }
    /// Registration drafts.
    Registration {
        idle_minutes: u32,
        absolute_hours: u32,
        duplicate_document: DuplicateDocument,
    }
    /// Mail to the operator.
    Mail {
        adapter: MailAdapter,
        #[validate(email)]
        support_to: String,
        include_personal_data: bool,
        #[validate(range(min = 1))]
        timeout_milliseconds: u32,
        #[validate(range(min = 1, max = 30))]
        give_up_days: u32,
        #[validate(nested)]
        smtp: Smtp,
    }
    /// The mail server.
    Smtp {
        host: String,
        port: u16,
        security: SmtpSecurity,
        from: String,
        username: String,
        password: Secret<String>,
        ca_path: String,
    }
    /// Finding a username or a password.
    Recovery {
        #[validate(range(min = 5, max = 60))]
        minutes: u32,
    }
    /// Looking after an account.
    Account {
        #[validate(range(min = 1))]
        password_fresh_minutes: u32,
        changes_hold_hours: u32,
        #[validate(range(max = 60))]
        closing_days: u32,
    }
    /// Security questions.
    SecurityQuestions {
        mode: QuestionsMode,
        #[validate(range(min = 1, max = 10))]
        wrong_sets: u32,
    }
    /// Sessions and tokens.
    Sessions {
        idle_minutes: u32,
        absolute_hours: u32,
        access_token_minutes: u32,
        refresh_token_days: u32,
    }
    /// How long records are kept.
    Retention {
        audit_days: u32,
        #[validate(range(min = 1))]
        support_days: u32,
    }
    /// Versions of the texts that people consent to.
    Agreements { user_agreement: String, privacy_notice: String, bank_check: String }
    /// How to reach the operator.
    Contact {
        phone: Vec<String>,
        #[validate(email)]
        email: String,
        return_url: String,
    }
}

impl Password {
    /// The rules for new passwords.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            kind: self.policy,
            min_length: self.min_length,
            max_length: self.max_length,
        }
    }
}

/// What the installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Trying out, developing, testing.
    Development,
    /// Real people.
    Production,
}

/// Who answers for a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapter {
    /// The sandbox that ships with the product.
    Sandbox,
}

/// Who takes our mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailAdapter {
    /// The sandbox's mailbox.
    Sandbox,
    /// A mail server.
    Smtp,
}

/// How the way to the mail server is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// TLS after `STARTTLS`, or no mail (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None.
    None,
}

/// What security questions are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionsMode {
    /// Three right answers set a forgotten password anew, as the guide has it.
    Guide,
    /// They are asked for after the SMS code.
    SecondStep,
    /// Nothing.
    Off,
}

/// When a person learns that a document has an account already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateDocument {
    /// At step 2, as the guide has it.
    IdentityStep,
    /// Only after the bank has matched: strangers learn nothing.
    AfterBankCheck,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

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
const LISTS: [&str; 3] = ["server.trusted_proxies", "server.return_origins", "contact.phone"];

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
