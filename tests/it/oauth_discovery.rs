//! What clients configure themselves from, and what their pages may call.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use shiming::kernel::OsEntropy;

use crate::support::{Answer, TestApp, jose::parts, oauth::ISSUER};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_finds_everything_by_the_issuer() {
    let app = TestApp::start();
    let client = app.client();
    let found = client.get("/.well-known/openid-configuration").await;
    assert_eq!(found.header("cache-control"), "public, max-age=300");
    let metadata = found.ok(200);
    assert_eq!(metadata["issuer"], ISSUER);
    let oauth = client.get("/.well-known/oauth-authorization-server").await.ok(200);
    assert_eq!(oauth, metadata);
    let list = |name: &str| -> BTreeSet<String> {
        let values = metadata[name].as_array().unwrap().iter();
        values.map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list("response_types_supported"), ["code".to_owned()].into());
    assert_eq!(list("code_challenge_methods_supported"), ["S256".to_owned()].into());
    for alg in ["RS256", "ES256", "EdDSA"] {
        assert!(list("id_token_signing_alg_values_supported").contains(alg), "{alg}");
        assert!(list("token_endpoint_auth_signing_alg_values_supported").contains(alg), "{alg}");
    }
    let everything = metadata.to_string();
    assert!(!everything.contains("HS256") && !everything.contains(r#""none"],"id"#));
    assert_eq!(metadata["request_parameter_supported"], false);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            assert!(value.as_str().unwrap().starts_with(ISSUER), "{name}: {value}");
        }
    }
    // Those that this document names exist and take the method they should.
    for (name, method) in [
        ("token_endpoint", Method::POST),
        ("introspection_endpoint", Method::POST),
        ("revocation_endpoint", Method::POST),
        ("userinfo_endpoint", Method::GET),
        ("jwks_uri", Method::GET),
    ] {
        let path = metadata[name].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        let status = client.send(client.request(method, path)).await.status;
        assert!(status != 404 && status != 405, "{name}: {status}");
    }
}

fn is_open(answer: &Answer) -> bool {
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    match answer.header("access-control-allow-origin") {
        "" => false,
        any => {
            assert_eq!(any, "*");
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
            true
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn pages_of_other_sites_may_call_what_they_need_and_nothing_else() {
    let app = TestApp::start();
    let mut client = app.client();
    client.origin = Some("https://spa.example".into());
    for (path, open) in [
        ("/.well-known/openid-configuration", true),
        ("/.well-known/oauth-authorization-server", true),
        ("/.well-known/jwks.json", true),
        ("/oauth2/userinfo", true),
        ("/oauth2/token", true),
        ("/oauth2/revoke", true),
        ("/oauth2/introspect", false),
        ("/api/v1/account", false),
        ("/api/v1/sessions", false),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = client.send(client.request(method, path)).await;
            assert_eq!(is_open(&answer), open, "{path}: {}", answer.status);
        }
        let asks = client
            .request(Method::OPTIONS, path)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let answer = client.send(asks).await;
        assert_eq!(is_open(&answer), open, "{path}");
        if open {
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("access-control-allow-methods"), "GET, POST");
            let headers = answer.header("access-control-allow-headers");
            assert_eq!(headers, "Authorization, Content-Type");
        }
    }
}

/// The ids of the published keys of an algorithm.
async fn kids(app: &TestApp, alg: &str) -> Vec<String> {
    let set = app.client().get("/.well-known/jwks.json").await.ok(200);
    let keys = set["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == alg);
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_key_is_published_before_it_signs_and_an_old_one_while_its_tokens_live() {
    let app = TestApp::start();
    let client = app.client();
    let system = app.system(serde_json::json!({ "id_token_signed_response_alg": "ES256" })).await;
    let signs = async || -> String {
        let tokens = client.credentials(&system).await.ok(200);
        let (header, _, _) = parts(tokens["access_token"].as_str().unwrap());
        header["kid"].as_str().unwrap().to_owned()
    };
    let rotate = || {
        let times = (chrono::TimeDelta::minutes(60), chrono::TimeDelta::minutes(60));
        app.core.keyring.rotate_signing(times, app.now(), &OsEntropy).unwrap()
    };
    let first = signs().await;
    let answer = client.get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=1800");
    assert_eq!(rotate(), (3, 0));
    let published = kids(&app, "ES256").await;
    assert_eq!((published.len(), signs().await), (2, first.clone()));
    app.pass(3599);
    assert_eq!(signs().await, first);
    let late = client.credentials(&system).await.ok(200)["access_token"].clone();
    app.pass(1);
    let second = signs().await;
    assert!(second != first && published.contains(&second));
    let seen = client.introspect(&system, &late).await.ok(200);
    assert_eq!(seen["active"], true);
    app.pass(3601);
    assert_eq!(rotate(), (3, 3));
    let left = kids(&app, "ES256").await;
    assert!(!left.contains(&first) && left.contains(&second), "{left:?}");
    assert_eq!(signs().await, second);
    let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
    let set = client.get("/.well-known/jwks.json").await.ok(200);
    for key in set["keys"].as_array().unwrap() {
        assert!(private.iter().all(|name| key.get(name).is_none()), "{key}");
        let text = |name: &str| key.get(name).and_then(Value::as_str).is_some();
        assert!(text("kid") && text("alg") && text("kty"), "{key}");
    }
}
