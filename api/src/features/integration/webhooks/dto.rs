//! Webhooks as they are asked for and shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::WebhookState;
use crate::{
    capabilities::{
        clients,
        events::{Delivery, DeliveryState, Endpoint, EventKind},
    },
    kernel::{
        Timestamp,
        ids::{DeliveryId, EventId, WebhookId},
    },
    tools::{
        config::Settings,
        web::{FieldErrors, Problem},
    },
};

/// A new address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// `https`, at a public address; or in a network that the operator allows.
    #[serde(default)]
    #[schema(required, example = "https://hr.example.gov.cn/shiming")]
    url: String,
    /// What it is to be told of.
    #[serde(default)]
    #[schema(required, example = json!(["name.changed", "account.closed"]))]
    kinds: Vec<EventKind>,
}

/// What is to be changed; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    #[serde(default)]
    #[schema(example = "https://hr.example.gov.cn/shiming")]
    url: Option<String>,
    #[serde(default)]
    #[schema(example = json!(["account.closed"]))]
    kinds: Option<Vec<EventKind>>,
    #[serde(default)]
    state: Option<WebhookState>,
}

/// How another secret is to follow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// Seconds that messages bear the signature of the secret before, too: a
    /// day when left out, a week at most.
    #[serde(default)]
    #[schema(example = 86_400, minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<u32>,
}

/// Address and kinds, checked.
#[derive(Debug)]
pub(super) struct Fields {
    pub url: String,
    pub kinds: BTreeSet<EventKind>,
}

fn check_url(errors: &mut FieldErrors, settings: &Settings, url: &str) {
    if url.is_empty() {
        errors.add("/url", "required");
    } else if let Err(code) = clients::target_uri(url, settings) {
        errors.add("/url", code);
    }
}

fn check_kinds(errors: &mut FieldErrors, kinds: &[EventKind]) -> BTreeSet<EventKind> {
    if kinds.is_empty() {
        errors.add("/kinds", "required");
    }
    kinds.iter().copied().collect()
}

impl CreateWebhook {
    pub(super) fn parse(self, settings: &Settings) -> Result<Fields, Problem> {
        let mut errors = FieldErrors::new();
        check_url(&mut errors, settings, &self.url);
        let kinds = check_kinds(&mut errors, &self.kinds);
        errors.finish(Some(Fields { url: self.url, kinds }))
    }
}

/// What is to be changed, checked.
type Changed = (Option<String>, Option<BTreeSet<EventKind>>, Option<WebhookState>);

impl ChangeWebhook {
    pub(super) fn parse(self, settings: &Settings) -> Result<Changed, Problem> {
        let mut errors = FieldErrors::new();
        if let Some(url) = &self.url {
            check_url(&mut errors, settings, url);
        }
        let kinds = self.kinds.as_deref().map(|kinds| check_kinds(&mut errors, kinds));
        errors.finish(Some((self.url, kinds, self.state)))
    }
}

/// An address that is told of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    #[schema(value_type = String, format = Uuid)]
    id: WebhookId,
    #[schema(example = "https://hr.example.gov.cn/shiming")]
    url: String,
    #[schema(example = json!(["name.changed", "account.closed"]))]
    kinds: Vec<EventKind>,
    state: WebhookState,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// Until when messages bear the signature of the secret before, too.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
}

impl From<Endpoint> for WebhookView {
    fn from(endpoint: Endpoint) -> Self {
        let Endpoint { id, url, kinds, state, created_at, previous_until, .. } = endpoint;
        let kinds = kinds.into_iter().collect();
        Self { id, url, kinds, state, created_at, previous_secret_until: previous_until }
    }
}

/// An address that was made known.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhook {
    webhook: WebhookView,
    /// What its messages are signed with, for the only time.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl NewWebhook {
    pub(super) fn new(webhook: WebhookView, secret: String) -> Self {
        Self { webhook, secret }
    }
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhookSecret {
    /// The secret, for the only time.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
    /// Until when messages bear the signature of the one before, too.
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T02:00:00Z")]
    previous_secret_until: Timestamp,
}

impl NewWebhookSecret {
    pub(super) fn new(secret: String, previous_secret_until: Timestamp) -> Self {
        Self { secret, previous_secret_until }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// In this state only.
    #[serde(default)]
    pub state: Option<DeliveryState>,
}

/// One event on its way to one address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryView {
    #[schema(value_type = String, format = Uuid)]
    id: DeliveryId,
    #[schema(value_type = String, format = Uuid)]
    webhook_id: WebhookId,
    /// The event; `webhook-id` of the message.
    #[schema(value_type = String, format = Uuid)]
    event_id: EventId,
    state: DeliveryState,
    /// How often it was tried.
    #[schema(example = 3)]
    attempts: i32,
    /// What the address answered last.
    #[schema(required, example = 503)]
    last_status: Option<i32>,
    /// `status`, `timeout`, `unreachable`, `address_refused`, or, for one that
    /// was not tried, `disabled`, `event_forgotten` or `internal` (a fault of
    /// ours).
    #[schema(required, example = "status")]
    last_error: Option<String>,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    updated_at: Timestamp,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { id, endpoint, event, state, attempts, last_status, last_error, .. } =
            delivery;
        Self {
            id,
            webhook_id: endpoint,
            event_id: event,
            state,
            attempts,
            last_status,
            last_error,
            created_at: delivery.created_at,
            updated_at: delivery.updated_at,
        }
    }
}
