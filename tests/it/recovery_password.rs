//! 找回密码 by document and phone: 输入用户名 → 选择找回方式 → 验证身份 → 重置密码 →
//! 重置成功.

use serde_json::json;
use tokio::join;

use crate::support::{CREDIT_CODE, Client, PASSWORD, TestApp, claim, moved, person};

const NEW: &str = "mango bridge rain 42";
const OTHER: &str = "papaya tunnel snow 43";

async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_forgotten_password_is_set_anew_in_five_steps() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    let began = client.find_password("ZhangSan").await;
    assert_eq!((&began["goal"], &began["stage"]), (&json!("password"), &json!("method")));
    assert_eq!((&began["username"], &began["method"]), (&json!("ZhangSan"), &json!(null)));
    let chosen = client.choose("document_and_sms").await.ok(200);
    assert_eq!(
        (&chosen["stage"], &chosen["method"]),
        (&json!("identity"), &json!("document_and_sms"))
    );
    let sent = client.ask_code(claim(&person)).await.ok(200);
    assert_eq!((&sent["stage"], &sent["code"]["attempts_left"]), (&json!("code"), &json!(5)));
    assert!(!sent.to_string().contains("8000"), "no phone: {sent}");
    let message = client.inbox(&person.phone).await[0].clone();
    assert_eq!(message["purpose"], "password_recovery");
    let proved = client.enter_code(message["code"].as_str().unwrap()).await.ok(200);
    assert_eq!((&proved["stage"], &proved["code"]), (&json!("reset"), &json!(null)));
    let done = client.reset(NEW).await.ok(200);
    assert_eq!(done["stage"], "done");
    assert!(client.opens("zhangsan", NEW).await && !client.opens_as_before("zhangsan").await);
    assert_eq!(client.told(&person.phone, "密码已重置").await, 1);
    let detail = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::audit_events::dsl;
            let reset = dsl::audit_events.filter(dsl::kind.eq("password_reset"));
            reset
                .select((dsl::detail, dsl::account_id))
                .load::<(Option<String>, Option<String>)>(conn)
        })
        .await;
    assert_eq!(detail.len(), 1);
    assert_eq!(detail[0].0.as_deref(), Some("document_and_sms"));
    assert!(detail[0].1.is_some());
    // By the phone nothing is held.
    app.client().sign_in_with("zhangsan", NEW).await;
}

impl Client<'_> {
    async fn sign_in_with(&self, username: &str, password: &str) {
        self.try_sign_in(username, password).await.ok(201);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_session_ends_and_a_stolen_refresh_token_is_worthless() {
    let app = with_account().await;
    let (browser, client, person) = (app.client(), app.client(), person("王小明"));
    browser.sign_in("zhangsan").await;
    let tokens = app.client().tokens("zhangsan").await;
    client.up_to_reset("zhangsan", &person).await;
    browser.get("/api/v1/account").await.ok(200);
    client.reset(NEW).await.ok(200);
    browser.get("/api/v1/account").await.problem(401, "not_signed_in");
    let mut thief = app.client();
    let stolen = json!({ "refresh_token": tokens["refresh_token"] });
    thief.post("/api/v1/tokens/refresh", stolen).await.problem(401, "refresh_token_invalid");
    thief.bearer = tokens["access_token"].as_str().map(str::to_owned);
    thief.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_login_with_the_old_password_under_way_keeps_no_session() {
    let app = with_account().await;
    let (mut old, mut new) = (PASSWORD, NEW);
    for _ in 0..4 {
        let client = app.client();
        client.up_to_reset("zhangsan", &person("王小明")).await;
        let thieves = [app.client_at("203.0.113.1"), app.client_at("203.0.113.2")];
        let login = async |thief: &Client<'_>| {
            let answer = thief.try_sign_in("zhangsan", old).await;
            if answer.status != 201 {
                let code = answer.any_problem()["code"].clone();
                assert!(code == "login_failed" || code == "login_too_soon", "{code}");
            }
        };
        let (reset, (), ()) = join!(client.reset(new), login(&thieves[0]), login(&thieves[1]));
        reset.ok(200);
        for thief in &thieves {
            thief.get("/api/v1/account").await.problem(401, "not_signed_in");
        }
        (old, new) = (new, if new == NEW { OTHER } else { NEW });
        app.pass(3601);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_may_give_its_credit_code_or_its_agents_document() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 1);
    let agent = person("王小明");
    app.client().register_unit(CREDIT_CODE, &agent, "testtech").await;
    let unit = json!({ "document_number": CREDIT_CODE, "phone": agent.phone });
    for (body, password) in [(unit, NEW), (claim(&agent), OTHER)] {
        let client = app.client();
        client.find_password("testtech").await;
        client.choose("document_and_sms").await.ok(200);
        client.ask_code(body).await.ok(200);
        let code = client.last_sms(&agent.phone).await;
        client.enter_code(&code).await.ok(200);
        client.reset(password).await.ok(200);
        assert!(client.opens("testtech", password).await);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_was_entered_before_need_not_be_entered_again() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    client
        .ask_code(json!({}))
        .await
        .fields(&[("/document_number", "required"), ("/phone", "required")]);
    let mut wrong = claim(&person);
    wrong["phone"] = json!("13900139000");
    client.ask_code(wrong).await.ok(200);
    app.pass(61);
    client.ask_code(json!({ "phone": person.phone })).await.ok(200);
    app.pass(61);
    client.ask_code(json!({})).await.ok(200);
    assert_eq!(client.inbox(&person.phone).await.len(), 2, "registration and the last one");
    let code = client.last_sms(&person.phone).await;
    client.enter_code(&code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_message_is_sent_to_a_phone_that_is_not_the_accounts() {
    let app = with_account().await;
    let (right, other) = (person("王小明"), person("张伟"));
    for (number, phone) in [
        (&right.document_number, &other.phone),
        (&other.document_number, &right.phone),
        (&other.document_number, &other.phone),
    ] {
        let client = app.client();
        let body = json!({
            "document_type": "RESIDENT_ID", "document_number": number, "phone": phone,
        });
        client.find_password("zhangsan").await;
        client.choose("document_and_sms").await.ok(200);
        client.ask_code(body).await.ok(200);
        app.run_outbox().await;
        client.enter_code("123456").await.problem(422, "recovery_code_wrong");
    }
    let client = app.client();
    assert_eq!(client.inbox(&right.phone).await.len(), 1, "that of the registration");
    assert_eq!(client.inbox(&other.phone).await.len(), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_recovery_tries_three_documents() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    for name in ["王小明", "张伟", "刘洋", "王小明"] {
        client.ask_code(claim(&person(name))).await.ok(200);
    }
    let refused = client.ask_code(claim(&person("杨柳青"))).await;
    refused.problem(429, "document_attempts_exceeded");
    client.choose("document_and_sms").await.ok(200);
    client.ask_code(claim(&person("刘洋"))).await.ok(200);
    client.ask_code(claim(&person("刘洋"))).await.problem(429, "sms_limit_exceeded");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_password_must_satisfy_the_rules_and_be_new() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.up_to_reset("zhangsan", &person).await;
    for (password, code) in [
        ("", "required"),
        ("short", "too_short"),
        ("password123", "password_common"),
        ("my zhangsan 7 rain", "password_contains_personal"),
        ("rain 13800138000 fog", "password_contains_personal"),
        ("rain 440305199003070014 fog", "password_contains_personal"),
        (PASSWORD, "password_same"),
    ] {
        let body = json!({ "password": password, "password_confirmation": password });
        let answer = client.put(&client.recovery_step("password"), body).await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0], json!({ "pointer": "/password", "code": code }));
    }
    let body = json!({ "password": NEW, "password_confirmation": OTHER });
    let answer = client.put(&client.recovery_step("password"), body).await;
    answer.fields(&[("/password_confirmation", "mismatch")]);
    assert!(client.opens_as_before("zhangsan").await);
    client.reset(NEW).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn with_djbh_the_last_five_passwords_do_not_come_back() {
    let app = TestApp::with(|settings| {
        settings.password.policy = shiming::tools::identity::PasswordPolicyKind::Djbh;
        settings.sms.resend_seconds = 0;
        settings.limits.sms_per_phone_hour = 99;
        settings.limits.sms_per_phone_day = 99;
        settings.limits.sms_per_address_hour = 99;
    });
    let person = person("王小明");
    let client = app.client();
    let mut body = client.start_body("zhangsan").await;
    let first = "Lychee park fog 0";
    body["password"] = json!(first);
    body["password_confirmation"] = json!(first);
    client.start_with(body).await.ok(201);
    client.identity(&person).await.ok(200);
    client.bank(&person).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);
    for round in 1..=6 {
        client.up_to_reset("zhangsan", &person).await;
        if round < 6 {
            let refused = client.reset(first).await;
            let code = if round == 1 { "password_same" } else { "password_in_history" };
            refused.fields(&[("/password", code)]);
        }
        client.reset(&format!("Lychee park fog {round}")).await.ok(200);
    }
    client.up_to_reset("zhangsan", &person).await;
    client.reset(first).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_reset_lifts_the_lock_of_its_place_and_its_device() {
    let app = with_account().await;
    let client = app.client_at("203.0.113.1");
    client.sign_in("zhangsan").await;
    client.delete("/api/v1/sessions/current").await.ok(204);
    let lock = async |client: &Client<'_>| {
        for _ in 0..6 {
            client.try_sign_in("zhangsan", "wrong password").await;
            app.pass(6);
        }
        client.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    };
    let (neighbour, stranger) = (app.client_at("203.0.113.1"), app.client_at("203.0.113.9"));
    lock(&client).await;
    lock(&neighbour).await;
    lock(&stranger).await;
    client.up_to_reset("zhangsan", &person("王小明")).await;
    client.reset(NEW).await.ok(200);
    client.sign_in_with("zhangsan", NEW).await;
    neighbour.sign_in_with("zhangsan", NEW).await;
    stranger.try_sign_in("zhangsan", NEW).await.problem(429, "login_locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_step_can_be_left_out() {
    let app = with_account().await;
    let (client, person) = (app.client(), person("王小明"));
    client.find_password("zhangsan").await;
    let refuse = async |stage: &str, steps: &[&str]| {
        for step in steps {
            let answer = match *step {
                "method" => client.choose("document_and_sms").await,
                "code" => client.ask_code(claim(&person)).await,
                "confirmation" => client.enter_code("123456").await,
                "answers" => client.answer(["一一", "二二", "三三"]).await,
                "password" => client.reset(NEW).await,
                "phone" => client.replace_phone(&person).await,
                _ => client.enter_phone_code("123456").await,
            };
            assert_eq!(answer.problem(409, "stage_conflict")["stage"], stage, "{step}");
        }
    };
    let rest = ["code", "confirmation", "answers", "password", "phone", "phone-code"];
    refuse("method", &rest).await;
    client.choose("document_and_sms").await.ok(200);
    refuse("identity", &["confirmation", "answers", "password", "phone-code"]).await;
    client.ask_code(claim(&person)).await.ok(200);
    refuse("code", &["answers", "password", "phone-code"]).await;
    let code = client.last_sms(&person.phone).await;
    client.enter_code(&code).await.ok(200);
    // Proved, and nothing typed can be exchanged any more.
    refuse("reset", &["method", "code", "answers", "phone", "phone-code"]).await;
    client.reset(NEW).await.ok(200);
    refuse("done", &["method", "code", "answers", "password", "phone", "phone-code"]).await;
    let client = app.client();
    client.find_username(&person).await;
    for answer in [client.choose("document_and_sms").await, client.reset(NEW).await] {
        assert_eq!(answer.problem(409, "stage_conflict")["stage"], "code");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_proof_sets_one_password() {
    let app = TestApp::with(|settings| settings.limits.sms_per_phone_hour = 99);
    app.client().register(&person("王小明"), "zhangsan").await;
    for (password, other) in [(NEW, OTHER), (PASSWORD, "kumquat harbour 44 sky")] {
        let client = app.client();
        client.up_to_reset("zhangsan", &person("王小明")).await;
        let (a, b) = join!(client.reset(password), client.reset(other));
        let won = usize::from(a.status == 200) + usize::from(b.status == 200);
        assert_eq!(won, 1, "{} {}", a.text(), b.text());
        assert_eq!(app.client().opens("zhangsan", password).await, a.status == 200);
        let lost = if a.status == 200 { b } else { a };
        let code = lost.any_problem()["code"].clone();
        assert!(code == "stage_conflict" || code == "request_in_progress", "{code}");
        client.reset("durian avenue 45 sun").await.problem(409, "stage_conflict");
        app.pass(70);
    }
    assert_eq!(app.audited("password_reset").await, 2);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_recoveries_that_are_proved_one_sets_the_password() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    let person = person("王小明");
    app.client().register(&person, "zhangsan").await;
    let (one, other) = (app.client(), app.client());
    one.up_to_reset("zhangsan", &person).await;
    other.up_to_reset("zhangsan", &person).await;
    one.reset(NEW).await.ok(200);
    // What was proved before the password was set is worth nothing after it.
    let problem = other.reset(OTHER).await.problem(409, "stage_conflict");
    assert_eq!(problem["stage"], "method");
    assert_eq!(other.current_recovery().await["stage"], "method");
    other.reset(OTHER).await.problem(409, "stage_conflict");
    assert!(one.opens("zhangsan", NEW).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_proof_by_a_phone_ends_when_the_phone_is_replaced() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    let person = person("王小明");
    app.client().register(&person, "zhangsan").await;
    let (thief, owner) = (app.client(), app.client());
    thief.up_to_reset("zhangsan", &person).await;
    let moved = moved(&app, &person, 1).await;
    owner.find_password("zhangsan").await;
    owner.choose("document_and_sms").await.ok(200);
    owner.replace_phone(&moved).await.ok(200);
    let code = owner.last_sms(&moved.phone).await;
    owner.enter_phone_code(&code).await.ok(200);
    thief.reset(NEW).await.problem(409, "stage_conflict");
    assert!(owner.opens_as_before("zhangsan").await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_overloaded_service_uses_nothing_up() {
    let app = TestApp::with(|settings| {
        settings.password.permits = 1;
        settings.password.queue_milliseconds = 1;
    });
    app.client().register(&person("王小明"), "zhangsan").await;
    let client = app.client();
    client.up_to_reset("zhangsan", &person("王小明")).await;
    let ticket = app.core.hasher.admit().unwrap();
    client.reset(NEW).await.problem(503, "overloaded");
    drop(ticket);
    client.reset(NEW).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_reset_tells_few_times_a_day_whether_a_password_is_the_present_one() {
    let app = with_account().await;
    let client = app.client();
    client.up_to_reset("zhangsan", &person("王小明")).await;
    for _ in 0..19 {
        client.reset(PASSWORD).await.fields(&[("/password", "password_same")]);
    }
    // What breaks the rules may tell something too.
    client.reset("my zhangsan 7 rain").await.problem(422, "validation_failed");
    let answer = client.reset(NEW).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some());
    assert_eq!(client.current_recovery().await["stage"], "reset");
}
