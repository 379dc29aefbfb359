//! Signing out: at the wish of a business system, and telling business systems.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};
use shiming::{kernel::ids::SessionId, tools::crypto::signing::Expected};

use crate::support::{
    Client, PASSWORD, TestApp, count, person,
    systems::{Parameters, System, encoded, hidden, parameter},
};

const BYE: &str = "https://ks.example.gov.cn/bye";

/// An ID token of a session, as the token endpoint makes it.
fn id_token(app: &TestApp, system: &System, session: &str, expired: bool) -> String {
    let core = app.core.clone();
    let session: SessionId = session.parse().unwrap();
    let now = core.clock.now();
    let iat = now.timestamp() - if expired { 7200 } else { 0 };
    let claims = json!({
        "iss": core.settings.server.public_url, "sub": "x", "aud": system.id,
        "sid": shiming::capabilities::grants::client_session(&core, system.id, session),
        "iat": iat, "exp": iat + 600,
    });
    core.keyring
        .with_tokens(|keys| {
            keys.sign((shiming::tools::crypto::SigningAlg::EdDSA, "JWT"), &claims, now)
        })
        .unwrap()
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let owned: Parameters =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    format!("/oauth2/logout?{}", encoded(&owned))
}

/// Somebody who has signed in; the id of the session.
async fn signed_in(client: &Client<'_>) -> String {
    client.register(&person("王小明"), "zhangsan").await;
    client.sign_in("zhangsan").await["id"].as_str().unwrap().to_owned()
}

async fn is_signed_in(client: &Client<'_>) -> bool {
    client.get("/api/v1/account").await.status == 200
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_that_shows_its_id_token_signs_the_person_out() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let session = signed_in(&client).await;
    let cookie = client.cookie("shiming_session").unwrap();
    let token = id_token(&app, &system, &session, true);
    let location = client
        .get(&logout(&[
            ("id_token_hint", &token),
            ("post_logout_redirect_uri", BYE),
            ("state", "a b"),
        ]))
        .await
        .location();
    assert_eq!(location, format!("{BYE}?state=a+b"));
    assert_eq!(client.cookie("shiming_session"), None);
    client.set_cookie("shiming_session", &cookie);
    assert!(!is_signed_in(&client).await);
    // Once more: there is nobody to sign out.
    let again = logout(&[("id_token_hint", &token), ("post_logout_redirect_uri", BYE)]);
    assert_eq!(client.get(&again).await.location(), BYE);
    let html = client.get("/oauth2/logout").await.page(200);
    assert!(html.contains("已退出登录"), "{html}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_form_keeps_the_token_out_of_the_address() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    let session = signed_in(&client).await;
    let token = id_token(&app, &system, &session, false);
    let mine = client.origin.replace("https://ks.example.gov.cn".to_owned());
    let form =
        [("id_token_hint", token.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let location = client.form("/oauth2/logout", &form).await.location();
    assert!(location.starts_with("/oauth2/logout?client_id=") && !location.contains(&token));
    assert!(is_signed_in(&client).await);
    client.origin = mine;
    assert_eq!(client.get(&location).await.location(), format!("{BYE}?state=s"));
    assert!(!is_signed_in(&client).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn without_proof_the_person_is_asked() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let other = System::usual(&app).await;
    let client = app.client();
    let session = signed_in(&client).await;
    let id = system.id.to_string();
    let foreign = id_token(&app, &other, &session, false);
    let earlier = id_token(&app, &system, "0193e0c0-0000-7000-8000-000000000000", false);
    for parameters in [
        &[][..],
        &[("client_id", id.as_str()), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", foreign.as_str()), ("client_id", id.as_str())],
        &[("id_token_hint", earlier.as_str())],
        &[("id_token_hint", "nonsense")],
        &[("client_id", id.as_str()), ("sid", "nonsense")],
        &[("sid", "x")],
    ] {
        let html = client.get(&logout(parameters)).await.page(200);
        assert!(html.contains("退出登录？"), "{parameters:?}: {html}");
        assert!(is_signed_in(&client).await, "{parameters:?}");
    }
    let english = [("client_id", id.as_str()), ("ui_locales", "en")];
    let html = client.get(&logout(&english)).await.page(200);
    assert!(html.contains("Log out?") && html.contains("Candidate service"), "{html}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_is_asked_decides_and_nobody_else_does() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    signed_in(&client).await;
    let id = system.id.to_string();
    let asked = [("client_id", id.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let answer = client.get(&logout(&asked)).await;
    let html = answer.page(200);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://ks.example.gov.cn;"), "{policy}");
    let token = hidden(&html, "token");
    let path = "/oauth2/logout/confirmation";
    let form = |token: &str, decision: &str| -> Vec<(String, String)> {
        let mut fields = vec![("token", token), ("decision", decision)];
        fields.extend(asked);
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let send = async |client: &Client<'_>, fields: &[(String, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        client.form(path, &fields).await
    };
    let mine = client.origin.clone();
    for origin in [Some("https://evil.example"), Some("null")] {
        client.origin = origin.map(str::to_owned);
        send(&client, &form(&token, "sign_out")).await.page(403);
    }
    client.origin = None;
    for wrong in ["", "x", &"0".repeat(64)] {
        send(&client, &form(wrong, "sign_out")).await.page(403);
    }
    client.origin = mine;
    send(&client, &form(&token, "")).await.page(400);
    let html = send(&client, &form(&token, "stay")).await.page(200);
    assert!(html.contains("您仍处于登录状态") && is_signed_in(&client).await);
    let location = send(&client, &form(&token, "sign_out")).await.location();
    assert_eq!(location, format!("{BYE}?state=s"));
    assert!(!is_signed_in(&client).await);
    // The token was for that session.
    client.sign_in("zhangsan").await;
    send(&client, &form(&token, "sign_out")).await.page(403);
    assert!(is_signed_in(&client).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_is_sent_where_the_client_has_not_said() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = system.id.to_string();
    for uri in [
        "https://evil.example/",
        "https://ks.example.gov.cn/bye/",
        "https://ks.example.gov.cn/bye?x",
        "https://ks.example.gov.cn/bye#x",
        "https://ks.example.gov.cn/callback",
        "//evil.example",
        "https://KS.example.gov.cn/bye",
        "http://ks.example.gov.cn/bye",
        "javascript:alert(1)",
        "https://ks.example.gov.cn@evil.example/bye",
        "https://ks.example.gov.cn/%62ye",
    ] {
        let html = client
            .get(&logout(&[("client_id", &id), ("post_logout_redirect_uri", uri)]))
            .await
            .page(200);
        let (_, main) = html.split_once("<main>").unwrap();
        assert!(!main.contains("href") && !main.contains("evil"), "{html}");
    }
    // Nor without a client, nor of one that is disabled.
    client.get(&logout(&[("post_logout_redirect_uri", BYE)])).await.page(200);
    system.disable(&app).await;
    let known = [("client_id", id.as_str()), ("post_logout_redirect_uri", BYE)];
    client.get(&logout(&known)).await.page(200);
    let twice = logout(&[("client_id", &id), ("client_id", &id)]);
    client.get(&twice).await.page(400);
}

/// A business system that listens.
struct Listener {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

fn body(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return String::new();
            }
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
        });
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return body.to_owned();
        }
    }
}

impl Listener {
    fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/backchannel", socket.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (told, given) = (heard.clone(), answers.clone());
        thread::spawn(move || {
            for stream in socket.incoming() {
                let mut stream = stream.unwrap();
                let body = body(&mut stream);
                told.lock().unwrap().push(body);
                let status = given.lock().unwrap().pop().unwrap_or(200);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, heard, answers }
    }

    /// What was heard since, as claims of logout tokens that we have signed.
    fn tokens(&self, app: &TestApp) -> Vec<Value> {
        let heard: Vec<String> = self.heard.lock().unwrap().drain(..).collect();
        let issuer = app.core.settings.server.public_url.clone();
        let expected =
            Expected { typ: "logout+jwt", issuer: &issuer, audience: None, expired: false };
        heard
            .iter()
            .map(|body| {
                let token = body.strip_prefix("logout_token=").unwrap();
                let now = app.now();
                let verify = |keys: &shiming::tools::crypto::signing::TokenKeys| {
                    keys.verify::<Value>(token, &expected, now)
                };
                app.core.keyring.with_tokens(verify).expect("a logout token")
            })
            .collect()
    }
}

fn listening() -> TestApp {
    TestApp::with(|settings| {
        settings.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    })
}

/// A system that listens, and one that does not.
async fn systems(app: &TestApp, listener: &Listener) -> (System, System) {
    let loud = json!({ "backchannel_logout_uri": listener.address });
    (System::register(app, loud).await, System::usual(app).await)
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
async fn systems_are_told_when_the_person_signs_out() {
    let app = listening();
    let listener = Listener::start();
    let (system, silent) = systems(&app, &listener).await;
    let client = app.client();
    let session = signed_in(&client).await;
    for asked in [system.asks("openid"), system.asks("openid phone"), silent.asks("openid")] {
        client.code_for(&asked).await;
    }
    assert_eq!(live_grants(&app).await, 3);
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    assert_eq!(live_grants(&app).await, 0);
    app.run_outbox().await;
    let tokens = listener.tokens(&app);
    assert_eq!(tokens.len(), 1, "once for a client and session");
    let token = &tokens[0];
    assert_eq!(token["aud"], system.id.to_string());
    let session: SessionId = session.parse().unwrap();
    let sid = shiming::capabilities::grants::client_session(&app.core, system.id, session);
    assert_eq!(token["sid"], sid);
    assert!(token["sub"].as_str().is_some_and(|sub| sub.len() == 64));
    assert!(token["jti"].is_string() && token.get("nonce").is_none());
    assert_eq!(
        token["events"],
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(token["exp"].as_i64().unwrap() - token["iat"].as_i64().unwrap() <= 120);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_that_does_not_hear_is_told_again() {
    let app = listening();
    let listener = Listener::start();
    let (system, _) = systems(&app, &listener).await;
    let client = app.client();
    signed_in(&client).await;
    client.code_for(&system.asks("openid")).await;
    *listener.answers.lock().unwrap() = vec![500, 302];
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        app.run_outbox().await;
        let tokens = listener.tokens(&app);
        assert_eq!(tokens.len(), 1);
        assert!(seen.insert(tokens[0]["jti"].as_str().unwrap().to_owned()), "another token");
        app.pass(30);
    }
    app.run_outbox().await;
    assert_eq!(listener.tokens(&app).len(), 0);
    assert_eq!(count!(app, outbox), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_inside_is_reached_by_a_logout_notice() {
    let app = TestApp::start();
    let listener = Listener::start();
    let (system, _) = systems(&app, &listener).await;
    let client = app.client();
    signed_in(&client).await;
    client.code_for(&system.asks("openid")).await;
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    app.run_outbox().await;
    assert_eq!(listener.tokens(&app).len(), 0);
    assert_eq!(count!(app, outbox), 1);
    // A client that is gone is told nothing any more.
    system.disable(&app).await;
    app.pass(30);
    app.run_outbox().await;
    assert_eq!(count!(app, outbox), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn offline_access_outlives_the_session_but_no_new_password() {
    let app = listening();
    let listener = Listener::start();
    let (system, _) = systems(&app, &listener).await;
    let (client, second) = (app.client(), app.client());
    signed_in(&client).await;
    client.code_for(&system.asks("openid offline_access")).await;
    client.code_for(&system.asks("openid")).await;
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    app.run_outbox().await;
    assert_eq!((live_grants(&app).await, listener.tokens(&app).len()), (1, 1));
    // One session ends the other.
    second.sign_in("zhangsan").await;
    second.code_for(&system.asks("openid")).await;
    let third = client.sign_in("zhangsan").await["id"].as_str().unwrap().to_owned();
    client.code_for(&system.asks("openid")).await;
    second.delete(&format!("/api/v1/sessions/{third}")).await.ok_status(204);
    app.run_outbox().await;
    assert_eq!((live_grants(&app).await, listener.tokens(&app).len()), (2, 1));
    client.sign_in("zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    // A new password ends all but what the session has that sets it.
    second.check_password(PASSWORD).await.ok(200);
    let body =
        json!({ "password": "mango fog 77 lake", "password_confirmation": "mango fog 77 lake" });
    second.put("/api/v1/account/password", body).await.ok_status(204);
    app.run_outbox().await;
    assert_eq!((live_grants(&app).await, listener.tokens(&app).len()), (1, 2));
    assert!(is_signed_in(&second).await && !is_signed_in(&client).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_erased_account_leaves_nothing_behind_and_its_systems_are_told() {
    let app = listening();
    let listener = Listener::start();
    let (system, _) = systems(&app, &listener).await;
    let client = app.client();
    signed_in(&client).await;
    client.code_for(&system.asks("openid phone offline_access")).await;
    client.post("/api/v1/account/closure", json!({})).await.ok(200);
    app.pass(16 * 24 * 3600);
    shiming::compose::worker::forget(&app.core).await;
    app.run_outbox().await;
    assert_eq!(listener.tokens(&app).len(), 1);
    let left = (count!(app, grants), count!(app, client_consents), count!(app, subjects));
    assert_eq!(left, (0, 0, 0));
    assert_eq!(count!(app, authorization_codes), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_reset_password_ends_every_sign_in() {
    let app = listening();
    let listener = Listener::start();
    let (system, _) = systems(&app, &listener).await;
    let client = app.client();
    signed_in(&client).await;
    let location = {
        let id = client.come(&system.asks("openid offline_access")).await;
        client.allow(&id).await
    };
    assert!(parameter(&location, "code").is_some());
    let person = person("王小明");
    client.clear_cookies();
    client.up_to_reset("zhangsan", &person).await;
    client.reset("mango fog 77 lake").await.ok(200);
    app.run_outbox().await;
    assert_eq!((live_grants(&app).await, listener.tokens(&app).len()), (0, 1));
}
