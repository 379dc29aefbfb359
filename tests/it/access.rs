//! Who may call what: every operation of the OpenAPI document is either
//! closed, or named here as open.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, contract, person};

/// Open to everybody. A new operation must declare its security or be added
/// here on purpose.
const PUBLIC: [&str; 32] = [
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/openid-configuration",
    "GET /api/v1/banks",
    "GET /api/v1/captchas/{id}/audio",
    "GET /api/v1/captchas/{id}/image",
    "GET /api/v1/document-types",
    "GET /api/v1/security-questions",
    "GET /api/v1/service-info",
    "GET /healthz",
    "GET /oauth2/authorize",
    "GET /oauth2/logout",
    "GET /oauth2/plain.css",
    "GET /readyz",
    "GET /sandbox/v1/captchas/{id}",
    "GET /sandbox/v1/cardholders",
    "GET /sandbox/v1/mail",
    "GET /sandbox/v1/sms",
    "POST /api/v1/captchas",
    "POST /api/v1/recoveries/password",
    "POST /api/v1/recoveries/username",
    "POST /api/v1/registrations",
    "POST /api/v1/sessions",
    "POST /api/v1/support-cases",
    "POST /api/v1/tokens",
    "POST /api/v1/tokens/refresh",
    "POST /oauth2/authorize",
    "POST /oauth2/logout",
    // By the session's cookie and a token of the page that asks, if anybody is
    // signed in.
    "POST /oauth2/logout/confirmation",
    "POST /sandbox/v1/cardholders",
    "PUT /sandbox/v1/bank/behaviour",
    "PUT /sandbox/v1/sms/behaviour",
];

/// An operation: method, path, names of its security schemes.
struct Operation {
    method: Method,
    path: String,
    schemes: BTreeSet<String>,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(shiming::compose::openapi::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation.get("security").and_then(Value::as_array);
            let schemes = security
                .into_iter()
                .flatten()
                .flat_map(|one| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                schemes: schemes.collect(),
            });
        }
    }
    operations
}

#[test]
fn every_operation_is_closed_or_public_on_purpose() {
    let open: BTreeSet<String> = operations()
        .iter()
        .filter(|operation| operation.schemes.is_empty())
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let expected: BTreeSet<String> = PUBLIC.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(open, expected);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn closed_operations_answer_nobody_without_what_they_ask_for() {
    let app = TestApp::start();
    let mut client = app.client();
    let id = "0193e0c0-0000-7000-8000-000000000000";
    let mut closed = 0;
    for operation in operations() {
        let path =
            operation.path.replace("{id}", id).replace("{client_id}", id).replace("{sub}", id);
        let refusal = match operation.schemes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["access_token", "session_cookie"] => (401, "not_signed_in"),
            ["flow_cookie", "flow_token"] | ["flow_token", "recovery_cookie"] => {
                (404, "flow_not_found")
            }
            ["authorization_cookie"] => (404, "authorization_not_found"),
            ["client_token"] => (401, "token_invalid"),
            ["client_basic"] => (401, "invalid_client"),
            ["person_token"] => (401, "invalid_token"),
            [] => continue,
            ref other => panic!("{path}: {other:?}"),
        };
        closed += 1;
        for bearer in [None, Some("nonsense".to_owned())] {
            client.bearer = bearer;
            let request = client.request(operation.method.clone(), &path);
            if contract::speaks_oauth(&path) {
                let form = [("grant_type", "client_credentials"), ("token", "x")];
                client.send(request.form(&form)).await.oauth(refusal.0, refusal.1);
            } else if contract::shows_pages(&path) {
                client.send(request.form(&[("decision", "allow")])).await.page(refusal.0);
            } else {
                let answer = client.send(request.json(&json!({}))).await;
                answer.problem(refusal.0, refusal.1);
            }
        }
    }
    assert!(closed >= 52, "{closed}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_registration_is_no_login_and_a_login_no_registration() {
    let app = TestApp::start();
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
    client.clear_cookies();
    client.sign_in("zhangsan").await;
    client.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
    let session = client.cookie("shiming_session").unwrap();
    client.set_cookie("shiming_flow", &session);
    client.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn only_the_scheme_bearer_is_understood() {
    let app = TestApp::start();
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let token = client.tokens("zhangsan").await["access_token"].as_str().unwrap().to_owned();
    client.sign_in("zhangsan").await;
    for (header, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer  {token}"), 200),
        (format!("Basic {token}"), 401),
        (token.clone(), 401),
        ("Bearer".to_owned(), 401),
        // A wrong token is not made good by the cookie beside it.
        ("Bearer nonsense".to_owned(), 401),
    ] {
        let request = client.request(Method::GET, "/api/v1/account");
        let answer = client.send(request.header("authorization", &header)).await;
        assert_eq!(answer.status, status, "{header}");
    }
}
