//! What every answer has in common, and the service's own state.

use reqwest::{Method, header::ACCEPT_LANGUAGE};
use serde_json::{Value, json};
use shiming::tools::web::{Language, ProblemCode};

use crate::support::{Person, TestApp, people};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_answer_is_guarded_and_never_stored() {
    let app = TestApp::start();
    let client = app.client();
    for path in ["/api/v1/banks", "/api/v1/account", "/api/v1/nothing", "/healthz", "/nothing"] {
        let answer = client.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert!(answer.headers.get("strict-transport-security").is_none(), "not under http");
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
        assert!(
            answer.headers.get("server").is_none() && answer.headers.get("x-powered-by").is_none()
        );
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_request_has_an_id_of_its_own() {
    let app = TestApp::start();
    let client = app.client();
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/api/v1/banks", "/api/v1/banks", "/api/v1/account", "/nothing"] {
        let answer = client.get(path).await;
        let id = answer.header("x-request-id").to_owned();
        assert_eq!(id.len(), 36, "{path}");
        if answer.status >= 400 {
            assert_eq!(answer.any_problem()["request_id"], id);
        }
        ids.insert(id);
    }
    assert_eq!(ids.len(), 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn titles_follow_the_language_of_the_person() {
    let app = TestApp::start();
    let client = app.client();
    for (language, tag, title) in [
        ("", "zh-CN", "尚未登录"),
        ("zh-CN,zh;q=0.9", "zh-CN", "尚未登录"),
        ("en", "en", "Not signed in"),
        ("en-GB;q=0.8, zh;q=0.2", "en", "Not signed in"),
        ("fr, en;q=0.5", "en", "Not signed in"),
        ("fr", "zh-CN", "尚未登录"),
        ("*", "zh-CN", "尚未登录"),
        ("\u{ff}", "zh-CN", "尚未登录"),
    ] {
        let header = reqwest::header::HeaderValue::from_bytes(language.as_bytes());
        let request = client.request(Method::GET, "/api/v1/account");
        let answer = client.send(request.header(ACCEPT_LANGUAGE, header.unwrap())).await;
        assert_eq!(answer.problem(401, "not_signed_in")["title"], title, "{language}");
        assert_eq!(answer.header("content-language"), tag, "{language}");
    }
}

/// What nginx says by itself, in place of a node.
#[test]
fn the_proxy_says_problems_in_the_same_words() {
    let proxy = include_str!("../../deploy/nginx.conf");
    for code in [
        ProblemCode::MalformedRequest,
        ProblemCode::NotFound,
        ProblemCode::MethodNotAllowed,
        ProblemCode::PayloadTooLarge,
        ProblemCode::TooManyRequests,
        ProblemCode::Overloaded,
    ] {
        let name = code.as_str();
        for language in [Language::ZhCn, Language::En] {
            let (title, detail) = code.texts(language);
            let words = format!(r#""title":"{title}","detail":"{detail}""#);
            let line = format!("{name}:{} '{words}';", language.tag());
            assert!(proxy.contains(&line), "{line}");
        }
        let status = code.status().as_u16();
        let by_status = [format!(" {status} {name};"), format!(" default {name};")];
        assert!(by_status.iter().any(|line| proxy.contains(line)), "{name}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_files_of_the_web_client_are_guarded() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    for name in ["index.html", "assets/index-1a2b3c4d.js"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let spa_dir = folder.path().display().to_string();
    let app = TestApp::with(|settings| settings.server.spa_dir = spa_dir);
    let client = app.client();
    for path in ["/", "/register/identity", "/assets/index-1a2b3c4d.js"] {
        let file = client.get(path).await;
        file.ok_status(200);
        assert!(file.header("content-security-policy").contains("script-src 'self'"), "{path}");
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(file.header(name), value, "{path}: {name}");
        }
        assert!(file.header("permissions-policy").contains("camera=()"), "{path}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::start();
    let client = app.client();
    for (method, path, allowed) in [
        (Method::PATCH, "/api/v1/account", "GET"),
        (Method::DELETE, "/api/v1/banks", "GET"),
        (Method::PUT, "/api/v1/sessions", "GET, POST"),
        (Method::GET, "/api/v1/tokens", "POST"),
        (Method::POST, "/healthz", "GET"),
        (Method::GET, "/sandbox/v1/bank/behaviour", "PUT"),
    ] {
        let answer = client.send(client.request(method, path)).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
    let options = client.send(client.request(Method::OPTIONS, "/api/v1/sessions")).await;
    options.ok_status(204);
    assert_eq!(options.header("allow"), "GET, POST");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn unknown_addresses_are_problems_too() {
    let app = TestApp::start();
    let client = app.client();
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/banks",
        "/api/v1/banks/",
        "/api/v1/banks/CCB",
        "/api/v1/%62anks%00",
        "/api/v1/..%2f..%2fetc%2fpasswd",
        "/api/v1/%ff%fe",
        "/api/v1/%",
        "/api/v1/%zz",
        "/sandbox/v1/nothing",
        "/.well-known/nothing",
        "/docs/nothing.js",
        "/favicon.ico",
        "/../../etc/passwd",
    ] {
        client.get(path).await.problem(404, "not_found");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_service_that_works_says_so() {
    let app = TestApp::start();
    let client = app.client();
    assert_eq!(client.get("/healthz").await.ok(200), json!({ "status": "ok" }));
    assert_eq!(client.get("/readyz").await.ok(200), json!({ "status": "ok" }));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_service_without_its_tables_is_alive_but_not_ready() {
    let app = TestApp::start();
    let client = app.client();
    app.core
        .db
        .write(|conn| -> Result<(), shiming::tools::db::DbFault> {
            use diesel::prelude::*;
            diesel::sql_query("DELETE FROM __diesel_schema_migrations").execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    client.get("/healthz").await.ok(200);
    let answer = client.get("/readyz").await;
    answer.problem(503, "overloaded");
    assert!(answer.retry_after().is_some());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn reference_data_is_complete_and_in_the_guides_order() {
    let app = TestApp::start();
    let client = app.client();
    let banks = client.get("/api/v1/banks").await.ok(200);
    let codes: Vec<_> =
        banks["items"].as_array().unwrap().iter().map(|bank| bank["code"].clone()).collect();
    assert_eq!(codes.len(), 12);
    let kinds = client.get("/api/v1/document-types").await.ok(200);
    let kinds = kinds["items"].as_array().unwrap();
    assert_eq!(kinds.len(), 12);
    assert_eq!(kinds[0]["name"], "居民身份证");
    for person in people() {
        assert!(codes.contains(&json!(person.bank_code)), "{}", person.bank_code);
        let kind = kinds.iter().find(|kind| kind["code"] == person.document_type.as_str());
        let foreign = kind.unwrap()["needs_issuing_country"].as_bool().unwrap();
        assert_eq!(foreign, person.issuing_country.is_some(), "{}", person.name);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_learns_the_rules_of_the_installation() {
    let app = TestApp::with(|settings| {
        settings.contact.return_url = "https://ks.example.gov.cn".into();
        settings.sms.valid_seconds = 90;
        settings.limits.bank_failures_per_document_day = 2;
        settings.password.failures.before_lock = 4;
        settings.sessions.idle_minutes = 20;
        settings.registration.idle_minutes = 25;
        settings.registration.absolute_hours = 12;
        settings.retention.audit_days = 365;
        settings.retention.support_days = 200;
    });
    let info = app.client().get("/api/v1/service-info").await.ok(200);
    assert_eq!(info["sandbox"], true);
    assert_eq!(info["return_url"], "https://ks.example.gov.cn");
    assert_eq!(info["sms"], json!({ "valid_seconds": 90, "resend_seconds": 60 }));
    assert_eq!(info["captcha"], json!({ "valid_seconds": 300 }));
    assert_eq!(info["password"], json!({ "min_length": 8, "max_length": 128, "policy": "nist" }));
    assert_eq!(info["agreements"].as_array().unwrap().len(), 3);
    let limits = json!({
        "documents_per_flow": 3,
        "bank_checks_per_flow": 5,
        "bank_failures_per_day": 2,
        "sms_per_flow": 5,
        "password_failures_before_lock": 4,
        "password_lock_seconds": 900,
    });
    assert_eq!(info["limits"], limits);
    assert_eq!(info["account"]["session_idle_minutes"], 20);
    let retention = json!({
        "registration_idle_minutes": 25,
        "registration_hours": 12,
        "audit_days": 365,
        "support_days": 200,
    });
    assert_eq!(info["retention"], retention);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn without_the_sandbox_nothing_of_it_answers() {
    let app = TestApp::assembled(|_| {}, |app| app.sandbox = actix_web::web::Data::new(None));
    let client = app.client();
    let behaviour = json!({ "mode": "normal" });
    for answer in [
        client.get("/sandbox/v1/sms").await,
        client.get("/sandbox/v1/mail").await,
        client.get("/sandbox/v1/captchas/0193e0c0-0000-7000-8000-000000000000").await,
        client.get("/sandbox/v1/cardholders").await,
        client.post("/sandbox/v1/cardholders", json!(people()[0])).await,
        client.put("/sandbox/v1/bank/behaviour", behaviour.clone()).await,
        client.put("/sandbox/v1/sms/behaviour", behaviour).await,
    ] {
        answer.problem(404, "sandbox_only");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_sandbox_takes_people_who_could_register_only() {
    let app = TestApp::start();
    let client = app.client();
    let mut wrong = json!(people()[0]);
    wrong["document_number"] = json!("440305199003070015");
    wrong["card_kind"] = json!("golden");
    wrong["phone"] = json!("1");
    client.post("/sandbox/v1/cardholders", wrong).await.fields(&[
        ("/document_number", "document_checksum"),
        ("/phone", "phone_too_short"),
        ("/card_kind", "invalid"),
    ]);
    let mail = client.get("/sandbox/v1/mail").await.ok(200);
    assert_eq!(mail, json!({ "items": [] }));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_bank_knows_people_whose_numbers_were_typed_as_people_type_them() {
    let app = TestApp::start();
    let client = app.client();
    let person = Person { card_number: "6217000000000000012".into(), ..people()[0].clone() };
    let mut typed = json!(person);
    typed["card_number"] = json!(" 6217 0000-0000 0000 012");
    typed["phone"] = json!("+86 138 0013 8000");
    typed["document_number"] = json!(format!("{} ", person.document_number));
    let added = client.post("/sandbox/v1/cardholders", typed).await.ok(201);
    let phone = "13800138000".to_owned();
    let person = Person { phone, ..person };
    assert_eq!(added, json!(person));
    client.up_to_code(&person, "zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn people_who_were_added_are_listed_first_the_newest_above() {
    let app = TestApp::start();
    let client = app.client();
    let moved = |number: u32| Person { phone: format!("139{number:08}"), ..people()[0].clone() };
    for number in 0..201 {
        client.introduce(&moved(number)).await;
        app.pass(1);
    }
    let listed = client.get("/sandbox/v1/cardholders").await.ok(200);
    let listed = listed["items"].as_array().unwrap();
    let added: Vec<Value> = (1..201).rev().map(|number| json!(moved(number))).collect();
    assert_eq!(listed[..200], added);
    let built_in: Vec<Value> = people().iter().map(|person| json!(person)).collect();
    assert_eq!(listed[200..], built_in);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_documentation_says_that_the_sandbox_is_on_only_when_it_is() {
    let app = TestApp::start();
    let real = TestApp::assembled(|_| {}, |app| app.sandbox = actix_web::web::Data::new(None));
    for (language, said) in [("zh-CN", "请勿填写真实个人信息"), ("en", "Do not enter real")]
    {
        for (app, sandbox) in [(&app, true), (&real, false)] {
            let client = app.client();
            let request = client.request(Method::GET, "/docs/").header(ACCEPT_LANGUAGE, language);
            let page = client.send(request).await;
            page.ok_status(200);
            assert_eq!(page.text().contains(said), sandbox, "{language}");
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_documentation_is_served_from_here() {
    let app = TestApp::start();
    let client = app.client();
    let moved = client.get("/docs").await;
    moved.ok_status(308);
    assert_eq!(moved.header("location"), "/docs/");
    let page = client.get("/docs/").await;
    page.ok_status(200);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(client.get("/docs/index.html").await.text(), page.text());
    let script = client.get("/docs/swagger-initializer.js").await;
    assert!(script.text().contains("/docs/openapi.json"));
    let served = client.get("/docs/openapi.json").await.ok(200);
    let own: serde_json::Value =
        serde_json::from_str(&shiming::compose::openapi::json().unwrap()).unwrap();
    assert_eq!(served, own);
}
