//! Asking about tokens, and ending them.

use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, count,
    oauth::{ISSUER, SignIn, System},
    person,
};

async fn signed_in(app: &TestApp) -> (Client<'_>, System, Value) {
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    client.clear_cookies();
    let system = app.system(json!({})).await;
    let code = app.code_for(&system, &account, SignIn::to("openid phone")).await;
    let tokens = client.exchange(&system, &code).await.ok(200);
    (client, system, tokens)
}

fn inactive() -> Value {
    json!({ "active": false })
}

async fn revoke(client: &Client<'_>, system: &System, token: &Value) {
    let fields = [("token", token.as_str().unwrap()), ("token_type_hint", "nonsense")];
    client.form_of(system, "/oauth2/revoke", &fields).await.ok_status(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_learns_of_its_own_tokens() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    let seen = client.introspect(&system, &tokens["access_token"]).await.ok(200);
    assert_eq!((&seen["active"], &seen["scope"]), (&json!(true), &json!("openid phone")));
    assert_eq!((&seen["client_id"], &seen["aud"]), (&json!(system.id), &json!(ISSUER)));
    assert_eq!(seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(), 600);
    assert!(seen.get("username").is_none() && seen.get("gid").is_none());
    let seen = client.introspect(&system, &tokens["refresh_token"]).await.ok(200);
    assert_eq!((&seen["active"], &seen["scope"]), (&json!(true), &json!("openid phone")));
    let own = client.credentials(&system).await.ok(200);
    let seen = client.introspect(&system, &own["access_token"]).await.ok(200);
    assert_eq!((&seen["active"], &seen["sub"]), (&json!(true), &json!(system.id)));
    app.pass(601);
    let seen = client.introspect(&system, &tokens["access_token"]).await.ok(200);
    assert_eq!(seen, inactive());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_stranger_learns_nothing() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    let stranger = app.system(json!({})).await;
    for token in ["access_token", "refresh_token"] {
        let seen = client.introspect(&stranger, &tokens[token]).await.ok(200);
        assert_eq!(seen, inactive(), "{token}");
        client
            .form("/oauth2/introspect", &[("token", tokens[token].as_str().unwrap())])
            .await
            .oauth(401, "invalid_client");
    }
    // The refresh token was not used by it.
    client.refresh(&system, &tokens).await.ok(200);
    // Whoever can keep no secret can be anybody.
    let app_like = app.system(json!({ "token_endpoint_auth_method": "none" })).await;
    let fields = [("token", "x"), ("client_id", &*app_like.id)];
    client.form("/oauth2/introspect", &fields).await.oauth(401, "invalid_client");
    client.form_of(&stranger, "/oauth2/introspect", &[]).await.oauth(400, "invalid_request");
    for junk in ["", "x", "..", "\u{0}", tokens["id_token"].as_str().unwrap()] {
        let fields = [("token", junk), ("x", "y")];
        let answer = client.form_of(&system, "/oauth2/introspect", &fields).await;
        if junk.is_empty() {
            answer.oauth(400, "invalid_request");
        } else {
            assert_eq!(answer.ok(200), inactive(), "{junk}");
        }
    }
}

const API: &str = "https://api.example";
const OTHER: &str = "https://b.example";

/// A token of a client for an API.
async fn token_for(client: &Client<'_>, system: &System, resource: &str) -> Value {
    let fields = [("grant_type", "client_credentials"), ("resource", resource)];
    client.form_of(system, "/oauth2/token", &fields).await.ok(200)["access_token"].clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_api_learns_of_tokens_that_are_for_it() {
    let app = TestApp::start();
    let client = app.client();
    let api = json!({ "resource_server_for": [API], "grant_types": [], "scope": "" });
    let api = app.system(api).await;
    let caller = app.system(json!({ "resources": [API, OTHER] })).await;
    let token = token_for(&client, &caller, API).await;
    let seen = client.introspect(&api, &token).await.ok(200);
    assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(caller.id)));
    let other = token_for(&client, &caller, OTHER).await;
    assert_eq!(client.introspect(&api, &other).await.ok(200), inactive());
    let ours = client.credentials(&caller).await.ok(200)["access_token"].clone();
    assert_eq!(client.introspect(&api, &ours).await.ok(200), inactive());
    // It may do nothing else with what it is shown.
    revoke(&client, &api, &token).await;
    assert_eq!(client.introspect(&api, &token).await.ok(200)["active"], true);
    revoke(&client, &caller, &token).await;
    assert_eq!(client.introspect(&api, &token).await.ok(200), inactive());
    // What an operator takes away is gone at once.
    let token = token_for(&client, &caller, API).await;
    app.change_system(&api, |client| client.metadata.resource_server_for.clear()).await;
    assert_eq!(client.introspect(&api, &token).await.ok(200), inactive());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn clients_of_one_api_learn_nothing_of_each_others_tokens() {
    let app = TestApp::start();
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    let one = app.system(json!({ "resources": [API] })).await;
    let other = app.system(json!({ "resources": [API] })).await;
    let api = app.system(json!({ "resource_server_for": [API] })).await;
    let sign_in = SignIn { resources: &[API], ..SignIn::to("openid phone") };
    let code = app.code_for(&one, &account, sign_in).await;
    let tokens = client.exchange(&one, &code).await.ok(200);
    for token in [&tokens["access_token"], &token_for(&client, &one, API).await] {
        assert_eq!(client.introspect(&other, token).await.ok(200), inactive());
        for entitled in [&one, &api] {
            let seen = client.introspect(entitled, token).await.ok(200);
            assert_eq!((&seen["active"], &seen["aud"]), (&json!(true), &json!(API)));
        }
    }
    // A refresh token is for nobody's eyes but its client's.
    for stranger in [&other, &api] {
        let seen = client.introspect(stranger, &tokens["refresh_token"]).await.ok(200);
        assert_eq!(seen, inactive());
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_revoked_access_token_is_good_for_nothing() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    for _ in 0..2 {
        revoke(&client, &system, &tokens["access_token"]).await;
    }
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    let seen = client.introspect(&system, &tokens["access_token"]).await.ok(200);
    assert_eq!(seen, inactive());
    // The sign-in goes on.
    let next = client.refresh(&system, &tokens).await.ok(200);
    client.userinfo(&next).await.ok(200);
    assert_eq!(count!(app, revoked_tokens), 1);
    app.pass(601);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, revoked_tokens), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_revoked_refresh_token_takes_everything_with_it() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    revoke(&client, &system, &tokens["refresh_token"]).await;
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_whose_answer_was_lost_can_still_be_revoked() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    let lost = client.refresh(&system, &tokens).await.ok(200);
    let stranger = app.system(json!({})).await;
    revoke(&client, &stranger, &tokens["refresh_token"]).await;
    client.userinfo(&lost).await.ok(200);
    revoke(&client, &system, &tokens["refresh_token"]).await;
    client.userinfo(&lost).await.oauth(401, "invalid_token");
    client.refresh(&system, &lost).await.oauth(400, "invalid_grant");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_revokes_what_is_another_clients() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    let stranger = app.system(json!({})).await;
    for token in ["access_token", "refresh_token", "id_token"] {
        revoke(&client, &stranger, &tokens[token]).await;
    }
    client.userinfo(&tokens).await.ok(200);
    client.refresh(&system, &tokens).await.ok(200);
    revoke(&client, &stranger, &json!("nonsense")).await;
    let fields = [("token", tokens["access_token"].as_str().unwrap())];
    client.form("/oauth2/revoke", &fields).await.oauth(401, "invalid_client");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_over_is_forgotten_and_when_it_was_a_year_later() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app).await;
    revoke(&client, &system, &tokens["refresh_token"]).await;
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, grants), 1);
    app.pass(86_500);
    shiming::compose::worker::forget(&app.core).await;
    // Of the sign-in its time stays, as long as the records do.
    assert_eq!((count!(app, grants), count!(app, authorization_codes)), (1, 0));
    app.pass(400 * 86_400);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, grants), 0);
}
