//! One's own account, as it is shown.

use serde_json::{Value, json};

use crate::support::{TestApp, person};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_tells_how_it_stands() {
    let app = TestApp::start();
    let client = app.client();
    let registered = client.join(&person("王小明"), "zhangsan").await;
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["id"], registered["id"]);
    assert_eq!(account["kind"], "person");
    for (member, value) in [
        ("unit", Value::Null),
        ("password_due", json!(false)),
        ("security_questions", json!({ "mode": "guide", "state": "none" })),
        ("changes_held_until", Value::Null),
        ("closes_at", Value::Null),
        ("change_expires_at", Value::Null),
        ("password_set_at", account["created_at"].clone()),
    ] {
        assert_eq!(account[member], value, "{member}");
    }
    assert!(account["password_fresh_until"].is_string());
    app.pass(600);
    let later = client.get("/api/v1/account").await.ok(200);
    assert_eq!(later["password_fresh_until"], Value::Null);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_that_contains_the_person_is_found_when_it_is_used() {
    let app = TestApp::start();
    let client = app.client();
    let somebody = person("王小明");
    // At the first step nothing but the username is known.
    let telling = format!("lychee {} fog", somebody.phone);
    let mut body = client.start_body("zhangsan").await;
    body["password"] = json!(telling);
    body["password_confirmation"] = json!(telling);
    client.start_with(body).await.ok(201);
    client.identity(&somebody).await.ok(200);
    client.bank(&somebody).await.ok(200);
    let code = client.last_sms(&somebody.phone).await;
    client.confirm(&code).await.ok(201);
    client.try_sign_in("zhangsan", &telling).await.ok(201);
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["password_due"], true);
    let new = json!({ "password": "a dry harbour 3", "password_confirmation": "a dry harbour 3" });
    client.put("/api/v1/account/password", new).await.ok(204);
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["password_due"], false);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_old_password_is_due_under_the_rules_that_say_so() {
    let app = TestApp::with(|settings| {
        settings.password.policy = shiming::tools::identity::PasswordPolicyKind::Djbh;
        settings.password.max_age_days = 90;
        settings.sessions.absolute_hours = 24 * 100;
        settings.sessions.idle_minutes = 60 * 24 * 100;
    });
    let client = app.client();
    let mut body = client.start_body("zhangsan").await;
    body["password"] = json!("Lychee park 7");
    body["password_confirmation"] = json!("Lychee park 7");
    client.start_with(body).await.ok(201);
    let somebody = person("王小明");
    client.identity(&somebody).await.ok(200);
    client.bank(&somebody).await.ok(200);
    let code = client.last_sms(&somebody.phone).await;
    client.confirm(&code).await.ok(201);
    client.try_sign_in("zhangsan", "Lychee park 7").await.ok(201);
    app.pass(90 * 86_400 - 60);
    assert_eq!(client.get("/api/v1/account").await.ok(200)["password_due"], false);
    app.pass(60);
    assert_eq!(client.get("/api/v1/account").await.ok(200)["password_due"], true);
}
