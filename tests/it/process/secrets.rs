//! What somebody reads who steals the database or the logs: no person.

use std::fs;

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Binary, Text},
};
use serde_json::json;
use shiming::tools::crypto::blind::hex;

use super::{
    CHEAP_HASHING,
    program::{Engine, PASSWORD, Person, Server, Visitor},
    query, runtime,
};
use crate::support::{
    CREDIT_CODES,
    smtp::{Authority, Behaviour, MailServer},
    unit,
};

const USERNAME: &str = "registered-somebody";

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct BytesRow {
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

/// Everything that lies in the database.
pub async fn stored(server: &Server) -> Vec<u8> {
    if server.database_url.starts_with("sqlite") {
        let files = fs::read_dir(server.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_database = |path: &std::path::PathBuf| path.to_string_lossy().contains("test.db");
        return files.filter(of_database).flat_map(|path| fs::read(path).unwrap()).collect();
    }
    query(&server.database_url, |conn| {
        let mut all = Vec::new();
        let tables = "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'";
        for table in sql_query(tables).load::<TextRow>(conn)? {
            let rows = format!("SELECT t::text AS value FROM \"{}\" t", table.value);
            for row in sql_query(rows).load::<TextRow>(conn)? {
                all.extend(row.value.into_bytes());
                all.push(b'\n');
            }
        }
        Ok(all)
    })
    .await
}

/// Whether `bytes` hold `needle`, as it is or in hexadecimal.
fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    let hex = hex(needle);
    [needle, hex.as_bytes()]
        .iter()
        .any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
}

/// A registration with some mistakes, a login, and a failed one.
async fn live(server: &Server, person: &Person) -> Vec<String> {
    let visitor = Visitor::new(&server.base);
    visitor.introduce(person).await.unwrap();
    let start = visitor.start_body(USERNAME).await.unwrap();
    let draft = visitor.post("/api/v1/registrations", &start).await.unwrap().ok(201);
    let flow = format!("/api/v1/registrations/{}", draft["id"].as_str().unwrap());
    let mut wrong = person.identity();
    wrong["document_number"] = json!(format!("{}0", &person.document_number[..17]));
    let _ = visitor.put(&format!("{flow}/identity"), &wrong).await.unwrap();
    visitor.put(&format!("{flow}/identity"), &person.identity()).await.unwrap().ok(200);
    let mut other = person.bank();
    other["phone"] = json!("13700000001");
    visitor.post(&format!("{flow}/bank-verification"), &other).await.unwrap().ok(422);
    visitor.post(&format!("{flow}/bank-verification"), &person.bank()).await.unwrap().ok(200);
    let code = visitor.code(&person.phone).await.unwrap();
    let confirm = format!("{flow}/confirmation");
    visitor.post(&confirm, &json!({ "code": "000000" })).await.unwrap();
    visitor.post(&confirm, &json!({ "code": code })).await.unwrap().ok(201);
    let mut login = visitor.login_body(USERNAME).await.unwrap();
    login["password"] = json!("a wrong passphrase 9");
    visitor.post("/api/v1/sessions", &login).await.unwrap().ok(401);
    let login = visitor.login_body(USERNAME).await.unwrap();
    visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
    visitor.get("/api/v1/account").await.unwrap().ok(200);
    let Person { name, document_number, card_number, phone, .. } = person.clone();
    let birth = document_number[6..14].to_owned();
    let typed = ["a wrong passphrase 9", "13700000001", PASSWORD].map(str::to_owned);
    [name, document_number, card_number, phone, birth].into_iter().chain(typed).collect()
}

#[test]
fn neither_database_nor_logs_name_a_person() {
    let settings = [CHEAP_HASHING.as_slice(), &[("SHIMING__LOG__FILTER", "trace")]].concat();
    let server = Server::start(Engine::of_tests(), &settings);
    runtime().block_on(async {
        let secrets = live(&server, &Person::new(77)).await;
        let (stored, log) = (stored(&server).await, server.log().into_bytes());
        for secret in &secrets {
            assert!(!holds(&stored, secret.as_bytes()), "{secret} lies in the database");
            assert!(!holds(&log, secret.as_bytes()), "{secret} lies in the log");
        }
        // The search finds what is there: text, bytes, and a log of everything.
        let sealed = query(&server.database_url, |conn| {
            let first = "SELECT name_sealed AS value FROM accounts";
            sql_query(first).get_result::<BytesRow>(conn)
        });
        assert!(holds(&stored, USERNAME.as_bytes()));
        assert!(holds(&stored, &sealed.await.value));
        for present in ["TRACE", "/api/v1/sessions"] {
            assert!(holds(&log, present.as_bytes()), "no {present} in the log");
        }
        assert!(!holds(&log, USERNAME.as_bytes()), "a username may be a name");
    });
}

/// Settings of a program that hands its mail to a server of ours.
fn by_smtp(mail_server: &MailServer, authority: &Authority) -> Vec<(&'static str, String)> {
    vec![
        ("SHIMING__MAIL__ADAPTER", "smtp".to_owned()),
        ("SHIMING__MAIL__SMTP__HOST", "localhost".to_owned()),
        ("SHIMING__MAIL__SMTP__PORT", mail_server.port.to_string()),
        ("SHIMING__MAIL__SMTP__FROM", "noreply@example.com".to_owned()),
        ("SHIMING__MAIL__SMTP__CA_PATH", authority.path().display().to_string()),
        ("SHIMING__MAIL__SMTP__USERNAME", "shiming".to_owned()),
        ("SHIMING__MAIL__SMTP__PASSWORD", "keep-this-quiet".to_owned()),
        ("SHIMING__LOG__FILTER", "trace".to_owned()),
    ]
}

#[test]
fn neither_database_nor_logs_tell_what_units_are_and_people_write() {
    let authority = Authority::new();
    let user = Some(("shiming", "keep-this-quiet"));
    let mail_server = MailServer::start(&authority, &Behaviour { user, ..Behaviour::default() });
    let smtp = by_smtp(&mail_server, &authority);
    let smtp: Vec<(&str, &str)> =
        smtp.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let whole = [("SHIMING__MAIL__INCLUDE_PERSONAL_DATA", "true")];
    let server =
        Server::start(Engine::of_tests(), &[CHEAP_HASHING.as_slice(), &smtp, &whole].concat());
    runtime().block_on(async {
        let (visitor, agent, unit) =
            (Visitor::new(&server.base), Person::new(5), unit(CREDIT_CODES[0]));
        visitor.introduce(&agent).await.unwrap();
        let account = visitor.register_unit(&unit, &agent, USERNAME).await.unwrap();
        let id = account["account"]["id"].as_str().unwrap();
        let letter = json!({
            "topic": "unit", "name": "司徒来信", "document_number": "440305199003070014",
            "reply_to": "situ.laixin@example.com", "message": "请尽快审核我们的申请",
            "captcha": visitor.captcha().await.unwrap(),
        });
        visitor.post("/api/v1/support-cases", &letter).await.unwrap().ok(201);
        let mail = mail_server.mail();
        assert!(mail["text"].as_str().unwrap().contains("请尽快审核我们的申请"));
        let reason = "公章与名称不一致";
        let rejected =
            server.command(&["units", "reject", id, "--reason", reason]).output().unwrap();
        assert!(rejected.status.success());
        let (stored, log) = (stored(&server).await, server.log().into_bytes());
        let said = String::from_utf8(rejected.stderr).unwrap();
        for of in [&unit["name"], &unit["credit_code"], &unit["legal_representative"]]
            .into_iter()
            .chain(["name", "document_number", "reply_to", "message"].map(|member| &letter[member]))
            .chain([&json!(reason), &json!("keep-this-quiet")])
        {
            let secret = of.as_str().unwrap();
            assert!(!holds(&stored, secret.as_bytes()), "{secret} lies in the database");
            assert!(!holds(&log, secret.as_bytes()), "{secret} lies in the log");
            assert!(!said.contains(secret), "{secret} lies in the operator's log");
        }
        assert!(holds(&log, b"TRACE"));
    });
}
