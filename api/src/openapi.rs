//! The route table, and the OpenAPI document that is read off it.

mod examples;
mod headers;
mod shared;

use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    account,
    adapters::sandbox,
    captcha, client_registry, integration, login, oauth, recovery, reference, registration,
    support,
    web::{FieldProblem, OauthCode, OauthErrorDocument, ProblemCode, ProblemDocument},
};

const ABOUT: &str = "\
Shiming is a real-name identity platform: one account per natural person, proved against a bank card.

**Errors** are RFC 9457 problem documents (`application/problem+json`) with a stable `code`; texts \
follow `Accept-Language` (`zh-CN`, `en`).

**Browsers** sign in with a cookie; requests that change something must come from the same origin. \
**Apps** send `Authorization: Bearer` and refresh their tokens.

**Creating requests** whose repetition would do harm take `Idempotency-Key` (each says so): the same \
request with the same key has one effect and one answer for 24 hours. `POST /captchas`, `POST /sessions` \
and `POST /tokens` do not: a repetition makes another captcha or session, which ends by itself, and the \
answer to a sign-in is never kept, because it would be a key to the account.

**Business systems** sign people in by OpenID Connect; the endpoints below `/oauth2` answer errors as \
RFC 6749 and RFC 6750 have them (`error`, `error_description`). For themselves they ask with \
`Authorization: Bearer` and a token of their client credentials: lists go on with `cursor` and \
`next_cursor`, and the headers `RateLimit` and `RateLimit-Policy` say how often they may still ask.

**The sandbox** (`/sandbox/v1`) stands for bank and SMS gateway while it is on.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Shiming", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ProblemDocument, ProblemCode, FieldProblem, OauthErrorDocument, OauthCode)),
    tags(
        (name = "Registration", description = "Four steps from nothing to a proved account"),
        (name = "Recovery", description = "Finding a username, setting a forgotten password anew"),
        (name = "Sessions", description = "Signing in and out, tokens, one's sessions"),
        (name = "Account", description = "One's own account"),
        (name = "Integration", description = "What business systems may ask for themselves"),
        (name = "Webhooks", description = "Where business systems are told of events"),
        (name = "Clients", description = "Registering business systems"),
        (name = "Support", description = "Writing to the operator"),
        (name = "OpenID Connect", description = "Signing in to business systems"),
        (name = "Authorization", description = "Signing in to a business system, as the person sees it"),
        (name = "Pages", description = "The same without JavaScript"),
        (name = "Captcha", description = "Picture and speech"),
        (name = "Reference data", description = "Banks, documents, rules"),
        (name = "Operation", description = "Liveness and readiness"),
        (name = "Sandbox", description = "Fictitious bank and SMS gateway"),
    )
)]
struct Base;

/// Every route of the product, registered once for server and document.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            utoipa_actix_web::scope("/api/v1")
                .service(reference::http::list_banks)
                .service(reference::http::list_document_types)
                .service(reference::http::get_service_info)
                .service(captcha::http::create_captcha)
                .service(captcha::http::get_captcha_image)
                .service(captcha::http::get_captcha_audio)
                .service(registration::http::start_registration)
                .service(registration::http::get_current_registration)
                .service(registration::http::get_registration)
                .service(registration::http::change_credentials)
                .service(registration::http::enter_unit)
                .service(registration::http::enter_identity)
                .service(registration::http::verify_with_bank)
                .service(registration::http::confirm_registration)
                .service(registration::http::extend_registration)
                .service(registration::http::abandon_registration)
                .service(recovery::http::find_username)
                .service(recovery::http::find_password)
                .service(recovery::http::get_current_recovery)
                .service(recovery::http::get_recovery)
                .service(recovery::http::choose_recovery_method)
                .service(recovery::http::send_recovery_code)
                .service(recovery::http::confirm_recovery_code)
                .service(recovery::http::answer_recovery_questions)
                .service(recovery::http::reset_password)
                .service(recovery::http::replace_phone)
                .service(recovery::http::confirm_phone_replacement)
                .service(recovery::http::abandon_recovery)
                .service(login::http::create_session)
                .service(login::http::list_sessions)
                .service(login::http::check_password)
                .service(login::http::delete_current_session)
                .service(login::http::delete_session)
                .service(login::http::create_tokens)
                .service(login::http::refresh_tokens)
                .service(account::http::get_account)
                .service(account::change::http::change_account)
                .service(account::change::http::get_account_change)
                .service(account::change::http::abandon_account_change)
                .service(account::change::http::confirm_account_change)
                .service(account::http::change_password)
                .service(account::questions::http::list_security_questions)
                .service(account::questions::http::get_account_questions)
                .service(account::questions::http::set_account_questions)
                .service(account::questions::http::remove_account_questions)
                .service(account::http::list_history)
                .service(account::http::list_identity_checks)
                .service(account::http::export_account)
                .service(account::http::list_authorized_systems)
                .service(account::http::withdraw_authorized_system)
                .service(account::http::request_closure)
                .service(account::http::cancel_closure)
                .service(support::http::open_support_case)
                .service(oauth::interaction_http::get_current_authorization)
                .service(oauth::interaction_http::get_authorization)
                .service(oauth::interaction_http::decide_authorization)
                .configure(systems),
        )
        .service(reference::http::get_health)
        .service(reference::http::get_readiness)
        .service(sandbox::http::list_sms)
        .service(sandbox::http::list_mail)
        .service(sandbox::http::solve_captcha)
        .service(sandbox::http::list_cardholders)
        .service(sandbox::http::add_cardholder)
        .service(sandbox::http::set_bank_behaviour)
        .service(sandbox::http::set_sms_behaviour);
    provider(config);
}

/// What business systems and their libraries call, and the pages beside it.
fn provider(config: &mut ServiceConfig) {
    config
        .service(oauth::authorize_http::authorize)
        .service(oauth::authorize_http::authorize_by_form)
        .service(oauth::push_http::push_request)
        .service(oauth::logout_http::sign_out)
        .service(oauth::logout_http::sign_out_by_form)
        .service(oauth::logout_http::confirm_sign_out)
        .service(oauth::plain::http::plain_style)
        .service(oauth::plain::http::current_plain)
        .service(oauth::plain::http::show_plain)
        .service(oauth::plain::http::sign_in_plain)
        .service(oauth::plain::http::decide_plain)
        .service(oauth::discovery_http::get_openid_configuration)
        .service(oauth::discovery_http::get_oauth_metadata)
        .service(oauth::discovery_http::get_jwks)
        .service(oauth::token_http::create_client_tokens)
        .service(oauth::token_http::introspect_token)
        .service(oauth::token_http::revoke_token)
        .service(oauth::token_http::get_userinfo)
        .service(oauth::token_http::post_userinfo);
}

/// What business systems may ask for themselves.
fn systems(config: &mut ServiceConfig) {
    config
        .service(integration::http::get_user)
        .service(integration::http::list_changes)
        .service(integration::http::check_identity)
        .service(integration::webhooks::http::create_webhook)
        .service(integration::webhooks::http::list_webhooks)
        .service(integration::webhooks::http::get_webhook)
        .service(integration::webhooks::http::change_webhook)
        .service(integration::webhooks::http::delete_webhook)
        .service(integration::webhooks::http::rotate_webhook_secret)
        .service(integration::webhooks::http::list_webhook_deliveries)
        .service(integration::webhooks::http::replay_webhook_delivery)
        .service(client_registry::http::create_client)
        .service(client_registry::http::list_clients)
        .service(client_registry::http::get_client)
        .service(client_registry::http::change_client)
        .service(client_registry::http::rotate_client_secret)
        .service(client_registry::http::set_client_state);
}

/// The OpenAPI 3.1 document.
pub fn document() -> Document {
    use utoipa_actix_web::AppExt;
    let (_, collected) =
        actix_web::App::new().into_utoipa_app().configure(routes).split_for_parts();
    let mut document = Base::openapi();
    document.info.description = Some(ABOUT.to_owned());
    document.merge(collected);
    let cookie = |name: &str, text: &str| {
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, text)))
    };
    let mut components = document.components.take().unwrap_or_default();
    components.add_security_scheme(
        "session_cookie",
        cookie("shiming_session", "Signed-in browser; `__Host-shiming_session` under https"),
    );
    components.add_security_scheme(
        "access_token",
        SecurityScheme::Http(
            Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build(),
        ),
    );
    let bearer = |text: &str| {
        let http = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        SecurityScheme::Http(http.description(Some(text)).build())
    };
    components.add_security_scheme(
        "client_token",
        bearer("Token of a business system for itself (client credentials)"),
    );
    components.add_security_scheme(
        "person_token",
        bearer("Token of a business system for a person who has signed in to it"),
    );
    components.add_security_scheme(
        "client_basic",
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Basic)
                .description(Some(
                    "Id and secret of a business system; it may be registered with another way",
                ))
                .build(),
        ),
    );
    components.add_security_scheme(
        "flow_cookie",
        cookie("shiming_flow", "Registration of a browser; `__Host-shiming_flow` under https"),
    );
    components.add_security_scheme(
        "recovery_cookie",
        cookie("shiming_recovery", "Recovery of a browser; `__Host-shiming_recovery` under https"),
    );
    components.add_security_scheme(
        "authorization_cookie",
        cookie(
            "shiming_authorize",
            "Browser that a business system sent; `__Host-shiming_authorize` under https",
        ),
    );
    components.add_security_scheme(
        "flow_token",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "Flow-Token",
            "Registration or recovery of an app",
        ))),
    );
    document.components = Some(components);
    shared::declare(&mut document);
    headers::declare(&mut document);
    examples::declare(&mut document);
    document
}

/// The document as text, as it is committed.
pub fn json() -> Result<String, serde_json::Error> {
    document().to_pretty_json()
}
