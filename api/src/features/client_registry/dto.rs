//! Clients as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    capabilities::clients::{Client, ClientState, Metadata, Secret},
    kernel::{
        Timestamp,
        ids::{ClientId, ClientSecretId},
    },
};

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredClient {
    /// Its `client_id`.
    #[schema(value_type = String, format = Uuid)]
    id: ClientId,
    state: ClientState,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    updated_at: Timestamp,
    metadata: Metadata,
    /// Its secrets that hold, without what they are.
    secrets: Vec<SecretView>,
}

/// A secret of a client, without what it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub struct SecretView {
    #[schema(value_type = String, format = Uuid)]
    id: ClientSecretId,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// When it ends; `null` for the newest.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A client that was registered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewClient)]
pub struct NewClientView {
    client: RegisteredClient,
    /// Its secret, for the only time; `null` for a client that has none.
    #[schema(required, example = "5f2b…")]
    client_secret: Option<String>,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewClientSecret)]
pub struct NewSecretView {
    /// The secret, for the only time.
    #[schema(example = "5f2b…")]
    client_secret: String,
    /// When those before it end.
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T02:00:00Z")]
    previous_expires_at: Timestamp,
}

impl RegisteredClient {
    pub(super) fn of(client: Client, secrets: Vec<Secret>) -> Self {
        let Client { id, metadata, state, created_at, updated_at } = client;
        let shown =
            |Secret { id, created_at, expires_at, .. }| SecretView { id, created_at, expires_at };
        let secrets = secrets.into_iter().map(shown).collect();
        Self { id, state, created_at, updated_at, metadata, secrets }
    }

    /// The id of the client.
    pub fn id(&self) -> ClientId {
        self.id
    }
}

impl NewClientView {
    pub(super) fn new(client: RegisteredClient, client_secret: Option<String>) -> Self {
        Self { client, client_secret }
    }
}

impl NewSecretView {
    pub(super) fn new(client_secret: String, previous_expires_at: Timestamp) -> Self {
        Self { client_secret, previous_expires_at }
    }
}

/// How another secret is to follow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// Seconds that the secrets it has hold on: a day when left out, 30 days at
    /// most.
    #[serde(default)]
    #[schema(example = 86_400, minimum = 0, maximum = 2_592_000)]
    pub overlap_seconds: Option<u32>,
}

/// Whether a client may do anything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetState {
    pub state: ClientState,
}
