//! Refresh tokens of business systems: for one use.

use serde_json::{Value, json};
use shiming::capabilities::{accounts::UnitState, clients::ClientState};

use crate::support::{
    Answer, CREDIT_CODE, Client, TestApp,
    jose::parts,
    oauth::{SignIn, System},
    person,
};

async fn signed_in<'a>(app: &'a TestApp, scope: &'static str) -> (Client<'a>, System, Value) {
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    client.clear_cookies();
    let system = app.system(json!({})).await;
    let code = app.code_for(&system, &account, SignIn::to(scope)).await;
    let tokens = client.exchange(&system, &code).await.ok(200);
    (client, system, tokens)
}

async fn narrowed(client: &Client<'_>, system: &System, (tokens, scope): (&Value, &str)) -> Answer {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("scope", scope),
    ];
    client.form_of(system, "/oauth2/token", &fields).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_is_traded_for_new_tokens() {
    let app = TestApp::start();
    let (client, system, first) = signed_in(&app, "openid phone").await;
    app.pass(601);
    client.userinfo(&first).await.oauth(401, "invalid_token");
    let second = client.refresh(&system, &first).await.ok(200);
    assert_eq!(second["scope"], first["scope"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    client.userinfo(&second).await.ok(200);
    let (_, before, _) = parts(first["id_token"].as_str().unwrap());
    let (_, after, _) = parts(second["id_token"].as_str().unwrap());
    for same in ["iss", "sub", "aud", "auth_time", "sid", "acr"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(after.get("nonce").is_none(), "it was for the first one");
    client.refresh(&system, &second).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_used_twice_ends_everything() {
    let app = TestApp::start();
    let (client, system, first) = signed_in(&app, "openid").await;
    let second = client.refresh(&system, &first).await.ok(200);
    client.refresh(&system, &first).await.oauth(400, "invalid_grant");
    client.userinfo(&second).await.oauth(401, "invalid_token");
    client.refresh(&system, &second).await.oauth(400, "invalid_grant");
    let trail = client.get("/api/v1/account/history").await;
    trail.problem(401, "not_signed_in");
    client.sign_in("zhangsan").await;
    let trail = client.get("/api/v1/account/history").await.ok(200);
    let kinds: Vec<_> = trail["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&json!("grant_reused")), "{trail}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_refreshes_at_once_one_wins_and_its_tokens_die() {
    let app = TestApp::start();
    let (client, system, mut tokens) = signed_in(&app, "openid").await;
    tokens = client.refresh(&system, &tokens).await.ok(200);
    let (one, other) =
        tokio::join!(client.refresh(&system, &tokens), client.refresh(&system, &tokens));
    let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
    lost.oauth(400, "invalid_grant");
    client.userinfo(&won.ok(200)).await.oauth(401, "invalid_token");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_client_can_do_nothing_with_a_refresh_token() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app, "openid").await;
    let other = app.system(json!({})).await;
    client.refresh(&other, &tokens).await.oauth(400, "invalid_grant");
    // It is not used up by it.
    client.refresh(&system, &tokens).await.ok(200);
    for wrong in ["x", "\u{0}", &"0".repeat(64)] {
        let tokens = json!({ "refresh_token": wrong });
        client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_may_ask_for_less_and_not_for_more() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app, "openid phone").await;
    for more in ["openid realname", "users:read", "nonsense"] {
        let answer = narrowed(&client, &system, (&tokens, more)).await;
        answer.oauth(400, "invalid_scope");
    }
    let less = narrowed(&client, &system, (&tokens, "openid")).await.ok(200);
    assert_eq!(less["scope"], "openid");
    assert!(client.userinfo(&less).await.ok(200).get("phone_number").is_none());
    let all = client.refresh(&system, &less).await.ok(200);
    assert_eq!(all["scope"], "openid phone");
    assert!(client.userinfo(&all).await.ok(200).get("phone_number").is_some());
    let none = narrowed(&client, &system, (&all, "phone")).await.ok(200);
    assert!(none.get("id_token").is_none());
    client.userinfo(&none).await.oauth(403, "insufficient_scope");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn without_offline_access_a_sign_in_ends_with_its_session() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app, "openid").await;
    app.pass(11 * 3600);
    let tokens = client.refresh(&system, &tokens).await.ok(200);
    app.pass(3600);
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn with_offline_access_it_lives_as_long_as_it_is_used() {
    let app = TestApp::start();
    let (client, system, mut tokens) = signed_in(&app, "openid offline_access").await;
    for _ in 0..3 {
        app.pass(29 * 86_400);
        tokens = client.refresh(&system, &tokens).await.ok(200);
    }
    client.userinfo(&tokens).await.ok(200);
    app.pass(30 * 86_400);
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_that_is_over_ends_nothing() {
    let app = TestApp::start();
    let (client, system, first) = signed_in(&app, "openid offline_access").await;
    app.pass(29 * 86_400);
    let tokens = client.refresh(&system, &first).await.ok(200);
    app.pass(2 * 86_400);
    let token = [("token", first["refresh_token"].as_str().unwrap())];
    client.form_of(&system, "/oauth2/revoke", &token).await.ok_status(200);
    client.refresh(&system, &tokens).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_disabled_client_has_no_use_of_its_tokens() {
    let app = TestApp::start();
    let (client, system, tokens) = signed_in(&app, "openid").await;
    app.change_system(&system, |client| client.state = ClientState::Disabled).await;
    client.refresh(&system, &tokens).await.oauth(401, "invalid_client");
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    app.change_system(&system, |client| client.state = ClientState::Enabled).await;
    client.userinfo(&tokens).await.ok(200);
    client.refresh(&system, &tokens).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_that_was_rejected_gets_no_more_tokens() {
    let app = TestApp::start();
    let client = app.client();
    let system = app.system(json!({})).await;
    let account = client.register_unit(CREDIT_CODE, &person("王小明"), "company").await;
    app.decide_unit(&account, UnitState::Approved).await;
    let code = app.code_for(&system, &account, SignIn::to("openid unit")).await;
    let tokens = client.exchange(&system, &code).await.ok(200);
    client.userinfo(&tokens).await.ok(200);
    let code = app.code_for(&system, &account, SignIn::to("openid unit")).await;
    app.decide_unit(&account, UnitState::Rejected).await;
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
    client.exchange(&system, &code).await.oauth(400, "invalid_grant");
}
