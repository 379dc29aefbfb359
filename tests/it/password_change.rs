//! 密码管理: a new password.

use serde_json::json;
use shiming::tools::identity::PasswordPolicyKind;
use tokio::join;

use crate::support::{Answer, Client, PASSWORD, TestApp, count, person};

const NEW: &str = "a dry harbour 3";

async fn change(client: &Client<'_>, password: &str) -> Answer {
    let body = json!({ "password": password, "password_confirmation": password });
    client.put("/api/v1/account/password", body).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_password_ends_every_other_session_and_the_phone_is_told() {
    let app = TestApp::start();
    let somebody = person("王小明");
    let (here, there, mut mobile) = (app.client(), app.client(), app.client());
    here.join(&somebody, "zhangsan").await;
    there.sign_in("zhangsan").await;
    let tokens = mobile.tokens("zhangsan").await;
    mobile.bearer = tokens["access_token"].as_str().map(str::to_owned);
    mobile.get("/api/v1/account").await.ok(200);
    change(&here, NEW).await.ok(204);
    here.get("/api/v1/account").await.ok(200);
    there.get("/api/v1/account").await.problem(401, "not_signed_in");
    mobile.get("/api/v1/account").await.problem(401, "not_signed_in");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let stolen = app.client().post("/api/v1/tokens/refresh", refresh).await;
    stolen.problem(401, "refresh_token_invalid");
    assert_eq!(here.get("/api/v1/sessions").await.ok(200)["items"].as_array().unwrap().len(), 1);
    let news = here.notices(&somebody.phone).await;
    assert!(news.len() == 1 && news[0].contains("密码已修改"), "{news:?}");
    app.client().try_sign_in("zhangsan", PASSWORD).await.problem(401, "login_failed");
    app.client().try_sign_in("zhangsan", NEW).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_password_follows_the_rules_and_all_that_is_known() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for (password, code) in [
        ("", "required"),
        ("short7!", "too_short"),
        ("Password1", "password_common"),
        ("aaaaaaaaaaaa", "password_weak"),
        ("zhangsan lychee 9", "password_contains_personal"),
        ("lychee 13800138000", "password_contains_personal"),
        ("lychee19900307", "password_contains_personal"),
        ("我是王小明没错的", "password_contains_personal"),
        (PASSWORD, "password_same"),
    ] {
        let body = json!({ "password": password, "password_confirmation": password });
        let answer = client.put("/api/v1/account/password", body).await;
        let problem = answer.problem(422, "validation_failed");
        let first = &problem["errors"][0];
        assert_eq!((&first["pointer"], &first["code"]), (&json!("/password"), &json!(code)));
    }
    let body = json!({ "password": NEW, "password_confirmation": "another" });
    let answer = client.put("/api/v1/account/password", body).await;
    answer.fields(&[("/password_confirmation", "mismatch")]);
    client.try_sign_in("zhangsan", PASSWORD).await.ok(201);
    assert_eq!(count!(app, password_history), 0, "nist keeps no earlier passwords");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn earlier_passwords_may_not_come_again_under_the_rules_that_say_so() {
    let app = TestApp::with(|settings| {
        settings.password.policy = PasswordPolicyKind::Djbh;
        settings.password.history = 2;
    });
    let client = app.client();
    let first = "Lychee park fog 7";
    let mut body = client.start_body("zhangsan").await;
    body["password"] = json!(first);
    body["password_confirmation"] = json!(first);
    client.start_with(body).await.ok(201);
    let somebody = person("王小明");
    client.identity(&somebody).await.ok(200);
    client.bank(&somebody).await.ok(200);
    let code = client.last_sms(&somebody.phone).await;
    client.confirm(&code).await.ok(201);
    client.try_sign_in("zhangsan", first).await.ok(201);
    change(&client, "a dry harbour three").await.fields(&[("/password", "password_classes")]);
    change(&client, "A dry harbour 1").await.ok(204);
    change(&client, "A dry harbour 2").await.ok(204);
    for earlier in [first, "A dry harbour 1"] {
        change(&client, earlier).await.fields(&[("/password", "password_in_history")]);
    }
    change(&client, "A dry harbour 2").await.fields(&[("/password", "password_same")]);
    change(&client, "A dry harbour 3").await.ok(204);
    // The first one is forgotten by now.
    assert_eq!(count!(app, password_history), 2);
    change(&client, first).await.ok(204);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_sessions_that_set_a_password_at_once_one_stays() {
    let app = TestApp::start();
    let somebody = person("王小明");
    app.client().register(&somebody, "zhangsan").await;
    let mut password = PASSWORD.to_owned();
    for round in 0..4 {
        let (one, other) = (app.client(), app.client());
        one.try_sign_in("zhangsan", &password).await.ok(201);
        other.try_sign_in("zhangsan", &password).await.ok(201);
        let (mine, his) = (format!("a dry harbour {round}"), format!("a wet mountain {round}"));
        let (a, b) = join!(change(&one, &mine), change(&other, &his));
        let kept = [a.status, b.status].iter().filter(|status| **status == 204).count();
        assert_eq!(kept, 1, "{} {}", a.text(), b.text());
        let (winner, loser, chosen) =
            if a.status == 204 { (&one, &other, mine) } else { (&other, &one, his) };
        winner.get("/api/v1/account").await.ok(200);
        loser.get("/api/v1/account").await.problem(401, "not_signed_in");
        password = chosen;
    }
    app.client().try_sign_in("zhangsan", &password).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_change_that_was_begun_before_is_given_up() {
    let app = TestApp::start();
    let somebody = person("王小明");
    let client = app.client();
    client.join(&somebody, "zhangsan").await;
    let moved = crate::support::Person { phone: "13900139000".into(), ..somebody };
    client.introduce(&moved).await;
    let body = json!({ "phone": moved.phone });
    client.post("/api/v1/account/change", body).await.ok(200);
    let code = client.last_sms(&moved.phone).await;
    change(&client, NEW).await.ok(204);
    client.get("/api/v1/account/change").await.problem(404, "flow_not_found");
    let confirm = json!({ "code": code });
    let answer = client.post("/api/v1/account/change/confirmation", confirm).await;
    answer.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn passwords_cannot_be_tried_out_without_end() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for _ in 0..20 {
        change(&client, PASSWORD).await.fields(&[("/password", "password_same")]);
    }
    let answer = change(&client, NEW).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_full_hashing_queue_changes_nothing() {
    let app = TestApp::with(|settings| {
        settings.password.permits = 1;
        settings.password.queue_milliseconds = 1;
    });
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let ticket = app.core.hasher.admit().expect("one place");
    change(&client, NEW).await.problem(503, "overloaded");
    drop(ticket);
    change(&client, NEW).await.ok(204);
}
