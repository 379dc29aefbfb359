//! Whatever comes in, the answer is a success or a problem document, and
//! never our fault.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};

use crate::{
    insider::{CAPTCHA, Ids, insider, targets},
    support::{Answer, TestApp, contract},
};

/// Checks that an answer is a success or a problem, and no fault.
#[track_caller]
pub(crate) fn sane(answer: &Answer, what: &str) {
    let asked = &answer.asked;
    assert!(answer.status < 500, "{asked} with {what}: {}", answer.text());
    if answer.status >= 400 && answer.status != 405 && contract::speaks_oauth(asked) {
        answer.any_oauth();
    } else if answer.status >= 400 && answer.status != 405 && contract::shows_pages(asked) {
        // What has no address at all is a problem, there as elsewhere.
        if answer.header("content-type").starts_with("text/html") {
            answer.page(answer.status);
        } else {
            answer.any_problem();
        }
    } else if answer.status >= 400 {
        answer.any_problem();
    }
}

/// Checks that an answer is a problem, and no fault.
#[track_caller]
fn refused(answer: &Answer, what: &str) {
    sane(answer, what);
    assert!(answer.status >= 400, "{} took {what}: {}", answer.asked, answer.status);
}

/// Whether a body was refused for what stands in it, and nothing else done.
fn misread(answer: &Answer) -> bool {
    let of_form = ["malformed_request", "validation_failed"];
    answer.status >= 400 && of_form.iter().any(|code| answer.any_problem()["code"] == *code)
}

/// Otherwise junk in place of one member would never be looked at.
#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_examples_of_all_bodies_are_read() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    for target in targets(&Ids::of(&insider)) {
        let Some(body) = insider.body(&target).await else { continue };
        let answer = insider.send(&target, &Value::Object(body)).await;
        sane(&answer, "its example");
        assert!(!misread(&answer), "{}: {}", answer.asked, answer.text());
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn bodies_that_are_no_json_are_problems() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let deep_object = "{\"a\":".repeat(5000);
    let bodies: [(&str, &[u8]); 12] = [
        ("nothing", b""),
        ("an open brace", b"{"),
        ("half a member", b"{\"username\":"),
        ("two documents", b"{}{}"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
        ("invalid UTF-8", b"{\"username\":\"\xff\xfe\"}"),
        ("a lone surrogate", b"{\"username\":\"\\ud800\"}"),
        ("a number", b"7"),
        ("a text", b"\"text\""),
        ("null", b"null"),
        ("deep lists", deep.as_bytes()),
        ("deep objects", deep_object.as_bytes()),
    ];
    for target in targets(&Ids::of(&insider)) {
        for (what, body) in bodies {
            let to = (target.method.clone(), target.path.as_str());
            let answer = insider.for_(&target).raw(to, "application/json", body.to_vec()).await;
            if target.body.is_some() {
                refused(&answer, what);
            } else {
                sane(&answer, what);
            }
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn values_of_every_wrong_kind_are_problems() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let junk = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!([]),
        json!([[[{}]]]),
        json!({}),
        json!({ "a": { "b": [] } }),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\u{202e}\u{200b}\u{feff}"),
        json!("x".repeat(20_000)),
        json!("'; DROP TABLE accounts; --"),
        json!("\u{10ffff}\u{1f600}"),
    ];
    for target in targets(&Ids::of(&insider)) {
        let Some(mut body) = insider.body(&target).await else { continue };
        let mut unknown = body.clone();
        unknown.insert("unknown_member".into(), json!(1));
        refused(&insider.send(&target, &Value::Object(unknown)).await, "an unknown member");
        refused(&insider.send(&target, &json!([])).await, "a list");
        for name in body.clone().keys() {
            for value in &junk {
                let mut changed = body.clone();
                changed.insert(name.clone(), value.clone());
                let answer = insider.send(&target, &Value::Object(changed)).await;
                sane(&answer, &format!("{name} = {value:.40}"));
                // The captcha was looked at and is used up.
                if body.contains_key(CAPTCHA) && !misread(&answer) {
                    body.insert(CAPTCHA.to_owned(), insider.for_(&target).captcha().await);
                }
            }
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn other_content_types_are_not_read() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    for target in targets(&Ids::of(&insider)) {
        let Some(body) = &target.body else { continue };
        let text = serde_json::to_vec(body).unwrap();
        for kind in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "x", ""]
        {
            let to = (target.method.clone(), target.path.as_str());
            let answer = insider.for_(&target).raw(to, kind, text.clone()).await;
            answer.problem(415, "unsupported_media_type");
        }
    }
    let body = serde_json::to_vec(&insider.person.start_body("lisi").await).unwrap();
    let to = (Method::POST, "/api/v1/registrations");
    insider.person.raw(to, "Application/JSON; charset=UTF-8", body).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn bodies_that_are_too_large_are_refused() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let body = format!("{{\"username\":\"{}\"}}", "x".repeat(80 * 1024)).into_bytes();
    for target in targets(&Ids::of(&insider)).iter().filter(|target| target.body.is_some()) {
        let to = (target.method.clone(), target.path.as_str());
        let answer = insider.for_(target).raw(to, "application/json", body.clone()).await;
        answer.problem(413, "payload_too_large");
    }
    // Two mebibytes are refused by their announcement alone.
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: application/json\r\nContent-Length: 2097152\r\n\r\n{";
    assert!(raw_exchange(&app, head.as_bytes()).starts_with("HTTP/1.1 413"));
}

/// Sends bytes and reads the answer's beginning.
pub(crate) fn raw_exchange(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_no_http_is_refused_and_the_service_goes_on() {
    let app = TestApp::start();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"[..],
        b"GET /healthz\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz",
    ] {
        let answer = raw_exchange(&app, bytes);
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    app.client().get("/healthz").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn methods_that_do_not_exist_are_problems() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let known: Vec<(Method, String)> =
        targets(&Ids::of(&insider)).into_iter().map(|one| (one.method, one.path)).collect();
    for (_, path) in &known {
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL", "X"] {
            let method: Method = method.parse().unwrap();
            if known.contains(&(method.clone(), path.clone())) {
                continue;
            }
            let answer = insider.person.send(insider.person.request(method.clone(), path)).await;
            // `current` is an id too, of something that does not exist.
            let words = ["/current", "/recoveries/username", "/recoveries/password"];
            let as_id = words.iter().any(|word| path.ends_with(word)) && answer.status == 404;
            if !as_id {
                answer.problem(405, "method_not_allowed");
            }
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn junk_in_paths_and_queries_is_refused() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let long = "x".repeat(3000);
    for junk in
        ["%00", "%ff", "%zz", "%", "..", "..%2f..", "{id}", "%7Bid%7D", "' OR 1=1", "-1", &long]
    {
        let junk = junk.replace(' ', "%20");
        for target in targets(&Ids::all(&junk)).iter().filter(|target| target.path.contains(&junk))
        {
            let client = insider.for_(target);
            let request = client.request(target.method.clone(), &target.path);
            let body = Value::Object(target.body.clone().unwrap_or_default());
            refused(&client.send(request.json(&body)).await, &junk);
        }
        for path in ["/sandbox/v1/sms?phone=", "/api/v1/banks?", "/readyz?x="] {
            sane(&insider.person.get(&format!("{path}{junk}")).await, &junk);
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn junk_in_headers_is_refused_or_ignored() {
    let app = TestApp::unlimited();
    let insider = insider(&app).await;
    let long = "x".repeat(10_000);
    let pairs = "a=b; ".repeat(1000);
    let values: [&[u8]; 9] = [
        b"",
        b"\x80\xff\xfe",
        "用户".as_bytes(),
        b"%00.%00",
        b"=;=;;=",
        b"\"unclosed",
        b"0193e0c0-0000-7000-8000-000000000000.%ff",
        long.as_bytes(),
        pairs.as_bytes(),
    ];
    let names = [
        "idempotency-key",
        "cookie",
        "authorization",
        "flow-token",
        "flow-client",
        "origin",
        "accept-language",
        "x-forwarded-for",
        "user-agent",
        "sec-fetch-site",
        "if-none-match",
        "accept",
    ];
    // Each address gets every header and every value, but only a third of the
    // combinations: what reads them is shared.
    for (number, target) in targets(&Ids::of(&insider)).into_iter().enumerate() {
        for (place, name) in names.into_iter().enumerate() {
            for value in values.into_iter().skip((number + place) % 3).step_by(3) {
                let header = HeaderValue::from_bytes(value).unwrap();
                let client = insider.for_(&target);
                let request = client.request(target.method.clone(), &target.path);
                let request = match &target.body {
                    Some(body) => request.json(body),
                    None => request.header(CONTENT_TYPE, "application/json"),
                };
                let mut request = request.build().unwrap();
                request.headers_mut().insert(name, header);
                let answer = client.execute(request).await;
                sane(&answer, &format!("{name}: {:.20}", String::from_utf8_lossy(value)));
            }
        }
    }
    app.client().get("/readyz").await.ok(200);
}
