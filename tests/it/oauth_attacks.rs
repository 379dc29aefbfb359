//! Tokens that were forged, and tokens that are for something else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use shiming::crypto::SigningAlg;

use crate::support::{
    Client, TestApp,
    jose::{EC, ED, RSA, hs256, parts, with_signature},
    oauth::{ISSUER, SignIn, System},
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

fn with(value: &Value, name: &str, member: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = member;
    changed
}

/// Signs with our own key, as only a fault of ours could.
fn ours(app: &TestApp, typ: &str, claims: &Value) -> String {
    let sign = |keys: &shiming::crypto::signing::TokenKeys| {
        keys.sign((SigningAlg::RS256, typ), claims, app.now()).unwrap()
    };
    app.core.keyring.with_tokens(sign)
}

#[actix_web::test]
async fn nobody_forges_an_access_token() {
    let app = TestApp::start();
    let Stage { client, system, tokens, .. } = stage(&app).await;
    let (header, claims, signature) = parts(tokens["access_token"].as_str().unwrap());
    let keys = client.get("/.well-known/jwks.json").await.ok(200);
    let published = |alg: &str| {
        keys["keys"].as_array().unwrap().iter().find(|key| key["alg"] == alg).unwrap().clone()
    };
    let (rsa, ed) = (published("RS256"), published("EdDSA"));
    let modulus = BASE64.decode(rsa["n"].as_str().unwrap()).unwrap();
    let point = BASE64.decode(ed["x"].as_str().unwrap()).unwrap();
    let hmac = |key: &Value, secret: &[u8]| {
        let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": key["kid"] });
        hs256(&header, &claims, secret)
    };
    let injected = |name: &str, value: Value| {
        let header = json!({ "alg": "RS256", "typ": "at+jwt" });
        RSA.sign(&with(&header, name, value), &claims)
    };
    let forged = [
        ("alg none", with_signature(&with(&header, "alg", json!("none")), &claims, "")),
        (
            "alg none, signed",
            with_signature(&with(&header, "alg", json!("none")), &claims, &signature),
        ),
        ("HMAC with the modulus", hmac(&rsa, &modulus)),
        ("HMAC with the JWK", hmac(&rsa, rsa.to_string().as_bytes())),
        ("HMAC with the point", hmac(&ed, &point)),
        ("key in jwk", injected("jwk", RSA.jwk("x"))),
        ("key at jku", injected("jku", json!("https://evil.example/jwks"))),
        ("certificate", injected("x5c", json!(["MIIB"]))),
        ("kid of ours", injected("kid", header["kid"].clone())),
        ("path as kid", injected("kid", json!("../../../../dev/null"))),
        ("PS256 with an RS256 key", RSA.sign(&with(&header, "alg", json!("PS256")), &claims)),
        ("ES256", EC.sign(&with(&header, "alg", json!("ES256")), &claims)),
        ("EdDSA", ED.sign(&with(&header, "alg", json!("EdDSA")), &claims)),
        ("critical", with_signature(&with(&header, "crit", json!(["exp"])), &claims, &signature)),
        (
            "later",
            with_signature(&header, &with(&claims, "exp", json!(9_999_999_999_u64)), &signature),
        ),
        (
            "more scopes",
            with_signature(&header, &with(&claims, "scope", json!("openid phone")), &signature),
        ),
        ("no signature", with_signature(&header, &claims, "")),
        ("padded signature", with_signature(&header, &claims, &format!("{signature}="))),
        ("two parts", "e30.e30".to_owned()),
        ("four parts", format!("{}.e30", tokens["access_token"].as_str().unwrap())),
    ];
    for (what, token) in forged {
        let answer = client.get_with(&token, "/oauth2/userinfo").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        answer.oauth(401, "invalid_token");
        let seen = client.introspect(&system, &json!(token)).await.ok(200);
        assert_eq!(seen, json!({ "active": false }), "{what}");
    }
    client.userinfo(&tokens).await.ok(200);
}

#[actix_web::test]
async fn a_token_that_we_signed_is_good_for_one_thing_at_one_time() {
    let app = TestApp::start();
    let Stage { client, tokens, .. } = stage(&app).await;
    let (_, claims, _) = parts(tokens["access_token"].as_str().unwrap());
    let now = app.now().timestamp();
    let at = |claims: &Value, typ: &str| ours(&app, typ, claims);
    for (what, token) in [
        ("ID token", at(&claims, "JWT")),
        ("logout token", at(&claims, "logout+jwt")),
        ("no type", at(&claims, "")),
        ("other issuer", at(&with(&claims, "iss", json!("https://evil.example")), "at+jwt")),
        ("other audience", at(&with(&claims, "aud", json!("https://api.example")), "at+jwt")),
        ("many audiences", at(&with(&claims, "aud", json!([ISSUER])), "at+jwt")),
        ("audience of apps", at(&with(&claims, "aud", json!("shiming-api")), "at+jwt")),
        ("expired", at(&with(&claims, "exp", json!(now)), "at+jwt")),
        ("not yet", at(&with(&claims, "iat", json!(now + 3600)), "at+jwt")),
        ("no end", at(&with(&claims, "exp", json!(null)), "at+jwt")),
        (
            "no grant",
            at(&with(&claims, "gid", json!("0193e0c0-0000-7000-8000-000000000000")), "at+jwt"),
        ),
        (
            "no client",
            at(
                &with(&claims, "client_id", json!("0193e0c0-0000-7000-8000-000000000000")),
                "at+jwt",
            ),
        ),
    ] {
        let answer = client.get_with(&token, "/oauth2/userinfo").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    }
    client.get_with(&at(&claims, "at+jwt"), "/oauth2/userinfo").await.ok(200);
}

#[actix_web::test]
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

#[actix_web::test]
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
