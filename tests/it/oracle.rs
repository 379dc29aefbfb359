//! No oracle: what somebody without an account is answered, and what somebody
//! with one is, cannot be told apart. Time is measured by the load test.

mod systems;

use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use shiming::tools::config::QuestionsMode;

use crate::support::{ANSWERS, Answer, Client, Person, TestApp, claim, count, moved, person};

/// What an answer shows, without what no two answers share: ids, moments,
/// values of cookies.
#[derive(Debug, PartialEq)]
struct Shown {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut shown: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            let value = match value.split_once('=') {
                // The name of a cookie and how it is guarded.
                Some((cookie, rest)) if name == "set-cookie" => {
                    let guarded = rest.split_once(';').map_or("", |(_, guarded)| guarded);
                    format!("{cookie}=…;{guarded}")
                }
                _ => value.to_owned(),
            };
            (name.to_string(), value)
        })
        .collect();
    shown.sort();
    shown
}

/// Ids and moments by their form only; moments keep their distance from the
/// first one, in seconds.
fn body(value: &Value, first: &mut Option<chrono::DateTime<chrono::Utc>>) -> Value {
    match value {
        Value::String(text) => {
            if let Ok(moment) = text.parse::<chrono::DateTime<chrono::Utc>>() {
                let first = *first.get_or_insert(moment);
                return json!(format!("{:.1} s later", (moment - first).as_seconds_f64()));
            }
            let is_id = text.len() == 36 && text.matches('-').count() == 4;
            if is_id { json!("an id") } else { value.clone() }
        }
        Value::Object(members) => {
            let mut shown = Map::new();
            for (name, member) in members {
                // What was typed comes back as it was typed.
                let member = if name == "username" { &Value::Null } else { member };
                shown.insert(name.clone(), body(member, first));
            }
            Value::Object(shown)
        }
        Value::Array(items) => items.iter().map(|item| body(item, first)).collect(),
        other => other.clone(),
    }
}

fn shown(answer: &Answer) -> Shown {
    Shown {
        status: answer.status,
        headers: headers(&answer.headers),
        body: body(&answer.json(), &mut None),
    }
}

/// The same steps, for somebody and for nobody: each answer is the same.
#[track_caller]
fn alike(steps: &str, known: &[Answer], unknown: &[Answer]) {
    assert!(!known.is_empty() && known.len() == unknown.len());
    for (number, (one, other)) in known.iter().zip(unknown).enumerate() {
        assert_eq!(shown(one), shown(other), "{steps}, answer {number}: {}", one.asked);
    }
}

async fn start() -> TestApp {
    let app = TestApp::with(|settings| {
        settings.sms.resend_seconds = 30;
        settings.limits.recoveries_per_address_hour = 999;
    });
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

/// Codes, resent, wrong, expired, dead, and the recovery as it then stands.
async fn with_codes(app: &TestApp, client: &Client<'_>, ask: Value) -> Vec<Answer> {
    let mut answers = vec![client.enter_code("123456").await];
    answers.push(client.ask_code(ask.clone()).await);
    // Before and after the worker has looked whom it goes to.
    answers.push(client.enter_code("123456").await);
    app.run_outbox().await;
    answers.push(client.ask_code(ask.clone()).await);
    answers.push(client.get("/api/v1/recoveries/current").await);
    for _ in 0..5 {
        answers.push(client.enter_code("123456").await);
        answers.push(client.get("/api/v1/recoveries/current").await);
    }
    for _ in 0..4 {
        app.pass(31);
        answers.push(client.ask_code(ask.clone()).await);
        app.run_outbox().await;
    }
    app.pass(31);
    answers.push(client.ask_code(ask.clone()).await);
    app.pass(90);
    answers.push(client.enter_code("123456").await);
    answers.push(client.get("/api/v1/recoveries/current").await);
    answers
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn looking_for_a_username_tells_nothing() {
    let walk = async |name: &str, document: &str| {
        let app = start().await;
        let client = app.client();
        let mut body = client.username_body(&person("王小明")).await;
        body["name"] = json!(name);
        body["document_number"] = json!(document);
        let mut answers = vec![client.find_username_with(body).await];
        answers.extend(with_codes(&app, &client, json!({})).await);
        answers
    };
    let (him, other) = (person("王小明"), person("张伟"));
    for (name, document) in [
        (&other.name, &other.document_number),
        (&other.name, &him.document_number),
        (&him.name, &other.document_number),
    ] {
        let known = walk(&him.name, &him.document_number).await;
        alike("find username", &known, &walk(name, document).await);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn looking_for_a_password_tells_nothing() {
    let walk = async |username: &str, claimed: Value| {
        let app = start().await;
        let client = app.client();
        let mut answers = vec![client.try_find_password(username).await];
        answers.push(client.choose("security_questions").await);
        answers.push(client.choose("document_and_sms").await);
        answers.extend(with_codes(&app, &client, claimed).await);
        answers
    };
    let (him, other) = (claim(&person("王小明")), claim(&person("张伟")));
    let mut other_phone = him.clone();
    other_phone["phone"] = other["phone"].clone();
    let mut other_document = him.clone();
    other_document["document_number"] = other["document_number"].clone();
    for (username, claimed) in [
        ("nobody99", him.clone()),
        ("zhangsan", other_phone),
        ("zhangsan", other_document),
        ("nobody99", other),
    ] {
        let known = walk("zhangsan", him.clone()).await;
        alike("find password", &known, &walk(username, claimed).await);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn replacing_a_phone_tells_nothing_about_others() {
    let walk = async |begin: &str, moved_from: &Person| {
        let app = start().await;
        let client = app.client();
        // Proved: by a card of one's own, which has no account.
        let me = moved(&app, &person("张伟"), 1).await;
        let mut answers = Vec::new();
        if begin.is_empty() {
            let body = client.username_body(moved_from).await;
            answers.push(client.find_username_with(body).await);
        } else {
            answers.push(client.try_find_password(begin).await);
            answers.push(client.choose("document_and_sms").await);
        }
        // The name and the document of whom it is about, with a card that is
        // not his.
        let (name, number) = (moved_from.name.clone(), moved_from.document_number.clone());
        let pretended = Person { name, document_number: number, ..me.clone() };
        answers.push(client.replace_phone(&pretended).await);
        assert_eq!(answers[answers.len() - 1].status, 422);
        answers.push(client.get("/api/v1/recoveries/current").await);
        answers.push(client.replace_phone(&me).await);
        let code = client.last_sms(&me.phone).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        answers.push(client.enter_phone_code(wrong).await);
        answers.push(client.enter_phone_code(&code).await);
        answers.push(client.enter_phone_code(&code).await);
        answers.push(client.get("/api/v1/recoveries/current").await);
        assert_eq!(answers[answers.len() - 3].status, 409);
        answers
    };
    let (known, unknown) = (person("王小明"), person("刘洋"));
    alike("by document", &walk("", &known).await, &walk("", &unknown).await);
    alike("by username", &walk("zhangsan", &known).await, &walk("nobody99", &known).await);
}

/// Whoever can answer questions is shown them, as the guide has it. Everybody
/// else is told that there are none.
#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn having_no_questions_tells_nothing() {
    const MODES: [QuestionsMode; 3] =
        [QuestionsMode::Guide, QuestionsMode::SecondStep, QuestionsMode::Off];
    let walk = async |mode: QuestionsMode, username: &str, wrong_sets: Option<u32>| {
        let app = TestApp::with(|settings| settings.security_questions.mode = mode);
        app.client().register(&person("王小明"), "zhangsan").await;
        if let Some(wrong_sets) = wrong_sets {
            app.choose_questions("zhangsan").await;
            set_wrong(&app, wrong_sets).await;
        }
        let client = app.client();
        client.find_password(username).await;
        // Answers that nobody has asked for, even if they are right.
        let mut answers = vec![client.answer(ANSWERS).await];
        if mode != QuestionsMode::Guide || wrong_sets != Some(0) {
            answers.push(client.choose("security_questions").await);
            answers.push(client.answer(ANSWERS).await);
        }
        answers.push(client.get("/api/v1/recoveries/current").await);
        answers.push(client.choose("document_and_sms").await);
        answers.push(client.answer(ANSWERS).await);
        answers
    };
    for mode in MODES {
        for wrong_sets in [None, Some(5), Some(0)] {
            let known = walk(mode, "zhangsan", wrong_sets).await;
            alike("questions", &known, &walk(mode, "nobody99", wrong_sets).await);
        }
    }
}

/// As if so many wrong sets of answers had been tried.
async fn set_wrong(app: &TestApp, sets: u32) {
    use diesel::prelude::*;
    use shiming::tools::db::schema::security_answers;
    let sets = i32::try_from(sets).unwrap();
    let set = app.core.db.write(move |conn| {
        let all = diesel::update(security_answers::table);
        let set = all.set(security_answers::wrong_sets.eq(sets)).execute(conn);
        set.map_err(shiming::tools::db::DbFault::from)
    });
    assert_eq!(set.await.unwrap(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn changing_to_a_phone_tells_nothing_about_who_has_it() {
    let walk = async |phone: &str| {
        const CHANGE: &str = "/api/v1/account/change";
        const CONFIRMATION: &str = "/api/v1/account/change/confirmation";
        let app = start().await;
        let (client, me) = (app.client(), person("张伟"));
        client.join(&me, "zhangwei").await;
        app.pass(31);
        let body = json!({ "phone": phone });
        let mut answers = vec![client.post(CHANGE, body.clone()).await];
        assert_eq!(answers[0].status, 422, "the bank knows nothing of it");
        answers.push(client.get(CHANGE).await);
        client.introduce(&Person { phone: phone.to_owned(), ..me }).await;
        for _ in 0..3 {
            answers.push(client.post(CHANGE, body.clone()).await);
            answers.push(client.post(CHANGE, body.clone()).await);
            app.run_outbox().await;
            answers.push(client.get(CHANGE).await);
            app.pass(31);
        }
        answers.push(client.post(CHANGE, body).await);
        let code = client.last_sms(phone).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        answers.push(client.post(CONFIRMATION, json!({ "code": wrong })).await);
        answers.push(client.post(CONFIRMATION, json!({ "code": code })).await);
        assert_eq!(answers[answers.len() - 1].status, 200);
        answers.push(client.post(CONFIRMATION, json!({ "code": code })).await);
        answers.push(client.get("/api/v1/account").await);
        answers.push(client.get("/api/v1/account/history").await);
        answers
    };
    // Zhang San's, and one that shows the same digits.
    let held = person("王小明").phone;
    let free = format!("{}9999{}", &held[..3], &held[7..]);
    alike("change phone", &walk(&held).await, &walk(&free).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_in_tells_nothing() {
    let walk = async |path: &str, username: &str| {
        let app = start().await;
        let client = app.client();
        let mut answers = Vec::new();
        for _ in 0..7 {
            let body = client.login_body(username, "wrong password").await;
            answers.push(client.post(path, body).await);
            app.pass(3);
        }
        answers
    };
    for path in ["/api/v1/sessions", "/api/v1/tokens"] {
        let known = walk(path, "zhangsan").await;
        alike(path, &known, &walk(path, "nobody99").await);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn messages_go_to_nobody_when_there_is_nobody() {
    let app = start().await;
    let before = count!(app, sandbox_messages);
    let client = app.client();
    client.find_username(&person("张伟")).await;
    client.ask_code(json!({})).await.ok(200);
    client.find_password("nobody99").await;
    client.choose("document_and_sms").await.ok(200);
    client.ask_code(claim(&person("张伟"))).await.ok(200);
    assert_eq!(app.run_outbox().await, 2, "they were looked at");
    assert_eq!((count!(app, sandbox_messages), count!(app, outbox)), (before, 0));
}
