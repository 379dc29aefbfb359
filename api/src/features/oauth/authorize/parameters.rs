//! What an authorization request may hold, as it is described. It is read as a
//! query or as a form.

use utoipa::{IntoParams, ToSchema};

/// The parameters of OpenID Connect Core §3.1.2.1, RFC 7636, RFC 8707 and
/// RFC 9126.
#[derive(IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is described here and read as a query or a form")]
pub struct AuthorizationParameters {
    client_id: String,
    /// One of the client's redirect URIs; needed without a `request_uri`, as
    /// `response_type`, `scope`, `code_challenge` and `code_challenge_method` are.
    #[schema(example = "https://exam.example.gov.cn/callback")]
    redirect_uri: Option<String>,
    /// `code`.
    #[schema(example = "code")]
    response_type: Option<String>,
    /// `query`.
    #[schema(example = "query")]
    response_mode: Option<String>,
    /// `openid` and what else is asked for, separated by spaces.
    #[schema(example = "openid profile")]
    scope: Option<String>,
    /// Comes back with the answer, and ties it to the browser; 2048 bytes at
    /// most.
    #[schema(max_length = 2048)]
    #[param(max_length = 2048)]
    state: Option<String>,
    /// Comes back in the ID token; 512 bytes at most.
    #[schema(max_length = 512)]
    #[param(max_length = 512)]
    nonce: Option<String>,
    /// SHA-256 of the code verifier in base64url.
    #[schema(
        example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        pattern = "^[A-Za-z0-9_-]{43}$"
    )]
    #[param(pattern = "^[A-Za-z0-9_-]{43}$")]
    code_challenge: Option<String>,
    /// `S256`.
    #[schema(example = "S256")]
    code_challenge_method: Option<String>,
    /// `none`, or any of `login`, `consent`, `select_account`, `create`, separated
    /// by spaces.
    prompt: Option<String>,
    /// Seconds that the password may have been entered ago.
    #[schema(pattern = "^[0-9]+$")]
    #[param(pattern = "^[0-9]+$")]
    max_age: Option<String>,
    /// Assurance that is asked for.
    acr_values: Option<String>,
    /// A username to begin with.
    login_hint: Option<String>,
    /// An ID token of the person who is meant; it may have expired.
    id_token_hint: Option<String>,
    /// Languages in the order of preference: `zh-CN`, `en`.
    ui_locales: Option<String>,
    /// Claims asked for one by one, as JSON.
    claims: Option<String>,
    /// An API that access tokens may be for; may be repeated.
    resource: Option<Vec<String>>,
    /// Of a pushed request; everything but `client_id` stands in it.
    request_uri: Option<String>,
}
