//! Typed identifiers: UUID version 7 (RFC 9562 §5.7), which sort by creation
//! time and so keep database indexes compact.

use super::{Entropy, Timestamp, entropy::EntropyError};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
                 serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A fresh id for the moment `now`.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
                let random = entropy.bytes::<10>()?;
                Ok(Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::try_parse(text).map(Self)
            }
        }
    )+};
}

impl FlowId {
    /// The flow that changes an account: it has the account's id, so that there
    /// is one at a time.
    pub fn of_account(account: AccountId) -> Self {
        Self(account.0)
    }

    /// The account that such a flow changes. Other flows have ids of their own,
    /// which name no account.
    pub fn account(self) -> AccountId {
        AccountId(self.0)
    }
}

impl EventId {
    /// What is smaller than every id made at this moment or later, and greater
    /// than every id made before.
    pub fn earliest(at: Timestamp) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }
}

ids! {
    /// One person's account.
    AccountId,
    /// One signed-in browser or app.
    SessionId,
    /// One flow: a registration, a recovery, a change.
    FlowId,
    /// One picture-and-sound challenge.
    CaptchaId,
    /// One code sent to one phone.
    ChallengeId,
    /// One question put to the bank.
    BankCheckId,
    /// One message waiting to be sent.
    OutboxId,
    /// One line of the audit trail.
    AuditEventId,
    /// One HTTP request, as it stands in the logs and in problem documents.
    RequestId,
    /// One fictitious person added to the sandbox.
    SandboxCardholderId,
    /// One earlier password.
    PasswordId,
    /// One access token (its `jti`).
    TokenId,
    /// One client (business system); its `client_id`.
    ClientId,
    /// One secret of a client.
    ClientSecretId,
    /// One sign-in of a person to a client.
    GrantId,
    /// One answer to whether a name and a document belong together.
    IdentityCheckId,
    /// One thing that happened to a client's user.
    EventId,
    /// One address that a client is told of events at.
    WebhookId,
    /// One event on its way to one address.
    DeliveryId,
}
