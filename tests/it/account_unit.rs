//! A unit's account: its agent is changed, and proved anew.

use serde_json::{Value, json};

use crate::support::{Client, Person, TestApp, count, person};

const CHANGE: &str = "/api/v1/account/change";
const CONFIRMATION: &str = "/api/v1/account/change/confirmation";

/// Registers a unit by its agent, and signs in.
pub async fn join_as_unit(client: &Client<'_>, agent: &Person, username: &str) -> Value {
    let mut body = client.start_body(username).await;
    body["user_type"] = json!("unit");
    client.start_with(body).await.ok(201);
    let unit = json!({
        "name": "深圳市测试科技有限公司", "credit_code": "914403001922038216",
        "legal_representative": "张三",
    });
    client.put(&client.step("unit"), unit).await.ok(200);
    client.identity(agent).await.ok(200);
    client.bank(agent).await.ok(200);
    let code = client.last_sms(&agent.phone).await;
    let registered = client.confirm(&code).await.ok(201)["account"].clone();
    client.sign_in(username).await;
    registered
}

fn agent(person: &Person) -> Value {
    json!({
        "document_type": person.document_type, "document_number": person.document_number,
        "issuing_country": person.issuing_country, "gender": person.gender,
        "birth_date": person.birth_date,
    })
}

fn replacement(person: &Person) -> Value {
    let mut body = person.bank();
    body["name"] = json!(person.name);
    body["agent"] = agent(person);
    body
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_units_account_shows_the_unit_and_its_agent() {
    let app = TestApp::start();
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!((&account["kind"], &account["name"]), (&json!("unit"), &json!("王**")));
    assert_eq!(
        account["unit"],
        json!({
            "name": "深圳市测试科技有限公司", "credit_code": "914403001922038216",
            "legal_representative": "张*", "state": "pending", "reason": null,
        })
    );
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_agent_is_proved_and_the_old_one_is_told() {
    let app = TestApp::start();
    let client = app.client();
    let (old, new) = (person("王小明"), person("李静怡"));
    join_as_unit(&client, &old, "company").await;
    let shown = client.post(CHANGE, replacement(&new)).await.ok(200);
    let all = json!(["name", "bank_code", "card_number", "phone", "agent"]);
    assert_eq!((&shown["stage"], &shown["changed"]), (&json!("code"), &all));
    let before = client.get("/api/v1/account").await.ok(200);
    assert_eq!(before["gender"], "male");
    // Nothing has to be typed again for another code.
    app.pass(61);
    let again = client.post(CHANGE, json!({})).await.ok(200);
    assert_eq!(again["changed"], all);
    let code = client.last_sms(&new.phone).await;
    let after = client.post(CONFIRMATION, json!({ "code": code })).await.ok(200);
    assert_eq!((&after["gender"], &after["birth_date"]), (&json!("female"), &json!("1958-**-**")));
    assert_eq!(after["document_number"], "4403**********0122");
    assert_eq!(after["unit"], before["unit"]);
    assert_eq!(client.notices(&old.phone).await.len(), 1);
    assert!(client.notices(&new.phone).await.is_empty());
    // The unit keeps its claim; neither agent's document is claimed.
    assert_eq!(count!(app, document_claims), 1);
    app.client().register(&old, "zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_new_agent_is_entered_whole() {
    let app = TestApp::start();
    let client = app.client();
    let (old, new) = (person("王小明"), person("李静怡"));
    join_as_unit(&client, &old, "company").await;
    let mut body = replacement(&new);
    body["agent"] = json!({ "document_type": "RESIDENT_ID" });
    client.post(CHANGE, body).await.fields(&[
        ("/agent/document_number", "required"),
        ("/agent/gender", "required"),
        ("/agent/birth_date", "required"),
    ]);
    let mut body = replacement(&new);
    body["agent"]["gender"] = json!("male");
    client.post(CHANGE, body).await.fields(&[("/agent/gender", "gender_mismatch")]);
    let mut body = replacement(&new);
    body["agent"]["document_number"] = json!("440305195801010123");
    let answer = client.post(CHANGE, body).await;
    answer.fields(&[("/agent/document_number", "document_checksum")]);
    // The same agent is no other one.
    client.post(CHANGE, replacement(&old)).await.problem(422, "nothing_changed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_agent_swapped_after_the_code_was_sent_is_proved_anew() {
    let app = TestApp::start();
    let client = app.client();
    let (old, new, third) = (person("王小明"), person("李静怡"), person("张伟"));
    join_as_unit(&client, &old, "company").await;
    client.post(CHANGE, replacement(&new)).await.ok(200);
    let code = client.last_sms(&new.phone).await;
    app.pass(61);
    // Another name and document, with the card and the phone of the first.
    let mut body = replacement(&new);
    body["name"] = json!(third.name);
    body["agent"] = agent(&third);
    client.post(CHANGE, body).await.problem(422, "bank_mismatch");
    let answer = client.post(CONFIRMATION, json!({ "code": code })).await;
    answer.problem(409, "stage_conflict");
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["phone"], "138****8000");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_is_no_way_to_try_out_strangers() {
    let app = TestApp::start();
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    let names = ["张伟", "刘洋", "杨柳青", "赵建国", "黄海燕"];
    for name in names {
        let mut body = replacement(&person(name));
        body["phone"] = json!("13900139000");
        client.post(CHANGE, body).await.problem(422, "bank_mismatch");
        client.delete(CHANGE).await.ok(204);
    }
    let answer = client.post(CHANGE, replacement(&person("李静怡"))).await;
    assert_eq!(answer.problem(429, "bank_attempts_exceeded")["scope"], "flow");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_unit_is_called_protects_nothing() {
    let app = TestApp::start();
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    for typed in ["深圳市测试科技有限公司2026", "lychee 914403001922038216", "harbour-1922038216"]
    {
        let body = json!({ "password": typed, "password_confirmation": typed });
        let refused = client.put("/api/v1/account/password", body).await;
        refused.fields(&[("/password", "password_contains_personal")]);
    }
    let answers = json!({ "answers": [
        { "question": "childhood_toy", "answer": "深圳市测试科技有限公司" },
        { "question": "family_dish", "answer": "914403001922038216" },
        { "question": "places_lost", "answer": "罗湖口岸" },
    ]});
    client.put("/api/v1/account/security-questions", answers).await.fields(&[
        ("/answers/0/answer", "answer_contains_personal"),
        ("/answers/1/answer", "answer_contains_personal"),
    ]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_that_was_chosen_before_the_unit_was_known_is_noted_at_sign_in() {
    let app = TestApp::start();
    let client = app.client();
    let mut body = client.start_body("company").await;
    for member in ["password", "password_confirmation"] {
        body[member] = json!("深圳市测试科技有限公司2026");
    }
    body["user_type"] = json!("unit");
    client.start_with(body).await.ok(201);
    let unit = json!({
        "name": "深圳市测试科技有限公司", "credit_code": "914403001922038216",
        "legal_representative": "张三",
    });
    client.put(&client.step("unit"), unit).await.ok(200);
    let agent = person("王小明");
    client.identity(&agent).await.ok(200);
    client.bank(&agent).await.ok(200);
    let code = client.last_sms(&agent.phone).await;
    client.confirm(&code).await.ok(201);
    client.try_sign_in("company", "深圳市测试科技有限公司2026").await.ok(201);
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["password_due"], true, "{account}");
}
