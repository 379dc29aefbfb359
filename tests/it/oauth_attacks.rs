//! Tokens that are for something else.

use serde_json::{Value, json};

use crate::support::{
    Client, TestApp,
    jose::{Key, parts, with},
    oauth::{SignIn, System},
    person,
};

struct Stage<'a> {
    client: Client<'a>,
    system: System,
    account: Value,
    tokens: Value,
}

/// Somebody who has signed in to a system, and to ourselves.
async fn stage(app: &TestApp) -> Stage<'_> {
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    client.clear_cookies();
    let system = app.system(json!({})).await;
    let code = app.code_for(&system, &account, SignIn::to("openid realname")).await;
    let tokens = client.exchange(&system, &code).await.ok(200);
    Stage { client, system, account, tokens }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_that_we_signed_hangs_on_a_grant_of_its_client() {
    const NOBODY: &str = "0193e0c0-0000-7000-8000-000000000000";
    let app = TestApp::start();
    let Stage { client, tokens, .. } = stage(&app).await;
    let other = app.system(json!({})).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (header, claims, _) = parts(token);
    let key = Key::of(&app, token);
    for (name, value) in [
        ("gid", json!(NOBODY)),
        ("gid", json!(null)),
        ("client_id", json!(NOBODY)),
        ("client_id", json!(other.id)),
        ("aud", json!("shiming-api")),
    ] {
        let token = key.sign(&header, &with(&claims, name, value.clone()));
        let answer = client.get_with(&token, "/oauth2/userinfo").await;
        assert_eq!(answer.status, 401, "{name} {value}: {}", answer.text());
    }
    client.get_with(&key.sign(&header, &claims), "/oauth2/userinfo").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_of_one_endpoint_opens_no_other() {
    let app = TestApp::start();
    let Stage { client, system, account, tokens } = stage(&app).await;
    let of_app = client.tokens("zhangsan").await["access_token"].as_str().unwrap().to_owned();
    let of_system = client.credentials(&system).await.ok(200);
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let (access, id) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    let refresh = text(&tokens, "refresh_token");
    let own = text(&of_system, "access_token");
    client.get_with(&of_app, "/api/v1/account").await.ok(200);
    for token in [&access, &id, &refresh, &own] {
        let answer = client.get_with(token, "/api/v1/account").await;
        answer.problem(401, "not_signed_in");
        client.get_with(token, "/api/v1/sessions").await.problem(401, "not_signed_in");
    }
    client.get_with(&access, "/oauth2/userinfo").await.ok(200);
    for token in [&of_app, &id, &refresh, &own] {
        client.get_with(token, "/oauth2/userinfo").await.oauth(401, "invalid_token");
    }
    // Nor is one kind of token traded for another.
    let code = app.code(&system, &account).await;
    for token in [&access, &id, &code] {
        let tokens = json!({ "refresh_token": token });
        client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
    }
    for token in [&access, &id, &refresh] {
        client.exchange(&system, token).await.oauth(400, "invalid_grant");
    }
    client.exchange(&system, &code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_answer_tells_a_secret_or_a_person() {
    let app = TestApp::start();
    let Stage { client, system, tokens, .. } = stage(&app).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let wrong = System { secret: "wrong-secret-of-somebody".into(), ..system.clone() };
    let answer = client.credentials(&wrong).await;
    assert!(!answer.text().contains("wrong-secret") && !answer.text().contains(&system.id));
    client.refresh(&system, &tokens).await.ok(200);
    let answer = client.refresh(&system, &tokens).await;
    answer.oauth(400, "invalid_grant");
    assert!(!answer.text().contains(refresh));
}
