//! 找回用户名: 验证身份 → 验证手机校验码 → 找回用户名成功.

use serde_json::json;
use tokio::join;

use crate::support::{CREDIT_CODE, TestApp, UNIT, count, person};

/// A code that is not `right`.
fn wrong(right: &str) -> &'static str {
    if right == "111111" { "222222" } else { "111111" }
}

async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_username_comes_to_the_phone_of_the_registration() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    let began = client.find_username(&person).await;
    assert_eq!((&began["goal"], &began["stage"]), (&json!("username"), &json!("code")));
    assert_eq!((&began["code"], &began["remaining"]["sms"]), (&json!(null), &json!(5)));
    let sent = client.ask_code(json!({})).await.ok(200);
    assert_eq!(sent["code"]["attempts_left"], 5);
    assert_eq!(sent["remaining"]["sms"], 4);
    let message = client.inbox(&person.phone).await[0].clone();
    assert_eq!(message["purpose"], "username_recovery");
    assert!(message["text"].as_str().unwrap().contains("找回用户名"));
    let done = client.enter_code(message["code"].as_str().unwrap()).await;
    assert!(!done.text().contains("zhangsan"), "{}", done.text());
    let done = done.ok(200);
    assert_eq!((&done["stage"], &done["code"]), (&json!("done"), &json!(null)));
    assert_eq!(client.told(&person.phone, "zhangsan").await, 1);
    assert_eq!(
        (app.audited("recovery_started").await, app.audited("username_recovered").await),
        (1, 1)
    );
    assert_eq!(client.current_recovery().await, done);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_finds_its_username_by_the_phone_of_its_agent() {
    let app = TestApp::start();
    let (client, agent) = (app.client(), person("王小明"));
    client.register_unit(CREDIT_CODE, &agent, "testtech").await;
    // The name with brackets and letters of any width.
    let began = client.find_unit(&format!(" {UNIT} "), &CREDIT_CODE.to_lowercase()).await;
    assert_eq!(began["user_type"], "unit");
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&agent.phone).await;
    client.enter_code(&code).await.ok(200);
    assert_eq!(client.told(&agent.phone, "testtech").await, 1);
    // The agent himself has no account.
    let client = app.client();
    client.find_username(&agent).await;
    client.ask_code(json!({})).await.ok(200);
    assert_eq!(client.inbox(&agent.phone).await.len(), 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_message_is_sent_unless_everything_typed_is_right() {
    let app = with_account().await;
    let right = person("王小明");
    let stranger = person("张伟");
    for (name, document) in [
        (&stranger.name, &right.document_number),
        (&right.name, &stranger.document_number),
        (&stranger.name, &stranger.document_number),
    ] {
        let client = app.client();
        let mut body = client.username_body(&right).await;
        body["name"] = json!(name);
        body["document_number"] = json!(document);
        client.find_username_with(body).await.ok(201);
        client.ask_code(json!({})).await.ok(200);
        app.run_outbox().await;
        client.enter_code("123456").await.problem(422, "recovery_code_wrong");
    }
    // Nor to a person who is looked for as a unit, or the other way round.
    let client = app.client();
    client.find_unit(UNIT, CREDIT_CODE).await;
    client.ask_code(json!({})).await.ok(200);
    assert_eq!(client.inbox(&right.phone).await.len(), 1, "only that of the registration");
    assert_eq!(client.inbox(&stranger.phone).await.len(), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_wrong_with_the_fields_is_said() {
    let app = TestApp::start();
    let client = app.client();
    let empty = json!({ "user_type": "person", "captcha": {} });
    client.find_username_with(empty).await.fields(&[
        ("/name", "required"),
        ("/document_type", "required"),
        ("/captcha/answer", "required"),
    ]);
    let mut body = client.username_body(&person("王小明")).await;
    body["document_number"] = json!("440305199003070015");
    client.find_username_with(body).await.fields(&[("/document_number", "document_checksum")]);
    let unit = json!({
        "user_type": "unit", "name": "x", "document_number": "914403001922038217",
        "captcha": client.captcha().await,
    });
    client
        .find_username_with(unit)
        .await
        .fields(&[("/name", "too_short"), ("/document_number", "credit_code_checksum")]);
    for (username, code) in
        [("", "required"), ("x", "too_short"), ("13800138000", "username_looks_like_document")]
    {
        client.try_find_password(username).await.fields(&[("/username", code)]);
    }
    client.find_username(&person("王小明")).await;
    client.enter_code("").await.fields(&[("/code", "required")]);
    client.enter_code("12345").await.fields(&[("/code", "code_format")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_begins_one_recovery() {
    let app = TestApp::start();
    let client = app.client();
    let body = client.username_body(&person("王小明")).await;
    client.find_username_with(body.clone()).await.ok(201);
    let again = client.find_username_with(body).await;
    again.fields(&[("/captcha/answer", "captcha_expired")]);
    let mut wrong = client.username_body(&person("王小明")).await;
    wrong["captcha"]["answer"] = json!("00000");
    let answer = client.find_username_with(wrong).await;
    answer.fields(&[("/captcha/answer", "captcha_wrong")]);
    assert_eq!(count!(app, flows), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn recoveries_from_one_address_are_counted() {
    let app = TestApp::with(|settings| settings.limits.recoveries_per_address_hour = 2);
    let client = app.client_at("203.0.113.1");
    client.find_username(&person("王小明")).await;
    client.find_password("zhangsan").await;
    let refused = client.try_find_password("zhangsan").await;
    refused.problem(429, "too_many_requests");
    assert!(refused.retry_after().is_some());
    app.client_at("203.0.113.2").find_password("zhangsan").await;
    app.pass(3601);
    client.find_password("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_recovery_lives_a_quarter_of_an_hour_whatever_is_done() {
    let app = with_account().await;
    let client = app.client();
    client.find_username(&person("王小明")).await;
    for _ in 0..3 {
        app.pass(280);
        client.ask_code(json!({})).await.ok(200);
    }
    let code = client.last_sms(&person("王小明").phone).await;
    app.pass(61);
    client.enter_code(&code).await.problem(404, "flow_not_found");
    client.get("/api/v1/recoveries/current").await.problem(404, "flow_not_found");
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, flows), 1, "that of the registration");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_expires_dies_of_wrong_tries_and_is_sent_again_after_a_while() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.find_username(&person).await;
    client.enter_code("123456").await.problem(422, "code_dead");
    client.ask_code(json!({})).await.ok(200);
    client.ask_code(json!({})).await.problem(429, "sms_resend_too_soon");
    let code = client.last_sms(&person.phone).await;
    app.pass(120);
    client.enter_code(&code).await.problem(422, "code_expired");
    client.ask_code(json!({})).await.ok(200);
    client.enter_code(&code).await.problem(422, "recovery_code_wrong");
    let code = client.last_sms(&person.phone).await;
    for left in (1..4).rev() {
        let problem = client.enter_code(wrong(&code)).await.problem(422, "recovery_code_wrong");
        assert_eq!(problem["attempts_left"], left);
        assert_eq!(client.current_recovery().await["code"]["attempts_left"], left);
    }
    client.enter_code(wrong(&code)).await.problem(422, "code_dead");
    client.enter_code(&code).await.problem(422, "code_dead");
    assert_eq!(app.audited("username_recovered").await, 0);
    app.pass(61);
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    client.enter_code(&code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_same_code_again_answers_again_and_tells_once() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.find_username(&person).await;
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    let (a, b) = join!(client.enter_code(&code), client.enter_code(&code));
    for answer in [a, b] {
        if answer.status != 200 {
            let code = answer.any_problem()["code"].clone();
            assert!([json!("request_in_progress"), json!("code_dead")].contains(&code), "{code}");
        }
    }
    let done = client.enter_code(&code).await.ok(200);
    assert_eq!(client.enter_code(&code).await.ok(200), done);
    assert_eq!(client.told(&person.phone, "zhangsan").await, 1);
    assert_eq!(app.audited("username_recovered").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_key_begins_and_asks_once() {
    let app = with_account().await;
    let client = app.client();
    let key = "0193e0c0-one-action-of-one-person";
    let body = client.username_body(&person("王小明")).await;
    let path = "/api/v1/recoveries/username";
    let first = client.post_once(key, path, body.clone()).await.ok(201);
    assert_eq!(client.post_once(key, path, body).await.ok(201), first);
    let path = format!("/api/v1/recoveries/{}/code", first["id"].as_str().unwrap());
    let sent = client.post_once(key, &path, json!({})).await.ok(200);
    assert_eq!(client.post_once(key, &path, json!({})).await.ok(200), sent);
    assert_eq!(app.run_outbox().await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_recovery_belongs_to_whoever_has_its_token() {
    let app = with_account().await;
    let (one, other) = (app.client(), app.client());
    one.find_username(&person("王小明")).await;
    let theirs = one.recovery_step("code");
    other.post(&theirs, json!({})).await.problem(404, "flow_not_found");
    other.find_username(&person("张伟")).await;
    other.post(&theirs, json!({})).await.problem(404, "flow_not_found");
    other.get(&one.recovery_step("")).await.problem(404, "flow_not_found");
    other.delete(&one.recovery_step("")).await.problem(404, "flow_not_found");
    // A registration's cookie opens no recovery, and the other way round.
    other.start("lisi").await;
    let (flow, recovery) = (other.cookie("shiming_flow"), other.cookie("shiming_recovery"));
    other.clear_cookies();
    other.set_cookie("shiming_recovery", &flow.unwrap());
    other.set_cookie("shiming_flow", &recovery.unwrap());
    other.get("/api/v1/recoveries/current").await.problem(404, "flow_not_found");
    other.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn other_sites_cannot_take_a_step() {
    let app = with_account().await;
    let mut client = app.client();
    client.find_username(&person("王小明")).await;
    client.origin = Some("https://evil.example".into());
    client.ask_code(json!({})).await.problem(403, "cross_site_request");
    client.delete(&client.recovery_step("")).await.problem(403, "cross_site_request");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_keeps_its_token_itself() {
    let app = with_account().await;
    let (mut client, person) = (app.client(), person("王小明"));
    client.origin = None;
    let body = client.username_body(&person).await;
    let request = client.request(reqwest::Method::POST, "/api/v1/recoveries/username");
    let answer = client.send(request.header("flow-client", "app").json(&body)).await;
    assert!(answer.headers.get("set-cookie").is_none());
    let began = answer.ok(201);
    let path = format!("/api/v1/recoveries/{}/code", began["id"].as_str().unwrap());
    client.post(&path, json!({})).await.problem(404, "flow_not_found");
    let token = began["flow_token"].as_str().unwrap();
    let request = client.request(reqwest::Method::POST, &path).header("flow-token", token);
    let sent = client.send(request.json(&json!({}))).await.ok(200);
    assert_eq!(sent.get("flow_token"), None);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn giving_up_erases_everything_typed() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.find_username(&person).await;
    client.ask_code(json!({})).await.ok(200);
    let flows = count!(app, flows);
    client.delete(&client.recovery_step("")).await.ok_status(204);
    assert_eq!(count!(app, flows), flows - 1);
    assert_eq!(client.cookie("shiming_recovery"), None);
    // A message that waited goes to nobody now.
    assert_eq!(client.inbox(&person.phone).await.len(), 1);
}
