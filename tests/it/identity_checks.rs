//! Whether a name and a document belong together, and who has asked.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::tools::db::schema::{audit_events, identity_checks};
use tokio::join;

use crate::support::{
    Answer, Person, TestApp, count,
    hr::{ALL_SCOPES, Hr},
    people, person,
};

const CHECKS: &str = "/api/v1/identity-checks";
const OWN: &str = "/api/v1/account/identity-checks";
const KEY: &str = "0123456789abcdef";
const DAY: u64 = 86_400;

fn question(name: &str, somebody: &Person) -> Value {
    json!({
        "name": name, "document_type": somebody.document_type,
        "document_number": somebody.document_number,
        "issuing_country": somebody.issuing_country, "purpose": "事业单位公开招聘资格审核",
    })
}

async fn ask(hr: &Hr<'_>, name: &str, somebody: &Person) -> Answer {
    hr.post(CHECKS, question(name, somebody)).await
}

async fn matches(hr: &Hr<'_>, name: &str, somebody: &Person) -> bool {
    ask(hr, name, somebody).await.ok(200)["match"].as_bool().unwrap()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_right_name_matches_and_no_other_does() {
    let app = TestApp::start();
    let hr = app.hr("openid identity:check").await;
    let (somebody, stranger) = (person("王小明"), person("张伟"));
    app.client().register(&somebody, "zhangsan").await;
    assert!(matches(&hr, "王小明", &somebody).await);
    assert!(matches(&hr, " 王小明 ", &somebody).await);
    assert!(!matches(&hr, "王小红", &somebody).await);
    assert!(!matches(&hr, &stranger.name, &stranger).await, "nobody has registered with it");
    // The same number on another kind of document is another document.
    let mut other = question("王小明", &somebody);
    other["document_type"] = json!("PASSPORT_CN");
    other["document_number"] = json!("E12345678");
    assert_eq!(hr.post(CHECKS, other).await.ok(200)["match"], false);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn names_are_compared_as_people_spell_them() {
    let app = TestApp::start();
    let hr = app.hr("openid identity:check").await;
    let somebody = person("JOHN SMITH");
    app.client().register(&somebody, "john").await;
    assert!(matches(&hr, "John Smith", &somebody).await);
    let mut lower = somebody.clone();
    lower.document_number = lower.document_number.to_lowercase();
    assert!(matches(&hr, "JOHN SMITH", &lower).await);
}

/// How many rows there are of everything that a question leaves.
async fn rows(app: &TestApp) -> [i64; 4] {
    [
        count!(app, identity_checks),
        count!(app, audit_events),
        count!(app, limits),
        count!(app, idempotency_keys),
    ]
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_learns_who_has_an_account() {
    let app = TestApp::start();
    let hr = app.hr("openid identity:check").await;
    let (known, unknown) = (person("王小明"), person("张伟"));
    app.client().register(&known, "zhangsan").await;
    // The count of the client's requests begins, so that all work is alike.
    hr.get("/api/v1/users/x").await.problem(403, "scope_insufficient");
    ask(&hr, "某某", &person("欧阳娜娜")).await.ok(200);
    let mut left = Vec::new();
    let mut seen = Vec::new();
    for somebody in [&known, &unknown] {
        let before = rows(&app).await;
        let body = question("李四", somebody);
        let answer = hr.post_once(CHECKS, &body, &format!("{KEY}{}", left.len())).await;
        let after = rows(&app).await;
        let work: Vec<i64> = before.iter().zip(after).map(|(one, other)| other - one).collect();
        left.push(work);
        let headers: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        let body = answer.ok(200);
        assert_eq!(body["match"], false);
        let members: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        seen.push((headers, members, answer.body.len()));
    }
    assert_eq!(left[0], left[1]);
    // Two limits are counted for the first time.
    assert_eq!(left[0], [1, 1, 2, 1]);
    assert_eq!(seen[0], seen[1]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_person_reads_who_has_asked_and_nobody_else_does() {
    let app = TestApp::start();
    let (hr, other) = (app.hr("openid identity:check").await, app.hr(ALL_SCOPES).await);
    let (one, two) = (app.client(), app.client());
    let somebody = person("王小明");
    one.join(&somebody, "zhangsan").await;
    two.join(&person("张伟"), "zhangwei").await;
    assert!(matches(&hr, "王小明", &somebody).await);
    app.pass(1);
    assert!(!matches(&other, "王小红", &somebody).await);
    let shown = one.get(OWN).await;
    let list = shown.ok(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &list["next_cursor"]), (2, &Value::Null));
    assert_eq!(items[0]["matched"], false);
    assert_eq!(items[0]["client"]["id"], other.id.to_string());
    assert_eq!(items[1]["matched"], true);
    assert_eq!(items[1]["purpose"], "事业单位公开招聘资格审核");
    assert_eq!(items[1]["client"]["name"], "人事系统");
    assert_eq!(items[1]["client"]["owner"], "深圳市人社局");
    // What was guessed is kept nowhere.
    assert!(!shown.text().contains("王小红"));
    assert_eq!(two.get(OWN).await.ok(200)["items"], json!([]));
    app.client().get(OWN).await.problem(401, "not_signed_in");
    // In pages.
    let first = one.get(&format!("{OWN}?limit=1")).await.ok(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = one.get(&format!("{OWN}?limit=1&cursor={next}")).await.ok(200);
    assert_eq!(second["items"], json!([items[1]]));
    one.get(&format!("{OWN}?cursor=nonsense")).await.problem(422, "cursor_invalid");
    let history = one.get("/api/v1/account/history?limit=1").await.ok(200);
    assert_eq!(history["items"][0]["kind"], "identity_checked");
    assert_eq!(history["items"][0]["detail"], other.id.to_string());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_question_is_recorded_also_about_nobody() {
    let app = TestApp::start();
    let hr = app.hr("openid identity:check").await;
    ask(&hr, "王小明", &person("王小明")).await.ok(200);
    let kept: (Option<String>, String, bool) = app
        .query(|conn| {
            identity_checks::table
                .select((
                    identity_checks::account_id,
                    identity_checks::client_id,
                    identity_checks::matched,
                ))
                .first(conn)
        })
        .await;
    assert_eq!(kept, (None, hr.id.to_string(), false));
    let recorded: (String, Option<String>) = app
        .query(|conn| {
            audit_events::table
                .filter(audit_events::kind.eq("identity_checked"))
                .select((audit_events::kind, audit_events::detail))
                .first(conn)
        })
        .await;
    assert_eq!(recorded.1, Some(hr.id.to_string()));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn names_cannot_be_tried_one_after_the_other() {
    let app = TestApp::with(|all| all.integration.identity_checks_per_document_day = 3);
    let (mut hr, mut other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let (known, unknown) = (person("王小明"), person("张伟"));
    app.client().register(&known, "zhangsan").await;
    for somebody in [&known, &unknown] {
        for _ in 0..2 {
            assert!(!matches(&hr, "李四", somebody).await);
        }
        // Two systems together try no more than one.
        assert!(!matches(&other, "李四", somebody).await);
        for system in [&hr, &other] {
            let refused = ask(system, &somebody.name, somebody).await;
            refused.problem(429, "too_many_requests");
            assert!(refused.retry_after().is_some_and(|seconds| seconds > 80_000));
        }
    }
    // Refused questions are not answers, and the person reads none.
    assert_eq!(count!(app, identity_checks), 6);
    app.pass(DAY + 1);
    hr.renew().await;
    other.renew().await;
    assert!(matches(&hr, "王小明", &known).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_system_uses_up_no_other_ones_questions_about_a_person() {
    let app = TestApp::with(|all| {
        all.integration.identity_checks_per_client_and_document_day = 2;
        all.integration.identity_checks_per_document_day = 3;
    });
    let (hr, other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let (known, stranger) = (person("王小明"), person("张伟"));
    for left in [2, 1, 0, 0] {
        let answer = ask(&hr, "某某", &known).await;
        assert_eq!(answer.status, if left > 0 { 200 } else { 429 });
    }
    ask(&hr, "某某", &stranger).await.ok(200);
    // What was refused has used nothing up that others share.
    ask(&other, "某某", &known).await.ok(200);
    ask(&other, "某某", &known).await.problem(429, "too_many_requests");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_asks_so_often_a_day_whomever_it_asks_about() {
    let app = TestApp::with(|all| all.integration.identity_checks_per_client_day = 3);
    let (hr, other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let somebody: Vec<&Person> =
        people().iter().filter(|one| one.issuing_country.is_none()).collect();
    for one in &somebody[..3] {
        ask(&hr, &one.name, one).await.ok(200);
    }
    ask(&hr, &somebody[3].name, somebody[3]).await.problem(429, "too_many_requests");
    // What was refused has used nothing up.
    ask(&other, &somebody[3].name, somebody[3]).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_questions_at_once_the_last_one_allowed_is_answered_once() {
    let app = TestApp::with(|all| all.integration.identity_checks_per_document_day = 1);
    let hr = app.hr(ALL_SCOPES).await;
    let somebody = person("王小明");
    let (one, two) = join!(ask(&hr, "某某", &somebody), ask(&hr, "某某", &somebody));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_repeated_question_is_asked_once() {
    let app = TestApp::start();
    let hr = app.hr(ALL_SCOPES).await;
    let body = question("王小明", &person("王小明"));
    let first = hr.post_once(CHECKS, &body, KEY).await.ok(200);
    assert_eq!(hr.post_once(CHECKS, &body, KEY).await.ok(200), first);
    assert_eq!(count!(app, identity_checks), 1);
    let other = question("王小红", &person("王小明"));
    hr.post_once(CHECKS, &other, KEY).await.problem(422, "idempotency_key_reused");
    // The key of another system is another key.
    let sister = app.hr(ALL_SCOPES).await;
    assert_ne!(sister.post_once(CHECKS, &body, KEY).await.ok(200)["id"], first["id"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_cannot_be_asked_is_pointed_at() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let somebody = person("王小明");
    let with = |name: &str, value: Value| {
        let mut body = question("王小明", &somebody);
        body[name] = value;
        body
    };
    let long = "为".repeat(201);
    for (body, pointer, code) in [
        (with("name", json!("")), "/name", "required"),
        (with("name", json!("王9")), "/name", "name_digits"),
        (
            with("document_number", json!("440305199003070015")),
            "/document_number",
            "document_checksum",
        ),
        (with("document_number", json!("")), "/document_number", "required"),
        (with("purpose", json!("  ")), "/purpose", "required"),
        (with("purpose", json!(long)), "/purpose", "too_long"),
        (with("purpose", json!("审核\u{202e}")), "/purpose", "invalid"),
        (with("purpose", json!("审\n核")), "/purpose", "invalid"),
        (with("document_type", json!("NONSENSE")), "/document_type", "invalid"),
        (with("surprise", json!(1)), "/surprise", "invalid"),
    ] {
        hr.post(CHECKS, body).await.fields(&[(pointer, code)]);
    }
    assert_eq!(count!(app, identity_checks), 0);
    hr.renew_with("users:read").await;
    let answer = ask(&hr, "王小明", &somebody).await;
    assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "identity:check");
}
