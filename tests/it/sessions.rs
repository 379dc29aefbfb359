//! Browser sessions: listed, ended, left alone.

use reqwest::{Method, header::USER_AGENT};
use serde_json::Value;

use crate::support::{Client, PASSWORD, TestApp, person};

const MINUTE: u64 = 60;

async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

async fn list(client: &Client<'_>) -> Vec<Value> {
    client.get("/api/v1/sessions").await.ok(200)["items"].as_array().unwrap().clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn sessions_are_listed_with_what_and_where() {
    let app = with_account().await;
    let phone = app.client_at("198.51.100.7");
    let body = phone.login_body("zhangsan", PASSWORD).await;
    let agent =
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36";
    let request = phone.request(Method::POST, "/api/v1/sessions").header(USER_AGENT, agent);
    phone.send(request.json(&body)).await.ok(201);
    app.pass(1);
    let tablet = app.client_at("2001:db8:1:2:3::4");
    let mut body = tablet.login_body("zhangsan", PASSWORD).await;
    body["device_name"] = "Huawei MatePad".into();
    tablet.post("/api/v1/tokens", body).await.ok(201);

    let sessions = list(&phone).await;
    let shown: Vec<_> = sessions
        .iter()
        .map(|one| ["kind", "device", "ip_prefix"].map(|name| one[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ["app", "Huawei MatePad", "2001:db8:1::/48"],
            ["browser", "Chrome on Android", "198.51.100.0/24"],
        ]
    );
    assert_eq!([&sessions[0]["current"], &sessions[1]["current"]], [false, true]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    let cookie = client.cookie("shiming_session").unwrap();
    client.delete("/api/v1/sessions/current").await.ok(204);
    assert_eq!(client.cookie("shiming_session"), None);
    client.set_cookie("shiming_session", &cookie);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
    client.delete("/api/v1/sessions/current").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_session_can_end_another_of_the_same_person() {
    let app = with_account().await;
    let (here, there) = (app.client(), app.client());
    here.sign_in("zhangsan").await;
    let other = there.sign_in("zhangsan").await["id"].as_str().unwrap().to_owned();
    assert_eq!(list(&here).await.len(), 2);
    here.delete(&format!("/api/v1/sessions/{other}")).await.ok(204);
    there.get("/api/v1/account").await.problem(401, "not_signed_in");
    assert_eq!(list(&here).await.len(), 1);
    here.delete(&format!("/api/v1/sessions/{other}")).await.problem(404, "not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_can_end_or_see_somebody_elses_session() {
    let app = with_account().await;
    app.client().register(&person("张伟"), "zhangwei").await;
    let (one, other) = (app.client(), app.client());
    let session = one.sign_in("zhangsan").await["id"].as_str().unwrap().to_owned();
    other.sign_in("zhangwei").await;
    assert_eq!(list(&other).await.len(), 1);
    for id in [session.as_str(), "nonsense", "0193e0c0-0000-7000-8000-000000000000"] {
        other.delete(&format!("/api/v1/sessions/{id}")).await.problem(404, "not_found");
    }
    one.get("/api/v1/account").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_left_alone_for_half_an_hour_is_over() {
    let app = with_account().await;
    let (used, idle) = (app.client(), app.client());
    used.sign_in("zhangsan").await;
    idle.sign_in("zhangsan").await;
    app.pass(29 * MINUTE);
    used.get("/api/v1/account").await.ok(200);
    app.pass(MINUTE);
    idle.get("/api/v1/account").await.problem(401, "not_signed_in");
    let sessions = list(&used).await;
    assert_eq!(sessions.len(), 1, "a session that is over is not listed");
    app.pass(28 * MINUTE);
    used.get("/api/v1/account").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_lasts_twelve_hours_at_most() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    for _ in 0..35 {
        app.pass(20 * MINUTE);
        client.get("/api/v1/account").await.ok(200);
    }
    app.pass(19 * MINUTE);
    client.get("/api/v1/account").await.ok(200);
    app.pass(MINUTE);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_cookie_is_believed_only_as_it_was_issued() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    let cookie = client.cookie("shiming_session").unwrap();
    let (id, secret) = cookie.split_once('.').unwrap();
    let mut flipped = secret.to_owned();
    let last = if flipped.pop() == Some('0') { '1' } else { '0' };
    flipped.push(last);
    let forged = [
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{flipped}"),
        format!("{id}.{}", secret.to_uppercase()),
        format!(".{secret}"),
        format!("%00.{secret}"),
        format!("{}.{secret}", "x".repeat(3000)),
        "%ff%fe.%00".to_owned(),
    ];
    for forged in forged {
        client.set_cookie("shiming_session", &forged);
        client.get("/api/v1/account").await.problem(401, "not_signed_in");
    }
    client.set_cookie("shiming_session", &cookie);
    client.get("/api/v1/account").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_session_has_no_cookie_that_opens_it() {
    let app = with_account().await;
    let client = app.client();
    let session = client.tokens("zhangsan").await["session_id"].as_str().unwrap().to_owned();
    for cookie in [format!("{session}."), session] {
        client.set_cookie("shiming_session", &cookie);
        client.get("/api/v1/account").await.problem(401, "not_signed_in");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_site_cannot_act_with_the_cookie() {
    let app = with_account().await;
    let mut client = app.client();
    let session = client.sign_in("zhangsan").await["id"].as_str().unwrap().to_owned();
    let authority = app.base.trim_start_matches("http://").to_owned();
    let foreign = [
        None,
        Some("https://evil.example".to_owned()),
        Some("null".to_owned()),
        Some(format!("{}.evil.example", app.base)),
        Some(format!("http://evil.example/{authority}")),
        Some(authority),
    ];
    for origin in foreign {
        client.origin = origin;
        for path in ["current", session.as_str()] {
            let answer = client.delete(&format!("/api/v1/sessions/{path}")).await;
            answer.problem(403, "cross_site_request");
        }
        client.get("/api/v1/account").await.ok(200);
    }
    client.origin = None;
    for (site, status) in
        [("cross-site", 403), ("same-site", 403), ("none", 403), ("same-origin", 404)]
    {
        let request = client
            .request(Method::DELETE, "/api/v1/sessions/0193e0c0-0000-7000-8000-000000000000")
            .header("sec-fetch-site", site);
        assert_eq!(client.send(request).await.status, status, "{site}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_public_address_is_the_same_site() {
    let app = with_account().await;
    let mut client = app.client();
    client.sign_in("zhangsan").await;
    client.origin = Some("http://localhost:8080".into());
    client.delete("/api/v1/sessions/current").await.ok(204);
}
