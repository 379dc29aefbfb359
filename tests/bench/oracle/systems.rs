//! A business system that asks about a document that somebody has an account
//! with, under another name, and about one that nobody has; and strangers who
//! try to sign in without scripts. Which systems there are is no secret: every
//! request for a login names one.

use reqwest::{Method, header::LOCATION};
use serde_json::{Value, json};

use super::{World, sides, username, walk::Walk};
use crate::support::{Person, Server};

const CALLBACK: &str = "https://ks.example.gov.cn/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A system that may ask: its id and its secret.
pub(super) type System = (String, String);

pub(super) fn register(server: &Server) -> System {
    let arguments = [
        "clients",
        "create",
        "--name",
        "考生服务系统",
        "--owner",
        "深圳市考试院",
        "--redirect-uri",
        CALLBACK,
        "--scope",
        "openid identity:check",
    ];
    let output = server.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["client"]["id"]), text(&made["client_secret"]))
}

pub(super) async fn pair(world: &mut World, number: u32) {
    for known in sides() {
        let mut walk = Walk::new(world);
        walk.check_identity(&world.system, (known, number)).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
    for known in sides() {
        let mut walk = Walk::new(world);
        walk.sign_in_without_scripts(&world.system, &username(known, number)).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
}

impl Walk<'_> {
    async fn check_identity(&mut self, (id, secret): &System, (known, number): (bool, u32)) {
        let request = self.visitor.request(Method::POST, "/oauth2/token");
        let request = request.basic_auth(id, Some(secret));
        let request = request.form(&[("grant_type", "client_credentials")]);
        let tokens = self.visitor.exchange(request).await.unwrap().ok(200);
        let person = Person::new(if known { number } else { number + 500_000 });
        let question = json!({
            "name": "某某某某", "document_type": "RESIDENT_ID",
            "document_number": person.document_number, "purpose": "事业单位公开招聘资格审核",
        });
        let request = self.visitor.request(Method::POST, "/api/v1/identity-checks");
        let request = request.bearer_auth(tokens["access_token"].as_str().unwrap());
        let name = "document with an account or without, identity check";
        let answer = self.send(name, request.json(&question), 200).await;
        assert_eq!(answer["match"], false);
    }

    async fn sign_in_without_scripts(&mut self, (id, _): &System, username: &str) {
        let path = format!(
            "/oauth2/authorize?client_id={id}&redirect_uri={CALLBACK}&response_type=code\
             &scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let came = self.visitor.get(&path).await.unwrap();
        let request = came.headers[LOCATION].to_str().unwrap().strip_prefix("/authorize/").unwrap();
        let path = format!("/oauth2/plain/{request}");
        let page = self.visitor.get(&path).await.unwrap().text;
        let hidden = |name: &str| {
            let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let (token, captcha) = (hidden("token"), hidden("captcha_id"));
        let solved = self.visitor.get(&format!("/sandbox/v1/captchas/{captcha}")).await.unwrap();
        let fields = [
            ("token", token.as_str()),
            ("captcha_id", &captcha),
            ("captcha_answer", solved.body["answer"].as_str().unwrap()),
            ("username", username),
            ("password", "wrong password"),
        ];
        let request = self.visitor.request(Method::POST, &format!("{path}/sign-in"));
        self.send("somebody or nobody, login without scripts", request.form(&fields), 401).await;
    }
}
