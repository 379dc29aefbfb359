-- Recovery and maintenance: flows of every kind, units, security questions,
-- closing, support.

-- A draft lives a day at most and its form has changed: those that are open
-- begin anew.
DROP TABLE registrations;

CREATE TABLE flows (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('registration', 'recovery', 'account_change')),
    stage TEXT NOT NULL,
    revision BIGINT NOT NULL,
    answers_sealed BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    absolute_expires_at TIMESTAMP NOT NULL
);
CREATE INDEX flows_expires_at ON flows (expires_at);

ALTER TABLE accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'unit'));
ALTER TABLE accounts ADD COLUMN password_set_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE accounts SET password_set_at = created_at;
-- Phone and bank cannot be changed before; set by a reset with security questions.
ALTER TABLE accounts ADD COLUMN changes_held_until TIMESTAMP;

-- Found when somebody signed in, the only moment when the password is known.
ALTER TABLE accounts ADD COLUMN password_contains_personal BOOLEAN NOT NULL DEFAULT FALSE;

-- Keyed hashes of what a question to the bank was charged to: given back when
-- its process died.
ALTER TABLE bank_checks ADD COLUMN charges TEXT;
CREATE INDEX bank_checks_outcome ON bank_checks (outcome, started_at);

-- What a unit's account has besides its agent, whom the account's row describes.
CREATE TABLE units (
    account_id TEXT PRIMARY KEY NOT NULL,
    name_sealed BLOB NOT NULL,
    credit_code_sealed BLOB NOT NULL,
    legal_representative_sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected')),
    reason_sealed BLOB,
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP
);
CREATE INDEX units_state ON units (state, created_at);

CREATE TABLE security_answers (
    account_id TEXT PRIMARY KEY NOT NULL,
    questions TEXT NOT NULL,
    answers_hash TEXT NOT NULL,
    wrong_sets INTEGER NOT NULL,
    set_at TIMESTAMP NOT NULL
);

CREATE TABLE password_history (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL
);
CREATE INDEX password_history_account_id ON password_history (account_id, set_at);

CREATE TABLE account_closures (
    account_id TEXT PRIMARY KEY NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    closes_at TIMESTAMP NOT NULL
);
CREATE INDEX account_closures_closes_at ON account_closures (closes_at);

CREATE TABLE support_cases (
    number TEXT PRIMARY KEY NOT NULL,
    account_id TEXT,
    topic TEXT NOT NULL,
    body_sealed BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX support_cases_account_id ON support_cases (account_id);
CREATE INDEX support_cases_created_at ON support_cases (created_at);

-- When the password was last entered in the session.
ALTER TABLE sessions ADD COLUMN password_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
ALTER TABLE audit_events ADD COLUMN device TEXT;
