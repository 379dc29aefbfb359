//! An answer, and what tests expect of it.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{client::PASSWORD, people};

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// What was asked, for messages.
    pub asked: String,
}

impl Answer {
    /// The value of a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// The JSON body, after checking that the request succeeded with `status`.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        self.ok_status(status);
        self.json()
    }

    /// Checks the status of an answer that is not JSON.
    #[track_caller]
    pub fn ok_status(&self, status: u16) {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
    }

    /// The problem document, after checking that it is one, that it says
    /// `code`, and that it gives nothing away.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.any_problem();
        let found = (self.status, problem["code"].as_str().unwrap());
        assert_eq!(found, (status, code), "{}: {}", self.asked, self.text());
        problem
    }

    /// The problem document, whatever it says.
    #[track_caller]
    pub fn any_problem(&self) -> Value {
        let text = self.text();
        let asked = &self.asked;
        assert!(self.status >= 400, "{asked}: {} {text}", self.status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{asked}: {text}");
        let mut problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("https://shiming.dev/problems/{code}"), "{asked}");
        assert_eq!(problem["status"], self.status, "{asked}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{asked}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{asked}");
        assert_eq!(problem["retry_after_seconds"].as_i64(), self.retry_after(), "{asked}: {text}");
        // Hexadecimal digits may look like a short number by chance.
        problem["request_id"].take();
        let shown = problem.to_string();
        assert_eq!(people::named_in(&shown), None, "{asked}: {shown}");
        assert!(!shown.contains(PASSWORD), "{asked}: {shown}");
        self.json()
    }

    /// The error of an OAuth endpoint, after checking that it is one, that it
    /// says `error`, and that it gives nothing away.
    #[track_caller]
    pub fn oauth(&self, status: u16, error: &str) -> Value {
        let body = self.any_oauth();
        assert_eq!(
            (self.status, body["error"].as_str().unwrap()),
            (status, error),
            "{}: {}",
            self.asked,
            self.text()
        );
        body
    }

    /// The error of an OAuth endpoint, whatever it says.
    #[track_caller]
    pub fn any_oauth(&self) -> Value {
        let (text, asked) = (self.text(), &self.asked);
        assert!(self.status >= 400, "{asked}: {} {text}", self.status);
        assert_eq!(self.header("content-type"), "application/json", "{asked}: {text}");
        assert_eq!(self.header("cache-control"), "no-store", "{asked}");
        assert!(!self.header("x-request-id").is_empty(), "{asked}");
        let body = self.json();
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{text}");
        let members: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "error_description"], "{asked}: {text}");
        assert_eq!(people::named_in(&text), None, "{asked}: {text}");
        body
    }

    /// Checks that exactly these fields were refused: pointer and code.
    #[track_caller]
    pub fn fields(&self, expected: &[(&str, &str)]) {
        let problem = self.problem(422, "validation_failed");
        let expected: Vec<Value> = expected
            .iter()
            .map(|(pointer, code)| json!({ "pointer": pointer, "code": code }))
            .collect();
        assert_eq!(problem["errors"], json!(expected), "{}", self.asked);
    }

    /// Seconds of `Retry-After`.
    pub fn retry_after(&self) -> Option<i64> {
        self.headers.get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap())
    }
}
