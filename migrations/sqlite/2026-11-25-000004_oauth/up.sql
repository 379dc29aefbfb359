-- One account for every business system: clients (business systems), what
-- people have let them see, and what they are told.
--
-- A client's metadata is JSON with the names of RFC 7591; nothing in it is
-- personal. Secrets, codes and tokens are kept as hashes only.

CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE client_secrets (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX client_secrets_client_id ON client_secrets (client_id);

-- Assertions of private_key_jwt that were used, so that none is used twice.
CREATE TABLE client_assertions (
    assertion_hash TEXT PRIMARY KEY NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX client_assertions_expires_at ON client_assertions (expires_at);

-- What a client asked for, kept while a person signs in, registers, consents.
CREATE TABLE authorization_requests (
    request_hash TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    parameters_sealed BLOB NOT NULL,
    browser_hash TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX authorization_requests_expires_at ON authorization_requests (expires_at);

-- What a person has let a client see, until it is withdrawn.
CREATE TABLE client_consents (
    account_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

-- The names (OpenID Connect Core §8) by which sectors know accounts.
CREATE TABLE subjects (
    subject TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL,
    sector TEXT NOT NULL
);
CREATE INDEX subjects_account_id ON subjects (account_id);

-- One sign-in of a person to a client; codes and tokens hang on it.
CREATE TABLE grants (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    scopes TEXT NOT NULL,
    claims TEXT,
    resources TEXT NOT NULL,
    offline BOOLEAN NOT NULL,
    auth_time TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE INDEX grants_account_id ON grants (account_id, client_id);
CREATE INDEX grants_session_id ON grants (session_id);
CREATE INDEX grants_expires_at ON grants (expires_at);
CREATE INDEX grants_ended_at ON grants (ended_at);

CREATE TABLE authorization_codes (
    code_hash TEXT PRIMARY KEY NOT NULL,
    grant_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX authorization_codes_grant_id ON authorization_codes (grant_id);
CREATE INDEX authorization_codes_expires_at ON authorization_codes (expires_at);

CREATE TABLE grant_refresh_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    grant_id TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX grant_refresh_tokens_grant_id ON grant_refresh_tokens (grant_id);
CREATE INDEX grant_refresh_tokens_expires_at ON grant_refresh_tokens (expires_at);

-- Access tokens that were revoked before they expired, by their jti.
CREATE TABLE revoked_tokens (
    token_id TEXT PRIMARY KEY NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX revoked_tokens_expires_at ON revoked_tokens (expires_at);

-- Who asked whether a name and a document belong together (「谁查询过我」).
CREATE TABLE identity_checks (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT,
    client_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    matched BOOLEAN NOT NULL,
    checked_at TIMESTAMP NOT NULL
);
CREATE INDEX identity_checks_account_id ON identity_checks (account_id, id);
CREATE INDEX identity_checks_checked_at ON identity_checks (checked_at);

-- What happened to a client's users, for its list of changes and its webhooks.
CREATE TABLE client_events (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    happened_at TIMESTAMP NOT NULL
);
CREATE INDEX client_events_client_id ON client_events (client_id, id);
CREATE INDEX client_events_happened_at ON client_events (happened_at);

CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
    secret_sealed BLOB NOT NULL,
    previous_secret_sealed BLOB,
    previous_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX webhook_endpoints_client_id ON webhook_endpoints (client_id);

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX webhook_deliveries_endpoint_id ON webhook_deliveries (endpoint_id, state, id);
CREATE INDEX webhook_deliveries_created_at ON webhook_deliveries (created_at);

-- Browser sessions that are left alone are looked for every minute.
CREATE INDEX sessions_open_last_seen_at ON sessions (last_seen_at) WHERE ended_at IS NULL;

-- Which business system a message goes to, so that none takes every place.
ALTER TABLE outbox ADD COLUMN client_id TEXT;
