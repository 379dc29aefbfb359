//! Signing in once more with a browser that is signed in: nothing of the old
//! session is left where nobody can end it.

use serde_json::json;

use crate::support::{
    Client, TestApp, count, person,
    systems::{System, hidden},
};

async fn signed_in(client: &Client<'_>, username: &str) -> String {
    client.sign_in(username).await["id"].as_str().unwrap().to_owned()
}

async fn live_grants(app: &TestApp) -> i64 {
    app.query(|conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::grants::dsl;
        dsl::grants.filter(dsl::ended_at.is_null()).count().get_result(conn)
    })
    .await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_same_person_keeps_the_session_and_what_hangs_on_it() {
    let app = TestApp::start();
    let loud = json!({ "backchannel_logout_uri": "https://ks.example.gov.cn/logout" });
    let system = System::register(&app, loud).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let first = signed_in(&client, "zhangsan").await;
    let old = client.cookie("shiming_session").unwrap();
    client.code_for(&system.asks("openid")).await;
    app.pass(60);
    assert_eq!(signed_in(&client, "zhangsan").await, first);
    let cookie = client.cookie("shiming_session").unwrap();
    assert_ne!(cookie, old);
    // A copy of the cookie that was made before is worth nothing.
    client.set_cookie("shiming_session", &old);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
    client.set_cookie("shiming_session", &cookie);
    assert_eq!(client.get("/api/v1/sessions").await.ok(200)["items"].as_array().unwrap().len(), 1);
    // Signing out ends what was granted before.
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    assert_eq!((live_grants(&app).await, count!(app, outbox)), (0, 1));
    // An ended session does not live again.
    client.set_cookie("shiming_session", &cookie);
    assert_ne!(signed_in(&client, "zhangsan").await, first);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_persons_session_ends_and_its_systems_are_told() {
    let app = TestApp::start();
    let loud = json!({ "backchannel_logout_uri": "https://ks.example.gov.cn/logout" });
    let system = System::register(&app, loud).await;
    let client = app.client();
    client.register(&person("张伟"), "zhangwei").await;
    client.join(&person("王小明"), "zhangsan").await;
    let old = client.cookie("shiming_session").unwrap();
    client.code_for(&system.asks("openid")).await;
    client.sign_in("zhangwei").await;
    assert_eq!((live_grants(&app).await, count!(app, outbox)), (0, 1));
    let thief = app.client();
    thief.set_cookie("shiming_session", &old);
    thief.get("/api/v1/account").await.problem(401, "not_signed_in");
    // Whoever fails to sign in ends nothing.
    let mut body = client.login_body("zhangsan", "wrong password").await;
    body["username"] = "zhangsan".into();
    client.post("/api/v1/sessions", body).await.problem(401, "login_failed");
    assert_eq!(client.get("/api/v1/account").await.ok(200)["username"], "zhangwei");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_page_without_scripts_does_the_same() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("张伟"), "zhangwei").await;
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    let id = client.come(&system.asks_with("openid", &[("prompt", "login")])).await;
    let html = client.get(&format!("/oauth2/plain/{id}")).await.page(200);
    let captcha = hidden(&html, "captcha_id");
    let answer = client.get(&format!("/sandbox/v1/captchas/{captcha}")).await.ok(200);
    let (token, answer) = (hidden(&html, "token"), answer["answer"].as_str().unwrap().to_owned());
    let fields = [
        ("token", token.as_str()),
        ("captcha_id", captcha.as_str()),
        ("captcha_answer", answer.as_str()),
        ("username", "zhangwei"),
        ("password", crate::support::PASSWORD),
    ];
    client.form(&format!("/oauth2/plain/{id}/sign-in"), &fields).await.location();
    assert_eq!(live_grants(&app).await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_that_is_left_alone_ends_what_was_granted_in_it() {
    let app = TestApp::start();
    let loud = json!({ "backchannel_logout_uri": "https://ks.example.gov.cn/logout" });
    let system = System::register(&app, loud).await;
    let (idle, busy) = (app.client(), app.client());
    idle.join(&person("王小明"), "zhangsan").await;
    idle.code_for(&system.asks("openid")).await;
    idle.code_for(&system.asks("openid offline_access")).await;
    app.pass(20 * 60);
    busy.sign_in("zhangsan").await;
    busy.code_for(&system.asks("openid")).await;
    let app_of_phone = app.client();
    app_of_phone.tokens("zhangsan").await;
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!((live_grants(&app).await, count!(app, outbox)), (3, 0), "not yet");
    app.pass(11 * 60);
    shiming::compose::worker::forget(&app.core).await;
    // What was to outlive the session, and the other session's.
    assert_eq!((live_grants(&app).await, count!(app, outbox)), (2, 1));
    assert_eq!(busy.get("/api/v1/sessions").await.ok(200)["items"].as_array().unwrap().len(), 2);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, outbox), 1, "told once");
}
