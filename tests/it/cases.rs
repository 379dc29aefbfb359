//! Writing to the operator: a case with a number, and a mail about it.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::{
    capabilities::cases::{self, CaseNumber},
    compose::worker,
    tools::db::schema::{audit_events, sessions, support_cases},
};

use crate::support::{Client, TestApp, count, person};

const PATH: &str = "/api/v1/support-cases";
const KEY: &str = "0193e0c0-one-letter-of-one-person";

/// What somebody writes whose bank does not match, with some members replaced.
pub async fn letter(client: &Client<'_>, changes: Value) -> Value {
    let mut body = json!({
        "topic": "bank_mismatch", "name": "王小明", "document_number": "440305199003070014",
        "reply_to": "wang@example.com",
        "message": "本人王小明，手机13800138000，已两次核验，均不匹配。\n证件号440305199003070014",
        "captcha": client.captcha().await,
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn write(client: &Client<'_>, changes: Value) -> crate::support::Answer {
    client.post(PATH, letter(client, changes).await).await
}

/// What the operator's mailbox holds.
async fn mailbox(app: &TestApp) -> Vec<Value> {
    app.run_outbox().await;
    let mail = app.client().get("/sandbox/v1/mail").await.ok(200);
    mail["items"].as_array().unwrap().clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_letter_becomes_a_case_with_a_number_and_a_mail() {
    let app = TestApp::start();
    let case = write(&app.client(), json!({})).await.ok(201);
    let number = case["number"].as_str().unwrap();
    assert!(number.starts_with("C20261123-") && number.len() == 16, "{number}");
    assert!(case["created_at"].as_str().unwrap().starts_with("2026-11-23T02:00:"));
    let mailbox = mailbox(&app).await;
    assert_eq!(mailbox.len(), 1);
    assert_eq!(mailbox[0]["to"], "support@localhost");
    assert_eq!(mailbox[0]["subject"], format!("[{number}] 银行核验不匹配"));
    let text = mailbox[0]["text"].as_str().unwrap();
    assert!(text.ends_with(&format!("shiming cases show {number}\n")), "{text}");
    for secret in ["王小明", "440305199003070014", "13800138000", "核验，均", "wang@example.com"]
    {
        assert!(!mailbox[0].to_string().contains(secret), "{secret}: {}", mailbox[0]);
    }

    let asked = number.parse::<CaseNumber>().unwrap();
    let kept = app.ctx().read(move |tx| cases::find(tx, &asked)).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!(kept.body.document_number.as_deref(), Some("440305199003070014"));
    assert!(kept.body.message.contains("手机13800138000"));
    assert_eq!(kept.account, None);

    let event: (Option<String>, Option<String>) = app
        .query(|conn| {
            let opened = audit_events::kind.eq("support_case_opened");
            let columns = (audit_events::account_id, audit_events::detail);
            audit_events::table.filter(opened).select(columns).first(conn)
        })
        .await;
    assert_eq!(event, (None, Some(number.to_owned())));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_topic_is_taken_and_names_and_numbers_need_not_be_given() {
    let app = TestApp::with(|settings| settings.mail.include_personal_data = true);
    let client = app.client();
    for topic in ["bank_mismatch", "name", "phone", "unit", "other"] {
        let nothing = json!({ "topic": topic, "name": null, "document_number": "" });
        write(&client, nothing).await.ok(201);
    }
    let mails = mailbox(&app).await;
    assert_eq!(mails.len(), 5);
    assert!(mails[0]["text"].as_str().unwrap().contains("姓名：（未填写）\n证件号：（未填写）\n"));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn names_that_we_accept_nowhere_else_can_be_written_about() {
    let app = TestApp::start();
    let rare = json!({ "name": "王🀄3（女）", "document_number": "护照 E-12", "topic": "name" });
    write(&app.client(), rare).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn fields_that_cannot_be_used_are_named() {
    let app = TestApp::start();
    let client = app.client();
    let long = "长".repeat(4001);
    for (member, value, code) in [
        ("reply_to", json!(""), "required"),
        ("reply_to", json!("wang"), "email_format"),
        ("reply_to", json!("wang@example.com, li@example.com"), "email_format"),
        ("reply_to", json!(format!("{}@example.com", "w".repeat(250))), "too_long"),
        ("message", json!(""), "required"),
        ("message", json!(" \n\u{202e} "), "required"),
        ("message", json!(long), "too_long"),
        ("name", json!("王".repeat(101)), "too_long"),
        ("document_number", json!("4".repeat(101)), "too_long"),
        ("topic", json!("complaint"), "invalid"),
        ("topic", json!(null), "invalid"),
        ("message", json!(7), "invalid"),
    ] {
        let pointer = format!("/{member}");
        write(&client, json!({ member: value })).await.fields(&[(&pointer, code)]);
    }
    let none = json!({ "topic": "other", "captcha": { "id": "", "answer": "" } });
    client.post(PATH, none).await.fields(&[
        ("/reply_to", "required"),
        ("/message", "required"),
        ("/captcha/answer", "required"),
    ]);
    assert_eq!(count!(app, support_cases), 0);
    write(&client, json!({ "message": "长".repeat(4000) })).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_would_command_a_terminal_is_left_out() {
    let app = TestApp::start();
    let written =
        json!({ "name": "王\u{1b}[2J小明\u{202e}", "message": "一\r\n二\u{1b}]0;x\u{7}\t三\u{0}" });
    let case = write(&app.client(), written).await.ok(201);
    let number: CaseNumber = case["number"].as_str().unwrap().parse().unwrap();
    let kept = app.ctx().read(move |tx| cases::find(tx, &number)).await;
    let body = kept.unwrap().unwrap().body;
    assert_eq!(body.name.as_deref(), Some("王[2J小明"));
    assert_eq!(body.message, "一\n二]0;x\t三");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_is_asked_for_and_is_used_up_right_or_wrong() {
    let app = TestApp::start();
    let client = app.client();
    let right = letter(&client, json!({})).await;
    let mut wrong = right.clone();
    wrong["captcha"]["answer"] = json!("00000x");
    client.post(PATH, wrong).await.fields(&[("/captcha/answer", "captcha_wrong")]);
    client.post(PATH, right).await.fields(&[("/captcha/answer", "captcha_expired")]);
    let late = letter(&client, json!({})).await;
    app.pass(301);
    client.post(PATH, late).await.fields(&[("/captcha/answer", "captcha_expired")]);
    assert_eq!((count!(app, support_cases), mailbox(&app).await.len()), (0, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_address_may_write_so_often_in_an_hour() {
    let app = TestApp::with(|settings| settings.limits.support_cases_per_address_hour = 2);
    let client = app.client_at("203.0.113.1");
    for _ in 0..2 {
        write(&client, json!({})).await.ok(201);
    }
    let refused = write(&client, json!({})).await;
    refused.problem(429, "too_many_requests");
    assert!((3590..=3600).contains(&refused.retry_after().unwrap()));
    write(&app.client_at("203.0.113.2"), json!({})).await.ok(201);
    app.pass(3600);
    write(&client, json!({})).await.ok(201);
    assert_eq!(count!(app, support_cases), 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_same_letter_with_one_key_is_one_case() {
    let app = TestApp::start();
    let client = app.client();
    let body = letter(&client, json!({})).await;
    let (a, b) = tokio::join!(
        client.post_once(KEY, PATH, body.clone()),
        client.post_once(KEY, PATH, body.clone())
    );
    let made = [a, b].into_iter().filter(|answer| answer.status == 201).count();
    assert!(made >= 1);
    let first = client.post_once(KEY, PATH, body.clone()).await.ok(201);
    assert_eq!(client.post_once(KEY, PATH, body).await.ok(201), first);
    let other = letter(&client, json!({ "message": "另一封" })).await;
    client.post_once(KEY, PATH, other).await.problem(422, "idempotency_key_reused");
    assert_eq!((count!(app, support_cases), mailbox(&app).await.len()), (1, 1));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn two_letters_at_once_with_one_captcha_are_one_case() {
    let app = TestApp::start();
    let client = app.client();
    let body = letter(&client, json!({})).await;
    let (a, b) = tokio::join!(client.post(PATH, body.clone()), client.post(PATH, body));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    assert_eq!(count!(app, support_cases), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_account_of_somebody_signed_in_is_noted() {
    let app = TestApp::start();
    let mut client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await["id"].clone();
    client.sign_in("zhangsan").await;
    write(&client, json!({})).await.ok(201);
    let tokens = client.tokens("zhangsan").await;
    client.clear_cookies();
    client.bearer = tokens["access_token"].as_str().map(str::to_owned);
    write(&client, json!({})).await.ok(201);
    // Who is not, or no longer, can write all the same.
    client.bearer = Some("nonsense".into());
    write(&client, json!({})).await.ok(201);
    client.bearer = None;
    client.set_cookie("shiming_session", "0193e0c0-0000-7000-8000-000000000000.x");
    write(&client, json!({})).await.ok(201);
    let noted: Vec<Option<String>> = app
        .query(|conn| {
            let in_order = support_cases::table.order(support_cases::created_at);
            in_order.select(support_cases::account_id).load(conn)
        })
        .await;
    let account = account.as_str().map(str::to_owned);
    assert_eq!(noted, [account.clone(), account, None, None]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_session_that_ends_at_the_same_moment_leaves_no_trace_in_the_case() {
    let app = TestApp::start();
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    client.sign_in("zhangsan").await;
    let body = letter(&client, json!({})).await;
    let (ended, begun) = std::sync::mpsc::channel();
    let end = app.core.db.write(move |conn| -> Result<(), shiming::tools::db::DbFault> {
        diesel::delete(sessions::table).execute(conn)?;
        ended.send(()).unwrap();
        // The letter is on its way when this is committed.
        std::thread::sleep(std::time::Duration::from_millis(700));
        Ok(())
    });
    let write = async {
        while begun.try_recv().is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        client.post(PATH, body).await.ok(201)
    };
    let (end, _) = tokio::join!(end, write);
    end.unwrap();
    let noted: Vec<Option<String>> =
        app.query(|conn| support_cases::table.select(support_cases::account_id).load(conn)).await;
    assert_eq!(noted, [None]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_site_cannot_write_in_the_name_of_somebody_signed_in() {
    let app = TestApp::start();
    let mut client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    client.sign_in("zhangsan").await;
    let body = letter(&client, json!({})).await;
    client.origin = Some("https://evil.example".into());
    client.post(PATH, body).await.problem(403, "cross_site_request");
    assert_eq!(count!(app, support_cases), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_case_that_was_erased_meanwhile_is_not_mailed() {
    let app = TestApp::start();
    write(&app.client(), json!({})).await.ok(201);
    let erase =
        |conn: &mut shiming::tools::db::Conn| diesel::delete(support_cases::table).execute(conn);
    app.core
        .db
        .write(move |conn| erase(conn).map_err(shiming::tools::db::DbFault::from))
        .await
        .unwrap();
    assert_eq!(app.run_outbox().await, 1);
    assert!(mailbox(&app).await.is_empty());
    assert_eq!(count!(app, outbox), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn cases_are_erased_when_their_time_is_over() {
    let app = TestApp::with(|settings| settings.retention.support_days = 30);
    write(&app.client(), json!({})).await.ok(201);
    app.pass(30 * 86_400 - 60);
    worker::forget(&app.core).await;
    assert_eq!(count!(app, support_cases), 1);
    app.pass(120);
    worker::forget(&app.core).await;
    assert_eq!(count!(app, support_cases), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_number_that_is_taken_is_drawn_again() {
    let app = TestApp::start();
    for six in [[7; 6], [7; 6], [39; 6], [8; 6]] {
        app.entropy.next_six(six);
    }
    let client = app.client();
    let first = write(&client, json!({})).await.ok(201);
    let second = write(&client, json!({})).await.ok(201);
    assert_eq!(first["number"], "C20261123-777777");
    assert_eq!(second["number"], "C20261123-888888");
    // Both were written at the same moment of the test's clock.
    let mut subjects: Vec<String> =
        mailbox(&app).await.iter().map(|mail| mail["subject"].to_string()).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        ["\"[C20261123-777777] 银行核验不匹配\"", "\"[C20261123-888888] 银行核验不匹配\""]
    );
}
