//! From a business system to a code, and what is left behind.

use reqwest::Method;
use serde_json::{Value, json};
use shiming::capabilities::accounts::{self, UnitState};

use crate::account_unit::join_as_unit;
use crate::support::{
    Client, TestApp, count, person,
    systems::{CALLBACK, System, parameter},
};

/// What an operator decides about a unit.
async fn decide_unit(app: &TestApp, account: &Value, state: &str) {
    let id = account["id"].as_str().unwrap().parse().unwrap();
    let state = UnitState::from_code(state).unwrap();
    let ctx = app.ctx();
    let decided = ctx.write(move |tx| accounts::decide_unit(tx, id, state, None));
    decided.await.unwrap();
}

async fn history(client: &Client<'_>) -> Vec<(String, String)> {
    let items = client.get("/api/v1/account/history").await.ok(200)["items"].clone();
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            (text("kind"), text("detail"))
        })
        .collect()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn somebody_signs_in_consents_and_goes_back_with_a_code() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid profile realname")).await;
    client.decide(&id, "allow").await.problem(409, "authorization_conflict");
    client.sign_in("zhangsan").await;
    let view = client.authorization(&id).await;
    assert_eq!(view["state"], "consent");
    assert_eq!(view["account"], json!({ "username": "zhangsan", "name": "王**" }));
    let location = client.allow(&id).await;
    assert!(location.starts_with(&format!("{CALLBACK}?code=")), "{location}");
    assert_eq!(parameter(&location, "state").unwrap(), "af0ifjsldkj");
    assert_eq!(parameter(&location, "iss").unwrap(), app.core.settings.server.public_url);
    assert_eq!(parameter(&location, "code").unwrap().len(), 64);
    // It is used up.
    client.decide(&id, "allow").await.problem(404, "authorization_not_found");
    assert_eq!(count!(app, grants), 1);
    assert_eq!(count!(app, authorization_codes), 1);
    assert_eq!(count!(app, authorization_requests), 0);
    let system = system.id.to_string();
    let history = history(&client).await;
    for kind in ["signed_in_to_client", "consent_given"] {
        let told = history.iter().filter(|one| **one == (kind.to_owned(), system.clone()));
        assert_eq!(told.count(), 1, "{kind}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn somebody_without_an_account_registers_and_goes_on() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = client.come(&system.asks_with("openid", &[("prompt", "create")])).await;
    app.pass(20 * 60);
    client.register(&person("王小明"), "zhangsan").await;
    client.sign_in("zhangsan").await;
    assert_eq!(client.state(&id).await, "consent");
    client.allow(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn saying_no_is_told_to_the_client_in_any_state() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    for signed_in in [false, true] {
        if signed_in {
            client.sign_in("zhangsan").await;
        }
        let id = client.come(&system.asks("openid phone")).await;
        let decided = client.decide(&id, "deny").await.ok(200);
        let location = decided["redirect_to"].as_str().unwrap();
        assert_eq!(parameter(location, "error").unwrap(), "access_denied");
        assert_eq!(parameter(location, "state").unwrap(), "af0ifjsldkj");
        client.decide(&id, "deny").await.problem(404, "authorization_not_found");
    }
    assert_eq!(count!(app, grants), 0);
    assert_eq!(count!(app, client_consents), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_consent_is_remembered_and_only_what_is_new_is_asked() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid phone")).await;
    let id = client.come(&system.asks("openid phone")).await;
    let view = client.authorization(&id).await;
    assert_eq!((view["state"].as_str(), &view["new_items"]), (Some("ready"), &json!([])));
    client.allow(&id).await;
    let id = client.come(&system.asks("openid phone profile")).await;
    let view = client.authorization(&id).await;
    assert_eq!(view["state"], "consent");
    assert_eq!(view["items"], json!(["username", "user_type", "phone"]));
    assert_eq!(view["new_items"], json!(["username", "user_type"]));
    client.allow(&id).await;
    // Less than was consented to, and all of it.
    for scope in ["openid", "openid profile", "openid profile phone"] {
        let id = client.come(&system.asks(scope)).await;
        assert_eq!(client.state(&id).await, "ready", "{scope}");
    }
    // Of this system, by this person.
    let other = System::usual(&app).await;
    let id = client.come(&other.asks("openid phone")).await;
    assert_eq!(client.state(&id).await, "consent");
    let given = history(&client).await.iter().filter(|one| one.0 == "consent_given").count();
    assert_eq!(given, 2);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_decisions_at_once_one_wins() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for decisions in [["allow", "allow"], ["allow", "deny"], ["deny", "deny"]] {
        let id = client.come(&system.asks("openid")).await;
        let grants = count!(app, grants);
        let (one, two) =
            tokio::join!(client.decide(&id, decisions[0]), client.decide(&id, decisions[1]));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "{decisions:?}");
        assert!(count!(app, grants) - grants <= 1);
        assert_eq!(count!(app, grants), count!(app, authorization_codes));
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_signs_in_once_it_is_approved() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let account = join_as_unit(&client, &person("王小明"), "company").await;
    let silent = system.asks_with("openid", &[("prompt", "none")]);
    let id = client.come(&system.asks("openid unit")).await;
    for (state, allowed) in [("pending", false), ("rejected", false), ("approved", true)] {
        if state != "pending" {
            decide_unit(&app, &account, state).await;
        }
        let view = client.authorization(&id).await;
        let expected = if allowed {
            ("consent", json!(null))
        } else {
            ("refused", json!("unit_not_approved"))
        };
        assert_eq!((view["state"].as_str().unwrap(), view["reason"].clone()), expected, "{state}");
        if !allowed {
            let problem = client.decide(&id, "allow").await.problem(409, "authorization_conflict");
            assert_eq!(problem["state"], "refused");
            // It has not consented, so nothing else is told.
            client.authorize(&silent).await.sends_error(&app, "consent_required");
        }
    }
    client.allow(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refused_unit_is_told_to_the_client_as_denied() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    let id = client.come(&system.asks("openid unit")).await;
    let decided = client.decide(&id, "deny").await.ok(200);
    let error = parameter(decided["redirect_to"].as_str().unwrap(), "error");
    assert_eq!(error.as_deref(), Some("access_denied"));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_changes_meanwhile_counts_at_the_decision() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    // The session ends.
    let id = client.come(&system.asks("openid")).await;
    let cookie = client.cookie("shiming_session").unwrap();
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    client.set_cookie("shiming_session", &cookie);
    let problem = client.decide(&id, "allow").await.problem(409, "authorization_conflict");
    assert_eq!(problem["state"], "sign_in");
    client.sign_in("zhangsan").await;
    client.allow(&id).await;
    // The consent is withdrawn.
    let id = client.come(&system.asks("openid")).await;
    assert_eq!(client.state(&id).await, "ready");
    client
        .delete(&format!("/api/v1/account/authorized-systems/{}", system.id))
        .await
        .ok_status(204);
    assert_eq!(client.state(&id).await, "consent");
    // The redirect URI is no longer the client's; the client is disabled.
    system.change(&app, |client| client.metadata.redirect_uris.clear()).await;
    client.decide(&id, "allow").await.problem(404, "authorization_not_found");
    let other = System::usual(&app).await;
    let id = client.come(&other.asks("openid")).await;
    other.disable(&app).await;
    client.decide(&id, "allow").await.problem(404, "authorization_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_of_an_app_signs_nobody_in_here() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let token = client.tokens("zhangsan").await["access_token"].as_str().unwrap().to_owned();
    let id = client.come(&system.asks("openid")).await;
    client.bearer = Some(token);
    assert_eq!(client.state(&id).await, "sign_in");
    client.decide(&id, "allow").await.problem(409, "authorization_conflict");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_decision_takes_nothing_but_a_decision() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = client.come(&system.asks("openid")).await;
    let path = format!("/api/v1/authorizations/{id}/decision");
    client.post(&path, json!({})).await.problem(422, "validation_failed");
    client.post(&path, json!({ "decision": "maybe" })).await.fields(&[("/decision", "invalid")]);
    let post = (Method::POST, path.as_str());
    client.raw(post, "text/plain", b"{}".to_vec()).await.problem(415, "unsupported_media_type");
}
