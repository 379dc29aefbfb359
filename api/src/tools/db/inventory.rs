//! Every table and column: what it tells of a person, where the person's export
//! has it, and how it leaves.
//!
//! Tests compare this list with the tables there are, erase an account and look
//! for what is left of it, and export one and look for what is missing. Sealed
//! columns take part in key rotation besides
//! ([`super::rotation::SEALED_COLUMNS`]). A new column stands here, or the
//! tests fail.

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How its rows leave.
    pub fate: Fate,
    /// Its columns.
    pub columns: &'static [(&'static str, Tells)],
}

/// How rows leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// With the account, in one transaction: those that carry its id (or that
    /// of one of its sessions) in this column. Rows without such an id expire.
    Erased(&'static str),
    /// They outlive the account, which they name by its id: why, and how long.
    Outlives(&'static str),
    /// They name no account, and expire: when.
    Expires(&'static str),
    /// They are about nobody.
    Stays,
}

/// What a column tells of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Something, and the export has it here (JSON pointer).
    Exported(&'static str),
    /// Something that is not handed out: why.
    Withheld(&'static str),
    /// Nothing.
    Nothing,
}

use Fate::{Erased, Expires, Outlives, Stays};
use Tells::{Exported, Nothing, Withheld};

const SECRET: Tells = Withheld("a secret of which only a hash is kept");
const LINK: Tells = Withheld("says which account the row belongs to, which the export is about");
const SEARCHED: Tells = Withheld("a keyed hash of what the export has in clear");
const PASSING: Tells = Withheld("is gone within days, and names no account");
const COUNTED: Tells = Withheld("a keyed hash that counts what is done, not who somebody is");
const OF_CLIENT: Tells = Withheld("a secret of a business system, which names nobody");

/// Every table.
pub const TABLES: &[Table] = &[
    Table {
        name: "accounts",
        fate: Erased("id"),
        columns: &[
            ("id", Exported("/account/id")),
            ("username", Exported("/account/username")),
            ("password_hash", SECRET),
            ("name_sealed", Exported("/account/name")),
            ("document_type", Exported("/account/document_type")),
            ("document_number_sealed", Exported("/account/document_number")),
            ("issuing_country", Exported("/account/issuing_country")),
            ("gender", Exported("/account/gender")),
            ("birth_date_sealed", Exported("/account/birth_date")),
            ("bank_code", Exported("/account/bank_code")),
            ("card_number_sealed", Exported("/account/card_number")),
            ("phone_sealed", Exported("/account/phone")),
            ("phone_index", SEARCHED),
            ("assurance_level", Exported("/account/assurance_level")),
            ("verified_at", Exported("/account/verified_at")),
            ("created_at", Exported("/account/created_at")),
            ("kind", Exported("/account/kind")),
            ("password_set_at", Exported("/account/password_set_at")),
            ("changes_held_until", Exported("/account/changes_held_until")),
            ("password_contains_personal", Exported("/account/password_contains_personal")),
        ],
    },
    Table {
        name: "units",
        fate: Erased("account_id"),
        columns: &[
            ("account_id", LINK),
            ("name_sealed", Exported("/unit/name")),
            ("credit_code_sealed", Exported("/unit/credit_code")),
            ("legal_representative_sealed", Exported("/unit/legal_representative")),
            ("state", Exported("/unit/state")),
            ("reason_sealed", Exported("/unit/reason")),
            ("created_at", Exported("/unit/created_at")),
            ("decided_at", Withheld("stands in the history, with the decision")),
        ],
    },
    Table {
        name: "security_answers",
        fate: Erased("account_id"),
        columns: &[
            ("account_id", LINK),
            ("questions", Exported("/security_questions/questions")),
            ("answers_hash", SECRET),
            ("wrong_sets", Exported("/security_questions/wrong_sets")),
            ("set_at", Exported("/security_questions/set_at")),
        ],
    },
    Table {
        name: "password_history",
        fate: Erased("account_id"),
        columns: &[
            ("id", Nothing),
            ("account_id", LINK),
            ("password_hash", SECRET),
            ("set_at", Withheld("stands in the history, with each change of the password")),
        ],
    },
    Table {
        name: "account_closures",
        fate: Erased("account_id"),
        columns: &[
            ("account_id", LINK),
            ("requested_at", Exported("/closure/requested_at")),
            ("closes_at", Exported("/closure/closes_at")),
        ],
    },
    // A case of somebody who was not signed in names no account.
    Table {
        name: "support_cases",
        fate: Erased("account_id"),
        columns: &[
            ("number", Exported("/support_cases/0/number")),
            ("account_id", LINK),
            ("topic", Exported("/support_cases/0/topic")),
            ("body_sealed", Exported("/support_cases/0/message")),
            ("created_at", Exported("/support_cases/0/created_at")),
        ],
    },
    Table {
        name: "username_claims",
        fate: Erased("account_id"),
        columns: &[("username_index", SEARCHED), ("account_id", LINK)],
    },
    Table {
        name: "document_claims",
        fate: Erased("account_id"),
        columns: &[("document_index", SEARCHED), ("account_id", LINK)],
    },
    Table {
        name: "consents",
        fate: Erased("account_id"),
        columns: &[
            ("account_id", LINK),
            ("kind", Exported("/consents/0/kind")),
            ("version", Exported("/consents/0/version")),
            ("given_at", Exported("/consents/0/given_at")),
        ],
    },
    // The change of an account has the account's id; its registration and its
    // recoveries go with it, too. Others name no account and expire within a day.
    Table {
        name: "flows",
        fate: Erased("id"),
        columns: &[
            ("id", LINK),
            ("kind", Nothing),
            ("stage", Nothing),
            ("revision", Nothing),
            ("answers_sealed", Exported("/change/card_number")),
            ("created_at", Exported("/change/created_at")),
            ("expires_at", Exported("/change/expires_at")),
            ("absolute_expires_at", Nothing),
        ],
    },
    // Of the change, the registration and recoveries of an account; those of
    // flows that led to none are kept as records for retention.audit_days.
    Table {
        name: "bank_checks",
        fate: Erased("flow_id"),
        columns: &[
            ("id", Nothing),
            ("flow_id", LINK),
            ("question_hash", SEARCHED),
            ("outcome", Nothing),
            ("started_at", Nothing),
            ("finished_at", Nothing),
            ("charges", COUNTED),
        ],
    },
    Table {
        name: "captchas",
        fate: Expires("after captcha.valid_seconds"),
        columns: &[
            ("id", Nothing),
            ("answer_sealed", Withheld("digits that a machine drew")),
            ("expires_at", Nothing),
        ],
    },
    // As bank_checks; those of flows that led to no account are gone after a day.
    Table {
        name: "otp_challenges",
        fate: Erased("flow_id"),
        columns: &[
            ("id", Nothing),
            ("purpose", Nothing),
            ("flow_id", LINK),
            ("phone_index", SEARCHED),
            ("state", Nothing),
            ("code_hash", SECRET),
            ("wrong_tries", Nothing),
            ("requested_at", Nothing),
            ("expires_at", Nothing),
        ],
    },
    Table {
        name: "outbox",
        fate: Expires("once it is sent, or a week after it was given up"),
        columns: &[
            ("id", Nothing),
            ("kind", Nothing),
            ("payload_sealed", PASSING),
            ("state", Nothing),
            ("attempts", Nothing),
            ("created_at", Nothing),
            ("due_at", Nothing),
            ("give_up_at", Nothing),
            ("client_id", Nothing),
        ],
    },
    Table {
        name: "limits",
        fate: Expires("when the time counted in is over: a day at most"),
        columns: &[("subject", COUNTED), ("used", Nothing), ("window_ends_at", Nothing)],
    },
    Table {
        name: "password_failures",
        fate: Expires("after password.failures.lock_seconds"),
        columns: &[
            ("subject", COUNTED),
            ("failures", Nothing),
            ("blocked_until", Nothing),
            ("forgotten_at", Nothing),
        ],
    },
    Table {
        name: "sessions",
        fate: Erased("account_id"),
        columns: &[
            ("id", Exported("/sessions/0/id")),
            ("account_id", LINK),
            ("kind", Exported("/sessions/0/kind")),
            ("secret_hash", SECRET),
            ("device", Exported("/sessions/0/device")),
            ("ip_prefix", Exported("/sessions/0/ip_prefix")),
            ("created_at", Exported("/sessions/0/created_at")),
            ("last_seen_at", Exported("/sessions/0/last_seen_at")),
            ("expires_at", Exported("/sessions/0/expires_at")),
            ("ended_at", Exported("/sessions/0/ended_at")),
            ("password_at", Exported("/sessions/0/password_at")),
        ],
    },
    Table {
        name: "refresh_tokens",
        fate: Erased("session_id"),
        columns: &[
            ("token_hash", SECRET),
            ("session_id", LINK),
            ("expires_at", Nothing),
            ("used_at", Nothing),
        ],
    },
    Table {
        name: "idempotency_keys",
        fate: Expires("after a day"),
        columns: &[
            ("key_hash", COUNTED),
            ("request_hash", COUNTED),
            ("state", Nothing),
            ("reply_sealed", PASSING),
            ("lease_ends_at", Nothing),
            ("expires_at", Nothing),
        ],
    },
    Table {
        name: "audit_events",
        fate: Outlives(
            "for retention.audit_days: the law asks for logs (Cybersecurity Law art. 21), and \
             whoever disputes a closing must be answered; once the account is erased its id leads \
             to nobody",
        ),
        columns: &[
            ("id", Exported("/history/0/id")),
            ("kind", Exported("/history/0/kind")),
            ("account_id", LINK),
            ("flow_id", LINK),
            ("request_id", Withheld("finds a request in the operator's logs")),
            ("ip_prefix", Exported("/history/0/ip_prefix")),
            ("detail", Exported("/history/0/detail")),
            ("at", Exported("/history/0/at")),
            ("device", Exported("/history/0/device")),
        ],
    },
    Table {
        name: "clients",
        fate: Stays,
        columns: &[
            ("id", Nothing),
            ("metadata", Nothing),
            ("state", Nothing),
            ("created_at", Nothing),
            ("updated_at", Nothing),
        ],
    },
    Table {
        name: "client_secrets",
        fate: Stays,
        columns: &[
            ("id", Nothing),
            ("client_id", Nothing),
            ("secret_hash", OF_CLIENT),
            ("created_at", Nothing),
            ("expires_at", Nothing),
        ],
    },
    Table {
        name: "client_assertions",
        fate: Expires("when the assertion does"),
        columns: &[("assertion_hash", OF_CLIENT), ("expires_at", Nothing)],
    },
    Table {
        name: "authorization_requests",
        fate: Expires("after oauth.request_minutes"),
        columns: &[
            ("request_hash", SECRET),
            ("client_id", Nothing),
            ("parameters_sealed", PASSING),
            ("browser_hash", SECRET),
            ("created_at", Nothing),
            ("expires_at", Nothing),
        ],
    },
    Table {
        name: "client_consents",
        fate: Erased("account_id"),
        columns: &[
            ("account_id", LINK),
            ("client_id", Exported("/authorized_systems/0/client_id")),
            ("scopes", Exported("/authorized_systems/0/scopes")),
            ("given_at", Exported("/authorized_systems/0/given_at")),
            ("updated_at", Exported("/authorized_systems/0/updated_at")),
        ],
    },
    Table {
        name: "subjects",
        fate: Erased("account_id"),
        columns: &[
            ("subject", Exported("/subjects/0/subject")),
            ("account_id", LINK),
            ("sector", Exported("/subjects/0/sector")),
        ],
    },
    Table {
        name: "grants",
        fate: Erased("account_id"),
        columns: &[
            ("id", Exported("/grants/0/id")),
            ("account_id", LINK),
            ("client_id", Exported("/grants/0/client_id")),
            ("session_id", LINK),
            ("subject", Exported("/subjects/0/subject")),
            ("scopes", Exported("/grants/0/scopes")),
            ("claims", Exported("/grants/0/claims")),
            ("resources", Exported("/grants/0/resources")),
            ("offline", Exported("/grants/0/offline")),
            ("auth_time", Exported("/grants/0/auth_time")),
            ("created_at", Exported("/grants/0/created_at")),
            ("expires_at", Exported("/grants/0/expires_at")),
            ("ended_at", Exported("/grants/0/ended_at")),
        ],
    },
    Table {
        name: "authorization_codes",
        fate: Erased("grant_id"),
        columns: &[
            ("code_hash", SECRET),
            ("grant_id", LINK),
            ("redirect_uri", Nothing),
            ("code_challenge", Nothing),
            ("nonce", Nothing),
            ("expires_at", Nothing),
            ("used_at", Nothing),
        ],
    },
    Table {
        name: "grant_refresh_tokens",
        fate: Erased("grant_id"),
        columns: &[
            ("token_hash", SECRET),
            ("grant_id", LINK),
            ("expires_at", Nothing),
            ("used_at", Nothing),
        ],
    },
    Table {
        name: "revoked_tokens",
        fate: Expires("when the token does"),
        columns: &[
            ("token_id", Withheld("an id of a token, which names nobody")),
            ("expires_at", Nothing),
        ],
    },
    // A check of a document that has no account names nobody.
    Table {
        name: "identity_checks",
        fate: Erased("account_id"),
        columns: &[
            ("id", Exported("/identity_checks/0/id")),
            ("account_id", LINK),
            ("client_id", Exported("/identity_checks/0/client_id")),
            ("purpose", Exported("/identity_checks/0/purpose")),
            ("matched", Exported("/identity_checks/0/matched")),
            ("checked_at", Exported("/identity_checks/0/checked_at")),
        ],
    },
    // They name people as their system knows them, and tell it of a closing, too.
    Table {
        name: "client_events",
        fate: Expires("after retention.event_days"),
        columns: &[
            ("id", Nothing),
            ("client_id", Nothing),
            ("subject", Withheld("stands in the export with the sector it belongs to")),
            ("kind", Nothing),
            ("happened_at", Nothing),
        ],
    },
    Table {
        name: "webhook_endpoints",
        fate: Stays,
        columns: &[
            ("id", Nothing),
            ("client_id", Nothing),
            ("url", Nothing),
            ("kinds", Nothing),
            ("state", Nothing),
            ("secret_sealed", OF_CLIENT),
            ("previous_secret_sealed", OF_CLIENT),
            ("previous_until", Nothing),
            ("created_at", Nothing),
        ],
    },
    Table {
        name: "webhook_deliveries",
        fate: Expires("after retention.event_days"),
        columns: &[
            ("id", Nothing),
            ("client_id", Nothing),
            ("endpoint_id", Nothing),
            ("event_id", Nothing),
            ("state", Nothing),
            ("attempts", Nothing),
            ("last_status", Nothing),
            ("last_error", Nothing),
            ("created_at", Nothing),
            ("updated_at", Nothing),
        ],
    },
    Table {
        name: "sandbox_messages",
        fate: Expires("after a week; the sandbox knows fictitious people only"),
        columns: &[
            ("id", Nothing),
            ("channel", Nothing),
            ("recipient_index", PASSING),
            ("message_sealed", PASSING),
            ("created_at", Nothing),
        ],
    },
    Table {
        name: "sandbox_cardholders",
        fate: Stays,
        columns: &[
            ("id", Nothing),
            ("card_index", Withheld("of fictitious people")),
            ("cardholder_sealed", Withheld("of fictitious people")),
        ],
    },
    Table {
        name: "sandbox_behaviours",
        fate: Stays,
        columns: &[
            ("port", Nothing),
            ("mode", Nothing),
            ("delay_ms", Nothing),
            ("remaining", Nothing),
            ("outcome", Nothing),
        ],
    },
];
