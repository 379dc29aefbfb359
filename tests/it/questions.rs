//! 密保工具: security questions of one's own account.

use serde_json::{Value, json};
use shiming::tools::config::QuestionsMode;
use tokio::join;

use crate::support::{Client, PASSWORD, TestApp, count, person};

const PATH: &str = "/api/v1/account/security-questions";

fn answers() -> Value {
    json!({ "answers": [
        { "question": "childhood_toy", "answer": "布老虎" },
        { "question": "family_dish", "answer": "外婆的红烧肉" },
        { "question": "places_lost", "answer": "罗湖口岸" },
    ]})
}

async fn signed_in(app: &TestApp) -> Client<'_> {
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn anybody_can_read_the_bank_of_questions() {
    let app = TestApp::start();
    let list = app.client().get("/api/v1/security-questions").await.ok(200);
    let groups = list["groups"].as_array().unwrap();
    let questions = groups.iter().map(|group| group["questions"].as_array().unwrap().len());
    assert!(groups.len() >= 6 && questions.sum::<usize>() >= 24);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_questions_are_chosen_answered_and_given_up() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    let none = json!({ "mode": "guide", "state": "none", "questions": [], "set_at": null });
    assert_eq!(client.get(PATH).await.ok(200), none);
    let set = client.put(PATH, answers()).await.ok(200);
    assert_eq!((&set["state"], &set["mode"]), (&json!("set"), &json!("guide")));
    assert_eq!(set["questions"], json!(["childhood_toy", "family_dish", "places_lost"]));
    assert_eq!(client.get(PATH).await.ok(200), set);
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["security_questions"], json!({ "mode": "guide", "state": "set" }));
    // Chosen anew.
    let mut others = answers();
    others["answers"][2] = json!({ "question": "work_lunch", "answer": "盒饭" });
    let again = client.put(PATH, others).await.ok(200);
    assert_eq!(again["questions"][2], "work_lunch");
    assert_eq!(count!(app, security_answers), 1);
    client.delete(PATH).await.ok(204);
    assert_eq!(client.get(PATH).await.ok(200), none);
    client.delete(PATH).await.ok(204);
    assert_eq!(count!(app, security_answers), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn answers_that_others_could_give_are_refused() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    for (at, member, value, code) in [
        (0, "question", "", "required"),
        (1, "question", "nonsense", "question_unknown"),
        (1, "question", "childhood_toy", "question_twice"),
        (0, "answer", "", "required"),
        (0, "answer", "。！", "required"),
        (0, "answer", "虎", "too_short"),
        (0, "answer", &"虎".repeat(65), "too_long"),
        (1, "answer", " 布老虎。", "answer_twice"),
        (1, "answer", "哪道菜", "answer_is_question"),
        (2, "answer", "王小明", "answer_contains_personal"),
        (2, "answer", "1990-03-07", "answer_contains_personal"),
        (2, "answer", "138 0013 8000", "answer_contains_personal"),
    ] {
        let mut body = answers();
        body["answers"][at][member] = json!(value);
        let pointer = format!("/answers/{at}/{member}");
        client.put(PATH, body).await.fields(&[(&pointer, code)]);
    }
    let mut two = answers();
    two["answers"].as_array_mut().unwrap().pop();
    client.put(PATH, two).await.fields(&[("/answers/2/question", "required")]);
    let mut four = answers();
    four["answers"].as_array_mut().unwrap().push(answers()["answers"][0].clone());
    client.put(PATH, four).await.fields(&[("/answers", "too_long")]);
    assert_eq!(count!(app, security_answers), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn answers_are_kept_as_one_hash_that_says_nothing() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    client.put(PATH, answers()).await.ok(200);
    let hash = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::security_answers::dsl;
            dsl::security_answers.select(dsl::answers_hash).first::<String>(conn)
        })
        .await;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn questions_chosen_twice_at_once_are_one_set() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    let choose = || client.put(PATH, answers());
    let (a, b, c) = join!(choose(), choose(), choose());
    for answer in [a, b, c] {
        answer.ok(200);
    }
    assert_eq!(count!(app, security_answers), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn questions_of_somebody_else_are_not_touched() {
    let app = TestApp::start();
    let (mine, his) = (app.client(), app.client());
    mine.join(&person("王小明"), "zhangsan").await;
    his.join(&person("张伟"), "zhangwei").await;
    mine.put(PATH, answers()).await.ok(200);
    assert_eq!(his.get(PATH).await.ok(200)["state"], "none");
    his.delete(PATH).await.ok(204);
    assert_eq!(mine.get(PATH).await.ok(200)["state"], "set");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn where_questions_are_off_none_can_be_chosen() {
    let app = TestApp::with(|settings| settings.security_questions.mode = QuestionsMode::Off);
    let client = signed_in(&app).await;
    client.put(PATH, answers()).await.problem(409, "security_questions_off");
    assert_eq!(client.get(PATH).await.ok(200)["mode"], "off");
    client.delete(PATH).await.ok(204);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn questions_that_wrong_answers_used_up_are_shown_so_until_chosen_anew() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    client.put(PATH, answers()).await.ok(200);
    app.core
        .db
        .write(|conn| -> Result<(), shiming::tools::db::DbFault> {
            use diesel::prelude::*;
            use shiming::tools::db::schema::security_answers::dsl;
            diesel::update(dsl::security_answers).set(dsl::wrong_sets.eq(5)).execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(client.get(PATH).await.ok(200)["state"], "disabled");
    app.pass(601);
    client.put(PATH, answers()).await.problem(403, "password_needed");
    client.check_password(PASSWORD).await.ok(200);
    client.put(PATH, answers()).await.ok(200);
    assert_eq!(client.get(PATH).await.ok(200)["state"], "set");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn questions_are_chosen_a_few_times_a_day() {
    let app = TestApp::start();
    let client = signed_in(&app).await;
    for _ in 0..5 {
        client.put(PATH, answers()).await.ok(200);
    }
    let answer = client.put(PATH, answers()).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some());
    assert_eq!(client.told(&person("王小明").phone, "密保").await, 5);
    client.delete(PATH).await.ok(204);
}
