//! What a logout request and the answer to its page hold, as they are
//! described. They are read as a query or as forms.

use utoipa::{IntoParams, ToSchema};

/// The parameters of OpenID Connect RP-Initiated Logout 1.0.
#[derive(IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is described here and read as a query or a form")]
pub struct SignOutParameters {
    /// An ID token of the session; it may have expired.
    id_token_hint: Option<String>,
    /// The client; not needed beside `id_token_hint`.
    client_id: Option<String>,
    /// One of the client's; without it, or with another one, the person stays
    /// here.
    post_logout_redirect_uri: Option<String>,
    /// Comes back with the person.
    state: Option<String>,
    /// Languages in the order of preference: `zh-CN`, `en`.
    ui_locales: Option<String>,
    /// In place of `id_token_hint`: the session as the client knows it.
    sid: Option<String>,
}

/// The form of the page that asks whether to sign out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct SignOutDecision {
    /// As it stands in the page.
    token: String,
    /// `sign_out` or `stay`.
    #[schema(example = "sign_out")]
    decision: String,
    /// Language of the page: `zh-CN` or `en`.
    lang: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
    ui_locales: Option<String>,
}
