//! Step 2: name, document, sex, date of birth.

use serde_json::{Value, json};
use shiming::tools::config::DuplicateDocument;

use crate::support::{Answer, Client, Person, TestApp, count, person};

/// Step 2 with some members replaced.
async fn enter(client: &Client<'_>, person: &Person, changes: Value) -> Answer {
    let mut body = person.identity();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    client.put(&client.step("identity"), body).await
}

/// Checks that each change of a right answer gives one error.
async fn refuse_each(person: &Person, cases: &[(&str, Value, &str)]) {
    let app = TestApp::start();
    let client = app.client();
    client.start("zhangsan").await;
    for (member, value, code) in cases {
        let pointer = format!("/{member}");
        enter(&client, person, json!({ *member: value })).await.fields(&[(&pointer, code)]);
    }
    assert_eq!(client.draft().await["remaining"]["documents"], 3, "mistakes are no attempts");
    enter(&client, person, json!({})).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn names_that_nobody_has_are_refused() {
    refuse_each(
        &person("王小明"),
        &[
            ("name", json!(""), "required"),
            ("name", json!("  "), "required"),
            ("name", json!("王2明"), "name_digits"),
            ("name", json!("王😀"), "name_charset"),
            ("name", json!("王\u{0}明"), "name_charset"),
            ("name", json!("··"), "name_charset"),
            ("name", json!("王".repeat(101)), "too_long"),
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn resident_numbers_are_checked_digit_by_digit() {
    refuse_each(
        &person("王小明"),
        &[
            ("document_number", json!(""), "required"),
            ("document_number", json!("440305199003070015"), "document_checksum"),
            ("document_number", json!("440305199002300017"), "document_date"),
            ("document_number", json!("440305209912310018"), "document_future"),
            ("document_number", json!("990305199003070011"), "document_region"),
            ("document_number", json!("44030519900307001"), "document_too_short"),
            ("document_number", json!("4403051990030700140"), "document_too_long"),
            ("document_number", json!("110105491231002"), "document_retired_15"),
            ("document_number", json!("44030519900307001A"), "document_format"),
            ("document_number", json!("44030519900307\u{0}014"), "document_format"),
            ("gender", json!("female"), "gender_mismatch"),
            ("birth_date", json!("1990-03-08"), "birth_date_mismatch"),
            ("birth_date", json!("1990-02-30"), "birth_date_invalid"),
            ("birth_date", json!("2026-11-24"), "birth_date_future"),
            ("birth_date", json!("1870-01-01"), "birth_date_too_old"),
            ("birth_date", json!(""), "required"),
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_foreign_passport_needs_its_country() {
    refuse_each(
        &person("JOHN SMITH"),
        &[
            ("issuing_country", json!(null), "required"),
            ("issuing_country", json!(""), "required"),
            ("issuing_country", json!("XQZ"), "country_unknown"),
            ("document_number", json!("护照304958"), "document_format"),
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn values_of_a_wrong_kind_are_pointed_at() {
    let person = person("王小明");
    refuse_each(
        &person,
        &[
            ("document_type", json!("LIBRARY_CARD"), "invalid"),
            ("gender", json!("none"), "invalid"),
            ("name", json!(["王小明"]), "invalid"),
            ("document_number", json!({ "number": 1 }), "invalid"),
            ("birth_date", json!(19_900_307), "invalid"),
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_left_out_stays_as_it_was() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.start("zhangsan").await;
    let nothing = json!({ "document_type": "RESIDENT_ID" });
    let answer = client.put(&client.step("identity"), nothing.clone()).await;
    answer.fields(&[
        ("/name", "required"),
        ("/document_number", "required"),
        ("/gender", "required"),
        ("/birth_date", "required"),
    ]);
    client.identity(&person).await.ok(200);
    let kept = client.put(&client.step("identity"), nothing).await.ok(200);
    assert_eq!(kept["identity"]["document_number"], "4403**********0014");
    // A number belongs to its type: it is not taken over by another.
    let answer =
        client.put(&client.step("identity"), json!({ "document_type": "TW_PERMIT" })).await;
    answer.fields(&[("/document_number", "required")]);
    // The rest is what the bank is asked about.
    client.bank(&person).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_document_with_an_account_is_refused_at_step_two() {
    let app = TestApp::start();
    let person = person("王小明");
    app.client().register(&person, "zhangsan").await;
    let client = app.client();
    client.start("lisi").await;
    client.identity(&person).await.problem(409, "document_in_use");
    let draft = client.draft().await;
    assert_eq!((&draft["stage"], &draft["identity"]), (&json!("identity"), &Value::Null));
    assert_eq!(draft["remaining"]["documents"], 2, "asking about a document counts");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_document_is_one_however_it_is_written() {
    let app = TestApp::start();
    let numbered = person("王𬎆");
    app.client().register(&numbered, "zhangsan").await;
    let permit = person("李诚信");
    app.client().register(&permit, "lisi").await;
    let client = app.client();
    client.start("wangwu").await;
    let spaced = json!({ "document_number": "440305 19860211 036x" });
    enter(&client, &numbered, spaced).await.problem(409, "document_in_use");
    // The permit's last two digits count reissues of the same permit.
    let reissued = json!({ "document_number": "H1029384702" });
    enter(&client, &permit, reissued).await.problem(409, "document_in_use");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn strangers_learn_nothing_when_the_bank_is_asked_first() {
    let app = TestApp::with(|settings| {
        settings.registration.duplicate_document = DuplicateDocument::AfterBankCheck;
    });
    let owner = person("王小明");
    app.client().register(&owner, "zhangsan").await;
    // A stranger who knows name and document, but not the card.
    let stranger = app.client();
    stranger.start("stranger").await;
    stranger.identity(&owner).await.ok(200);
    let own_card = person("张伟");
    stranger.bank(&own_card).await.problem(422, "bank_mismatch");
    // The owner, who has proved that the document is his.
    app.pass(60);
    let again = app.client();
    again.up_to_bank(&owner, "zhangsan2").await;
    again.bank(&owner).await.problem(409, "document_in_use");
    assert_eq!(app.run_outbox().await, 0, "no code for a document in use");
    assert_eq!(count!(app, accounts), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_different_documents_may_be_tried() {
    let app = TestApp::start();
    let client = app.client();
    client.start("zhangsan").await;
    for (name, left) in [("王小明", 2), ("张伟", 1), ("王小明", 1), ("刘洋", 0)] {
        let draft = client.identity(&person(name)).await.ok(200);
        assert_eq!(draft["remaining"]["documents"], left, "{name}");
    }
    client.identity(&person("杨柳青")).await.problem(429, "document_attempts_exceeded");
    assert_eq!(client.draft().await["identity"]["name"], "刘*", "the last one stays");
    client.identity(&person("张伟")).await.ok(200);
    client.bank(&person("张伟")).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_name_or_document_drops_what_the_bank_proved() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let code = client.up_to_code(&person, "zhangsan").await;
    assert_eq!(client.identity(&person).await.ok(200)["stage"], "code", "the same: nothing lost");
    let draft = enter(&client, &person, json!({ "name": "王大明" })).await.ok(200);
    assert_eq!((&draft["stage"], &draft["code"]), (&json!("bank"), &Value::Null));
    client.confirm(&code).await.problem(409, "stage_conflict");
    app.pass(61);
    client.bank(&person).await.problem(422, "bank_mismatch");
    assert_eq!(count!(app, accounts), 0);
}
