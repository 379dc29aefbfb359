//! Business systems: what they learn by asking, and what a stranger learns of
//! them and of those who sign in to them.

use serde_json::{Value, json};
use shiming::capabilities::clients::ClientState;

use super::{Shown, alike, headers, start};
use crate::support::{
    Answer, Person, TestApp, oauth, person,
    systems::{System, hidden},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn checking_an_identity_tells_nothing_about_who_has_an_account() {
    let walk = async |somebody: &Person| {
        let app = start().await;
        let hr = app.hr("openid identity:check").await;
        let mut answers = Vec::new();
        // Until no more may be asked about one document.
        for number in 0..7 {
            let question = json!({
                "name": "某某某", "document_type": somebody.document_type,
                "document_number": somebody.document_number, "issuing_country": null,
                "purpose": "事业单位公开招聘资格审核",
            });
            let key = format!("0123456789abcdef{number}");
            answers.push(hr.post_once("/api/v1/identity-checks", &question, &key).await);
            app.pass(1);
        }
        assert_eq!(answers[0].json()["match"], false);
        answers[6].problem(429, "too_many_requests");
        answers
    };
    let known = walk(&person("王小明")).await;
    alike("identity check", &known, &walk(&person("张伟")).await);
}

/// Who tries to be a client.
#[derive(Clone, Copy)]
enum Pretended {
    Unknown,
    Known,
    Disabled,
    DisabledWithItsSecret,
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn guessing_at_a_client_tells_nothing_about_which_there_are() {
    let walk = async |whom: Pretended, by_header: bool| {
        let app = TestApp::with(|settings| settings.oauth.failures_per_address_hour = 8);
        let client = app.client();
        let method = if by_header { "client_secret_basic" } else { "client_secret_post" };
        let system = app.system(json!({ "token_endpoint_auth_method": method })).await;
        if matches!(whom, Pretended::Disabled | Pretended::DisabledWithItsSecret) {
            app.change_system(&system, |client| client.state = ClientState::Disabled).await;
        }
        let unknown = "0193e0c0-0000-7000-8000-000000000000".to_owned();
        let id = if matches!(whom, Pretended::Unknown) { unknown } else { system.id.clone() };
        let right = matches!(whom, Pretended::DisabledWithItsSecret);
        let secret = if right { system.secret.clone() } else { "0".repeat(64) };
        let tried = oauth::System { id, secret };
        let mut answers = Vec::new();
        // More often than may be tried.
        for path in
            ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"].repeat(3)
        {
            let fields = [("grant_type", "client_credentials"), ("token", "x")];
            let own = [("client_id", tried.id.as_str()), ("client_secret", &tried.secret)];
            answers.push(if by_header {
                client.form_of(&tried, path, &fields).await
            } else {
                client.form(path, &[fields, own].concat()).await
            });
        }
        answers[0].oauth(401, "invalid_client");
        answers[11].oauth(429, "too_many_requests");
        answers
    };
    for by_header in [true, false] {
        let unknown = walk(Pretended::Unknown, by_header).await;
        for known in [Pretended::Known, Pretended::Disabled, Pretended::DisabledWithItsSecret] {
            alike("client authentication", &walk(known, by_header).await, &unknown);
        }
    }
}

/// A page, without what no two pages share.
fn page(answer: &Answer, own: &[(&str, &str)]) -> Shown {
    let mut html = answer.text();
    for (what, value) in own {
        html = html.replace(value, what);
    }
    Shown { status: answer.status, headers: headers(&answer.headers), body: Value::String(html) }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_in_without_scripts_tells_nothing() {
    let walk = async |username: &str| {
        let app = start().await;
        let system = System::usual(&app).await;
        let client = app.client();
        let id = client.come(&system.asks("openid")).await;
        let path = format!("/oauth2/plain/{id}");
        let mut html = client.get(&path).await.page(200);
        let mut shown = Vec::new();
        for _ in 0..7 {
            let (token, captcha) = (hidden(&html, "token"), hidden(&html, "captcha_id"));
            let solved = client.get(&format!("/sandbox/v1/captchas/{captcha}")).await.ok(200);
            let fields = [
                ("token", token.as_str()),
                ("captcha_id", &captcha),
                ("captcha_answer", solved["answer"].as_str().unwrap()),
                ("username", username),
                ("password", "wrong password"),
            ];
            let answer = client.form(&format!("{path}/sign-in"), &fields).await;
            html = answer.page(answer.status);
            let next = hidden(&html, "captcha_id");
            let own = [("TOKEN", &*token), ("CAPTCHA", &*next), ("ID", &*id), ("NAME", username)];
            shown.push(page(&answer, &own));
            app.pass(3);
        }
        assert_eq!((shown[0].status, shown[6].status), (401, 429));
        shown
    };
    let known = walk("zhangsan").await;
    assert_eq!(known, walk("nobody99").await);
}
