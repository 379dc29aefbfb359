//! Registering a unit: the unit first, then its agent as any person.

use serde_json::{Value, json};
use shiming::tools::config::DuplicateDocument;

use crate::support::{Answer, CREDIT_CODES, Client, TestApp, count, person, unit};

/// The step of the unit with some members replaced.
async fn enter(client: &Client<'_>, changes: Value) -> Answer {
    let mut body = unit(CREDIT_CODES[0]);
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    client.put(&client.step("unit"), body).await
}

/// Step 1, for a unit.
async fn start(client: &Client<'_>, username: &str) -> Value {
    let mut body = client.start_body(username).await;
    body["user_type"] = json!("unit");
    client.start_with(body).await.ok(201)
}

#[track_caller]
fn stage(answer: &Answer) -> Value {
    answer.problem(409, "stage_conflict")["stage"].clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_registers_by_its_agent_and_waits_for_approval() {
    let app = TestApp::start();
    let client = app.client();
    let agent = person("王小明");
    let draft = start(&client, "ceshi-keji").await;
    assert_eq!(
        (&draft["user_type"], &draft["stage"], &draft["unit"]),
        (&json!("unit"), &json!("unit"), &Value::Null)
    );
    let draft = enter(&client, json!({})).await.ok(200);
    assert_eq!(draft["stage"], "identity");
    assert_eq!(
        draft["unit"],
        json!({
            "name": "深圳市测试科技（集团）有限公司", "credit_code": CREDIT_CODES[0],
            "legal_representative": "张**",
        })
    );
    let draft = client.identity(&agent).await.ok(200);
    assert_eq!((&draft["stage"], &draft["identity"]["name"]), (&json!("bank"), &json!("王**")));
    assert_eq!(client.bank(&agent).await.ok(200)["stage"], "code");
    let code = client.last_sms(&agent.phone).await;
    let registered = client.confirm(&code).await.ok(201);
    assert_eq!(registered["account"]["unit_state"], "pending");
    assert_eq!(client.confirm(&code).await.ok(201), registered, "asked again");
    let draft = client.draft().await;
    assert_eq!((&draft["stage"], &draft["unit"]), (&json!("completed"), &Value::Null));
    client.sign_in("ceshi-keji").await;
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!((&account["kind"], &account["name"]), (&json!("unit"), &json!("王**")));
    assert_eq!((count!(app, accounts), count!(app, units), count!(app, consents)), (1, 1, 3));
    assert_eq!(count!(app, document_claims), 1, "the credit code, not the agent's document");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_person_has_no_unit_and_no_state_of_one() {
    let app = TestApp::start();
    let client = app.client();
    let draft = client.start("zhangsan").await;
    assert_eq!((&draft["user_type"], &draft["unit"]), (&json!("person"), &Value::Null));
    assert_eq!(stage(&enter(&client, json!({})).await), "identity");
    let code = client.up_to_code(&person("王小明"), "lisi").await;
    assert_eq!(stage(&enter(&client, json!({})).await), "code");
    let registered = client.confirm(&code).await.ok(201);
    assert_eq!(registered["account"]["unit_state"], Value::Null);
    let mut body = client.start_body("wangwu").await;
    body["user_type"] = json!("company");
    client.start_with(body).await.fields(&[("/user_type", "invalid")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_steps_of_a_unit_cannot_be_skipped() {
    let app = TestApp::start();
    let client = app.client();
    let agent = person("王小明");
    start(&client, "skipper").await;
    assert_eq!(stage(&client.identity(&agent).await), "unit");
    assert_eq!(stage(&client.bank(&agent).await), "unit");
    assert_eq!(stage(&client.confirm("123456").await), "unit");
    enter(&client, json!({})).await.ok(200);
    assert_eq!(stage(&client.bank(&agent).await), "identity");
    client.identity(&agent).await.ok(200);
    assert_eq!(stage(&client.confirm("123456").await), "bank");
    client.bank(&agent).await.ok(200);
    let code = client.last_sms(&agent.phone).await;
    client.confirm(&code).await.ok(201);
    assert_eq!(stage(&enter(&client, json!({})).await), "completed");
    let stranger = app.client();
    stranger.start("stranger").await;
    let other = stranger.put(&client.step("unit"), unit(CREDIT_CODES[1])).await;
    other.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn fields_of_a_unit_that_cannot_be_meant_are_named() {
    let app = TestApp::start();
    let client = app.client();
    start(&client, "ceshi-keji").await;
    client.put(&client.step("unit"), json!({})).await.fields(&[
        ("/name", "required"),
        ("/credit_code", "required"),
        ("/legal_representative", "required"),
    ]);
    for (member, value, code) in [
        ("name", json!(" "), "required"),
        ("name", json!("中"), "too_short"),
        ("name", json!("中".repeat(101)), "too_long"),
        ("name", json!("12345"), "name_charset"),
        ("name", json!("中\u{0}国"), "name_charset"),
        ("name", json!(["中国"]), "invalid"),
        ("credit_code", json!(""), "required"),
        ("credit_code", json!("91440300192203821"), "credit_code_too_short"),
        ("credit_code", json!("9144030019220382160"), "credit_code_too_long"),
        ("credit_code", json!("9144030O1922038216"), "credit_code_format"),
        ("credit_code", json!("91440300192203\u{0}216"), "credit_code_format"),
        ("credit_code", json!("914403001922038217"), "credit_code_checksum"),
        ("legal_representative", json!(""), "required"),
        ("legal_representative", json!("张3"), "name_digits"),
        ("legal_representative", json!("张😀"), "name_charset"),
        ("legal_representative", json!("张".repeat(101)), "too_long"),
    ] {
        let pointer = format!("/{member}");
        enter(&client, json!({ member: value })).await.fields(&[(&pointer, code)]);
    }
    let draft = client.draft().await;
    assert_eq!(draft["remaining"]["documents"], 3, "mistakes are no attempts");
    assert_eq!(draft["unit"], Value::Null);
    enter(&client, json!({ "credit_code": "９１44-0300 1922 0382 16" })).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_left_out_of_a_unit_stays_as_it_was() {
    let app = TestApp::start();
    let client = app.client();
    start(&client, "ceshi-keji").await;
    enter(&client, json!({})).await.ok(200);
    let renamed = json!({ "name": "另一家公司" });
    let draft = client.put(&client.step("unit"), renamed).await.ok(200);
    assert_eq!(draft["unit"]["name"], "另一家公司");
    assert_eq!(draft["unit"]["credit_code"], CREDIT_CODES[0]);
    assert_eq!(draft["remaining"]["documents"], 2, "the same code is no other attempt");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_unit_leaves_what_the_agent_has_proved() {
    let app = TestApp::start();
    let client = app.client();
    let agent = person("王小明");
    client.up_to_agent(CREDIT_CODES[0], "ceshi-keji").await;
    client.identity(&agent).await.ok(200);
    client.bank(&agent).await.ok(200);
    let code = client.last_sms(&agent.phone).await;
    let draft = enter(&client, json!({ "credit_code": CREDIT_CODES[1] })).await.ok(200);
    assert_eq!((&draft["stage"], draft["code"].is_null()), (&json!("code"), false));
    client.confirm(&code).await.ok(201);
    let other = app.client();
    other.up_to_agent(CREDIT_CODES[0], "another").await;
    start(&other, "a-third").await;
    enter(&other, json!({ "credit_code": CREDIT_CODES[1] }))
        .await
        .problem(409, "credit_code_in_use");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_credit_code_with_an_account_is_refused_at_once() {
    let app = TestApp::start();
    app.client().register_unit(CREDIT_CODES[0], &person("王小明"), "ceshi-keji").await;
    let client = app.client();
    start(&client, "another").await;
    enter(&client, json!({})).await.problem(409, "credit_code_in_use");
    let spaced = json!({ "credit_code": "9144 0300 1922 0382 16" });
    enter(&client, spaced).await.problem(409, "credit_code_in_use");
    let draft = client.draft().await;
    assert_eq!((&draft["stage"], &draft["unit"]), (&json!("unit"), &Value::Null));
    assert_eq!(draft["remaining"]["documents"], 2, "asking about a code counts");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn strangers_learn_nothing_of_a_unit_before_the_agent_is_proved() {
    let app = TestApp::with(|settings| {
        settings.registration.duplicate_document = DuplicateDocument::AfterBankCheck;
    });
    app.client().register_unit(CREDIT_CODES[0], &person("王小明"), "ceshi-keji").await;
    let client = app.client();
    let agent = person("张伟");
    client.up_to_agent(CREDIT_CODES[0], "another").await;
    client.identity(&agent).await.ok(200);
    client.bank(&person("刘洋")).await.problem(422, "bank_mismatch");
    client.bank(&agent).await.problem(409, "credit_code_in_use");
    assert_eq!(app.run_outbox().await, 0, "no code for a credit code in use");
    // Nothing was in vain: with the right code the bank is not asked again.
    enter(&client, json!({ "credit_code": CREDIT_CODES[1] })).await.ok(200);
    client.bank(&agent).await.ok(200);
    assert_eq!(count!(app, bank_checks), 3);
    let code = client.last_sms(&agent.phone).await;
    // And at the last moment, the same.
    enter(&client, json!({ "credit_code": CREDIT_CODES[0] })).await.ok(200);
    client.confirm(&code).await.problem(409, "credit_code_in_use");
    enter(&client, json!({ "credit_code": CREDIT_CODES[1] })).await.ok(200);
    client.confirm("").await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_registrations_of_one_credit_code_one_wins() {
    let app = TestApp::start();
    let rounds = [("王小明", "张伟"), ("刘洋", "杨柳青"), ("赵建国", "黄海燕")];
    for (round, (his, hers)) in rounds.into_iter().enumerate() {
        let (one, other) = (app.client(), app.client());
        let mut codes = Vec::new();
        for (client, name) in [(&one, his), (&other, hers)] {
            let agent = person(name);
            client.up_to_agent(CREDIT_CODES[round], &format!("{name}-unit{round}")).await;
            client.identity(&agent).await.ok(200);
            client.bank(&agent).await.ok(200);
            codes.push(client.last_sms(&agent.phone).await);
        }
        let (a, b) = tokio::join!(one.confirm(&codes[0]), other.confirm(&codes[1]));
        let (won, lost) = if a.status == 201 { (a, b) } else { (b, a) };
        won.ok(201);
        lost.problem(409, "credit_code_in_use");
        let accounts = i64::try_from(round + 1).unwrap();
        assert_eq!((count!(app, accounts), count!(app, units)), (accounts, accounts));
        assert_eq!(count!(app, document_claims), accounts);
        assert_eq!(count!(app, username_claims), accounts, "the loser holds no username");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_codes_and_documents_together_may_be_tried() {
    let app = TestApp::start();
    let client = app.client();
    start(&client, "guesser").await;
    for (code, left) in [(0, 2), (1, 1), (0, 1), (2, 0)] {
        let draft = enter(&client, json!({ "credit_code": CREDIT_CODES[code] })).await.ok(200);
        assert_eq!(draft["remaining"]["documents"], left);
    }
    enter(&client, json!({ "credit_code": CREDIT_CODES[3] }))
        .await
        .problem(429, "document_attempts_exceeded");
    assert_eq!(client.draft().await["unit"]["credit_code"], CREDIT_CODES[2]);
    client.identity(&person("王小明")).await.problem(429, "document_attempts_exceeded");

    let mixed = app.client();
    mixed.up_to_agent(CREDIT_CODES[0], "mixed").await;
    mixed.identity(&person("王小明")).await.ok(200);
    assert_eq!(mixed.identity(&person("张伟")).await.ok(200)["remaining"]["documents"], 0);
    mixed.identity(&person("刘洋")).await.problem(429, "document_attempts_exceeded");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_agent_may_have_an_account_and_stand_for_two_units() {
    let app = TestApp::start();
    let agent = person("王小明");
    app.client().register(&agent, "wangxiaoming").await;
    app.pass(60);
    app.client().register_unit(CREDIT_CODES[0], &agent, "unit-one").await;
    app.pass(60);
    app.client().register_unit(CREDIT_CODES[1], &agent, "unit-two").await;
    assert_eq!((count!(app, accounts), count!(app, units)), (3, 2));
    for username in ["wangxiaoming", "unit-one", "unit-two"] {
        app.client().sign_in(username).await;
    }
    // The person himself comes after the units, and only once.
    let client = app.client();
    client.start("once-more").await;
    client.identity(&agent).await.problem(409, "document_in_use");
    let later = person("张伟");
    app.client().register_unit(CREDIT_CODES[2], &later, "unit-three").await;
    app.pass(60);
    app.client().register(&later, "zhangwei").await;
}
