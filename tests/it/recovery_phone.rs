//! 手机号已停用？: a new phone takes the place of one that is no longer in use.

use serde_json::{Value, json};
use tokio::join;

use crate::support::{
    CREDIT_CODE, Client, PASSWORD, Person, TestApp, UNIT, claim, count, moved, person,
};

const NEW: &str = "mango bridge rain 42";

/// Zhang San has lost his phone and has another one.
async fn with_lost_phone() -> (TestApp, Person, Person) {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    let old = person("王小明");
    app.client().register(&old, "zhangsan").await;
    let new = moved(&app, &old, 1).await;
    (app, old, new)
}

/// Both halves.
async fn replace(client: &Client<'_>, moved: &Person) -> Value {
    client.replace_phone(moved).await.ok(200);
    let code = client.last_sms(&moved.phone).await;
    client.enter_phone_code(&code).await.ok(200)
}

/// Phone and card that the account shows.
async fn shown(app: &TestApp, password: &str) -> (String, String) {
    let client = app.client();
    client.try_sign_in("zhangsan", password).await.ok(201);
    let account = client.get("/api/v1/account").await.ok(200);
    let text = |name: &str| account[name].as_str().unwrap().to_owned();
    (text("phone"), text("card_number"))
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_looks_for_a_username_gets_it_at_the_new_phone() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_username(&old).await;
    let asked = client.replace_phone(&new).await.ok(200);
    let replacement = &asked["phone_replacement"];
    assert_eq!((&asked["stage"], &replacement["stage"]), (&json!("code"), &json!("code")));
    assert_eq!(replacement["code"]["phone_last4"].as_str().unwrap(), &new.phone[7..]);
    assert_eq!(replacement["done"], false);
    assert_eq!(
        (&replacement["remaining"]["sms"], &asked["remaining"]["sms"]),
        (&json!(4), &json!(4))
    );
    let message = client.inbox(&new.phone).await[0].clone();
    assert_eq!(message["purpose"], "phone_replacement");
    let code = message["code"].as_str().unwrap();
    let replaced = client.enter_phone_code(code).await.ok(200);
    assert_eq!((&replaced["stage"], &replaced["code"]), (&json!("code"), &json!(null)));
    assert_eq!(replaced["phone_replacement"]["done"], true);
    assert_eq!(client.told(&old.phone, "手机号码已更换").await, 1);
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.enter_code(&code).await.ok(200);
    assert_eq!(client.told(&new.phone, "zhangsan").await, 1);
    // The old phone has read one thing only since the registration.
    assert_eq!(client.inbox(&old.phone).await.len(), 2);
    let (phone, card) = shown(&app, PASSWORD).await;
    assert!(phone.ends_with(&new.phone[7..]) && card.ends_with(&new.card_number[15..]));
    assert_eq!(app.audited("phone_replaced").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_forgot_the_password_sets_it_anew_with_the_new_phone() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    assert_eq!(replace(&client, &new).await["stage"], "identity");
    // What was proved need not be typed again.
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.enter_code(&code).await.ok(200);
    client.reset(NEW).await.ok(200);
    assert!(shown(&app, NEW).await.0.ends_with(&new.phone[7..]));
    assert_eq!(client.told(&new.phone, "密码已重置").await, 1);
    assert_eq!(client.told(&old.phone, "").await, 1, "of the replacement only");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn from_the_code_page_the_phone_typed_there_is_replaced_too() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.up_to_recovery_code("zhangsan", &old).await;
    let lost = client.last_sms(&old.phone).await;
    assert_eq!(replace(&client, &new).await["stage"], "code");
    // Whoever holds the old phone now has nothing of use.
    client.enter_code(&lost).await.problem(422, "code_dead");
    client.ask_code(json!({})).await.ok(200);
    client.enter_code(&lost).await.problem(422, "recovery_code_wrong");
    let code = client.last_sms(&new.phone).await;
    client.enter_code(&code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_that_waits_for_the_old_phone_goes_nowhere() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_username(&old).await;
    client.replace_phone(&new).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.ask_code(json!({})).await.ok(200);
    client.enter_phone_code(&code).await.ok(200);
    app.run_outbox().await;
    assert_eq!(client.inbox(&old.phone).await.len(), 2, "registration and news");
    assert_eq!(client.inbox(&new.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_agent_replaces_the_phone_of_his_unit() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    let agent = person("王小明");
    app.client().register_unit(CREDIT_CODE, &agent, "testtech").await;
    let new = moved(&app, &agent, 1).await;
    let client = app.client();
    client.find_unit(UNIT, CREDIT_CODE).await;
    replace(&client, &new).await;
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.enter_code(&code).await.ok(200);
    let newer = moved(&app, &agent, 2).await;
    let client = app.client();
    client.find_password("testtech").await;
    client.choose("document_and_sms").await.ok(200);
    replace(&client, &newer).await;
    client.ask_code(json!({ "document_number": CREDIT_CODE })).await.ok(200);
    let code = client.last_sms(&newer.phone).await;
    client.enter_code(&code).await.ok(200);
    client.reset(NEW).await.ok(200);
    // Somebody else is not the agent.
    let other = moved(&app, &person("张伟"), 3).await;
    for goal in ["username", "password"] {
        let client = app.client();
        if goal == "username" {
            client.find_unit(UNIT, CREDIT_CODE).await;
        } else {
            client.find_password("testtech").await;
            client.choose("document_and_sms").await.ok(200);
        }
        client.replace_phone(&other).await.ok(200);
        let code = client.last_sms(&other.phone).await;
        client.enter_phone_code(&code).await.problem(409, "phone_replacement_refused");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobodys_and_somebody_elses_account_are_refused_alike() {
    let (app, old, _) = with_lost_phone().await;
    let stranger = moved(&app, &person("张伟"), 2).await;
    let mut refusals = Vec::new();
    for username in ["zhangsan", "nobody"] {
        let client = app.client();
        client.find_password(username).await;
        client.choose("document_and_sms").await.ok(200);
        client.replace_phone(&stranger).await.ok(200);
        let code = client.last_sms(&stranger.phone).await;
        let answer = client.enter_phone_code(&code).await;
        let mut problem = answer.problem(409, "phone_replacement_refused");
        problem["request_id"].take();
        refusals.push(problem);
        // A proof asks once.
        client.enter_phone_code(&code).await.problem(409, "stage_conflict");
        let view = client.current_recovery().await;
        assert_eq!(view["phone_replacement"]["stage"], "bank");
    }
    assert_eq!(refusals[0], refusals[1]);
    // A stranger's username by one's own document, and one's own by none.
    for claimed in [&old, &person("张伟")] {
        let client = app.client();
        client.find_username(claimed).await;
        client.replace_phone(&stranger).await.ok(200);
        let code = client.last_sms(&stranger.phone).await;
        client.enter_phone_code(&code).await.problem(409, "phone_replacement_refused");
    }
    assert_eq!(app.audited("phone_replaced").await, 0);
    assert!(shown(&app, PASSWORD).await.0.ends_with("8000"));
    assert_eq!(app.client().inbox(&old.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_is_sent_a_code_unless_the_bank_matches() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_username(&old).await;
    let thief = Person { phone: "13900139000".to_owned(), ..new.clone() };
    let problem = client.replace_phone(&thief).await.problem(422, "bank_mismatch");
    assert_eq!(problem["remaining"], 4);
    assert!(client.inbox("13900139000").await.is_empty());
    client.enter_phone_code("123456").await.problem(409, "stage_conflict");
    let credit = person("钱信用");
    client.replace_phone(&credit).await.problem(422, "card_kind_not_accepted");
    client.behaviour("bank", json!({ "mode": "error", "remaining": 1 })).await;
    client.replace_phone(&new).await.problem(503, "bank_unavailable");
    client.replace_phone(&new).await.ok(200);
    // The phone typed after the match is not the one that was matched.
    client.replace_phone(&thief).await.problem(422, "bank_mismatch");
    let code = client.last_sms(&new.phone).await;
    client.enter_phone_code(&code).await.problem(409, "stage_conflict");
    assert_eq!(app.audited("phone_replaced").await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn fields_are_completed_from_what_was_entered_before() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    let path = client.recovery_step("phone-replacement");
    client.post(&path, json!({})).await.fields(&[
        ("/name", "required"),
        ("/document_type", "required"),
        ("/bank_code", "required"),
        ("/card_number", "required"),
        ("/phone", "required"),
    ]);
    client.replace_phone(&new).await.ok(200);
    client.post(&path, json!({})).await.ok(200);
    assert_eq!(count!(app, bank_checks), 2, "that of the registration and one");
    app.run_outbox().await;
    // Who looks for a username has said who he is.
    let client = app.client();
    client.find_username(&old).await;
    client.post(&client.recovery_step("phone-replacement"), new.bank()).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.enter_phone_code(&code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_code_counts_and_the_fifth_ends_it() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_username(&old).await;
    client.replace_phone(&new).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    client.enter_phone_code("").await.fields(&[("/code", "required")]);
    for left in (1..5).rev() {
        let problem = client.enter_phone_code(wrong).await.problem(422, "code_wrong");
        assert_eq!(problem["attempts_left"], left);
    }
    client.enter_phone_code(wrong).await.problem(422, "code_dead");
    client.enter_phone_code(&code).await.problem(422, "code_dead");
    client.replace_phone(&new).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    app.pass(120);
    client.enter_phone_code(&code).await.problem(422, "code_expired");
    assert_eq!(app.audited("phone_replaced").await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_same_code_again_answers_again_and_tells_the_old_phone_once() {
    let (app, old, new) = with_lost_phone().await;
    let client = app.client();
    client.find_username(&old).await;
    client.replace_phone(&new).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    let (a, b) = join!(client.enter_phone_code(&code), client.enter_phone_code(&code));
    for answer in [a, b] {
        if answer.status != 200 {
            let code = answer.any_problem()["code"].clone();
            assert!(code == "request_in_progress" || code == "code_dead", "{code}");
        }
    }
    let done = client.enter_phone_code(&code).await.ok(200);
    assert_eq!(client.enter_phone_code(&code).await.ok(200), done);
    let (key, path) =
        ("0193e0c0-the-same-confirmation", client.recovery_step("phone-replacement/confirmation"));
    assert_eq!(client.post_once(key, &path, json!({ "code": code })).await.ok(200), done);
    assert_eq!(client.told(&old.phone, "手机号码已更换").await, 1);
    assert_eq!(app.audited("phone_replaced").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn two_replacements_at_once_each_tell_the_phone_before() {
    let (app, old, first) = with_lost_phone().await;
    let second = moved(&app, &old, 2).await;
    let clients = [app.client(), app.client()];
    let mut codes = Vec::new();
    for (client, new) in clients.iter().zip([&first, &second]) {
        client.find_username(&old).await;
        client.replace_phone(new).await.ok(200);
        codes.push(client.last_sms(&new.phone).await);
    }
    join!(clients[0].enter_phone_code(&codes[0]), clients[1].enter_phone_code(&codes[1]));
    for (client, code) in clients.iter().zip(&codes) {
        client.enter_phone_code(code).await.ok(200);
    }
    assert_eq!(clients[0].told(&old.phone, "手机号码已更换").await, 1);
    let mut later = 0;
    for new in [&first, &second] {
        later += clients[0].told(&new.phone, "手机号码已更换").await;
    }
    assert_eq!((later, app.audited("phone_replaced").await), (1, 2));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_claim_of_somebody_whose_name_has_changed_is_put_right() {
    let (app, old, _) = with_lost_phone().await;
    let renamed = Person { name: "王晓明".to_owned(), ..old.clone() };
    let named = moved(&app, &renamed, 2).await;
    let client = app.client();
    client.find_username(&named).await;
    client.ask_code(json!({})).await.ok(200);
    assert_eq!(client.inbox(&old.phone).await.len(), 1, "nobody has this name yet");
    replace(&client, &named).await;
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&named.phone).await;
    client.enter_code(&code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn after_three_wrong_documents_the_one_that_was_proved_is_accepted() {
    let (app, _, new) = with_lost_phone().await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    for name in ["张伟", "刘洋", "杨柳青"] {
        client.ask_code(claim(&person(name))).await.ok(200);
    }
    replace(&client, &new).await;
    client.ask_code(json!({})).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    client.enter_code(&code).await.ok(200);
    client.reset(NEW).await.ok(200);
}
