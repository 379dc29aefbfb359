-- Everything up to a proved registration and a signed-in session.
--
-- Conventions: ids are UUIDv7 text, times are UTC, columns that end in
-- `_sealed` hold AES-256-GCM fields, columns that end in `_hash` or `_index`
-- hold keyed hashes. Uniqueness lives in claim tables, whose primary key is
-- the claimed value, so that a sharded database can hold them too.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    name_sealed BLOB NOT NULL,
    document_type TEXT NOT NULL,
    document_number_sealed BLOB NOT NULL,
    issuing_country TEXT,
    gender TEXT NOT NULL CHECK (gender IN ('male', 'female')),
    birth_date_sealed BLOB NOT NULL,
    bank_code TEXT NOT NULL,
    card_number_sealed BLOB NOT NULL,
    phone_sealed BLOB NOT NULL,
    phone_index TEXT NOT NULL,
    assurance_level INTEGER NOT NULL,
    verified_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX accounts_phone_index ON accounts (phone_index);

CREATE TABLE username_claims (
    username_index TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL
);

CREATE TABLE document_claims (
    document_index TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL
);

CREATE TABLE consents (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, kind, version)
);

CREATE TABLE registrations (
    id TEXT PRIMARY KEY NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('identity', 'bank', 'code', 'completed')),
    revision BIGINT NOT NULL,
    answers_sealed BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    absolute_expires_at TIMESTAMP NOT NULL
);
CREATE INDEX registrations_expires_at ON registrations (expires_at);

CREATE TABLE bank_checks (
    id TEXT PRIMARY KEY NOT NULL,
    flow_id TEXT NOT NULL,
    question_hash TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP
);
CREATE INDEX bank_checks_flow_id ON bank_checks (flow_id);
CREATE INDEX bank_checks_started_at ON bank_checks (started_at);

CREATE TABLE captchas (
    id TEXT PRIMARY KEY NOT NULL,
    answer_sealed BLOB NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX captchas_expires_at ON captchas (expires_at);

CREATE TABLE otp_challenges (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'sent', 'used', 'dead')),
    code_hash TEXT,
    wrong_tries INTEGER NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX otp_challenges_flow_id ON otp_challenges (flow_id);
CREATE INDEX otp_challenges_expires_at ON otp_challenges (expires_at);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    payload_sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    give_up_at TIMESTAMP NOT NULL
);
CREATE INDEX outbox_state_due_at ON outbox (state, due_at);

CREATE TABLE limits (
    subject TEXT PRIMARY KEY NOT NULL,
    used BIGINT NOT NULL,
    window_ends_at TIMESTAMP NOT NULL
);
CREATE INDEX limits_window_ends_at ON limits (window_ends_at);

CREATE TABLE password_failures (
    subject TEXT PRIMARY KEY NOT NULL,
    failures BIGINT NOT NULL,
    blocked_until TIMESTAMP NOT NULL,
    forgotten_at TIMESTAMP NOT NULL
);
CREATE INDEX password_failures_forgotten_at ON password_failures (forgotten_at);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('browser', 'app')),
    secret_hash TEXT NOT NULL,
    device TEXT,
    ip_prefix TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE INDEX sessions_account_id ON sessions (account_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);

CREATE TABLE idempotency_keys (
    key_hash TEXT PRIMARY KEY NOT NULL,
    request_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done')),
    reply_sealed BLOB,
    lease_ends_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE TABLE audit_events (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    account_id TEXT,
    flow_id TEXT,
    request_id TEXT NOT NULL,
    ip_prefix TEXT NOT NULL,
    detail TEXT,
    at TIMESTAMP NOT NULL
);
CREATE INDEX audit_events_account_id ON audit_events (account_id, at);
CREATE INDEX audit_events_at ON audit_events (at);

-- Used by the sandbox adapter only.
CREATE TABLE sandbox_messages (
    id TEXT PRIMARY KEY NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'mail')),
    recipient_index TEXT NOT NULL,
    message_sealed BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX sandbox_messages_recipient ON sandbox_messages (channel, recipient_index, created_at);

CREATE TABLE sandbox_cardholders (
    id TEXT PRIMARY KEY NOT NULL,
    card_index TEXT NOT NULL,
    cardholder_sealed BLOB NOT NULL
);
CREATE INDEX sandbox_cardholders_card_index ON sandbox_cardholders (card_index);

CREATE TABLE sandbox_behaviours (
    port TEXT PRIMARY KEY NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('normal', 'error', 'timeout', 'slow')),
    delay_ms BIGINT,
    remaining BIGINT
);
