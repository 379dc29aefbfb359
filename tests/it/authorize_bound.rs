//! What is allowed is what was shown, to who was shown it, and what the client
//! may still see.

use serde_json::{Value, json};
use shiming::capabilities::clients::NumberGrant;

use crate::{
    account_unit::join_as_unit,
    support::{
        Answer, Client, TestApp, count, person,
        systems::{System, VERIFIER, hidden, parameter},
    },
};

async fn post(client: &Client<'_>, id: &str, confirmation: &Value) -> Answer {
    let path = format!("/api/v1/authorizations/{id}/decision");
    client.post(&path, json!({ "decision": "allow", "confirmation": confirmation })).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_allow_is_for_the_account_and_the_items_that_were_shown() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("张伟"), "zhangwei").await;
    client.join(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid realname")).await;
    let path = format!("/api/v1/authorizations/{id}/decision");
    let nothing = client.post(&path, json!({ "decision": "allow" })).await;
    assert_eq!(nothing.problem(409, "authorization_conflict")["state"], "consent");
    // Another tab signs somebody else in.
    let shown = client.authorization(&id).await["confirmation"].clone();
    let html = client.get(&format!("/oauth2/plain/{id}")).await.page(200);
    client.sign_in("zhangwei").await;
    let problem = post(&client, &id, &shown).await.problem(409, "authorization_conflict");
    assert_eq!(problem["state"], "consent");
    // So does the page without scripts: it is shown anew.
    let (token, confirmation) = (hidden(&html, "token"), hidden(&html, "confirmation"));
    for confirmation in [confirmation.as_str(), ""] {
        let fields =
            [("token", token.as_str()), ("decision", "allow"), ("confirmation", confirmation)];
        let plain = format!("/oauth2/plain/{id}");
        assert_eq!(client.form(&format!("{plain}/decision"), &fields).await.location(), plain);
    }
    // The operator lets the system see more.
    let shown = client.authorization(&id).await["confirmation"].clone();
    system.change(&app, |client| client.metadata.document_number = NumberGrant::Full).await;
    post(&client, &id, &shown).await.problem(409, "authorization_conflict");
    assert_eq!((count!(app, grants), count!(app, client_consents)), (0, 0));
    // That of another request is none of this one.
    let other = client.come(&system.asks("openid realname")).await;
    let foreign = client.authorization(&other).await["confirmation"].clone();
    let id = client.come(&system.asks("openid realname")).await;
    post(&client, &id, &foreign).await.problem(409, "authorization_conflict");
    let shown = client.authorization(&id).await["confirmation"].clone();
    post(&client, &id, &shown).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refusal_needs_no_confirmation() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = client.come(&system.asks("openid")).await;
    let path = format!("/api/v1/authorizations/{id}/decision");
    client.post(&path, json!({ "decision": "deny" })).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn scopes_that_were_taken_from_a_client_are_worth_nothing() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let asked = system.asks("openid phone realname offline_access");
    let code = client.code_for(&asked).await;
    let tokens = client.redeem(&system, &code).await;
    let late = client.code_for(&asked).await;
    let waiting = client.come(&asked).await;
    system
        .change(&app, |client| client.metadata.scope = "openid profile offline_access".to_owned())
        .await;
    // What waits cannot be allowed any more.
    client.decide(&waiting, "allow").await.problem(404, "authorization_not_found");
    let narrow = "openid offline_access";
    assert_eq!(client.redeem(&system, &late).await["scope"], narrow);
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let seen = client.get_with(access, "/oauth2/userinfo").await.ok(200);
    assert!(seen.get("phone_number").is_none() && seen.get("name").is_none(), "{seen}");
    for token in [access, refresh] {
        let asked = client.ask((&system, "/oauth2/introspect"), &[("token", token)]).await;
        assert_eq!(asked.ok(200)["scope"], narrow);
    }
    let fields =
        |scope| [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
    let more = client.ask((&system, "/oauth2/token"), &fields("openid phone")).await;
    assert_eq!(more.ok(400)["error"], "invalid_scope");
    let again = client.ask((&system, "/oauth2/token"), &fields(narrow)).await.ok(200);
    assert_eq!(again["scope"], narrow);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_that_anybody_can_feign_is_asked_about_each_time() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for (uri, feigned) in [
        ("http://127.0.0.1/callback", true),
        ("cn.gov.example.ks:/callback", true),
        ("https://ks.example.gov.cn/app", false),
    ] {
        let public = json!({ "token_endpoint_auth_method": "none", "redirect_uris": [uri] });
        let system = System::register(&app, public).await;
        let asks =
            |prompt| system.asks_with("openid phone", &[("redirect_uri", uri), ("prompt", prompt)]);
        let id = client.come(&asks("")).await;
        client.allow(&id).await;
        let id = client.come(&asks("")).await;
        assert_eq!(client.state(&id).await, if feigned { "consent" } else { "ready" }, "{uri}");
        let silent = client.authorize(&asks("none")).await;
        let error = feigned.then(|| "consent_required".to_owned());
        assert_eq!(silent.sent("error"), error, "{uri}");
        let code = parameter(&client.allow(&id).await, "code").unwrap();
        let id = system.id.to_string();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", id.as_str()),
            ("code", code.as_str()),
            ("redirect_uri", uri),
            ("code_verifier", VERIFIER),
        ];
        client.form("/oauth2/token", &fields).await.ok(200);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn silence_tells_nothing_about_who_has_not_consented() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    let somebody = format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, "0".repeat(64));
    for (name, value) in [("state", "af0ifjsldkj"), ("claims", &somebody), ("max_age", "0")] {
        app.pass(2);
        let asked = system.asks_with("openid", &[("prompt", "none"), (name, value)]);
        client.authorize(&asked).await.sends_error(&app, "consent_required");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn silent_sign_ins_are_counted_like_others() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    let before = count!(app, limits);
    let other = app.client_at("198.51.100.7");
    other.set_cookie("shiming_session", &client.cookie("shiming_session").unwrap());
    let silent = system.asks_with("openid", &[("prompt", "none")]);
    assert!(other.authorize(&silent).await.sent("code").is_some());
    assert_eq!(count!(app, limits), before + 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_name_that_can_be_none_finds_nobody() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    for name in ["\\u0000", "a\\u0000b", "é", &"g".repeat(64)] {
        let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{name}"}}}}}}"#);
        let asked = system.asks_with("openid", &[("prompt", "none"), ("claims", &claims)]);
        client.authorize(&asked).await.sends_error(&app, "login_required");
    }
}
