//! What every answer has in common, and the service's own state.

use reqwest::{Method, header::ACCEPT_LANGUAGE};
use serde_json::json;

use crate::support::{TestApp, people};

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
async fn a_service_that_works_says_so() {
    let app = TestApp::start();
    let client = app.client();
    assert_eq!(client.get("/healthz").await.ok(200), json!({ "status": "ok" }));
    assert_eq!(client.get("/readyz").await.ok(200), json!({ "status": "ok" }));
}

#[actix_web::test]
async fn a_service_without_its_tables_is_alive_but_not_ready() {
    let app = TestApp::start();
    let client = app.client();
    app.core
        .db
        .write(|conn| -> Result<(), shiming::db::DbFault> {
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
async fn the_documentation_is_served_from_here() {
    let app = TestApp::start();
    let client = app.client();
    let moved = client.get("/docs").await;
    moved.ok_status(308);
    assert_eq!(moved.header("location"), "/docs/");
    let page = client.get("/docs/").await;
    page.ok_status(200);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let served = client.get("/docs/openapi.json").await.ok(200);
    let own: serde_json::Value = serde_json::from_str(&shiming::openapi::json().unwrap()).unwrap();
    assert_eq!(served, own);
}
