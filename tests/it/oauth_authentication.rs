//! Clients prove themselves, each in its own way.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use shiming::capabilities::clients;

use crate::support::{
    Answer, Client, TestApp,
    jose::{EC, ED, Key, RSA, hs256, with},
    oauth::{ISSUER, System},
};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN: &str = "/oauth2/token";

async fn assert_with(client: &Client<'_>, assertion: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    client.form(TOKEN, &fields).await
}

/// A client that signs with its own keys.
async fn signing(app: &TestApp) -> System {
    let keys = json!({ "keys": [RSA.jwk("rsa"), EC.jwk("ec"), ED.jwk("ed")] });
    let method = "private_key_jwt";
    app.system(json!({ "token_endpoint_auth_method": method, "jwks": keys })).await
}

/// What an assertion says; another one each time.
fn claims(app: &TestApp, system: &System) -> Value {
    let now = app.now();
    json!({
        "iss": system.id, "sub": system.id, "aud": ISSUER, "jti": now.to_rfc3339(),
        "iat": now.timestamp(), "exp": now.timestamp() + 60,
    })
}

/// A form with the system's secret in it.
fn in_body<'a>(system: &'a System, grant: (&'a str, &'a str)) -> [(&'a str, &'a str); 3] {
    [grant, ("client_id", &system.id), ("client_secret", &system.secret)]
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_secret_comes_in_the_way_it_was_registered_and_in_no_other() {
    let app = TestApp::start();
    let client = app.client();
    let basic = app.system(json!({})).await;
    let post = app.system(json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
    let grant = ("grant_type", "client_credentials");
    client.form_of(&basic, TOKEN, &[grant]).await.ok(200);
    let in_body = |system| in_body(system, grant);
    client.form(TOKEN, &in_body(&post)).await.ok(200);
    let refused = client.form_of(&post, TOKEN, &[grant]).await;
    refused.oauth(401, "invalid_client");
    assert!(refused.header("www-authenticate").starts_with("Basic "));
    let refused = client.form(TOKEN, &in_body(&basic)).await;
    refused.oauth(401, "invalid_client");
    assert_eq!(refused.header("www-authenticate"), "", "the header was not used");
    client.form(TOKEN, &[grant, ("client_id", &basic.id)]).await.oauth(401, "invalid_client");
    client.form(TOKEN, &[grant]).await.oauth(401, "invalid_client");
    client.form_of(&basic, TOKEN, &in_body(&basic)).await.oauth(400, "invalid_request");
    let both_names = [grant, ("client_id", &*post.id)];
    client.form_of(&basic, TOKEN, &both_names).await.oauth(400, "invalid_request");
    client.form_of(&basic, TOKEN, &[grant, ("client_id", &basic.id)]).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_names_no_client_is_refused_like_an_unknown_one() {
    let app = TestApp::start();
    let client = app.client();
    let system = app.system(json!({})).await;
    for id in ["0193e0c0-0000-7000-8000-000000000000", "nobody", "\u{0}", "", "'; --"] {
        let nobody = System { id: id.into(), ..system.clone() };
        client.credentials(&nobody).await.oauth(401, "invalid_client");
    }
    client.credentials(&system).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn headers_that_cannot_be_read_prove_nothing() {
    let app = TestApp::start();
    let client = app.client();
    let system = app.system(json!({})).await;
    let right = BASE64_STANDARD.encode(format!("{}:{}", system.id, system.secret));
    for (header, status) in [
        (format!("Basic {right}"), 200),
        (format!("bAsIc {right}"), 200),
        (right.clone(), 401),
        (format!("Bearer {right}"), 401),
        ("Basic".to_owned(), 401),
        ("Basic !!".to_owned(), 401),
        (format!("Basic {}", BASE64_STANDARD.encode("no colon")), 401),
        (format!("Basic {}", BASE64_STANDARD.encode(b"\xff\xfe:x")), 401),
    ] {
        let request = client.request(Method::POST, TOKEN).header("authorization", &header);
        let answer = client.send(request.form(&[("grant_type", "client_credentials")])).await;
        assert_eq!(answer.status, status, "{header}: {}", answer.text());
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_old_secret_holds_as_long_as_it_overlaps() {
    let app = TestApp::start();
    let client = app.client();
    let old = app.system(json!({})).await;
    let rotate = async |seconds| {
        let id = old.id.parse().unwrap();
        let overlap = chrono::TimeDelta::seconds(seconds);
        let ctx = app.ctx();
        let made = ctx.write(move |tx| clients::add_secret(tx, id, overlap));
        System { secret: made.await.unwrap().1, ..old.clone() }
    };
    let new = rotate(3600).await;
    for system in [&old, &new] {
        client.credentials(system).await.ok(200);
    }
    app.pass(3600);
    client.credentials(&old).await.oauth(401, "invalid_client");
    client.credentials(&new).await.ok(200);
    let newest = rotate(0).await;
    client.credentials(&new).await.oauth(401, "invalid_client");
    client.credentials(&newest).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn guessing_secrets_is_limited_by_address_and_client() {
    let app = TestApp::with(|settings| settings.oauth.failures_per_address_hour = 5);
    let (client, elsewhere) = (app.client_at("198.51.100.1"), app.client_at("198.51.100.2"));
    let system = app.system(json!({})).await;
    for guess in 0..5 {
        let guess = System { secret: format!("{guess:064}"), ..system.clone() };
        client.credentials(&guess).await.oauth(401, "invalid_client");
    }
    // Nobody else behind that address is stopped, nor by names that are none.
    for guess in 0..6 {
        let id = format!("0193e0c0-0000-7000-8000-00000000000{guess}");
        let unknown = System { id, ..system.clone() };
        let code = if guess < 5 { (401, "invalid_client") } else { (429, "too_many_requests") };
        client.credentials(&unknown).await.oauth(code.0, code.1);
    }
    let sister = app.system(json!({})).await;
    client.credentials(&sister).await.ok(200);
    // Now the right one is not looked at, either.
    let refused = client.credentials(&system).await;
    refused.oauth(429, "too_many_requests");
    assert!(refused.retry_after().is_some_and(|seconds| seconds <= 3601), "{:?}", refused.headers);
    elsewhere.credentials(&system).await.ok(200);
    app.pass(3601);
    client.credentials(&system).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_may_sign_with_a_key_of_its_own() {
    let app = TestApp::start();
    let client = app.client();
    let system = signing(&app).await;
    let ways: [(&str, &str, &LazyLock<Key>); 4] = [
        ("RS256", "rsa", &RSA),
        ("PS256", "rsa", &RSA),
        ("ES256", "ec", &EC),
        ("EdDSA", "ed", &ED),
    ];
    for (alg, kid, key) in ways {
        for header in [
            json!({ "alg": alg, "kid": kid, "typ": "JWT" }),
            json!({ "alg": alg }),
            json!({ "alg": alg, "typ": "client-authentication+jwt" }),
        ] {
            let assertion = key.sign(&header, &claims(&app, &system));
            assert_with(&client, &assertion).await.ok(200);
            // Once is enough.
            assert_with(&client, &assertion).await.oauth(401, "invalid_client");
        }
        for audience in [json!(format!("{ISSUER}/oauth2/token")), json!([ISSUER]), json!(ISSUER)] {
            let claims = with(&claims(&app, &system), "aud", audience);
            assert_with(&client, &key.sign(&json!({ "alg": alg }), &claims)).await.ok(200);
        }
    }
    let named = [
        ("grant_type", "client_credentials"),
        ("client_id", &*system.id),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", &EC.sign(&json!({ "alg": "ES256" }), &claims(&app, &system))),
    ];
    client.form(TOKEN, &named).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_uses_of_an_assertion_at_once_one_is_refused() {
    let app = TestApp::start();
    let client = app.client();
    let system = signing(&app).await;
    for _ in 0..5 {
        let assertion = EC.sign(&json!({ "alg": "ES256" }), &claims(&app, &system));
        let (one, other) =
            tokio::join!(assert_with(&client, &assertion), assert_with(&client, &assertion));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn assertions_that_say_something_else_are_refused() {
    let app = TestApp::with(|settings| settings.oauth.failures_per_address_hour = 1000);
    let client = app.client();
    let system = signing(&app).await;
    let other = signing(&app).await;
    let header = json!({ "alg": "ES256", "kid": "ec" });
    let now = app.now().timestamp();
    let changes = [
        ("iss", json!(other.id)),
        ("sub", json!(other.id)),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", json!(format!("{ISSUER}/oauth2/introspect"))),
        ("exp", json!(now + 3600)),
        ("exp", json!(i64::MAX)),
        ("iat", json!(now + 300)),
        ("nbf", json!(now + 300)),
        ("jti", json!("")),
        ("jti", json!(null)),
    ];
    for (name, value) in changes {
        let claims = with(&claims(&app, &system), name, value.clone());
        let answer = assert_with(&client, &EC.sign(&header, &claims)).await;
        assert_eq!(answer.status, 401, "{name} {value}: {}", answer.text());
    }
    assert_with(&client, &EC.sign(&header, &claims(&app, &system))).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn keys_come_from_the_registration_and_algorithms_from_the_key() {
    let app = TestApp::start();
    let client = app.client();
    let system = signing(&app).await;
    for header in [
        json!({ "alg": "ES256", "kid": "rsa" }),
        json!({ "alg": "RS256", "kid": "ec" }),
        json!({ "alg": "EdDSA", "kid": "ec" }),
    ] {
        let assertion = EC.sign(&header, &claims(&app, &system));
        assert_with(&client, &assertion).await.oauth(401, "invalid_client");
    }
    // What else the header has is not looked at.
    let evil = Key::new_ed().jwk("ed");
    let header = json!({ "alg": "ES256", "jku": "https://evil.example", "jwk": evil });
    assert_with(&client, &EC.sign(&header, &claims(&app, &system))).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_key_says_what_it_is_for() {
    let app = TestApp::start();
    let client = app.client();
    let method = "private_key_jwt";
    let only_ps = with(&RSA.jwk("a"), "alg", json!("PS256"));
    let for_encryption = with(&EC.jwk("b"), "use", json!("enc"));
    let keys = json!({ "keys": [only_ps, for_encryption, { "kty": "oct", "k": "AAAA" }, 7] });
    let system = app.system(json!({ "token_endpoint_auth_method": method, "jwks": keys })).await;
    let try_with = async |key: &Key, alg: &str| {
        let assertion = key.sign(&json!({ "alg": alg }), &claims(&app, &system));
        assert_with(&client, &assertion).await.status
    };
    assert_eq!(try_with(&RSA, "PS256").await, 200);
    assert_eq!(try_with(&RSA, "RS256").await, 401);
    assert_eq!(try_with(&EC, "ES256").await, 401);
    let hmac = hs256(&json!({ "alg": "HS256" }), &claims(&app, &system), &[0, 0, 0]);
    assert_with(&client, &hmac).await.oauth(401, "invalid_client");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_that_signs_has_no_secret_and_the_other_way_round() {
    let app = TestApp::start();
    let client = app.client();
    let system = signing(&app).await;
    client.credentials(&system).await.oauth(401, "invalid_client");
    let with_secret = app.system(json!({ "jwks": { "keys": [EC.jwk("ec")] } })).await;
    let assertion = EC.sign(&json!({ "alg": "ES256" }), &claims(&app, &with_secret));
    assert_with(&client, &assertion).await.oauth(401, "invalid_client");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn forms_are_forms() {
    let app = TestApp::start();
    let client = app.client();
    let system = app.system(json!({})).await;
    let send = async |kind: &str, body: Vec<u8>| {
        let request = client.request(Method::POST, TOKEN).header("content-type", kind);
        client.send(request.basic_auth(&system.id, Some(&system.secret)).body(body)).await
    };
    let form = "application/x-www-form-urlencoded";
    let right = b"grant_type=client_credentials".to_vec();
    send(form, right.clone()).await.ok(200);
    send("Application/X-WWW-Form-Urlencoded; charset=UTF-8", right.clone()).await.ok(200);
    for kind in ["application/json", "text/plain", "multipart/form-data", "x"] {
        send(kind, right.clone()).await.oauth(400, "invalid_request");
    }
    let twice = b"grant_type=client_credentials&scope=a&scope=b".to_vec();
    send(form, twice).await.oauth(400, "invalid_request");
    send(form, b"grant_type=".to_vec()).await.oauth(400, "invalid_request");
    send(form, vec![b'x'; 80 * 1024]).await.oauth(413, "invalid_request");
    send(form, b"%ff%fe=%00&grant_type=client_credentials".to_vec()).await.ok(200);
    let other = client.send(client.request(Method::GET, TOKEN)).await;
    other.problem(405, "method_not_allowed");
}
