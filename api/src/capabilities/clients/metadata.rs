//! What is known of a client, with the names of RFC 7591 and OpenID Connect
//! Dynamic Client Registration 1.0 where they have one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tools::{config::Settings, crypto::SigningAlg, web::FieldErrors};

/// What an access token or a person's consent covers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Scope {
    /// Signing people in (OpenID Connect Core §3.1.2.1).
    #[serde(rename = "openid")]
    OpenId,
    /// Username and kind of user.
    #[serde(rename = "profile")]
    Profile,
    /// Mobile number.
    #[serde(rename = "phone")]
    Phone,
    /// Name, document, sex and date of birth, and how they were verified.
    #[serde(rename = "realname")]
    RealName,
    /// What a unit is (单位).
    #[serde(rename = "unit")]
    Unit,
    /// Tokens that outlive the browser's session (OpenID Connect Core §11).
    #[serde(rename = "offline_access")]
    OfflineAccess,
    /// Of a system: reading its own users and what happened to them.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Of a system: asking whether a name and a document belong together.
    #[serde(rename = "identity:check")]
    IdentityCheck,
    /// Of a system: where it is told of events.
    #[serde(rename = "webhooks:manage")]
    WebhooksManage,
    /// Of the operator's own tools: registering clients.
    #[serde(rename = "clients:manage")]
    ClientsManage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 10] = [
        Self::OpenId,
        Self::Profile,
        Self::Phone,
        Self::RealName,
        Self::Unit,
        Self::OfflineAccess,
        Self::UsersRead,
        Self::IdentityCheck,
        Self::WebhooksManage,
        Self::ClientsManage,
    ];

    /// The name in requests and tokens.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Phone => "phone",
            Self::RealName => "realname",
            Self::Unit => "unit",
            Self::OfflineAccess => "offline_access",
            Self::UsersRead => "users:read",
            Self::IdentityCheck => "identity:check",
            Self::WebhooksManage => "webhooks:manage",
            Self::ClientsManage => "clients:manage",
        }
    }

    /// The scope of this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }

    /// Whether a person consents to it; the others are a system's own.
    pub const fn is_of_person(self) -> bool {
        !matches!(
            self,
            Self::UsersRead | Self::IdentityCheck | Self::WebhooksManage | Self::ClientsManage
        )
    }
}

/// Scopes, as they stand in requests: separated by spaces (RFC 6749 §3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(pub BTreeSet<Scope>);

impl Scopes {
    /// Those of a text that there are; what is unknown is left out
    /// (OpenID Connect Core §3.1.2.1).
    pub fn parse(text: &str) -> Self {
        Self(text.split(' ').filter_map(Scope::from_code).collect())
    }

    /// Whether a scope is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether every one of `others` is among them.
    pub fn cover(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// Those that both have.
    #[must_use]
    pub fn shared_with(&self, others: &Self) -> Self {
        Self(self.0.intersection(&others.0).copied().collect())
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.0.iter().map(|scope| scope.code()).collect();
        f.write_str(&names.join(" "))
    }
}

/// How a client gets tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A person signs in (RFC 6749 §4.1, with PKCE).
    AuthorizationCode,
    /// It trades refresh tokens (RFC 6749 §6).
    RefreshToken,
    /// It acts for itself (RFC 6749 §4.4).
    ClientCredentials,
}

/// How a client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: an app or a page that can keep no secret. PKCE protects it.
    None,
    /// Its secret in `Authorization: Basic` (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// Its secret in the body.
    ClientSecretPost,
    /// A JWT signed with its own key (RFC 7523, OpenID Connect Core §9).
    PrivateKeyJwt,
}

/// What the names by which a client knows accounts are shared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same for every client of this type.
    Public,
    /// Those of its sector only (OpenID Connect Core §8.1).
    Pairwise,
}

/// How much of a document number a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberGrant {
    /// The first and the last digits.
    Masked,
    /// All of it.
    Full,
}

/// What is known of a client (RFC 7591 §2, client metadata).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientMetadata, example = json!({
    "client_name": "考生服务系统",
    "client_name#en": "Candidate service",
    "owner": "深圳市考试院",
    "owner#en": "Shenzhen Examinations Authority",
    "client_uri": "https://exam.example.gov.cn/",
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "client_secret_basic",
    "jwks": null,
    "scope": "openid profile phone realname",
    "redirect_uris": ["https://exam.example.gov.cn/callback"],
    "post_logout_redirect_uris": ["https://exam.example.gov.cn/"],
    "backchannel_logout_uri": "https://exam.example.gov.cn/logged-out",
    "subject_type": "pairwise",
    "sector_identifier": "exam.example.gov.cn",
    "id_token_signed_response_alg": "RS256",
    "require_pushed_authorization_requests": false,
    "resources": ["https://api.exam.example.gov.cn"],
    "resource_server_for": ["https://api.exam.example.gov.cn"],
    "document_number": "masked",
    "access_token_seconds": 600,
    "refresh_token_days": 30
}))]
pub struct Metadata {
    /// What people call it.
    #[schema(example = "考生服务系统")]
    pub client_name: String,
    /// The same in English.
    #[serde(rename = "client_name#en", default)]
    #[schema(example = "Candidate service")]
    pub client_name_en: Option<String>,
    /// Who runs it, as people know them.
    #[schema(example = "深圳市考试院")]
    pub owner: String,
    /// The same in English.
    #[serde(rename = "owner#en", default)]
    #[schema(example = "Shenzhen Examinations Authority")]
    pub owner_en: Option<String>,
    /// Its home page.
    #[serde(default)]
    #[schema(example = "https://exam.example.gov.cn/")]
    pub client_uri: Option<String>,
    /// How it gets tokens; not at all, when it is nothing but an API.
    pub grant_types: Vec<GrantType>,
    /// How it proves itself.
    pub token_endpoint_auth_method: AuthMethod,
    /// Its public keys (RFC 7517), for `private_key_jwt`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// The scopes it may ask for, separated by spaces; empty, when it is nothing
    /// but an API.
    #[schema(example = "openid profile phone realname")]
    pub scope: String,
    /// Where people are sent back to; compared character by character.
    #[serde(default)]
    #[schema(example = json!(["https://exam.example.gov.cn/callback"]))]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session has ended (OpenID Connect Back-Channel
    /// Logout 1.0).
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// Whom it shares the names of its users with.
    #[serde(default = "pairwise")]
    pub subject_type: SubjectType,
    /// Its sector; when left out, the host of its first redirect URI when that
    /// is `https` and not the person's own machine, or else its own id.
    #[serde(default)]
    #[schema(example = "exam.example.gov.cn")]
    pub sector_identifier: Option<String>,
    /// How its ID tokens and access tokens are signed.
    #[serde(default = "rs256")]
    pub id_token_signed_response_alg: SigningAlg,
    /// Whether it may send its request through the person's browser at all
    /// (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// APIs it may get access tokens for besides ours (RFC 8707).
    #[serde(default)]
    #[schema(example = json!(["https://api.exam.example.gov.cn"]))]
    pub resources: Vec<String>,
    /// APIs that it is itself: it may ask about access tokens that are for them
    /// (RFC 7662). Asking for tokens for an API gives no right to that.
    #[serde(default)]
    #[schema(example = json!(["https://api.exam.example.gov.cn"]))]
    pub resource_server_for: Vec<String>,
    /// How much of a document number it sees with `realname`.
    #[serde(default = "masked")]
    pub document_number: NumberGrant,
    /// Seconds that its access tokens live; the installation's when left out.
    #[serde(default)]
    #[schema(example = 600, minimum = 60, maximum = 3600)]
    pub access_token_seconds: Option<u32>,
    /// Days that its refresh tokens live; the installation's when left out.
    #[serde(default)]
    #[schema(example = 30, minimum = 1, maximum = 365)]
    pub refresh_token_days: Option<u32>,
}

const fn pairwise() -> SubjectType {
    SubjectType::Pairwise
}

const fn rs256() -> SigningAlg {
    SigningAlg::RS256
}

const fn masked() -> NumberGrant {
    NumberGrant::Masked
}

impl Metadata {
    /// The scopes it may ask for.
    pub fn scopes(&self) -> Scopes {
        Scopes::parse(&self.scope)
    }

    /// Whether it may get tokens in this way.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Everything that is wrong with it.
    pub fn check(&self, settings: &Settings) -> FieldErrors {
        super::validate::check(self, settings)
    }

    /// Whether it is nothing but an API: it gets no tokens, and asks about those
    /// that it is shown.
    pub fn only_serves(&self) -> bool {
        self.grant_types.is_empty() && !self.resource_server_for.is_empty()
    }

    /// Whether it can keep no secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }
}
