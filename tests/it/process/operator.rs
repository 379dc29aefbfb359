//! What an operator decides and reads at the command line, beside a running
//! service.

use std::{process::Output, time::Duration};

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::tools::db::schema::{audit_events, grants};

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Server, Visitor},
    query, runtime,
};
use crate::support::{CREDIT_CODES, unit};

/// Runs a command that succeeds; returns what it prints.
#[track_caller]
pub fn said(server: &Server, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = server.command(arguments).output().unwrap();
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Runs a command that is refused; returns what it says.
#[track_caller]
pub fn refused(server: &Server, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = server.command(arguments).output().unwrap();
    assert!(!status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stdout));
    String::from_utf8(stderr).unwrap()
}

fn units(server: &Server, more: &[&str]) -> Vec<Value> {
    let arguments = [&["units", "list", "--json"], more].concat();
    serde_json::from_str(&said(server, &arguments)).unwrap()
}

/// A unit that has registered; returns its id.
async fn registered(server: &Server, code: &str, agent: &Person, username: &str) -> String {
    let visitor = Visitor::new(&server.base);
    visitor.introduce(agent).await.unwrap();
    let account = visitor.register_unit(&unit(code), agent, username).await.unwrap();
    account["account"]["id"].as_str().unwrap().to_owned()
}

/// The newest news in a phone, once they are there.
async fn news(server: &Server, phone: &str) -> String {
    let visitor = Visitor::new(&server.base);
    for _ in 0..2000 {
        let path = format!("/sandbox/v1/sms?phone={phone}");
        let inbox = visitor.get(&path).await.unwrap().ok(200);
        if inbox["items"][0]["purpose"] == "notice" {
            return inbox["items"][0]["text"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no news in {phone}");
}

/// What was recorded about an account by the operator: kind and address.
async fn decisions(server: &Server, account: &str) -> Vec<(String, String)> {
    let account = account.to_owned();
    query(&server.database_url, move |conn| {
        audit_events::table
            .filter(audit_events::account_id.eq(account))
            .filter(audit_events::request_id.eq("operator"))
            .order(audit_events::at)
            .select((audit_events::kind, audit_events::ip_prefix))
            .load(conn)
    })
    .await
}

/// Details of what an operator has read.
async fn readings(server: &Server, kind: &'static str) -> Vec<Option<String>> {
    query(&server.database_url, move |conn| {
        audit_events::table
            .filter(audit_events::kind.eq(kind))
            .filter(audit_events::request_id.eq("operator"))
            .order(audit_events::at)
            .select(audit_events::detail)
            .load(conn)
    })
    .await
}

#[test]
fn units_are_listed_approved_and_rejected() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    assert_eq!(said(&server, &["units", "list"]), "0 units\n");
    let (one, two) = (Person::new(1), Person::new(2));
    let (first, second) = runtime.block_on(async {
        (
            registered(&server, CREDIT_CODES[0], &one, "unit-one").await,
            registered(&server, CREDIT_CODES[1], &two, "unit-two").await,
        )
    });

    let listed = units(&server, &[]);
    assert_eq!(listed.len(), 2);
    let unit = &listed[0];
    assert_eq!((&unit["id"], &unit["state"]), (&json!(first), &json!("pending")));
    assert_eq!(unit["name"], "深圳市测试科技（集团）有限公司");
    assert_eq!(unit["credit_code"], CREDIT_CODES[0]);
    assert_eq!(unit["legal_representative"], "张法人");
    assert_eq!((&unit["agent"], &unit["username"]), (&json!(one.name), &json!("unit-one")));
    assert_eq!((&unit["decided_at"], &unit["reason"]), (&Value::Null, &Value::Null));
    let shown = said(&server, &["units", "list", "--state", "pending"]);
    for told in [&first, CREDIT_CODES[0], "张法人", &one.name, "unit-two", "2 units"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }

    let read = runtime.block_on(readings(&server, "units_listed"));
    assert_eq!(read, ["0", "2", "2"].map(|count| Some(count.to_owned())));

    said(&server, &["units", "approve", &first]);
    let told = runtime.block_on(news(&server, &one.phone));
    assert!(told.contains("审核通过"), "{told}");
    let reason = "营业执照与名称不一致";
    query_insert_grant(&server, &first);
    query_insert_grant(&server, &second);
    said(&server, &["units", "reject", &second, "--reason", reason]);
    let ended = runtime.block_on(query(&server.database_url, |conn| {
        let ended = grants::table.filter(grants::ended_at.is_not_null());
        ended.select(grants::account_id).load::<String>(conn)
    }));
    assert_eq!(ended, std::slice::from_ref(&second), "its sign-ins, and nobody else's");
    let told = runtime.block_on(news(&server, &two.phone));
    assert!(told.contains("未通过审核"), "{told}");
    assert!(!told.contains(reason), "the reason is read after signing in");

    assert_eq!(units(&server, &["--state", "pending"]).len(), 0);
    assert_eq!(units(&server, &["--state", "approved"])[0]["id"], json!(first));
    let rejected = &units(&server, &["--state", "rejected"])[0];
    assert_eq!((&rejected["id"], &rejected["reason"]), (&json!(second), &json!(reason)));
    assert!(rejected["decided_at"].is_string());
    let shown = said(&server, &["units", "list", "--state", "rejected"]);
    assert!(shown.ends_with("\n1 unit\n"), "{shown}");
    runtime.block_on(async {
        let approved = ("unit_approved".to_owned(), String::new());
        assert_eq!(decisions(&server, &first).await, [approved]);
        let rejected = ("unit_rejected".to_owned(), String::new());
        assert_eq!(decisions(&server, &second).await, [rejected]);
    });
}

#[test]
fn what_cannot_be_decided_is_said_and_changes_nothing() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let person = Person::new(3);
    let (unit, citizen) = runtime.block_on(async {
        let visitor = Visitor::new(&server.base);
        visitor.introduce(&person).await.unwrap();
        let citizen = visitor.register(&person, "citizen").await.unwrap();
        let unit = registered(&server, CREDIT_CODES[0], &Person::new(1), "unit-one").await;
        (unit, citizen["account"]["id"].as_str().unwrap().to_owned())
    });
    let nobody = "0193e0c0-0000-7000-8000-000000000000";
    for (arguments, why) in [
        (&["units", "approve", nobody][..], "no unit has the id"),
        (&["units", "approve", &citizen], "no unit has the id"),
        (&["units", "reject", nobody, "--reason", "x"], "no unit has the id"),
        (&["units", "approve", "everybody"], "invalid value"),
        (&["units", "reject", &unit], "--reason"),
        (&["units", "reject", &unit, "--reason", " "], "say why"),
        (&["units", "reject", &unit, "--reason", "one\ntwo"], "one line"),
        (&["units", "list", "--state", "open"], "invalid value"),
    ] {
        let error = refused(&server, arguments);
        assert!(error.contains(why), "{arguments:?}: {error}");
    }
    assert_eq!(units(&server, &["--state", "pending"]).len(), 1);

    said(&server, &["units", "approve", &unit]);
    assert!(refused(&server, &["units", "approve", &unit]).contains("approved already"));
    assert_eq!(runtime.block_on(decisions(&server, &unit)).len(), 1, "recorded once");
}

#[test]
fn a_rejected_unit_gives_its_credit_code_to_whom_it_belongs() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let code = CREDIT_CODES[0];
    let wrong = runtime.block_on(registered(&server, code, &Person::new(1), "impostor"));
    said(&server, &["units", "reject", &wrong, "--reason", "不是该单位的经办人"]);
    // Changed one's mind before anybody else came.
    said(&server, &["units", "approve", &wrong]);
    said(&server, &["units", "reject", &wrong, "--reason", "不是该单位的经办人"]);
    let right = runtime.block_on(registered(&server, code, &Person::new(2), "right-one"));
    let error = refused(&server, &["units", "approve", &wrong]);
    assert!(error.contains("credit code"), "{error}");
    let rejected = &units(&server, &["--state", "rejected"])[0];
    assert_eq!(
        (&rejected["id"], &rejected["reason"]),
        (&json!(wrong), &json!("不是该单位的经办人"))
    );
    said(&server, &["units", "approve", &right]);
    assert_eq!(runtime.block_on(decisions(&server, &wrong)).len(), 3);
}

#[test]
fn two_decisions_at_once_are_one() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let unit = runtime.block_on(registered(&server, CREDIT_CODES[0], &Person::new(1), "unit-one"));
    let both = [0, 1].map(|_| server.command(&["units", "approve", &unit]).spawn().unwrap());
    let done = both.map(|mut one| one.wait().unwrap().success());
    assert_eq!(done.iter().filter(|&&done| done).count(), 1);
    assert_eq!(runtime.block_on(decisions(&server, &unit)).len(), 1);
}

/// Somebody writes; returns the number of the case.
async fn write(server: &Server, message: &str) -> String {
    let visitor = Visitor::new(&server.base);
    let body = json!({
        "topic": "name", "name": "欧阳测试", "document_number": "440305199003070014",
        "reply_to": "ouyang@example.com", "message": message,
        "captcha": visitor.captcha().await.unwrap(),
    });
    let case = visitor.post("/api/v1/support-cases", &body).await.unwrap().ok(201);
    case["number"].as_str().unwrap().to_owned()
}

#[test]
fn cases_are_listed_and_read() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let (first, second) = runtime.block_on(async {
        (write(&server, "𬎆字打不出来").await, write(&server, "第二封").await)
    });
    let listed: Vec<Value> =
        serde_json::from_str(&said(&server, &["cases", "list", "--json"])).unwrap();
    let numbers: Vec<&Value> = listed.iter().map(|case| &case["number"]).collect();
    assert_eq!(numbers, [&json!(second), &json!(first)], "the newest first");
    assert_eq!(listed[0]["topic"], "name");
    let shown = said(&server, &["cases", "list"]);
    assert!(shown.contains(&first) && shown.ends_with("2 cases\n"), "{shown}");
    assert!(!shown.contains("欧阳测试"), "a list names nobody");
    let shown = said(&server, &["cases", "show", &first.to_lowercase()]);
    for told in [&first, "欧阳测试", "440305199003070014", "ouyang@example.com", "𬎆字打不出来"]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert!(refused(&server, &["cases", "show", "C20261123-000000"]).contains("no case"));
    let read = runtime.block_on(readings(&server, "case_read"));
    assert_eq!(read, [Some(first.clone())], "what was read in clear, and nothing else");
    assert!(refused(&server, &["cases", "show", "everything"]).contains("C20261124-7F3K9Q"));
}

#[test]
fn a_missing_key_file_is_not_made_anew_by_reading() {
    let server = Server::prepare(Engine::of_tests(), &CHEAP_HASHING);
    for arguments in [
        &["units", "list"][..],
        &["cases", "list"],
        &["keys", "retire", "1"],
        &["keys", "rotate-signing"],
    ] {
        assert!(refused(&server, arguments).contains("keys.file"));
    }
    assert!(!server.key_file().exists());
}

#[test]
fn units_and_cases_are_sealed_anew_when_keys_are_rotated() {
    let mut server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let (unit, number) = runtime.block_on(async {
        let unit = registered(&server, CREDIT_CODES[0], &Person::new(1), "unit-one").await;
        (unit, write(&server, "请转交经办人").await)
    });
    said(&server, &["units", "reject", &unit, "--reason", "材料不全"]);
    said(&server, &["keys", "rotate"]);
    super::commands::retire_first_key(&server);
    server.kill();
    let listed = &units(&server, &[])[0];
    assert_eq!((&listed["id"], &listed["reason"]), (&json!(unit), &json!("材料不全")));
    assert_eq!(listed["legal_representative"], "张法人");
    assert!(said(&server, &["cases", "show", &number]).contains("请转交经办人"));
}

#[test]
fn security_questions_that_are_in_the_way_are_removed() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let person = Person::new(1);
    let account = runtime().block_on(async {
        let visitor = Visitor::new(&server.base);
        visitor.introduce(&person).await.unwrap();
        let account = visitor.register(&person, "zhangsan").await.unwrap()["account"].clone();
        let login = visitor.login_body("zhangsan").await.unwrap();
        visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
        account["id"].as_str().unwrap().to_owned()
    });
    let remove = |username: &'static str| ["accounts", "remove-questions", username];
    assert!(refused(&server, &remove("lisi")).contains("nobody has this username"));
    assert!(refused(&server, &remove("zhangsan")).contains("no security questions"));
    query_insert_questions(&server, &account);
    said(&server, &remove("ZhangSan"));
    assert!(refused(&server, &remove("zhangsan")).contains("no security questions"));
    runtime().block_on(async {
        assert!(news(&server, &person.phone).await.contains("密保问题已变更"));
        let recorded = decisions(&server, &account).await;
        assert_eq!(recorded, [("questions_removed".to_owned(), String::new())]);
    });
}

/// A sign-in to a business system.
fn query_insert_grant(server: &Server, account: &str) {
    let id = |last: &str| format!("0193e0c0-0000-7000-8000-00000000000{last}");
    let (client, session) = (id("1"), id("2"));
    let sql = format!(
        "INSERT INTO grants (id, account_id, client_id, session_id, subject, scopes, \
         resources, offline, auth_time, created_at, expires_at) \
         VALUES ('{account}', '{account}', '{client}', '{session}', '{account}', 'openid', '', FALSE, \
         '2026-11-24 00:00:00', '2026-11-24 00:00:00', '2036-11-24 00:00:00')"
    );
    runtime()
        .block_on(query(&server.database_url, move |conn| diesel::sql_query(&sql).execute(conn)));
}

/// Questions as the service keeps them.
fn query_insert_questions(server: &Server, account: &str) {
    let sql = format!(
        "INSERT INTO security_answers (account_id, questions, answers_hash, wrong_sets, set_at) \
         VALUES ('{account}', 'childhood_toy family_dish places_lost', '-', 5, '2026-11-24 00:00:00')"
    );
    runtime()
        .block_on(query(&server.database_url, move |conn| diesel::sql_query(&sql).execute(conn)));
}
