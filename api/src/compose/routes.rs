//! The route table: what answers where. The server, the OpenAPI document and the
//! list of what is allowed at an address are read off it.

use actix_web::{dev::HttpServiceFactory, web};
use utoipa::Path;
use utoipa_actix_web::{OpenApiFactory, service_config::ServiceConfig as Described};

use crate::{
    adapters::sandbox,
    capabilities::captcha,
    features::{
        account, client_registry, integration, login, oauth, recovery, reference, registration,
        support,
    },
    tools::web::methods::Address,
};

/// A handler that can be served and described.
trait Handler: HttpServiceFactory + OpenApiFactory + Path + 'static {}

impl<H: HttpServiceFactory + OpenApiFactory + Path + 'static> Handler for H {}

/// What handlers are registered with.
trait Registry {
    /// Adds one.
    fn service<H: Handler>(&mut self, handler: H) -> &mut Self;
}

impl Registry for web::ServiceConfig {
    fn service<H: Handler>(&mut self, handler: H) -> &mut Self {
        Self::service(self, handler)
    }
}

impl Registry for Described<'_> {
    fn service<H: Handler>(&mut self, handler: H) -> &mut Self {
        Self::service(self, handler)
    }
}

/// Notes addresses only: a description of every route is megabytes, and takes
/// longer to make than everything else at start.
struct Addresses {
    below: &'static str,
    seen: Vec<Address>,
}

impl Registry for Addresses {
    fn service<H: Handler>(&mut self, _handler: H) -> &mut Self {
        self.seen.push((format!("{}{}", self.below, H::path()), H::methods()));
        self
    }
}

const API: &str = "/api/v1";

/// The routes, to be served.
pub fn serve(config: &mut web::ServiceConfig) {
    config.service(web::scope(API).configure(api));
    elsewhere(config);
}

/// The routes, with what they say of themselves.
pub fn describe(config: &mut Described<'_>) {
    config.service(utoipa_actix_web::scope(API).configure(|config| api(config)));
    elsewhere(config);
}

/// The addresses of the routes; one with several methods may be there more than
/// once.
pub fn addresses() -> Vec<Address> {
    let mut addresses = Addresses { below: API, seen: Vec::new() };
    api(&mut addresses);
    addresses.below = "";
    elsewhere(&mut addresses);
    addresses.seen
}

/// What is below the prefix of the API.
fn api<R: Registry>(config: &mut R) {
    config
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
        .service(oauth::interaction::http::get_current_authorization)
        .service(oauth::interaction::http::get_authorization)
        .service(oauth::interaction::http::decide_authorization);
    systems(config);
}

/// What has a place of its own.
fn elsewhere<R: Registry>(config: &mut R) {
    config
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
fn provider<R: Registry>(config: &mut R) {
    config
        .service(oauth::authorize::http::authorize)
        .service(oauth::authorize::http::authorize_by_form)
        .service(oauth::authorize::push_http::push_request)
        .service(oauth::logout::http::sign_out)
        .service(oauth::logout::http::sign_out_by_form)
        .service(oauth::logout::http::confirm_sign_out)
        .service(oauth::pages::http::plain_style)
        .service(oauth::pages::http::current_plain)
        .service(oauth::pages::http::show_plain)
        .service(oauth::pages::http::sign_in_plain)
        .service(oauth::pages::http::decide_plain)
        .service(oauth::discovery::http::get_openid_configuration)
        .service(oauth::discovery::http::get_oauth_metadata)
        .service(oauth::discovery::http::get_jwks)
        .service(oauth::token::http::create_client_tokens)
        .service(oauth::token::http::introspect_token)
        .service(oauth::token::http::revoke_token)
        .service(oauth::token::http::get_userinfo)
        .service(oauth::token::http::post_userinfo);
}

/// What business systems may ask for themselves.
fn systems<R: Registry>(config: &mut R) {
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
