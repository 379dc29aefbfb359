//! The sections of the settings.

use ipnet::IpNet;
use serde::Deserialize;
use validator::Validate;

use crate::{
    kernel::Secret,
    tools::identity::{PasswordPolicy, PasswordPolicyKind},
};

/// More than any city needs of anything that is counted.
const MOST: u32 = 10_000_000;

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
        oauth: Oauth,
        #[validate(nested)]
        integration: Integration,
        #[validate(nested)]
        webhooks: Webhooks,
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
        #[validate(range(min = 0, max = 1024))]
        workers: usize,
        #[validate(range(min = 0, max = 3600))]
        stop_seconds: u64,
        return_origins: Vec<String>,
    }
    /// The database.
    Database {
        url: Secret<String>,
        #[validate(range(min = 1, max = 1000))]
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
        #[validate(range(min = 0, max = 24, message = "each earlier password costs a hash"))]
        history: u32,
        #[validate(range(min = 0, max = 3650))]
        max_age_days: u32,
        #[validate(range(min = 8, max = 64, message = "SP 800-63B-4 asks for at least 8"))]
        min_length: usize,
        #[validate(range(min = 64, max = 1024, message = "SP 800-63B-4 asks for at least 64"))]
        max_length: usize,
        #[validate(range(min = 7168, max = 1_048_576, message = "OWASP asks for at least 7 MiB"))]
        memory_kib: u32,
        #[validate(range(min = 1, max = 100))]
        passes: u32,
        #[validate(range(min = 1, max = 64))]
        lanes: u32,
        #[validate(range(min = 0, max = 1024))]
        permits: usize,
        #[validate(range(min = 1, max = 60_000))]
        queue_milliseconds: u32,
        #[validate(nested)]
        failures: PasswordFailures,
    }
    /// What wrong passwords lead to.
    PasswordFailures {
        #[validate(range(min = 1, max = 100, message = "SP 800-63B-4 allows 100"))]
        before_lock: u32,
        #[validate(range(min = 1, max = 86_400))]
        lock_seconds: u32,
        #[validate(range(min = 1, max = MOST))]
        per_address: u32,
    }
    /// Captchas.
    Captcha {
        #[validate(range(min = 30, max = 3600))]
        valid_seconds: u32,
        #[validate(range(min = 1, max = MOST))]
        per_address_hour: u32,
    }
    /// SMS codes and the gateway.
    Sms {
        adapter: Adapter,
        signature: String,
        #[validate(range(min = 30, max = 600, message = "SP 800-63B-4 allows ten minutes"))]
        valid_seconds: u32,
        #[validate(range(min = 0, max = 600))]
        resend_seconds: u32,
        #[validate(range(min = 1, max = 20))]
        wrong_tries: u32,
        #[validate(range(min = 1, max = 60_000))]
        timeout_milliseconds: u32,
        #[validate(range(min = 10, max = 3600))]
        give_up_seconds: u32,
        #[validate(range(min = 1, max = 720))]
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
        #[validate(range(min = 0, max = MOST))]
        sms_per_phone_hour: u32,
        #[validate(range(min = 0, max = MOST))]
        sms_per_phone_day: u32,
        #[validate(range(min = 0, max = MOST))]
        sms_per_flow: u32,
        #[validate(range(min = 0, max = MOST))]
        sms_per_address_hour: u32,
        #[validate(range(min = 1, max = MOST))]
        bank_failures_per_card_day: u32,
        #[validate(range(min = 1, max = MOST))]
        bank_failures_per_document_day: u32,
        #[validate(range(min = 1, max = MOST))]
        bank_failures_per_address_hour: u32,
        #[validate(range(min = 1, max = 1000))]
        bank_checks_per_flow: u32,
        #[validate(range(min = 1, max = 100))]
        documents_per_flow: u32,
        #[validate(range(min = 1, max = MOST))]
        registrations_per_address_hour: u32,
        #[validate(range(min = 1, max = MOST))]
        recoveries_per_address_hour: u32,
        #[validate(range(min = 1, max = MOST))]
        support_cases_per_address_hour: u32,
        #[validate(range(min = 1, max = MOST))]
        authorizations_per_address_hour: u32,
    }
    /// Registration drafts.
    Registration {
        #[validate(range(min = 5, max = 1440))]
        idle_minutes: u32,
        #[validate(range(min = 1, max = 168))]
        absolute_hours: u32,
        duplicate_document: DuplicateDocument,
    }
    /// Mail to the operator.
    Mail {
        adapter: MailAdapter,
        #[validate(email)]
        support_to: String,
        include_personal_data: bool,
        #[validate(range(min = 1, max = 60_000))]
        timeout_milliseconds: u32,
        #[validate(range(min = 1, max = 30))]
        give_up_days: u32,
        #[validate(nested)]
        smtp: Smtp,
    }
    /// The mail server.
    Smtp {
        host: String,
        #[validate(range(min = 1, max = 65_535))]
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
        #[validate(range(min = 1, max = 1440))]
        password_fresh_minutes: u32,
        #[validate(range(min = 0, max = 720))]
        changes_hold_hours: u32,
        #[validate(range(min = 0, max = 60))]
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
        #[validate(range(min = 1, max = 1440))]
        idle_minutes: u32,
        #[validate(range(min = 1, max = 720, message = "SP 800-63B-4 allows 30 days"))]
        absolute_hours: u32,
        #[validate(range(min = 1, max = 60))]
        access_token_minutes: u32,
        #[validate(range(min = 1, max = 365))]
        refresh_token_days: u32,
    }
    /// Signing in to business systems (OpenID Connect, OAuth 2.0).
    Oauth {
        #[validate(range(min = 5, max = 1440))]
        request_minutes: u32,
        #[validate(range(min = 10, max = 600))]
        code_seconds: u32,
        #[validate(range(min = 10, max = 600))]
        pushed_request_seconds: u32,
        #[validate(range(min = 1, max = 60))]
        access_token_minutes: u32,
        #[validate(range(min = 1, max = 365))]
        refresh_token_days: u32,
        #[validate(range(min = 0, max = 10_080))]
        key_ahead_minutes: u32,
        #[validate(range(min = 1, max = MOST))]
        failures_per_address_hour: u32,
    }
    /// What business systems may ask.
    Integration {
        #[validate(range(min = 1, max = MOST))]
        requests_per_client_minute: u32,
        #[validate(range(min = 1, max = MOST))]
        identity_checks_per_client_day: u32,
        #[validate(range(min = 1, max = MOST))]
        identity_checks_per_client_and_document_day: u32,
        #[validate(range(min = 1, max = MOST))]
        identity_checks_per_document_day: u32,
    }
    /// Telling business systems what happened.
    Webhooks {
        #[validate(range(min = 1, max = 60_000))]
        timeout_milliseconds: u32,
        #[validate(range(min = 1, max = 720))]
        give_up_hours: u32,
        allowed_networks: Vec<IpNet>,
    }
    /// How long records are kept.
    Retention {
        #[validate(range(
            min = 180,
            max = 3650,
            message = "the Cybersecurity Law asks for six months"
        ))]
        audit_days: u32,
        #[validate(range(min = 1, max = 3650))]
        support_days: u32,
        #[validate(range(min = 7, max = 3650))]
        event_days: u32,
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
