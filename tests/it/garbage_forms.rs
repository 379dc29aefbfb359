//! Whatever comes in as a form or in a query, the answer is a success, an error
//! as OAuth has it, a problem or a page; never our fault; and nobody is sent
//! anywhere but home.

use std::collections::BTreeMap;

use reqwest::{
    Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::{
    garbage::{raw_exchange, sane},
    support::{
        Answer, Client, TestApp, contract,
        hr::{ALL_SCOPES, Hr},
        person,
        systems::{CALLBACK, CHALLENGE, Parameters, System, VERIFIER, encoded, hidden},
    },
};

const FORM: &str = "application/x-www-form-urlencoded";
const BYE: &str = "https://ks.example.gov.cn/bye";

/// Values, as they stand in a form or a query: encoded wrongly, of another kind,
/// with what no text has, or addresses of somebody else.
const JUNK: [&str; 24] = [
    "%00",
    "a%00b",
    "%ff%fe",
    "%c3%28",
    "%ed%a0%80",
    "%f4%90%80%80",
    "%",
    "%zz",
    "%u4e00",
    "%0d%0aSet-Cookie:%20shiming_session=x",
    "%1b%5b31m%07%08",
    "%e2%80%ae%e2%80%8b%ef%bb%bf",
    "%f0%9f%98%80",
    "true",
    "-1",
    "99999999999999999999999999999999999999",
    "1e309",
    "%5b%5d",
    "%7b%22a%22%3a%7b%22value%22%3a%5b%5d%7d%7d",
    "%27%3b%20DROP%20TABLE%20clients%3b%20--",
    "https%3a%2f%2fevil.example%2f",
    "%2f%2fevil.example%2f..",
    "javascript%3aalert(1)",
    "%22%3e%3cscript%3ealert(1)%3c%2fscript%3e",
];

/// Where nothing that is made up leads to a success: codes, tokens, captchas,
/// ids of what is another's.
const DEAD_ENDS: [&str; 5] =
    ["/oauth2/token", "/oauth2/userinfo", "/sign-in", "/deliveries", "/audio"];

/// An operation, the names of its parameters, and values of some that bring a
/// request to its end.
struct Target {
    path: String,
    names: Vec<String>,
    fields: Parameters,
}

/// Somebody in the middle of everything that takes a form.
struct Stage<'a> {
    person: Client<'a>,
    hr: Hr<'a>,
    /// Good values, by the name of their parameter.
    values: BTreeMap<String, String>,
    /// Id of the request that waits in the browser.
    request: String,
    /// What the pages of that request, and of a logout, ask for.
    forms: BTreeMap<&'static str, Parameters>,
}

/// The fields of a page: what is hidden, and what is typed or pressed.
fn fields(html: &str, pressed: &str) -> Parameters {
    let (_, form) = html.split_once("<form").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    let names = form.split(" name=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let value = |name: &str| match name {
        "decision" => pressed.to_owned(),
        _ if form.contains(&format!("name=\"{name}\" value=\"")) => hidden(form, name),
        _ => "x".to_owned(),
    };
    let mut fields: Parameters = names.map(|name| (name.to_owned(), value(name))).collect();
    fields.dedup_by(|one, other| one.0 == other.0);
    fields
}

async fn stage(app: &TestApp) -> Stage<'_> {
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let all = json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid phone offline_access users:read",
    });
    let system = System::register(app, all).await;
    let before = app.client();
    let request = before.come(&system.asks("openid phone")).await;
    let page = format!("/oauth2/plain/{request}");
    let signing_in = fields(&before.get(&page).await.page(200), "");
    // The same browser: the pages of a request belong to it.
    client.set_cookie("shiming_authorize", &before.cookie("shiming_authorize").unwrap());
    client.sign_in("zhangsan").await;
    let mut deciding = fields(&client.get(&page).await.page(200), "allow");
    // What is allowed is not what is shown: the request goes on waiting.
    let confirmation = deciding.iter_mut().find(|(name, _)| name == "confirmation");
    confirmation.unwrap().1 = String::from("x");
    let asked = [("client_id", system.id.to_string()), ("post_logout_redirect_uri", BYE.into())];
    let asked = asked.map(|(name, value)| (name.to_owned(), value));
    let logout = format!("/oauth2/logout?{}&state=s&ui_locales=en", encoded(&asked));
    let leaving = fields(&client.get(&logout).await.page(200), "stay");
    let mut values: BTreeMap<String, String> = system.asks("openid phone").into_iter().collect();
    for (name, value) in [
        ("client_secret", system.secret.as_str()),
        ("code_verifier", VERIFIER),
        ("code", CHALLENGE),
        ("refresh_token", CHALLENGE),
        ("token", CHALLENGE),
        ("access_token", CHALLENGE),
        ("post_logout_redirect_uri", BYE),
        ("prompt", "consent"),
        ("ui_locales", "zh-CN"),
        ("max_age", "1000"),
        ("response_mode", "query"),
        ("login_hint", "zhangsan"),
        ("lang", "en"),
        ("limit", "2"),
        ("phone", "13800138000"),
        ("language", "en"),
    ] {
        values.insert(name.to_owned(), value.to_owned());
    }
    let forms = BTreeMap::from([
        ("sign-in", signing_in),
        ("decision", deciding),
        ("confirmation", leaving),
    ]);
    Stage {
        person: client,
        hr: app.hr(&format!("{ALL_SCOPES} clients:manage")).await,
        values,
        request,
        forms,
    }
}

impl Stage<'_> {
    /// The parameters of these names that there are good values for.
    fn good(&self, names: &[String]) -> Parameters {
        let good = |name: &String| Some((name.clone(), self.values.get(name)?.clone()));
        names.iter().filter_map(good).collect()
    }

    /// Every operation of the document that takes a form.
    fn forms(&self) -> Vec<Target> {
        let document = serde_json::to_value(shiming::compose::openapi::document()).unwrap();
        let mut targets = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(operation) = item.get("post").filter(|_| path.starts_with("/oauth2")) else {
                continue;
            };
            let described = operation
                .pointer("/requestBody/content/application~1x-www-form-urlencoded/schema/$ref");
            let last = path.rsplit('/').next().unwrap();
            let names: Vec<String> = if let Some(schema) = described.and_then(Value::as_str) {
                let schema = document.pointer(schema.trim_start_matches('#')).unwrap();
                schema["properties"].as_object().unwrap().keys().cloned().collect()
            } else if let Some(fields) = self.forms.get(last) {
                fields.iter().map(|(name, _)| name.clone()).collect()
            } else {
                // The same as in the query of a GET.
                in_query(&item["get"])
            };
            let fields = self.forms.get(last).cloned().unwrap_or_else(|| self.good(&names));
            assert!(!fields.is_empty(), "{path}");
            let path = path.replace("{id}", &self.request);
            let grants: &[&str] = match last {
                "token" => &["authorization_code", "refresh_token", "client_credentials"],
                _ => &[],
            };
            for grant in grants {
                let mut fields = fields.clone();
                fields.retain(|(name, _)| name != "scope" || *grant == "refresh_token");
                fields.push(("grant_type".to_owned(), (*grant).to_owned()));
                targets.push(Target { path: path.clone(), names: names.clone(), fields });
            }
            if grants.is_empty() {
                targets.push(Target { path, names, fields });
            }
        }
        assert!(targets.len() >= 12, "{}", targets.len());
        targets
    }

    /// Every operation of the document that has a query.
    fn queries(&self) -> Vec<(Target, bool)> {
        let document = serde_json::to_value(shiming::compose::openapi::document()).unwrap();
        let mut targets = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let names = in_query(&item["get"]);
            if names.is_empty() {
                continue;
            }
            let (path, fields) = (path.replace("{id}", &self.request), self.good(&names));
            let of_system = item.pointer("/get/security/0/client_token").is_some();
            targets.push((Target { path, names, fields }, of_system));
        }
        assert!(targets.len() >= 8, "{}", targets.len());
        targets
    }

    async fn post(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.person.raw((Method::POST, path), kind, body.into()).await
    }
}

/// The names of what is in the query of an operation.
fn in_query(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|one| one["in"] == "query");
    in_query.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// Checks that an answer is no fault, and sends nobody elsewhere.
#[track_caller]
fn safe(answer: &Answer, what: &str) {
    sane(answer, what);
    let location = answer.header("location");
    let home = (location.starts_with('/') && !location.starts_with("//"))
        || [CALLBACK, BYE].iter().any(|known| {
            location
                .strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
        });
    let asked: String = answer.asked.chars().take(200).collect();
    assert!(location.is_empty() || home, "{asked} with {what}: to {location}");
    let cookies = answer.headers.get_all("set-cookie").iter();
    for cookie in cookies {
        assert!(cookie.to_str().unwrap().starts_with("shiming_"), "{asked} with {what}");
        assert_ne!(cookie.to_str().unwrap(), "shiming_session=x");
    }
    if answer.header("content-type").starts_with("text/html") {
        assert!(!answer.text().contains("<script>alert"), "{asked} with {what}");
    }
}

/// Checks that what is good is taken, or else what is junk is never read.
#[track_caller]
fn taken(answer: &Answer, path: &str) {
    safe(answer, "what is good");
    let dead_end = DEAD_ENDS.iter().any(|end| path.ends_with(end));
    assert!(answer.status < 400 || dead_end, "{path}: {} {}", answer.status, answer.text());
}

/// A form or a query with one value exchanged, as it is.
fn with(fields: &[(String, String)], name: &str, value: &str) -> String {
    let rest: Parameters = fields.iter().filter(|(known, _)| known != name).cloned().collect();
    format!("{name}={value}&{}", encoded(&rest))
}

/// What is wrong with all parameters at once.
fn broken(fields: &[(String, String)]) -> Vec<(&'static str, String)> {
    let right = encoded(fields);
    let first = right.split('&').next().unwrap();
    vec![
        ("nothing", String::new()),
        ("separators", "&&&==&=&;".to_owned()),
        ("a name of NUL", format!("%00=x&{right}")),
        ("a name that is no UTF-8", format!("%ff%fe=%ff&{right}")),
        ("a name in brackets", format!("a%5b%5d=1&a%5b%5d=2&{right}")),
        ("raw bytes", format!("{right}&x=\u{7f}\u{80}\u{2028}")),
        ("the first repeated", format!("{right}&{first}")),
        ("everything repeated", format!("{right}&{right}")),
        ("repeated and empty", right.replace('=', "=&x=")),
        ("many parameters", (0..2000).map(|n| format!("p{n}=x")).collect::<Vec<_>>().join("&")),
        ("one parameter many times", "scope=openid&".repeat(2000)),
    ]
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn junk_in_forms_is_refused_or_ignored() {
    let app = TestApp::unlimited();
    let stage = stage(&app).await;
    let long = "x".repeat(20_000);
    for Target { path, names, fields } in stage.forms() {
        taken(&stage.post(&path, FORM, encoded(&fields)).await, &path);
        for name in &names {
            for junk in JUNK.iter().chain([&&*long, &""]) {
                let what = format!("{name}={junk:.60}");
                safe(&stage.post(&path, FORM, with(&fields, name, junk)).await, &what);
            }
            let without: Parameters =
                fields.iter().filter(|(known, _)| known != name).cloned().collect();
            safe(&stage.post(&path, FORM, encoded(&without)).await, &format!("no {name}"));
            let twice = format!("{}&{name}=x", with(&fields, name, "y"));
            let answer = stage.post(&path, FORM, twice).await;
            safe(&answer, &format!("{name} twice"));
            assert!(answer.status >= 400 || name == "resource", "{path} took {name} twice");
        }
        for (what, body) in broken(&fields) {
            safe(&stage.post(&path, FORM, body).await, what);
        }
    }
    stage.still_serves().await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_no_form_is_refused() {
    let app = TestApp::unlimited();
    let stage = stage(&app).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for Target { path, fields, .. } in stage.forms() {
        let right = encoded(&fields);
        let members = json!(fields.iter().cloned().collect::<BTreeMap<_, _>>()).to_string();
        for (kind, body) in [
            ("application/json", members.as_str()),
            ("application/json", &deep),
            ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\n"),
            ("multipart/form-data", &right),
            ("text/plain", &right),
            (
                "application/xml",
                "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
            ),
            ("application/x-www-form-urlencodedx", &right),
            ("x", &right),
            ("", &right),
        ] {
            let answer = stage.post(&path, kind, body).await;
            safe(&answer, kind);
            assert!(answer.status >= 400, "{path} took {kind}: {}", answer.status);
        }
        // A form by its name only.
        for (what, body) in [("JSON", members.as_str()), ("a list", "[[[]]]")] {
            safe(&stage.post(&path, FORM, body).await, what);
        }
        let zipped = stage.person.request(Method::POST, &path).header(CONTENT_TYPE, FORM);
        let zipped = zipped.header(CONTENT_ENCODING, "gzip").body(right.clone());
        let answer = stage.person.send(zipped).await;
        safe(&answer, "a compressed body that is none");
        let huge = format!("{right}&x={}", "x".repeat(80 * 1024));
        let answer = stage.post(&path, FORM, huge).await;
        safe(&answer, "a huge body");
        let expected = if contract::speaks_oauth(&path) { 413 } else { 400 };
        assert_eq!(answer.status, expected, "{path} took a huge body");
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = stage.person.raw((method, &path), FORM, right.clone().into_bytes()).await;
            answer.problem(405, "method_not_allowed");
        }
        // Two mebibytes are refused by their announcement alone.
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {FORM}\
             \r\nContent-Length: 2097152\r\n\r\na="
        );
        assert!(raw_exchange(&app, head.as_bytes()).starts_with("HTTP/1.1 4"), "{path}");
    }
    stage.still_serves().await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn junk_in_queries_is_refused_or_ignored() {
    let app = TestApp::unlimited();
    let stage = stage(&app).await;
    let long = "x".repeat(20_000);
    for (Target { path, names, fields }, of_system) in stage.queries() {
        let client = if of_system { &stage.hr.http } else { &stage.person };
        let get = async |query: String| client.get(&format!("{path}?{query}")).await;
        taken(&get(encoded(&fields)).await, &path);
        for name in &names {
            for junk in JUNK.iter().chain([&&*long, &""]) {
                safe(&get(with(&fields, name, junk)).await, &format!("{name}={junk:.60}"));
            }
            let twice = format!("{}&{name}=x", with(&fields, name, "y"));
            safe(&get(twice).await, &format!("{name} twice"));
            safe(&get(format!("{name}%5b%5d=x&{name}[a]=x")).await, &format!("{name} in brackets"));
        }
        for (what, query) in broken(&fields) {
            safe(&get(query).await, what);
        }
        // More than an address may have.
        let line =
            format!("GET {path}?x={} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(70_000));
        assert!(raw_exchange(&app, line.as_bytes()).starts_with("HTTP/1.1 4"), "{path}");
    }
    stage.still_serves().await;
}

impl Stage<'_> {
    /// All of this has stopped nobody.
    async fn still_serves(&self) {
        self.person.get("/readyz").await.ok(200);
        let fields = self.good(&["client_id", "client_secret"].map(str::to_owned));
        let body = format!("grant_type=client_credentials&{}", encoded(&fields));
        self.post("/oauth2/token", FORM, body).await.ok(200);
    }
}
