//! Mail to the operator, handed to a real mail server.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::{
    adapters::smtp::SmtpMail,
    kernel::{OsEntropy, Secret, ids::OutboxId},
    tools::{
        config::{Settings, SmtpSecurity},
        db::schema::outbox,
        ports::Mail,
    },
};

use crate::{
    cases::letter,
    support::{
        Client, TestApp,
        smtp::{Authority, Behaviour, MailServer},
    },
};

/// Somebody writes; returns the number of the case.
async fn write(client: &Client<'_>) -> String {
    let body = letter(client, json!({})).await;
    let case = client.post("/api/v1/support-cases", body).await.ok(201);
    case["number"].as_str().unwrap().to_owned()
}

fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["headers"].as_array().unwrap();
    let found = headers.iter().find(|header| header[0] == name);
    found.unwrap_or_else(|| panic!("no {name} in {mail}"))[1].as_str().unwrap()
}

/// State of the only message in the outbox.
async fn waiting(app: &TestApp) -> Option<(String, i32)> {
    app.query(|conn| outbox::table.select((outbox::state, outbox::attempts)).first(conn).optional())
        .await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_case_arrives_over_starttls_without_personal_data() {
    let authority = Authority::new();
    let server = MailServer::start(&authority, &Behaviour::default());
    let app = TestApp::with(server.settings(&authority));
    let number = write(&app.client()).await;
    assert_eq!(app.run_outbox().await, 1);
    let mail = server.mail();
    assert_eq!(mail["secure"], true);
    assert_eq!(
        mail["envelope"],
        json!({ "from": "noreply@sm.example.gov.cn", "to": ["help@sm.example.gov.cn"] })
    );
    assert_eq!(mail["subject"], format!("[{number}] 银行核验不匹配"));
    assert!(!mail["headers"].to_string().contains("reply-to"), "{mail}");
    let id = header(&mail, "message-id");
    assert!(id.starts_with('<') && id.ends_with("@sm.example.gov.cn>"), "{id}");
    assert!(header(&mail, "from").ends_with("<noreply@sm.example.gov.cn>"));
    let text = mail["text"].as_str().unwrap();
    for told in [number.as_str(), "银行核验不匹配", "2026-11-23 10:00（北京时间）"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for secret in ["王小明", "440305199003070014", "13800138000", "已两次核验", "wang@"] {
        assert!(!mail.to_string().contains(secret), "{secret}: {mail}");
    }
    assert!(text.contains(&format!("shiming cases show {number}")));
    server.nothing_more();
    assert_eq!(waiting(&app).await, None);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_mail_carries_personal_data_only_where_the_operator_says_so() {
    let authority = Authority::new();
    let behaviour = Behaviour { security: SmtpSecurity::Tls, ..Behaviour::default() };
    let server = MailServer::start(&authority, &behaviour);
    let settings = server.settings(&authority);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.smtp.security = SmtpSecurity::Tls;
        all.mail.include_personal_data = true;
    });
    write(&app.client()).await;
    app.run_outbox().await;
    let mail = server.mail();
    assert_eq!(mail["secure"], true);
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n");
    assert!(text.contains("姓名：王小明\n证件号：440305199003070014\n"), "{text}");
    assert!(text.contains("本人王小明，手机13800138000"), "{text}");
    assert!(!text.contains("shiming cases show"), "{text}");
    assert_eq!(header(&mail, "reply-to"), "wang@example.com");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_server_that_asks_for_a_password_gets_it() {
    let authority = Authority::new();
    let user = Some(("shiming", "harbour mist 42"));
    let server = MailServer::start(&authority, &Behaviour { user, ..Behaviour::default() });
    let settings = server.settings(&authority);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.smtp.username = "shiming".into();
        all.mail.smtp.password = Secret::new("harbour mist 42".into());
    });
    write(&app.client()).await;
    app.run_outbox().await;
    assert_eq!(server.mail()["user"], "shiming");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_that_is_not_taken_is_ours_to_put_right_and_the_mail_waits() {
    let authority = Authority::new();
    let user = Some(("shiming", "harbour mist 42"));
    let server = MailServer::start(&authority, &Behaviour { user, ..Behaviour::default() });
    let settings = server.settings(&authority);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.smtp.username = "shiming".into();
        all.mail.smtp.password = Secret::new("an old one".into());
    });
    write(&app.client()).await;
    app.run_outbox().await;
    server.nothing_more();
    assert_eq!(waiting(&app).await, Some(("waiting".into(), 1)));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_server_on_this_machine_needs_no_tls() {
    let authority = Authority::new();
    let behaviour = Behaviour { security: SmtpSecurity::None, ..Behaviour::default() };
    let server = MailServer::start(&authority, &behaviour);
    let settings = server.settings(&authority);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.smtp.security = SmtpSecurity::None;
    });
    write(&app.client()).await;
    app.run_outbox().await;
    assert_eq!(server.mail()["secure"], false);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_server_that_is_down_is_tried_more_and_more_rarely_until_it_is_up() {
    let authority = Authority::new();
    let server = MailServer::start(&authority, &Behaviour::default());
    let port = server.port;
    let app = TestApp::with(server.settings(&authority));
    drop(server);
    let number = write(&app.client()).await;
    for (attempt, pause) in [(1, 3), (2, 6), (3, 12), (4, 24)] {
        assert_eq!(app.run_outbox().await, 1, "attempt {attempt}");
        assert_eq!(waiting(&app).await, Some(("waiting".into(), attempt)));
        app.pass(pause - 1);
        assert_eq!(app.run_outbox().await, 0, "not before {pause} s");
        app.pass(1);
    }
    let server = MailServer::start(&authority, &Behaviour { port, ..Behaviour::default() });
    assert_eq!(app.run_outbox().await, 1);
    assert!(server.mail()["subject"].as_str().unwrap().contains(&number));
    server.nothing_more();
    assert_eq!(app.run_outbox().await, 0);
    assert_eq!(waiting(&app).await, None);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_mail_that_nobody_takes_for_days_is_given_up_and_the_case_stays() {
    let authority = Authority::new();
    let server = MailServer::start(&authority, &Behaviour::default());
    let app = TestApp::with(server.settings(&authority));
    drop(server);
    write(&app.client()).await;
    app.pass(5 * 86_400 - 1);
    app.run_outbox().await;
    assert_eq!(waiting(&app).await.unwrap().0, "failed");
    assert_eq!(crate::support::count!(app, support_cases), 1);
}

/// Sends a case to a server whose certificate is not what it should be.
async fn refused(server: &MailServer, trusted: &Authority, security: SmtpSecurity) {
    let settings = server.settings(trusted);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.smtp.security = security;
    });
    write(&app.client()).await;
    app.run_outbox().await;
    server.nothing_more();
    assert_eq!(waiting(&app).await, Some(("waiting".into(), 1)));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_certificate_is_refused() {
    let (trusted, other) = (Authority::new(), Authority::new());
    for security in [SmtpSecurity::Starttls, SmtpSecurity::Tls] {
        let behaviour = Behaviour { security, ..Behaviour::default() };
        let stranger = MailServer::start(&other, &behaviour);
        refused(&stranger, &trusted, security).await;
        let elsewhere = Behaviour { host: "mail.example.com", ..behaviour };
        refused(&MailServer::start(&trusted, &elsewhere), &trusted, security).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_mail_goes_in_clear_where_tls_is_asked_for() {
    let authority = Authority::new();
    let behaviour = Behaviour { security: SmtpSecurity::None, ..Behaviour::default() };
    let plain = MailServer::start(&authority, &behaviour);
    refused(&plain, &authority, SmtpSecurity::Starttls).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_the_server_refuses_for_good_is_not_sent_again_and_what_passes_is() {
    let authority = Authority::new();
    for (code, state) in [(550, "failed"), (554, "failed"), (451, "waiting"), (502, "waiting")] {
        let refuse = Some(code);
        let server = MailServer::start(&authority, &Behaviour { refuse, ..Behaviour::default() });
        let app = TestApp::with(server.settings(&authority));
        write(&app.client()).await;
        app.run_outbox().await;
        assert_eq!(waiting(&app).await.unwrap().0, state, "{code}");
        // The server quotes what it refuses; what is logged must not.
        let id = OutboxId::new(app.now(), &OsEntropy).unwrap();
        let (to, reply_to) = ("help@example.com".to_owned(), Some("wang@example.com".to_owned()));
        let mail = Mail { id, to, reply_to, subject: String::new(), text: String::new() };
        let fault = app.core.mail.send(&mail).await.unwrap_err().to_string();
        assert!(fault.ends_with(&format!(": it answered {code}")), "{fault}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nothing_that_is_written_becomes_a_header() {
    let authority = Authority::new();
    let server = MailServer::start(&authority, &Behaviour::default());
    let settings = server.settings(&authority);
    let app = TestApp::with(|all| {
        settings(all);
        all.mail.include_personal_data = true;
    });
    let client = app.client();
    let injected = "x\r\nBcc: everybody@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com>";
    for (member, code) in [("reply_to", "email_format"), ("topic", "invalid")] {
        let typed = format!("wang@example.com{injected}");
        let body = letter(&client, json!({ member: typed })).await;
        let answer = client.post("/api/v1/support-cases", body).await;
        answer.fields(&[(&format!("/{member}"), code)]);
    }
    let all = json!({ "name": injected, "document_number": injected, "message": injected });
    let body = letter(&client, all).await;
    client.post("/api/v1/support-cases", body).await.ok(201);
    app.run_outbox().await;
    let mail = server.mail();
    assert_eq!(mail["envelope"]["to"], json!(["help@sm.example.gov.cn"]));
    let names: Vec<&str> =
        mail["headers"].as_array().unwrap().iter().map(|one| one[0].as_str().unwrap()).collect();
    for name in ["bcc", "cc"] {
        assert!(!names.contains(&name), "{names:?}");
    }
    assert!(mail["text"].as_str().unwrap().contains("Bcc: everybody@example.com"));
    server.nothing_more();
}

type Change = dyn Fn(&mut Settings);

#[test]
fn settings_that_name_no_mail_server_are_refused() {
    let authority = Authority::new();
    let settings = |change: &Change| {
        let variables = [("DATABASE_URL", "sqlite:///tmp/x.db"), ("SHIMING__KEYS__FILE", "/tmp/k")];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut settings = Settings::load(None, owned).unwrap();
        settings.mail.smtp.host = "localhost".into();
        settings.mail.smtp.from = "noreply@example.com".into();
        settings.mail.smtp.ca_path = authority.path().display().to_string();
        change(&mut settings);
        SmtpMail::new(&settings).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(settings(&|_| {}), Ok(()));
    assert_eq!(settings(&|all| all.mail.smtp.ca_path = String::new()), Ok(()));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let wrong: [(&Change, &str); 4] = [
        (&|all| all.mail.smtp.from = "nobody".into(), "mail.smtp.from"),
        (&|all| all.mail.support_to = "nobody".into(), "mail.support_to"),
        (&|all| all.mail.smtp.ca_path = "/nowhere/ca.pem".into(), "mail.smtp.ca_path"),
        (&|all| all.mail.smtp.ca_path = manifest.into(), "no certificate"),
    ];
    for (change, said) in wrong {
        let error = settings(change).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}
