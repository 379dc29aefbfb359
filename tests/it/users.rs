//! A business system looks up its own users.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shiming::{
    capabilities::{accounts::UnitState, grants},
    compose::worker,
    kernel::ids::AccountId,
};

use crate::{
    account_unit::join_as_unit,
    support::{
        TestApp,
        hr::{ALL_SCOPES, Hr},
        person,
    },
};

async fn user(hr: &Hr<'_>, sub: &str) -> Value {
    hr.get(&format!("/api/v1/users/{sub}")).await.ok(200)
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_user_is_seen_as_far_as_the_consent_goes() {
    let app = TestApp::start();
    let hr = app.hr(ALL_SCOPES).await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid").await;
    let seen = user(&hr, &sub).await;
    assert_eq!((&seen["sub"], &seen["state"]), (&json!(sub), &json!("active")));
    assert_eq!(seen["scopes"], json!(["openid"]));
    assert_eq!(seen["claims"], json!({}));
    app.consent(&hr, &account, "profile phone").await;
    let seen = user(&hr, &sub).await;
    assert_eq!(
        names(&seen["claims"]),
        ["phone_number", "phone_number_verified", "preferred_username", "updated_at", "user_type"]
    );
    assert_eq!(seen["claims"]["phone_number"], "+8613800138000");
    app.consent(&hr, &account, "realname").await;
    let claims = user(&hr, &sub).await["claims"].clone();
    assert_eq!(claims["name"], "王小明");
    assert_eq!(claims["document_number"], "4403**********0014");
    assert_eq!(claims["document_number_masked"], true);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whole_numbers_are_for_those_that_may_see_them() {
    let app = TestApp::start();
    let hr = app.hr_with(ALL_SCOPES, json!({ "document_number": "full" })).await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid realname").await;
    let claims = user(&hr, &sub).await["claims"].clone();
    assert_eq!(claims["document_number"], "440305199003070014");
    assert_eq!(claims["document_number_masked"], false);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_system_may_no_longer_ask_for_it_no_longer_sees() {
    let app = TestApp::start();
    let hr = app.hr("openid profile users:read").await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid profile phone realname").await;
    let seen = user(&hr, &sub).await;
    assert_eq!(seen["scopes"], json!(["openid", "profile"]));
    assert!(seen["claims"].get("name").is_none() && seen["claims"].get("phone_number").is_none());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_is_seen_with_its_state() {
    let app = TestApp::start();
    let hr = app.hr(ALL_SCOPES).await;
    let account = join_as_unit(&app.client(), &person("王小明"), "company").await;
    let sub = app.consent(&hr, &account, "openid unit").await;
    let seen = user(&hr, &sub).await;
    let claims = &seen["claims"];
    assert_eq!(seen["state"], "unapproved");
    assert_eq!(claims["unit"]["unified_social_credit_code"], "914403001922038216");
    assert_eq!(claims["unit"]["state"], "pending");
    assert_eq!(claims["unit"]["legal_representative"], "张*");
    for (decision, state) in [(UnitState::Approved, "active"), (UnitState::Rejected, "unapproved")]
    {
        app.decide_unit(&account, decision).await;
        assert_eq!(user(&hr, &sub).await["state"], state);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_else_is_found() {
    let app = TestApp::with(|all| all.account.closing_days = 0);
    let mut hr = app.hr(ALL_SCOPES).await;
    let browser = app.client();
    let account = browser.join(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid profile").await;
    // Another system of the same sector knows the name, but not the person.
    let sister = app.hr(ALL_SCOPES).await;
    let elsewhere = json!({ "redirect_uris": ["https://elsewhere.example.cn/cb"] });
    let stranger = app.hr_with(ALL_SCOPES, elsewhere).await;
    let other_name = app.consent(&stranger, &account, "openid").await;
    assert_ne!(sub, other_name, "two sectors know a person by two names");
    let id = account["id"].as_str().unwrap();
    for (system, name) in [
        (&sister, sub.as_str()),
        (&stranger, &sub),
        (&hr, &other_name),
        (&hr, id),
        (&hr, "zhangsan"),
        (&hr, "nobody"),
        (&hr, "%00"),
    ] {
        let answer = system.get(&format!("/api/v1/users/{name}")).await;
        answer.problem(404, "user_not_found");
    }
    // Withdrawn, or closed.
    let (client, account): (_, AccountId) = (hr.id, id.parse().unwrap());
    let withdrawn = app.core.db.write(move |conn| grants::withdraw(conn, (account, client)));
    assert!(withdrawn.await.unwrap());
    hr.get(&format!("/api/v1/users/{sub}")).await.problem(404, "user_not_found");
    stranger.get(&format!("/api/v1/users/{other_name}")).await.ok(200);
    browser.post("/api/v1/account/closure", json!({})).await.ok(200);
    worker::forget(&app.core).await;
    stranger.get(&format!("/api/v1/users/{other_name}")).await.problem(404, "user_not_found");
    hr.renew_with("identity:check").await;
    let answer = hr.get(&format!("/api/v1/users/{sub}")).await;
    assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "users:read");
    app.pass(u64::try_from(TimeDelta::minutes(11).num_seconds()).unwrap());
    hr.get("/api/v1/users/x").await.problem(401, "token_invalid");
}
