//! Attacks on sign-ins to business systems: other browsers, other sites, other
//! clients, pushed requests, and moments in between.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Client, TestApp, count, person,
    systems::{CALLBACK, Parameters, System, encoded, parameter},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_site_decides_nothing() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid")).await;
    let mine = client.origin.clone();
    for origin in
        [None, Some("https://evil.example"), Some("null"), Some("https://ks.example.gov.cn")]
    {
        client.origin = origin.map(str::to_owned);
        client.decide(&id, "allow").await.problem(403, "cross_site_request");
        client.decide(&id, "deny").await.problem(403, "cross_site_request");
        let path = format!("/api/v1/account/authorized-systems/{}", system.id);
        client.delete(&path).await.problem(403, "cross_site_request");
    }
    client.origin = mine;
    assert_eq!(client.state(&id).await, "consent");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_request_id_is_of_no_use_to_anybody_else() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let victim = app.client();
    victim.join(&person("王小明"), "zhangsan").await;
    // The attacker begins in his browser and sends the victim there.
    let attacker = app.client();
    let id = attacker.come(&system.asks("openid")).await;
    let path = format!("/api/v1/authorizations/{id}");
    victim.get(&path).await.problem(404, "authorization_not_found");
    victim.decide(&id, "allow").await.problem(404, "authorization_not_found");
    victim.get(&format!("/oauth2/plain/{id}")).await.page(404);
    // And with cookies that look right.
    let secret = "0".repeat(64);
    for cookie in [
        format!("{id}.{secret}"),
        format!("{id}."),
        id.clone(),
        String::from("."),
        format!("{id}.{id}"),
        format!("{secret}.{secret}"),
        format!("{id}.{secret}.{secret}"),
        format!("{id}.{}", "é".repeat(32)),
    ] {
        victim.set_cookie("shiming_authorize", &cookie);
        victim.get(&path).await.problem(404, "authorization_not_found");
        victim.get("/api/v1/authorizations/current").await.problem(404, "authorization_not_found");
    }
    for junk in ["current%00", "%F0%9F%80%80", "..", "'", "0"] {
        let answer = attacker.get(&format!("/api/v1/authorizations/{junk}")).await;
        assert_eq!(answer.status, 404, "{junk}");
    }
    attacker.authorization(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_answer_goes_to_the_client_that_asked_and_says_who_gives_it() {
    let app = TestApp::start();
    let one = System::usual(&app).await;
    let elsewhere = "https://other.example.gov.cn/callback";
    let two = System::register(&app, json!({ "redirect_uris": [elsewhere] })).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    // The client of one with the address of the other.
    let mixed = one.asks_with("openid", &[("redirect_uri", elsewhere)]);
    client.authorize(&mixed).await.page(400);
    let mixed = two.asks("openid");
    client.authorize(&mixed).await.page(400);
    let id = client.come(&two.asks_with("openid", &[("redirect_uri", elsewhere)])).await;
    let location = client.allow(&id).await;
    assert!(location.starts_with(elsewhere), "{location}");
    assert_eq!(parameter(&location, "iss").unwrap(), app.core.settings.server.public_url);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_an_address_holds_already_is_kept_and_nothing_is_smuggled_in() {
    let app = TestApp::start();
    let uri = "https://ks.example.gov.cn/cb?tenant=1&x=%20";
    let system = System::register(&app, json!({ "redirect_uris": [uri] })).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let state = "a&iss=https://evil.example&code=1#\"<é%00 ";
    let change = [("redirect_uri", uri), ("state", state)];
    let id = client.come(&system.asks_with("openid", &change)).await;
    let location = client.allow(&id).await;
    assert!(location.starts_with(&format!("{uri}&code=")), "{location}");
    assert_eq!(parameter(&location, "state").unwrap(), state);
    assert_eq!(parameter(&location, "iss").unwrap(), app.core.settings.server.public_url);
    assert_eq!(parameter(&location, "tenant").unwrap(), "1");
    assert!(!location.contains('#') && !location.contains('"') && !location.contains('<'));
}

/// Pushes a request.
async fn push(client: &Client<'_>, system: &System, parameters: Parameters) -> Answer {
    let mut fields = parameters;
    fields.push(("client_secret".to_owned(), system.secret.clone()));
    let kind = "application/x-www-form-urlencoded";
    client.raw((Method::POST, "/oauth2/par"), kind, encoded(&fields).into_bytes()).await
}

/// The parameters of a browser that brings a pushed request.
fn brought(system: &System, uri: &str) -> Parameters {
    vec![
        ("client_id".to_owned(), system.id.to_string()),
        ("request_uri".to_owned(), uri.to_owned()),
    ]
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_pushed_request_is_for_one_client_once_and_soon() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let other = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let pushed = push(&client, &system, system.asks("openid phone")).await.ok(201);
    assert_eq!(pushed["expires_in"], 90);
    let uri = pushed["request_uri"].as_str().unwrap();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() > 90, "{uri}");
    // Another client does not even use it up.
    client.authorize(&brought(&other, uri)).await.page(400);
    // What else stands in the address counts for nothing.
    let mut more = brought(&system, uri);
    more.push(("scope".to_owned(), "openid phone realname".to_owned()));
    more.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    let id = client.come(&more).await;
    assert_eq!(client.authorization(&id).await["items"], json!(["phone"]));
    assert!(client.allow(&id).await.starts_with(CALLBACK));
    client.authorize(&brought(&system, uri)).await.page(400);
    let pushed = push(&client, &system, system.asks("openid")).await.ok(201);
    app.pass(91);
    client.authorize(&brought(&system, pushed["request_uri"].as_str().unwrap())).await.page(400);
    // The id of a request that waits in a browser is no request_uri.
    let id = client.come(&system.asks("openid")).await;
    let uri = format!("urn:ietf:params:oauth:request_uri:{id}");
    client.authorize(&brought(&system, &uri)).await.page(400);
    client.authorization(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_browsers_that_bring_one_pushed_request_one_wins() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let (one, two) = (app.client(), app.client());
    let pushed = push(&one, &system, system.asks("openid")).await.ok(201);
    let brought = brought(&system, pushed["request_uri"].as_str().unwrap());
    let (first, second) = tokio::join!(one.authorize(&brought), two.authorize(&brought));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_pushes_what_it_may_ask_and_proves_itself() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let other = System::usual(&app).await;
    let client = app.client();
    for (error, change) in [
        ("invalid_request", &[("redirect_uri", "https://evil.example/")][..]),
        ("invalid_request", &[("redirect_uri", "")]),
        ("invalid_request", &[("code_challenge_method", "plain")]),
        ("invalid_request", &[("state", "a\nb")]),
        ("invalid_scope", &[("scope", "openid users:read")]),
        ("invalid_request_uri", &[("request_uri", "urn:ietf:params:oauth:request_uri:x")]),
        ("request_not_supported", &[("request", "x.y.z")]),
        ("unsupported_response_type", &[("response_type", "token")]),
    ] {
        let answer = push(&client, &system, system.asks_with("openid", change)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{change:?}");
    }
    let stranger = System { id: system.id, secret: other.secret.clone() };
    let answer = push(&client, &stranger, system.asks("openid")).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    assert_eq!(count!(app, authorization_requests), 0);
    // Whoever must push may do nothing else.
    let change = json!({ "require_pushed_authorization_requests": true });
    let strict = System::register(&app, change).await;
    client.authorize(&strict.asks("openid")).await.sends_error(&app, "invalid_request");
    let asked = strict.asks("openid");
    let fields: Vec<_> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.form("/oauth2/authorize", &fields).await.sends_error(&app, "invalid_request");
    let pushed = push(&client, &strict, strict.asks("openid")).await.ok(201);
    client.come(&brought(&strict, pushed["request_uri"].as_str().unwrap())).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_fills_the_table_of_requests() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client_at("203.0.113.7");
    let asked = system.asks("openid");
    client.come(&asked).await;
    // As if it had come that often.
    let counted = |conn: &mut shiming::tools::db::Conn| -> Result<(), shiming::tools::db::DbFault> {
        use diesel::prelude::*;
        diesel::sql_query("UPDATE limits SET used = 3000").execute(conn)?;
        Ok(())
    };
    app.core.db.write(counted).await.unwrap();
    let answer = client.authorize(&asked).await;
    answer.page(429);
    assert!(answer.retry_after().is_some());
    app.client_at("203.0.113.8").come(&asked).await;
}
