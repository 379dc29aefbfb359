ALTER TABLE audit_events DROP COLUMN device;
ALTER TABLE sessions DROP COLUMN password_at;
DROP TABLE support_cases;
DROP TABLE account_closures;
DROP TABLE password_history;
DROP TABLE security_answers;
DROP TABLE units;
DROP INDEX bank_checks_outcome;
ALTER TABLE bank_checks DROP COLUMN charges;
ALTER TABLE accounts DROP COLUMN password_contains_personal;
ALTER TABLE accounts DROP COLUMN changes_held_until;
ALTER TABLE accounts DROP COLUMN password_set_at;
ALTER TABLE accounts DROP COLUMN kind;
DROP TABLE flows;

CREATE TABLE registrations (
    id TEXT PRIMARY KEY NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('identity', 'bank', 'code', 'completed')),
    revision BIGINT NOT NULL,
    answers_sealed BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    absolute_expires_at TIMESTAMP NOT NULL
);
CREATE INDEX registrations_expires_at ON registrations (expires_at);
