//! The tables, as diesel sees them; `migrations/` is the source.

diesel::table! {
    accounts (id) {
        id -> Text,
        username -> Text,
        password_hash -> Text,
        name_sealed -> Binary,
        document_type -> Text,
        document_number_sealed -> Binary,
        issuing_country -> Nullable<Text>,
        gender -> Text,
        birth_date_sealed -> Binary,
        bank_code -> Text,
        card_number_sealed -> Binary,
        phone_sealed -> Binary,
        phone_index -> Text,
        assurance_level -> Integer,
        verified_at -> Timestamp,
        created_at -> Timestamp,
        kind -> Text,
        password_set_at -> Timestamp,
        changes_held_until -> Nullable<Timestamp>,
        password_contains_personal -> Bool,
    }
}

diesel::table! {
    units (account_id) {
        account_id -> Text,
        name_sealed -> Binary,
        credit_code_sealed -> Binary,
        legal_representative_sealed -> Binary,
        state -> Text,
        reason_sealed -> Nullable<Binary>,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    security_answers (account_id) {
        account_id -> Text,
        questions -> Text,
        answers_hash -> Text,
        wrong_sets -> Integer,
        set_at -> Timestamp,
    }
}

diesel::table! {
    password_history (id) {
        id -> Text,
        account_id -> Text,
        password_hash -> Text,
        set_at -> Timestamp,
    }
}

diesel::table! {
    account_closures (account_id) {
        account_id -> Text,
        requested_at -> Timestamp,
        closes_at -> Timestamp,
    }
}

diesel::table! {
    support_cases (number) {
        number -> Text,
        account_id -> Nullable<Text>,
        topic -> Text,
        body_sealed -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    username_claims (username_index) {
        username_index -> Text,
        account_id -> Text,
    }
}

diesel::table! {
    document_claims (document_index) {
        document_index -> Text,
        account_id -> Text,
    }
}

diesel::table! {
    consents (account_id, kind, version) {
        account_id -> Text,
        kind -> Text,
        version -> Text,
        given_at -> Timestamp,
    }
}

diesel::table! {
    flows (id) {
        id -> Text,
        kind -> Text,
        stage -> Text,
        revision -> BigInt,
        answers_sealed -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        absolute_expires_at -> Timestamp,
    }
}

diesel::table! {
    bank_checks (id) {
        id -> Text,
        flow_id -> Text,
        question_hash -> Text,
        outcome -> Text,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        charges -> Nullable<Text>,
    }
}

diesel::table! {
    captchas (id) {
        id -> Text,
        answer_sealed -> Binary,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    otp_challenges (id) {
        id -> Text,
        purpose -> Text,
        flow_id -> Text,
        phone_index -> Text,
        state -> Text,
        code_hash -> Nullable<Text>,
        wrong_tries -> Integer,
        requested_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        payload_sealed -> Binary,
        state -> Text,
        attempts -> Integer,
        created_at -> Timestamp,
        due_at -> Timestamp,
        give_up_at -> Timestamp,
        client_id -> Nullable<Text>,
    }
}

diesel::table! {
    limits (subject) {
        subject -> Text,
        used -> BigInt,
        window_ends_at -> Timestamp,
    }
}

diesel::table! {
    password_failures (subject) {
        subject -> Text,
        failures -> BigInt,
        blocked_until -> Timestamp,
        forgotten_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        account_id -> Text,
        kind -> Text,
        secret_hash -> Text,
        device -> Nullable<Text>,
        ip_prefix -> Text,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        password_at -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        session_id -> Text,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    idempotency_keys (key_hash) {
        key_hash -> Text,
        request_hash -> Text,
        state -> Text,
        reply_sealed -> Nullable<Binary>,
        lease_ends_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Text,
        kind -> Text,
        account_id -> Nullable<Text>,
        flow_id -> Nullable<Text>,
        request_id -> Text,
        ip_prefix -> Text,
        detail -> Nullable<Text>,
        at -> Timestamp,
        device -> Nullable<Text>,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        metadata -> Text,
        state -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Text,
        client_id -> Text,
        secret_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    client_assertions (assertion_hash) {
        assertion_hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    authorization_requests (request_hash) {
        request_hash -> Text,
        client_id -> Text,
        parameters_sealed -> Binary,
        browser_hash -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    client_consents (account_id, client_id) {
        account_id -> Text,
        client_id -> Text,
        scopes -> Text,
        given_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    subjects (subject) {
        subject -> Text,
        account_id -> Text,
        sector -> Text,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        account_id -> Text,
        client_id -> Text,
        session_id -> Text,
        subject -> Text,
        scopes -> Text,
        claims -> Nullable<Text>,
        resources -> Text,
        offline -> Bool,
        auth_time -> Timestamp,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    authorization_codes (code_hash) {
        code_hash -> Text,
        grant_id -> Text,
        redirect_uri -> Text,
        code_challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    grant_refresh_tokens (token_hash) {
        token_hash -> Text,
        grant_id -> Text,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    revoked_tokens (token_id) {
        token_id -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    identity_checks (id) {
        id -> Text,
        account_id -> Nullable<Text>,
        client_id -> Text,
        purpose -> Text,
        matched -> Bool,
        checked_at -> Timestamp,
    }
}

diesel::table! {
    client_events (id) {
        id -> Text,
        client_id -> Text,
        subject -> Text,
        kind -> Text,
        happened_at -> Timestamp,
    }
}

diesel::table! {
    webhook_endpoints (id) {
        id -> Text,
        client_id -> Text,
        url -> Text,
        kinds -> Text,
        state -> Text,
        secret_sealed -> Binary,
        previous_secret_sealed -> Nullable<Binary>,
        previous_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Text,
        client_id -> Text,
        endpoint_id -> Text,
        event_id -> Text,
        state -> Text,
        attempts -> Integer,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sandbox_messages (id) {
        id -> Text,
        channel -> Text,
        recipient_index -> Text,
        message_sealed -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    sandbox_cardholders (id) {
        id -> Text,
        card_index -> Text,
        cardholder_sealed -> Binary,
    }
}

diesel::table! {
    sandbox_behaviours (port) {
        port -> Text,
        mode -> Text,
        delay_ms -> Nullable<BigInt>,
        remaining -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(accounts, security_answers, username_claims);
diesel::allow_tables_to_appear_in_same_query!(clients, grants, revoked_tokens);
