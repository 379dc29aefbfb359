//! 用户信息: changing name, bank, card and phone.

use serde_json::{Value, json};
use shiming::capabilities::accounts;
use tokio::join;

use crate::support::{Answer, Client, PASSWORD, Person, TestApp, count, person};

const CHANGE: &str = "/api/v1/account/change";
const CONFIRMATION: &str = "/api/v1/account/change/confirmation";
const NEW_PHONE: &str = "13900139000";

/// The same person, with a phone that the bank has been told of.
async fn moved(client: &Client<'_>, somebody: &Person) -> Person {
    let moved = Person { phone: NEW_PHONE.into(), ..somebody.clone() };
    client.introduce(&moved).await;
    moved
}

async fn change(client: &Client<'_>, body: Value) -> Answer {
    client.post(CHANGE, body).await
}

async fn confirm(client: &Client<'_>, code: &str) -> Answer {
    client.post(CONFIRMATION, json!({ "code": code })).await
}

async fn account(client: &Client<'_>) -> Value {
    client.get("/api/v1/account").await.ok(200)
}

fn wrong(right: &str) -> &'static str {
    if right == "111111" { "222222" } else { "111111" }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_phone_is_replaced_once_bank_and_code_say_so() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let before = account(&client).await;
    let new = moved(&client, &old).await;
    let shown = change(&client, json!({ "phone": new.phone })).await.ok(200);
    assert_eq!((&shown["stage"], &shown["changed"]), (&json!("code"), &json!(["phone"])));
    assert_eq!(shown["phone"], "139****9000");
    assert_eq!(shown["code"]["phone"], "139****9000");
    assert_eq!(shown["remaining"], json!({ "bank_checks": 5, "sms": 4 }));
    assert!(!shown.to_string().contains(&new.phone));
    assert_eq!(client.get(CHANGE).await.ok(200), shown);
    // Nothing is real yet, and nobody was told.
    let meanwhile = account(&client).await;
    assert_eq!(meanwhile["phone"], before["phone"]);
    assert_eq!(meanwhile["change_expires_at"], shown["expires_at"]);
    let code = client.last_sms(&new.phone).await;
    assert!(client.notices(&old.phone).await.is_empty());
    let after = confirm(&client, &code).await.ok(200);
    assert_eq!(after["phone"], "139****9000");
    assert_eq!(after["change_expires_at"], Value::Null);
    assert!(after["verified_at"].as_str() > before["verified_at"].as_str());
    assert_eq!(account(&client).await, after);
    client.get(CHANGE).await.problem(404, "flow_not_found");
    confirm(&client, &code).await.problem(404, "flow_not_found");
    // The old phone is told, once; the new one has its code and nothing else.
    let news = client.notices(&old.phone).await;
    assert!(news.len() == 1 && news[0].contains("账号信息已修改"), "{news:?}");
    assert_eq!(client.inbox(&new.phone).await.len(), 1);
    let history = client.get("/api/v1/account/history?limit=1").await.ok(200);
    assert_eq!(history["items"][0]["kind"], "profile_changed");
    assert_eq!(history["items"][0]["detail"], "phone");
    let other = &app.client();
    other.sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn name_bank_card_and_phone_change_together() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    // Another name, as after a marriage, and a card of another bank.
    let new = Person {
        name: "王大明".into(),
        bank_code: "ICBC".into(),
        card_number: "6212302122330792443".into(),
        phone: NEW_PHONE.into(),
        ..old.clone()
    };
    client.introduce(&new).await;
    let body = json!({
        "name": new.name, "bank_code": new.bank_code,
        "card_number": new.card_number, "phone": new.phone,
    });
    let shown = change(&client, body).await.ok(200);
    assert_eq!(shown["changed"], json!(["name", "bank_code", "card_number", "phone"]));
    let code = client.last_sms(&new.phone).await;
    let after = confirm(&client, &code).await.ok(200);
    assert_eq!((&after["bank_code"], &after["name"]), (&json!("ICBC"), &json!("王**")));
    assert_eq!(after["card_number"], "**** 2443");
    // What was typed is what can be typed no more: it is held already.
    app.pass(61);
    let again = json!({ "name": new.name, "bank_code": "ICBC", "phone": "+86 139 0013 9000" });
    change(&client, again).await.problem(422, "nothing_changed");
    // Document, sex and date of birth are what they were.
    assert_eq!(after["birth_date"], "1990-**-**");
    assert_eq!(count!(app, document_claims), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_name_alone_is_proved_with_the_card_and_the_phone_that_are_held() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let renamed = Person { name: "王晓明".into(), ..old.clone() };
    client.introduce(&renamed).await;
    app.pass(61);
    let shown = change(&client, json!({ "name": "王晓明" })).await.ok(200);
    assert_eq!(shown["changed"], json!(["name"]));
    let code = client.last_sms(&old.phone).await;
    confirm(&client, &code).await.ok(200);
    assert_eq!(client.notices(&old.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_typed_must_be_well_formed_and_differ() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    for body in [json!({}), json!({ "name": old.name }), json!(old.bank())] {
        change(&client, body).await.problem(422, "nothing_changed");
    }
    for (member, value, code) in [
        ("name", "", "required"),
        ("name", "王2", "name_digits"),
        ("bank_code", "XYZ", "bank_unknown"),
        ("card_number", "6217000000000000005", "card_luhn"),
        ("phone", "1380013800", "phone_too_short"),
    ] {
        let pointer = format!("/{member}");
        change(&client, json!({ member: value })).await.fields(&[(&pointer, code)]);
    }
    // A person's document is for life.
    let agent = json!({ "agent": {
        "document_type": "RESIDENT_ID", "document_number": "110101196106080139",
        "gender": "male", "birth_date": "1961-06-08",
    }});
    change(&client, agent).await.fields(&[("/agent", "invalid")]);
    for member in ["document_number", "gender", "birth_date", "document_type"] {
        let answer = change(&client, json!({ member: "x" })).await;
        answer.problem(422, "validation_failed");
    }
    let bank = json!({ "bank_code": "ICBC" });
    change(&client, bank).await.problem(422, "card_bank_mismatch");
    let credit = json!({ "bank_code": "CMB", "card_number": person("钱信用").card_number });
    change(&client, credit).await.problem(422, "card_kind_not_accepted");
    client.get(CHANGE).await.problem(404, "flow_not_found");
    assert_eq!(count!(app, bank_checks), 1, "that of the registration");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_the_bank_refuses_changes_nothing_and_sends_nothing() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    app.run_outbox().await;
    let answer = change(&client, json!({ "phone": NEW_PHONE })).await;
    assert_eq!(answer.problem(422, "bank_mismatch")["remaining"], 4);
    let shown = client.get(CHANGE).await.ok(200);
    assert_eq!((&shown["stage"], &shown["code"]), (&json!("bank"), &Value::Null));
    assert_eq!(shown["phone"], "139****9000", "what was typed is kept");
    assert_eq!(app.run_outbox().await, 0);
    confirm(&client, "123456").await.problem(409, "stage_conflict");
    assert_eq!(account(&client).await["phone"], "138****8000");
    client.behaviour("bank", json!({ "mode": "error" })).await;
    change(&client, json!({ "phone": "13700137000" })).await.problem(503, "bank_unavailable");
    assert_eq!(client.get(CHANGE).await.ok(200)["remaining"]["bank_checks"], 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn giving_a_change_up_gives_no_check_back() {
    let app = TestApp::with(|settings| {
        let limits = &mut settings.limits;
        (limits.bank_failures_per_card_day, limits.bank_failures_per_document_day) = (99, 99);
    });
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    for left in (0..5).rev() {
        let answer = change(&client, json!({ "phone": NEW_PHONE })).await;
        assert_eq!(answer.problem(422, "bank_mismatch")["remaining"], left);
        client.delete(CHANGE).await.ok(204);
        client.get(CHANGE).await.problem(404, "flow_not_found");
    }
    let answer = change(&client, json!({ "phone": NEW_PHONE })).await;
    assert_eq!(answer.problem(429, "bank_attempts_exceeded")["scope"], "flow");
    assert_eq!(count!(app, bank_checks), 6);
    // Another account has its own.
    let other = app.client();
    other.join(&person("张伟"), "zhangwei").await;
    let answer = change(&other, json!({ "phone": NEW_PHONE })).await;
    assert_eq!(answer.problem(422, "bank_mismatch")["remaining"], 4);
    app.pass(86_400);
    client.sign_in("zhangsan").await;
    let answer = change(&client, json!({ "phone": NEW_PHONE })).await;
    assert_eq!(answer.problem(422, "bank_mismatch")["remaining"], 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn giving_a_change_up_gives_no_message_back() {
    let app = TestApp::with(|settings| settings.limits.sms_per_phone_hour = 99);
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    for _ in 0..5 {
        app.pass(61);
        change(&client, json!({ "phone": new.phone })).await.ok(200);
        change(&client, json!({ "phone": new.phone })).await.problem(429, "sms_resend_too_soon");
        client.delete(CHANGE).await.ok(204);
    }
    app.pass(61);
    let answer = change(&client, json!({ "phone": new.phone })).await;
    assert_eq!(answer.problem(429, "sms_limit_exceeded")["scope"], "flow");
    // Of the codes that nobody had sent yet only the newest leaves.
    assert_eq!(client.inbox(&new.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_entered_too_long_ago_is_asked_for_and_the_same_request_goes_on() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    app.pass(601);
    let body = json!({ "phone": new.phone });
    let key = "one-action-of-a-person";
    client.post_once(key, CHANGE, body.clone()).await.problem(403, "password_needed");
    client.check_password(PASSWORD).await.ok(200);
    let shown = client.post_once(key, CHANGE, body.clone()).await.ok(200);
    assert_eq!(client.post_once(key, CHANGE, body).await.ok(200), shown);
    assert_eq!(count!(app, bank_checks), 2);
    // The code needs no password: who has the phone has shown enough.
    let code = client.last_sms(&new.phone).await;
    app.pass(100);
    let body = json!({ "code": code });
    let after = client.post_once(key, CONFIRMATION, body.clone()).await.ok(200);
    assert_eq!(client.post_once(key, CONFIRMATION, body).await.ok(200), after);
    assert_eq!(client.notices(&old.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_phone_swapped_after_the_code_was_sent_needs_its_own_proof() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    app.pass(61);
    change(&client, json!({ "phone": "13700137000" })).await.problem(422, "bank_mismatch");
    confirm(&client, &code).await.problem(409, "stage_conflict");
    // Nor does it help that the bank knows the third phone: the code is not for it.
    let third = Person { phone: "13700137000".into(), ..old.clone() };
    client.introduce(&third).await;
    change(&client, json!({ "phone": third.phone })).await.ok(200);
    confirm(&client, &code).await.problem(422, "code_wrong");
    let fresh = client.last_sms(&third.phone).await;
    assert_eq!(confirm(&client, &fresh).await.ok(200)["phone"], "137****7000");
    assert_eq!(client.notices(&old.phone).await.len(), 1);
    assert!(client.notices(&new.phone).await.is_empty());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn five_wrong_codes_kill_the_right_one() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    for typed in ["", "12345", "abcdef"] {
        confirm(&client, typed).await.problem(422, "validation_failed");
    }
    for left in (1..5).rev() {
        let problem = confirm(&client, wrong(&code)).await.problem(422, "code_wrong");
        assert_eq!(problem["attempts_left"], left);
    }
    confirm(&client, wrong(&code)).await.problem(422, "code_dead");
    confirm(&client, &code).await.problem(422, "code_dead");
    assert_eq!(account(&client).await["phone"], "138****8000");
    app.pass(61);
    change(&client, json!({})).await.ok(200);
    let fresh = client.last_sms(&new.phone).await;
    app.pass(121);
    confirm(&client, &fresh).await.problem(422, "code_expired");
    assert_eq!(count!(app, bank_checks), 2, "another code is no other check");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_of_a_change_is_worthless_elsewhere_and_no_other_is_good_for_it() {
    let app = TestApp::with(|settings| {
        settings.sms.resend_seconds = 1;
        settings.limits.sms_per_phone_hour = 99;
    });
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let of_change = client.last_sms(&new.phone).await;
    // A registration that sends to the same phone.
    let neighbour = Person { phone: new.phone.clone(), ..person("张伟") };
    let stranger = app.client();
    stranger.introduce(&neighbour).await;
    let of_registration = stranger.up_to_code(&neighbour, "zhangwei").await;
    if of_change != of_registration {
        stranger.confirm(&of_change).await.problem(422, "code_wrong");
        confirm(&client, &of_registration).await.problem(422, "code_wrong");
    }
    // A change of another account, to the same phone.
    stranger.confirm(&of_registration).await.ok(201);
    stranger.sign_in("zhangwei").await;
    confirm(&stranger, &of_change).await.problem(404, "flow_not_found");
    confirm(&client, &of_change).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_entered_twice_at_once_changes_the_account_once() {
    let app = TestApp::with(|settings| {
        settings.sms.resend_seconds = 1;
        settings.limits.sms_per_phone_hour = 99;
        settings.limits.sms_per_flow = 99;
    });
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    for round in 0..4 {
        let phone = format!("1390013900{round}");
        client.introduce(&Person { phone: phone.clone(), ..old.clone() }).await;
        app.pass(2);
        change(&client, json!({ "phone": phone })).await.ok(200);
        let code = client.last_sms(&phone).await;
        let (a, b, c) =
            join!(confirm(&client, &code), confirm(&client, &code), confirm(&client, &code));
        let done = [a, b, c].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1);
    }
    // The old phone of each change, once.
    assert_eq!(client.notices(&old.phone).await.len(), 1);
    assert_eq!(client.notices("13900139000").await.len(), 1);
    assert!(client.notices("13900139003").await.is_empty());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_has_one_change_whoever_of_its_sessions_works_on_it() {
    let app = TestApp::start();
    let (one, other) = (app.client(), app.client());
    let old = person("王小明");
    one.join(&old, "zhangsan").await;
    other.sign_in("zhangsan").await;
    let new = moved(&one, &old).await;
    one.behaviour("bank", json!({ "mode": "slow", "delay_ms": 500 })).await;
    let ask = |client| change(client, json!({ "phone": new.phone }));
    let (a, b) = join!(ask(&one), ask(&other));
    let (done, refused) = if a.status == 200 { (a, b) } else { (b, a) };
    refused.problem(409, "request_in_progress");
    assert_eq!(one.get(CHANGE).await.ok(200), done.json());
    assert_eq!(other.get(CHANGE).await.ok(200), done.json());
    assert_eq!((count!(app, flows), count!(app, bank_checks)), (2, 2));
    let code = other.last_sms(&new.phone).await;
    confirm(&other, &code).await.ok(200);
    assert_eq!(account(&one).await["phone"], "139****9000");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_change_of_somebody_else_cannot_be_seen_confirmed_or_given_up() {
    let app = TestApp::start();
    let (mine, his) = (app.client(), app.client());
    let old = person("王小明");
    mine.join(&old, "zhangsan").await;
    his.join(&person("张伟"), "zhangwei").await;
    let new = moved(&mine, &old).await;
    let id = change(&mine, json!({ "phone": new.phone })).await.ok(200)["id"].clone();
    let code = mine.last_sms(&new.phone).await;
    his.get(CHANGE).await.problem(404, "flow_not_found");
    confirm(&his, &code).await.problem(404, "flow_not_found");
    his.delete(CHANGE).await.ok(204);
    mine.get(CHANGE).await.ok(200);
    // The id is the account's; it opens no registration.
    let id = id.as_str().unwrap();
    mine.get(&format!("/api/v1/registrations/{id}")).await.problem(404, "flow_not_found");
    confirm(&mine, &code).await.ok(200);
    assert_eq!(account(&his).await["phone"], "138****8002");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_change_of_an_account_that_was_recovered_meanwhile_is_refused() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    let id = client.join(&old, "zhangsan").await["id"].as_str().unwrap().parse().unwrap();
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    app.ctx().write(move |tx| accounts::replace_password(tx, id, "$x")).await.unwrap();
    client.get(CHANGE).await.problem(404, "flow_not_found");
    confirm(&client, &code).await.problem(404, "flow_not_found");
    assert_eq!(account(&client).await["phone"], "138****8000");
    assert_eq!(count!(app, flows), 1, "that of the registration");
    // What is typed now begins anew, and must be proved anew.
    app.pass(61);
    let shown = change(&client, json!({ "phone": new.phone })).await.ok(200);
    assert_eq!(shown["stage"], "code");
    assert_eq!(count!(app, bank_checks), 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nothing_can_be_changed_while_changes_are_held() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    let id = client.join(&old, "zhangsan").await["id"].as_str().unwrap().parse().unwrap();
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    let until = app.now() + chrono::TimeDelta::hours(1);
    app.ctx().write(move |tx| accounts::hold_changes(tx.conn, id, until)).await.unwrap();
    let held = account(&client).await["changes_held_until"].clone();
    let problem = confirm(&client, &code).await.problem(409, "changes_held");
    assert_eq!(problem["held_until"], held);
    for body in [
        json!({ "name": "王晓明" }),
        json!({ "phone": new.phone }),
        json!({ "bank_code": "ICBC", "card_number": "6212302122330792443" }),
    ] {
        change(&client, body).await.problem(409, "changes_held");
    }
    assert_eq!(account(&client).await["phone"], "138****8000");
    app.pass(3600);
    client.sign_in("zhangsan").await;
    assert_eq!(account(&client).await["changes_held_until"], Value::Null);
    change(&client, json!({ "phone": new.phone })).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_change_left_alone_for_half_an_hour_is_given_up() {
    let app = TestApp::start();
    let client = app.client();
    let old = person("王小明");
    client.join(&old, "zhangsan").await;
    let new = moved(&client, &old).await;
    change(&client, json!({ "phone": new.phone })).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    app.pass(29 * 60);
    client.get(CHANGE).await.ok(200);
    app.pass(61);
    client.get(CHANGE).await.problem(404, "flow_not_found");
    confirm(&client, &code).await.problem(404, "flow_not_found");
    // The row is there until it is tidied up; a new change takes its place.
    client.check_password(PASSWORD).await.ok(200);
    let shown = change(&client, json!({ "phone": new.phone })).await.ok(200);
    assert_eq!(shown["stage"], "code");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_that_was_ended_confirms_nothing() {
    let app = TestApp::start();
    let (owner, thief) = (app.client(), app.client());
    let old = person("王小明");
    owner.join(&old, "zhangsan").await;
    thief.sign_in("zhangsan").await;
    let new = moved(&owner, &old).await;
    change(&thief, json!({ "phone": new.phone })).await.ok(200);
    let code = thief.last_sms(&new.phone).await;
    let new_password =
        json!({ "password": "a dry harbour 3", "password_confirmation": "a dry harbour 3" });
    let (answer, _) =
        join!(confirm(&thief, &code), owner.put("/api/v1/account/password", new_password.clone()));
    // One came first. If it was the password, nothing was changed.
    let phone = account(&owner).await["phone"].clone();
    assert_eq!(phone == "139****9000", answer.status == 200, "{}", answer.text());
    confirm(&thief, &code).await.problem(401, "not_signed_in");
}
