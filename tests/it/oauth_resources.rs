//! Whom access tokens are for (RFC 8707): what was asked for when the person
//! signed in, and nothing else afterwards.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp,
    jose::parts,
    oauth::ISSUER,
    person,
    systems::{CALLBACK, Parameters, System, VERIFIER},
};

const A: &str = "https://a.example";
const B: &str = "https://b.example/api";

async fn ready(app: &TestApp) -> (Client<'_>, System) {
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    (client, System::register(app, json!({ "resources": [A, B] })).await)
}

fn naming(system: &System, resources: &[&str]) -> Parameters {
    let mut asked = system.asks("openid phone");
    asked.extend(resources.iter().map(|one| ("resource".to_owned(), (*one).to_owned())));
    asked
}

fn for_whom<'a>(fields: &[(&'a str, &'a str)], resource: &'a str) -> Vec<(&'a str, &'a str)> {
    let resource = [("resource", resource)];
    [fields, if resource[0].1.is_empty() { &[] } else { &resource }].concat()
}

/// Trades a code for a token for `resource`, or for whatever it is when nothing
/// is said.
async fn trade(client: &Client<'_>, system: &System, (code, resource): (&str, &str)) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    client.ask((system, "/oauth2/token"), &for_whom(&fields, resource)).await
}

/// The same with a refresh token.
async fn renew(client: &Client<'_>, system: &System, (tokens, resource): (&Value, &str)) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    client.ask((system, "/oauth2/token"), &for_whom(&fields, resource)).await
}

#[track_caller]
fn audience(tokens: &Value) -> String {
    let (_, claims, _) = parts(tokens["access_token"].as_str().unwrap());
    claims["aud"].as_str().unwrap().to_owned()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn tokens_are_for_what_was_authorized() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let code = client.code_for(&naming(&system, &[A])).await;
    let tokens = trade(&client, &system, (&code, "")).await.ok(200);
    assert_eq!(audience(&tokens), A);
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    let tokens = renew(&client, &system, (&tokens, "")).await.ok(200);
    assert_eq!(audience(&tokens), A);
    let tokens = renew(&client, &system, (&tokens, A)).await.ok(200);
    assert_eq!(audience(&tokens), A);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_resource_that_was_not_authorized_is_refused_and_uses_nothing_up() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let code = client.code_for(&naming(&system, &[A])).await;
    for other in [B, ISSUER, "https://a.example/", "https://elsewhere.example"] {
        trade(&client, &system, (&code, other)).await.oauth(400, "invalid_target");
    }
    let tokens = trade(&client, &system, (&code, A)).await.ok(200);
    for other in [B, ISSUER, "https://a.example/", "https://elsewhere.example"] {
        renew(&client, &system, (&tokens, other)).await.oauth(400, "invalid_target");
    }
    let tokens = renew(&client, &system, (&tokens, "")).await.ok(200);
    assert_eq!(audience(&tokens), A);
    // Whoever comes with half of what is needed is told nothing of it.
    let code = client.code_for(&naming(&system, &[A])).await;
    let other = System::register(&app, json!({ "resources": [A, B] })).await;
    trade(&client, &other, (&code, B)).await.oauth(400, "invalid_grant");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_several_resources_each_token_is_for_one() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let code = client.code_for(&naming(&system, &[A, ISSUER, A])).await;
    trade(&client, &system, (&code, "")).await.oauth(400, "invalid_target");
    let tokens = trade(&client, &system, (&code, A)).await.ok(200);
    assert_eq!(audience(&tokens), A);
    // The refresh token is still good for the other one.
    let tokens = renew(&client, &system, (&tokens, ISSUER)).await.ok(200);
    assert_eq!(audience(&tokens), ISSUER);
    client.userinfo(&tokens).await.ok(200);
    renew(&client, &system, (&tokens, B)).await.oauth(400, "invalid_target");
    renew(&client, &system, (&tokens, "")).await.oauth(400, "invalid_target");
    renew(&client, &system, (&tokens, A)).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_was_pushed_is_bound_as_well() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let asked = naming(&system, &[B]);
    let asked: Vec<_> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).skip(1).collect();
    let pushed = client.ask((&system, "/oauth2/par"), &asked).await.ok(201);
    let uri = pushed["request_uri"].as_str().unwrap();
    // What the browser says besides counts for nothing.
    let come = [("client_id", &*system.id.to_string()), ("request_uri", uri), ("resource", A)];
    let come = come.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let code = client.code_for(&come).await;
    trade(&client, &system, (&code, A)).await.oauth(400, "invalid_target");
    assert_eq!(audience(&trade(&client, &system, (&code, "")).await.ok(200)), B);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_named_nothing_chooses_later() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let code = client.code_for(&naming(&system, &[])).await;
    let mut tokens = trade(&client, &system, (&code, A)).await.ok(200);
    assert_eq!(audience(&tokens), A);
    for (asked, expected) in [("", ISSUER), (B, B), (ISSUER, ISSUER)] {
        tokens = renew(&client, &system, (&tokens, asked)).await.ok(200);
        assert_eq!(audience(&tokens), expected);
    }
    let elsewhere = "https://elsewhere.example";
    renew(&client, &system, (&tokens, elsewhere)).await.oauth(400, "invalid_target");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_an_operator_takes_away_is_had_by_nobody_any_more() {
    let app = TestApp::start();
    let (client, system) = ready(&app).await;
    let code = client.code_for(&naming(&system, &[A])).await;
    let tokens = trade(&client, &system, (&code, "")).await.ok(200);
    let waiting = client.come(&naming(&system, &[A])).await;
    system.change(&app, |client| client.metadata.resources = vec![B.to_owned()]).await;
    for resource in ["", A, B] {
        renew(&client, &system, (&tokens, resource)).await.oauth(400, "invalid_target");
    }
    let path = format!("/api/v1/authorizations/{waiting}");
    client.get(&path).await.problem(404, "authorization_not_found");
    client.authorize(&naming(&system, &[A])).await.sends_error(&app, "invalid_target");
}
