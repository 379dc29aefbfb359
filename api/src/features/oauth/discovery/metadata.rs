//! What there is, for clients that configure themselves (OpenID Connect
//! Discovery 1.0, RFC 8414).

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        access_tokens,
        claims::{self, ELECTRONIC_RECORD, EVIDENCE, TRUST_FRAMEWORK, VERIFIED},
        clients::{AuthMethod, GrantType, Scope, SubjectType},
        core::Core,
    },
    tools::crypto::{SigningAlg, signing::TokenKeys},
};

/// Metadata of this authorization server (RFC 8414 §2), or OpenID provider.
/// Each member is true of what answers here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthorizationServerMetadata, example = example)]
#[expect(clippy::struct_excessive_bools, reason = "the specifications have them")]
pub struct Metadata {
    #[schema(example = "https://id.example.gov.cn")]
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    /// RFC 9126.
    pushed_authorization_request_endpoint: String,
    /// OpenID Connect RP-Initiated Logout 1.0.
    end_session_endpoint: String,
    service_documentation: String,
    op_policy_uri: String,
    op_tos_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [GrantType; 3],
    code_challenge_methods_supported: [&'static str; 1],
    subject_types_supported: [SubjectType; 2],
    #[schema(value_type = Vec<String>)]
    id_token_signing_alg_values_supported: Vec<SigningAlg>,
    token_endpoint_auth_methods_supported: [AuthMethod; 4],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
    introspection_endpoint_auth_methods_supported: [AuthMethod; 3],
    introspection_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
    revocation_endpoint_auth_methods_supported: [AuthMethod; 4],
    revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
    acr_values_supported: [String; 1],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    /// RFC 9207.
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: [&'static str; 5],
    ui_locales_supported: [&'static str; 2],
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    /// OpenID Connect for Identity Assurance 1.0, as the following.
    verified_claims_supported: bool,
    trust_frameworks_supported: [&'static str; 1],
    evidence_supported: [&'static str; 1],
    electronic_records_supported: [&'static str; 1],
    claims_in_verified_claims_supported: [&'static str; 6],
}

/// Algorithms of assertions that clients prove themselves with.
const ASSERTIONS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
/// How clients prove themselves.
const SECRETS: [AuthMethod; 3] =
    [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::PrivateKeyJwt];
/// The same, and those that do not.
const METHODS: [AuthMethod; 4] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::None,
];
/// Claims of ID tokens that are about the sign-in.
const OF_SIGN_IN: [&str; 5] = ["sub", "auth_time", "acr", "sid", "nonce"];

/// Describes the provider.
pub fn describe(core: &Core) -> Metadata {
    let algorithms = core.keyring.with_tokens(TokenKeys::algorithms);
    of_issuer(&core.settings.server.public_url, algorithms)
}

/// The same of a provider with every kind of key.
fn example() -> serde_json::Value {
    let example = of_issuer("https://id.example.gov.cn", SigningAlg::ALL.to_vec());
    serde_json::to_value(example).unwrap_or_default()
}

fn of_issuer(issuer: &str, algorithms: Vec<SigningAlg>) -> Metadata {
    let at = |path: &str| format!("{issuer}{path}");
    let of_person = claims::ALL.iter().map(|(name, _)| *name);
    Metadata {
        issuer: issuer.to_owned(),
        authorization_endpoint: at("/oauth2/authorize"),
        token_endpoint: at("/oauth2/token"),
        userinfo_endpoint: at("/oauth2/userinfo"),
        jwks_uri: at("/.well-known/jwks.json"),
        introspection_endpoint: at("/oauth2/introspect"),
        revocation_endpoint: at("/oauth2/revoke"),
        pushed_authorization_request_endpoint: at("/oauth2/par"),
        end_session_endpoint: at("/oauth2/logout"),
        service_documentation: at("/docs/"),
        op_policy_uri: at("/legal/privacy-notice"),
        op_tos_uri: at("/legal/user-agreement"),
        scopes_supported: Scope::ALL.into_iter().map(Scope::code).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: [
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
        ],
        code_challenge_methods_supported: ["S256"],
        subject_types_supported: [SubjectType::Public, SubjectType::Pairwise],
        id_token_signing_alg_values_supported: algorithms,
        token_endpoint_auth_methods_supported: METHODS,
        token_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
        introspection_endpoint_auth_methods_supported: SECRETS,
        introspection_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
        revocation_endpoint_auth_methods_supported: METHODS,
        revocation_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
        acr_values_supported: [access_tokens::acr(3)],
        claim_types_supported: ["normal"],
        claims_supported: OF_SIGN_IN.into_iter().chain(of_person).collect(),
        claims_parameter_supported: true,
        request_parameter_supported: false,
        // Only those that were pushed; this is about the others.
        request_uri_parameter_supported: false,
        require_pushed_authorization_requests: false,
        authorization_response_iss_parameter_supported: true,
        prompt_values_supported: ["none", "login", "consent", "select_account", "create"],
        ui_locales_supported: ["zh-CN", "en"],
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        verified_claims_supported: true,
        trust_frameworks_supported: [TRUST_FRAMEWORK],
        evidence_supported: [EVIDENCE],
        electronic_records_supported: [ELECTRONIC_RECORD],
        claims_in_verified_claims_supported: VERIFIED,
    }
}
