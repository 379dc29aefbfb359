//! What happened to an account.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp, person};

async fn history(client: &Client<'_>, query: &str) -> Value {
    client.get(&format!("/api/v1/account/history{query}")).await.ok(200)
}

fn kinds(history: &Value) -> Vec<&str> {
    let items = history["items"].as_array().unwrap();
    items.iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_person_reads_sign_ins_and_changes_with_time_place_and_device() {
    let app = TestApp::start();
    let client = app.client_at("203.0.113.7");
    client.register(&person("王小明"), "zhangsan").await;
    app.pass(1);
    client.try_sign_in("zhangsan", "wrong password").await.problem(401, "login_failed");
    app.pass(1);
    let body = client.login_body("zhangsan", PASSWORD).await;
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36";
    let request = client.request(reqwest::Method::POST, "/api/v1/sessions");
    client.send(request.header("user-agent", agent).json(&body)).await.ok(201);
    app.pass(1);
    client.check_password(PASSWORD).await.ok(200);
    let all = history(&client, "").await;
    // Steps on the way are nobody's business: no drafts, checks or codes.
    let expected = ["password_checked", "signed_in", "sign_in_failed", "account_created"];
    assert_eq!(kinds(&all), expected);
    assert_eq!(all["next_cursor"], Value::Null);
    let signed_in = &all["items"][1];
    for (member, value) in
        [("detail", "browser"), ("ip_prefix", "203.0.113.0/24"), ("device", "Chrome on Windows")]
    {
        assert_eq!(signed_in[member], value);
    }
    assert!(signed_in["at"].is_string());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_long_history_is_read_in_parts() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for _ in 0..5 {
        app.pass(1);
        client.check_password(PASSWORD).await.ok(200);
    }
    let all = kinds(&history(&client, "").await).len();
    assert_eq!(all, 7);
    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let part = history(&client, &query).await;
        let items = part["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = part["next_cursor"].as_str() else { break };
        query = format!("?limit=3&cursor={next}");
    }
    assert_eq!(seen.len(), all);
    let whole = history(&client, "").await;
    let ids: Vec<_> = whole["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(json!(seen), json!(ids));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_reads_the_history_of_somebody_else() {
    let app = TestApp::start();
    let (mine, his) = (app.client(), app.client());
    mine.join(&person("王小明"), "zhangsan").await;
    his.join(&person("张伟"), "zhangwei").await;
    mine.check_password(PASSWORD).await.ok(200);
    let newest = history(&mine, "?limit=1").await["next_cursor"].as_str().unwrap().to_owned();
    let part = history(&his, &format!("?cursor={newest}")).await;
    assert_eq!(kinds(&part), [] as [&str; 0]);
    assert_eq!(kinds(&history(&his, "").await), ["signed_in", "account_created"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_no_place_in_a_history_is_malformed() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let event = history(&client, "").await["items"][0]["id"].as_str().unwrap().to_owned();
    let elsewhere = BASE64_URL_SAFE_NO_PAD.encode(format!("identity-checks:{event}"));
    for cursor in ["nonsense", "", "%00", &event, &elsewhere] {
        let answer = client.get(&format!("/api/v1/account/history?cursor={cursor}")).await;
        answer.problem(422, "cursor_invalid");
    }
    for limit in ["x", "-1"] {
        let answer = client.get(&format!("/api/v1/account/history?limit={limit}")).await;
        answer.problem(400, "malformed_request");
    }
    // A number too large or too small is taken for the nearest.
    assert_eq!(history(&client, "?limit=0").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(kinds(&history(&client, "?limit=100000").await).len(), 2);
    client.post("/api/v1/account/export", json!({})).await.ok(200);
    assert_eq!(kinds(&history(&client, "?limit=1").await), ["exported"]);
}
