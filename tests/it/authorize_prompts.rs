//! `prompt`, `max_age` and what else decides whether somebody who is signed in
//! is asked again.

use serde_json::json;
use shiming::{
    capabilities::{clients::Client as Registered, grants},
    tools::crypto::SigningAlg,
};

use crate::support::{
    PASSWORD, TestApp, count, person,
    systems::{System, parameter},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_is_bothered_who_must_not_be() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let silent = |scope: &str| system.asks_with(scope, &[("prompt", "none")]);
    client.authorize(&silent("openid")).await.sends_error(&app, "login_required");
    client.sign_in("zhangsan").await;
    client.authorize(&silent("openid")).await.sends_error(&app, "consent_required");
    client.code_for(&system.asks("openid phone")).await;
    let answer = client.authorize(&silent("openid phone")).await;
    assert!(answer.sent("code").is_some(), "{}", answer.location());
    // In a frame of the client's page.
    assert_eq!(answer.header("x-frame-options"), "");
    assert!(!answer.header("content-security-policy").contains("frame-ancestors"));
    client.authorize(&silent("openid profile")).await.sends_error(&app, "consent_required");
    app.pass(31 * 60);
    client.authorize(&silent("openid")).await.sends_error(&app, "login_required");
    assert_eq!(count!(app, authorization_requests), 0);
    assert_eq!(count!(app, grants), 2);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_login_that_is_asked_for_really_happens() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    for prompt in ["login", "login consent"] {
        app.pass(60);
        let id = client.come(&system.asks_with("openid", &[("prompt", prompt)])).await;
        let view = client.authorization(&id).await;
        assert_eq!(
            (&view["state"], &view["reason"]),
            (&json!("sign_in"), &json!("password_again"))
        );
        assert_eq!(view["account"]["username"], "zhangsan");
        let problem = client.decide(&id, "allow").await.problem(409, "authorization_conflict");
        assert_eq!(problem["state"], "sign_in");
        client.check_password("wrong password").await.problem(422, "password_wrong");
        assert_eq!(client.state(&id).await, "sign_in");
        app.pass(5);
        client.check_password(PASSWORD).await.ok(200);
        let expected = if prompt == "login" { "ready" } else { "consent" };
        assert_eq!(client.state(&id).await, expected);
        // However long the rest takes.
        app.pass(15 * 60);
        client.allow(&id).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_old_login_is_asked_for_again() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    app.pass(100);
    let within = |seconds: &str, prompt: &str| {
        system.asks_with("openid", &[("max_age", seconds), ("prompt", prompt)])
    };
    let id = client.come(&within("200", "")).await;
    assert_eq!(client.state(&id).await, "ready");
    client.authorize(&within("99", "none")).await.sends_error(&app, "login_required");
    for seconds in ["99", "0"] {
        app.pass(2);
        let id = client.come(&within(seconds, "")).await;
        let view = client.authorization(&id).await;
        assert_eq!(
            (&view["state"], &view["reason"]),
            (&json!("sign_in"), &json!("password_again"))
        );
        client.sign_in("zhangsan").await;
        app.pass(120);
        assert_eq!(client.state(&id).await, "ready");
        client.allow(&id).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_is_chosen_when_the_client_wants_it() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("张伟"), "zhangwei").await;
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    let id = client.come(&system.asks_with("openid", &[("prompt", "select_account")])).await;
    let view = client.authorization(&id).await;
    assert_eq!((&view["state"], &view["reason"]), (&json!("sign_in"), &json!("select_account")));
    client.sign_in("zhangwei").await;
    let view = client.authorization(&id).await;
    assert_eq!(
        (&view["state"], &view["account"]["username"]),
        (&json!("consent"), &json!("zhangwei"))
    );
    client.allow(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn consent_is_asked_again_when_the_client_wants_it() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid phone")).await;
    let id = client.come(&system.asks_with("openid phone", &[("prompt", "consent")])).await;
    let view = client.authorization(&id).await;
    assert_eq!((&view["state"], &view["new_items"]), (&json!("consent"), &json!([])));
    client.allow(&id).await;
}

/// The name by which a client knows an account, and an ID token of that kind.
async fn known(app: &TestApp, system: &System, account: &str) -> (String, String) {
    let (id, account) = (system.id, account.parse().unwrap());
    let ctx = app.ctx();
    let known = ctx.write(move |tx| -> Result<_, shiming::tools::db::DbFault> {
        let client: Registered = shiming::capabilities::clients::find(tx.conn, id)?.unwrap();
        let subject = grants::subject_of(tx, &client, account)?;
        let now = tx.now;
        let claims = json!({
            "iss": tx.core.settings.server.public_url, "sub": subject, "aud": id,
            "iat": now.timestamp() - 7200, "exp": now.timestamp() - 3600,
        });
        let sign = |keys: &shiming::tools::crypto::signing::TokenKeys| {
            keys.sign((SigningAlg::EdDSA, "JWT"), &claims, now)
        };
        Ok((subject, tx.core.keyring.with_tokens(sign).unwrap()))
    });
    known.await.unwrap()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn only_the_person_whom_the_client_means_will_do() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let wei = client.register(&person("张伟"), "zhangwei").await;
    let wang = client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid")).await;
    let (wei, wei_token) = known(&app, &system, wei["id"].as_str().unwrap()).await;
    let (wang, wang_token) = known(&app, &system, wang["id"].as_str().unwrap()).await;
    let claims = |subject: &str| format!(r#"{{"id_token":{{"sub":{{"value":"{subject}"}}}}}}"#);
    for (good, bad) in [
        (("id_token_hint", wang_token.clone()), ("id_token_hint", wei_token.clone())),
        (("claims", claims(&wang)), ("claims", claims(&wei))),
    ] {
        let silent = |(name, value): &(&str, String)| {
            system.asks_with("openid", &[("prompt", "none"), (*name, value)])
        };
        assert!(client.authorize(&silent(&good)).await.sent("code").is_some());
        client.authorize(&silent(&bad)).await.sends_error(&app, "login_required");
        let id = client.come(&system.asks_with("openid", &[(bad.0, &bad.1)])).await;
        let view = client.authorization(&id).await;
        assert_eq!(
            (&view["state"], &view["reason"]),
            (&json!("sign_in"), &json!("select_account"))
        );
        client.decide(&id, "allow").await.problem(409, "authorization_conflict");
    }
    // Both at once, and a token of another client.
    let both = [("id_token_hint", wang_token.as_str()), ("claims", &claims(&wei))];
    client.authorize(&system.asks_with("openid", &both)).await.sends_error(&app, "invalid_request");
    let other = System::usual(&app).await;
    let foreign = other.asks_with("openid", &[("id_token_hint", &wang_token)]);
    client.authorize(&foreign).await.sends_error(&app, "invalid_request");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_level_that_the_account_has_is_no_obstacle() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["phr","urn:shiming:acr:l3"]}}}"#;
    let id = client.come(&system.asks_with("openid", &[("claims", claims)])).await;
    let location = client.allow(&id).await;
    assert!(parameter(&location, "code").is_some());
}
