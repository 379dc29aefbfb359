//! Registering business systems over HTTP.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::tools::db::schema::{audit_events, client_secrets};
use tokio::join;

use crate::support::{
    TestApp, count,
    hr::{Hr, metadata},
};

pub(crate) const CLIENTS: &str = "/api/v1/clients";
const KEY: &str = "0123456789abcdef";

/// The operator's own tool.
pub(crate) async fn tool(app: &TestApp) -> Hr<'_> {
    let own = json!({ "grant_types": ["client_credentials"], "redirect_uris": [] });
    app.hr_with("clients:manage", own).await
}

/// What the operator's trail says of a client, the oldest first.
pub(crate) async fn recorded(app: &TestApp, id: &Value) -> Vec<String> {
    let id = id.as_str().unwrap().to_owned();
    let of_client = audit_events::detail.eq(id);
    app.query(move |conn| {
        let events = audit_events::table.filter(of_client).order(audit_events::id);
        events.select(audit_events::kind).load(conn)
    })
    .await
}

/// Metadata with some members replaced; `null` takes one away.
pub(crate) fn with(change: &Value) -> Value {
    let mut changed = metadata("openid profile offline_access users:read");
    for (name, value) in change.as_object().unwrap() {
        changed[name] = value.clone();
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        }
    }
    changed
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_is_registered_and_its_secret_shown_once() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let (client, secret) = (&made["client"], made["client_secret"].as_str().unwrap());
    assert_eq!((client["state"].as_str(), secret.len()), (Some("enabled"), 64));
    assert_eq!(client["metadata"]["client_name"], "人事系统");
    assert_eq!(client["metadata"]["subject_type"], "pairwise");
    assert_eq!(client["metadata"]["document_number"], "masked");
    assert_eq!(client["secrets"].as_array().unwrap().len(), 1);
    let path = format!("{CLIENTS}/{}", client["id"].as_str().unwrap());
    let shown = tool.get(&path).await;
    assert_eq!(shown.ok(200), *client);
    assert!(!shown.text().contains(secret));
    let hashes: Vec<String> = app
        .query(|conn| client_secrets::table.select(client_secrets::secret_hash).load(conn))
        .await;
    assert!(!hashes.iter().any(|hash| hash == secret), "a secret is kept in clear");
    assert_eq!(recorded(&app, &client["id"]).await, ["client_created"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_registry_is_not_handed_on() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let path = format!("{CLIENTS}/{}", made["client"]["id"].as_str().unwrap());
    let greedy =
        with(&json!({ "scope": "openid profile offline_access users:read clients:manage" }));
    tool.put(&path, greedy).await.fields(&[("/scope", "scope_not_grantable")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_stolen_token_of_a_tool_becomes_nothing_that_lasts() {
    let app = TestApp::start();
    let (tool, other) = (tool(&app).await, tool(&app).await);
    for id in [tool.id, other.id] {
        let path = format!("{CLIENTS}/{id}");
        let mut own = tool.get(&path).await.ok(200)["metadata"].clone();
        own["client_name"] = json!("运维工具");
        let state = json!({ "state": "disabled" });
        for refused in [
            tool.put(&path, own).await,
            // Without the scope it would be an ordinary one, that may be changed.
            tool.put(&path, with(&json!({}))).await,
            tool.post(&format!("{path}/secret"), json!({})).await,
            tool.put(&format!("{path}/state"), state).await,
        ] {
            refused.fields(&[("/scope", "operator_only")]);
        }
        assert_eq!(recorded(&app, &json!(id)).await, Vec::<String>::new());
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn secrets_follow_each_other_with_an_overlap() {
    let app = TestApp::start();
    let mut tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let path = format!("{CLIENTS}/{}", made["client"]["id"].as_str().unwrap());
    let secret = format!("{path}/secret");
    let rotated = tool.post(&secret, json!({ "overlap_seconds": 3600 })).await.ok(201);
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    let held = tool.get(&path).await.ok(200)["secrets"].clone();
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!(held[0]["expires_at"], Value::Null);
    assert_eq!(held[1]["expires_at"], rotated["previous_expires_at"]);
    app.pass(3601);
    tool.renew().await;
    let held = tool.get(&path).await.ok(200)["secrets"].clone();
    assert_eq!(held.as_array().unwrap().len(), 1);
    // At once, when one has leaked.
    tool.post(&secret, json!({ "overlap_seconds": 0 })).await.ok(201);
    assert_eq!(tool.get(&path).await.ok(200)["secrets"].as_array().unwrap().len(), 1);
    let refused = tool.post(&secret, json!({ "overlap_seconds": 2_592_001 })).await;
    refused.fields(&[("/overlap_seconds", "out_of_range")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_disabled_system_can_do_nothing_from_this_moment() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let hr = app.hr("openid users:read").await;
    hr.get("/api/v1/changes").await.ok(200);
    let path = format!("{CLIENTS}/{}/state", hr.id);
    let shown = tool.put(&path, json!({ "state": "disabled" })).await.ok(200);
    assert_eq!(shown["state"], "disabled");
    hr.get("/api/v1/changes").await.problem(401, "token_invalid");
    tool.put(&path, json!({ "state": "disabled" })).await.ok(200);
    tool.put(&path, json!({ "state": "enabled" })).await.ok(200);
    hr.get("/api/v1/changes").await.ok(200);
    let id = json!(hr.id.to_string());
    assert_eq!(recorded(&app, &id).await, ["client_state_changed", "client_state_changed"]);
    tool.put(&path, json!({ "state": "gone" })).await.fields(&[("/state", "invalid")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_list_is_read_page_by_page() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    for number in 0..4 {
        app.pass(1);
        let named = with(&json!({ "client_name": format!("系统{number}") }));
        tool.post(CLIENTS, named).await.ok(201);
    }
    let (mut names, mut path) = (Vec::new(), format!("{CLIENTS}?limit=2"));
    loop {
        let page = tool.get(&path).await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|one| one["metadata"]["client_name"].clone()));
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        path = format!("{CLIENTS}?limit=2&cursor={next}");
    }
    assert_eq!(json!(names), json!(["人事系统", "系统0", "系统1", "系统2", "系统3"]));
    // Each with its own secrets, on each page.
    let second = tool.get(&path).await.ok(200);
    for one in second["items"].as_array().unwrap() {
        let alone = tool.get(&format!("{CLIENTS}/{}", one["id"].as_str().unwrap())).await;
        assert_eq!(alone.ok(200), *one);
        assert_eq!(one["secrets"].as_array().unwrap().len(), 1, "{one}");
    }
    tool.get(&format!("{CLIENTS}?cursor=nonsense")).await.problem(422, "cursor_invalid");
    tool.get(&format!("{CLIENTS}?limit=many")).await.problem(400, "malformed_request");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_repeated_registration_makes_one_system() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let body = with(&json!({}));
    let (one, other) =
        join!(tool.post_once(CLIENTS, &body, KEY), tool.post_once(CLIENTS, &body, KEY));
    let answers = [one, other];
    assert!(answers.iter().any(|answer| answer.status == 201));
    let again = tool.post_once(CLIENTS, &body, KEY).await.ok(201);
    for answer in answers.iter().filter(|answer| answer.status == 201) {
        assert_eq!(answer.json(), again);
    }
    assert_eq!(count!(app, clients), 2);
    let other = with(&json!({ "owner": "别人" }));
    tool.post_once(CLIENTS, &other, KEY).await.problem(422, "idempotency_key_reused");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn only_the_scope_opens_the_registry() {
    let app = TestApp::start();
    let hr = app.hr("openid users:read identity:check webhooks:manage").await;
    let id = "0193e0c0-0000-7000-8000-000000000000";
    let body = with(&json!({}));
    for answer in [
        hr.get(CLIENTS).await,
        hr.post(CLIENTS, body.clone()).await,
        hr.get(&format!("{CLIENTS}/{id}")).await,
        hr.put(&format!("{CLIENTS}/{id}"), body.clone()).await,
        hr.post(&format!("{CLIENTS}/{id}/secret"), json!({})).await,
        hr.put(&format!("{CLIENTS}/{id}/state"), json!({ "state": "disabled" })).await,
    ] {
        assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "clients:manage");
    }
    let tool = tool(&app).await;
    for id in [id, "nonsense"] {
        for answer in [
            tool.get(&format!("{CLIENTS}/{id}")).await,
            tool.put(&format!("{CLIENTS}/{id}"), body.clone()).await,
            tool.post(&format!("{CLIENTS}/{id}/secret"), json!({})).await,
            tool.put(&format!("{CLIENTS}/{id}/state"), json!({ "state": "disabled" })).await,
        ] {
            answer.problem(404, "client_not_found");
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn requests_are_counted_and_the_headers_say_so() {
    let app = TestApp::with(|all| all.integration.requests_per_client_minute = 3);
    let (hr, other) = (app.hr("openid users:read").await, app.hr("openid users:read").await);
    for left in [2, 1, 0] {
        let answer = hr.get("/api/v1/changes").await;
        answer.ok(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=3;w=60");
        let standing = answer.header("ratelimit").to_owned();
        assert!(standing.starts_with(&format!("\"client\";r={left};t=")), "{standing}");
    }
    let refused = hr.get("/api/v1/changes").await;
    refused.problem(429, "too_many_requests");
    assert!(refused.retry_after().is_some_and(|seconds| (1..=61).contains(&seconds)));
    assert!(refused.header("ratelimit").starts_with("\"client\";r=0;"));
    // Refusals of other kinds say it, too, and everybody has an own count.
    let answer = other.get(CLIENTS).await;
    answer.problem(403, "scope_insufficient");
    assert!(answer.header("ratelimit").starts_with("\"client\";r=2;"));
    app.pass(61);
    hr.get("/api/v1/changes").await.ok(200);
    let nobody = app.client().get("/api/v1/changes").await;
    nobody.problem(401, "token_invalid");
    assert_eq!(nobody.header("ratelimit"), "");
}
