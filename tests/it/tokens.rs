//! Tokens of apps: short access tokens, refresh tokens for one use.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp,
    jose::{Key, parts, with},
    person,
};

async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

/// An app that has signed in, and its tokens.
async fn app_client(app: &TestApp) -> (Client<'_>, Value) {
    let mut client = app.client();
    let tokens = client.tokens("zhangsan").await;
    client.clear_cookies();
    client.origin = None;
    client.bearer = Some(text(&tokens, "access_token"));
    (client, tokens)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

async fn refresh(client: &Client<'_>, tokens: &Value) -> Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    client.post("/api/v1/tokens/refresh", body).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_access_token_signs_in_for_ten_minutes() {
    let app = with_account().await;
    let (client, tokens) = app_client(&app).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(
        (&tokens["expires_in"], &tokens["refresh_expires_in"]),
        (&json!(600), &json!(2_592_000))
    );
    assert_eq!(client.get("/api/v1/account").await.ok(200)["username"], "zhangsan");
    app.pass(598);
    client.get("/api/v1/account").await.ok(200);
    app.pass(2);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_needs_no_origin() {
    let app = with_account().await;
    let (mut client, _) = app_client(&app).await;
    client.origin = Some("https://evil.example".into());
    client.delete("/api/v1/sessions/current").await.ok(204);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_is_traded_for_new_ones() {
    let app = with_account().await;
    let (mut client, first) = app_client(&app).await;
    app.pass(601);
    let second = refresh(&client, &first).await.ok(200);
    assert_eq!(second["session_id"], first["session_id"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    client.bearer = Some(text(&second, "access_token"));
    client.get("/api/v1/account").await.ok(200);
    let third = refresh(&client, &second).await.ok(200);
    assert_ne!(third["refresh_token"], second["refresh_token"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_used_twice_ends_the_family() {
    let app = with_account().await;
    let (mut client, first) = app_client(&app).await;
    let second = refresh(&client, &first).await.ok(200);
    client.bearer = Some(text(&second, "access_token"));
    client.get("/api/v1/account").await.ok(200);
    refresh(&client, &first).await.problem(401, "refresh_token_reused");
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
    refresh(&client, &second).await.problem(401, "refresh_token_invalid");
    // Another session of the same person goes on.
    app.client().sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_lost_answer_is_given_again_for_the_same_key() {
    let app = with_account().await;
    let (client, first) = app_client(&app).await;
    let body = json!({ "refresh_token": first["refresh_token"] });
    let path = "/api/v1/tokens/refresh";
    let key = "a-key-of-one-action";
    let second = client.post_once(key, path, body.clone()).await.ok(200);
    assert_eq!(client.post_once(key, path, body.clone()).await.ok(200), second);
    refresh(&client, &second).await.ok(200);
    let other_key = client.post_once("another-key-altogether", path, body).await;
    other_key.problem(401, "refresh_token_reused");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_lasts_thirty_days() {
    let app = with_account().await;
    let (client, first) = app_client(&app).await;
    app.pass(29 * 86_400);
    let second = refresh(&client, &first).await.ok(200);
    app.pass(30 * 86_400);
    refresh(&client, &second).await.problem(401, "refresh_token_invalid");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_no_refresh_token_is_refused() {
    let app = with_account().await;
    let (client, tokens) = app_client(&app).await;
    let session = text(&tokens, "session_id");
    let access = text(&tokens, "access_token");
    for wrong in ["x", "\u{0}", session.as_str(), access.as_str(), &"0".repeat(64)] {
        let answer = refresh(&client, &json!({ "refresh_token": wrong })).await;
        answer.problem(401, "refresh_token_invalid");
    }
    refresh(&client, &json!({ "refresh_token": "" }))
        .await
        .fields(&[("/refresh_token", "required")]);
    refresh(&client, &tokens).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_out_ends_refresh_tokens_too() {
    let app = with_account().await;
    let (client, tokens) = app_client(&app).await;
    client.delete("/api/v1/sessions/current").await.ok(204);
    refresh(&client, &tokens).await.problem(401, "refresh_token_invalid");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_browser_can_end_an_apps_session() {
    let app = with_account().await;
    let (client, tokens) = app_client(&app).await;
    let browser = app.client();
    browser.sign_in("zhangsan").await;
    browser.delete(&format!("/api/v1/sessions/{}", text(&tokens, "session_id"))).await.ok(204);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_that_we_signed_hangs_on_a_session_of_its_person() {
    let app = with_account().await;
    app.client().register(&person("张伟"), "zhangwei").await;
    let (mut client, tokens) = app_client(&app).await;
    client.bearer = None;
    let other = text(&app.client().tokens("zhangwei").await, "access_token");
    let token = text(&tokens, "access_token");
    let (key, (header, claims, _)) = (Key::of(&app, &token), parts(&token));
    let (_, others, _) = parts(&other);
    for (name, value) in [
        ("sub", others["sub"].clone()),
        ("sid", others["sid"].clone()),
        ("sid", json!("0193e0c0-0000-7000-8000-000000000000")),
    ] {
        let token = key.sign(&header, &with(&claims, name, value));
        let answer = client.get_with(&token, "/api/v1/account").await;
        assert_eq!(answer.status, 401, "{name}");
    }
    let again = key.sign(&header, &claims);
    client.get_with(&again, "/api/v1/account").await.ok(200);
}

/// The key that signs the tokens of apps.
async fn published(app: &TestApp) -> Value {
    let set = app.client().get("/.well-known/jwks.json").await.ok(200);
    let mut keys = set["keys"].as_array().unwrap().iter();
    keys.find(|key| key["alg"] == "EdDSA").unwrap().clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn anybody_can_check_a_token_with_the_published_key() {
    let app = with_account().await;
    let (_, tokens) = app_client(&app).await;
    let key = published(&app).await;
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert!(key.get("d").is_none(), "the private half stays private");
    let key = jsonwebtoken::DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.set_issuer(&["http://localhost:8080"]);
    rules.set_audience(&["shiming-api"]);
    rules.validate_exp = false;
    let token = text(&tokens, "access_token");
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!(claims["sid"], tokens["session_id"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    let text = claims.to_string();
    assert!(
        !text.contains("zhangsan") && !text.contains(&person("王小明").phone),
        "no personal data: {text}"
    );
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_device_may_have_any_name() {
    let app = with_account().await;
    let client = app.client();
    for (name, shown) in [
        (json!(null), json!(null)),
        (json!(""), json!(null)),
        (json!("小米 14"), json!("小米 14")),
        (json!("a\u{0}b"), json!("ab")),
        (json!("x".repeat(500)), json!("x".repeat(64))),
    ] {
        let mut body = client.login_body("zhangsan", crate::support::PASSWORD).await;
        body["device_name"] = name;
        let tokens = client.post("/api/v1/tokens", body).await.ok(201);
        let mut device = app.client();
        device.bearer = Some(text(&tokens, "access_token"));
        let sessions = device.get("/api/v1/sessions").await.ok(200);
        let items = sessions["items"].as_array().unwrap();
        let own = items.iter().find(|one| one["current"] == true).unwrap();
        assert_eq!(own["device"], shown);
    }
}
