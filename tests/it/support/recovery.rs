//! Somebody who has forgotten his username or password, or has another phone.

use serde_json::{Value, json};
use shiming::{
    capabilities::{
        accounts,
        security_questions::{self, AnswerSet, Chosen},
    },
    tools::{
        db::{Conn, DbFault},
        web::FieldErrors,
    },
};

use super::{Answer, Client, PASSWORD, Person, TestApp};
use crate::process::program;

/// A unit.
pub const UNIT: &str = "深圳市测试科技（集团）有限公司";
/// Its code.
pub const CREDIT_CODE: &str = "914403001922038216";

const QUESTIONS: [&str; 3] = ["childhood_toy", "family_dish", "places_lost"];
/// What everybody answers.
pub const ANSWERS: [&str; 3] = ["布老虎", "外婆的红烧肉", "罗湖口岸"];

/// What somebody who forgot the password enters: document and phone.
pub fn claim(person: &Person) -> Value {
    json!({
        "document_type": person.document_type, "document_number": person.document_number,
        "issuing_country": person.issuing_country, "phone": person.phone,
    })
}

/// The same person with another card and another phone, as the bank knows.
pub async fn moved(app: &TestApp, person: &Person, number: u32) -> Person {
    let other = program::Person::new(700_000 + number);
    let moved = Person {
        bank_code: "CCB".to_owned(),
        card_number: other.card_number,
        card_kind: "debit".to_owned(),
        phone: other.phone,
        ..person.clone()
    };
    let body = serde_json::to_value(&moved).unwrap();
    app.client().post("/sandbox/v1/cardholders", body).await.ok(201);
    moved
}

impl TestApp {
    /// Chooses security questions for an account and answers them.
    pub async fn choose_questions(&self, username: &'static str) {
        let found = self.ctx().read(move |tx| accounts::find_by_username(tx, username)).await;
        let account = found.unwrap().expect("an account");
        let chosen = QUESTIONS.iter().zip(ANSWERS);
        let chosen: Vec<Chosen<'_>> =
            chosen.map(|(question, answer)| Chosen { question, answer }).collect();
        let mut errors = FieldErrors::new();
        let set = AnswerSet::choose(&chosen, &account.personal_data(), &mut errors);
        let (questions, answers) = errors.finish(set).unwrap();
        let input = answers.to_hash_input(&self.core, account.id, &questions);
        let ticket = self.core.hasher.admit().unwrap();
        let hash = self.core.hasher.hash(&ticket, input).await.unwrap();
        let now = self.now();
        let set = move |conn: &mut Conn| -> Result<(), DbFault> {
            security_questions::set(conn, account.id, (questions, &hash), now)
        };
        self.core.db.write(set).await.unwrap();
    }

    /// How many audit events of a kind there are.
    pub async fn audited(&self, kind: &'static str) -> i64 {
        self.query(move |conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::audit_events::dsl;
            dsl::audit_events.filter(dsl::kind.eq(kind)).count().get_result(conn)
        })
        .await
    }
}

impl Client<'_> {
    /// Id of the recovery that was begun last.
    pub fn recovery(&self) -> String {
        self.recovery.borrow().clone()
    }

    /// `/api/v1/recoveries/{id}/<step>` of the recovery begun last.
    pub fn recovery_step(&self, step: &str) -> String {
        let path = format!("/api/v1/recoveries/{}/{step}", self.recovery());
        path.trim_end_matches('/').to_owned()
    }

    fn remember(&self, answer: Answer) -> Answer {
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            self.recovery.replace(id);
        }
        answer
    }

    /// The first step of 找回用户名 with any body.
    pub async fn find_username_with(&self, body: Value) -> Answer {
        self.remember(self.post("/api/v1/recoveries/username", body).await)
    }

    /// The first step of 找回用户名, as a body.
    pub async fn username_body(&self, person: &Person) -> Value {
        json!({
            "name": person.name, "user_type": "person", "document_type": person.document_type,
            "document_number": person.document_number, "issuing_country": person.issuing_country,
            "captcha": self.captcha().await,
        })
    }

    /// The first step of 找回用户名, done.
    pub async fn find_username(&self, person: &Person) -> Value {
        self.find_username_with(self.username_body(person).await).await.ok(201)
    }

    /// The first step of 找回用户名 of a unit.
    pub async fn find_unit(&self, name: &str, credit_code: &str) -> Value {
        let body = json!({
            "name": name, "user_type": "unit", "document_type": null,
            "document_number": credit_code, "issuing_country": null,
            "captcha": self.captcha().await,
        });
        self.find_username_with(body).await.ok(201)
    }

    /// The first step of 找回密码.
    pub async fn try_find_password(&self, username: &str) -> Answer {
        let body = json!({ "username": username, "captcha": self.captcha().await });
        self.remember(self.post("/api/v1/recoveries/password", body).await)
    }

    /// The first step of 找回密码, done.
    pub async fn find_password(&self, username: &str) -> Value {
        self.try_find_password(username).await.ok(201)
    }

    /// 选择找回方式.
    pub async fn choose(&self, method: &str) -> Answer {
        self.put(&self.recovery_step("method"), json!({ "method": method })).await
    }

    /// 发送短信验证.
    pub async fn ask_code(&self, body: Value) -> Answer {
        self.post(&self.recovery_step("code"), body).await
    }

    /// 下一步 on a page with a code.
    pub async fn enter_code(&self, code: &str) -> Answer {
        self.post(&self.recovery_step("confirmation"), json!({ "code": code })).await
    }

    /// Three answers.
    pub async fn answer(&self, answers: [&str; 3]) -> Answer {
        self.post(&self.recovery_step("answers"), json!({ "answers": answers })).await
    }

    /// 重置密码.
    pub async fn reset(&self, password: &str) -> Answer {
        let body = json!({ "password": password, "password_confirmation": password });
        self.put(&self.recovery_step("password"), body).await
    }

    /// 手机号已停用？, first half.
    pub async fn replace_phone(&self, moved: &Person) -> Answer {
        let mut body = moved.bank();
        for (name, value) in
            [("name", json!(moved.name)), ("document_type", json!(moved.document_type))]
        {
            body[name] = value;
        }
        body["document_number"] = json!(moved.document_number);
        body["issuing_country"] = json!(moved.issuing_country);
        self.post(&self.recovery_step("phone-replacement"), body).await
    }

    /// 手机号已停用？, second half.
    pub async fn enter_phone_code(&self, code: &str) -> Answer {
        let path = self.recovery_step("phone-replacement/confirmation");
        self.post(&path, json!({ "code": code })).await
    }

    /// The recovery as it stands.
    pub async fn current_recovery(&self) -> Value {
        self.get("/api/v1/recoveries/current").await.ok(200)
    }

    /// 找回密码 up to the page with the code, which has been sent.
    pub async fn up_to_recovery_code(&self, username: &str, person: &Person) -> Value {
        self.find_password(username).await;
        self.choose("document_and_sms").await.ok(200);
        self.ask_code(claim(person)).await.ok(200)
    }

    /// 找回密码 up to 重置密码, by the phone.
    pub async fn up_to_reset(&self, username: &str, person: &Person) -> Value {
        self.up_to_recovery_code(username, person).await;
        let code = self.last_sms(&person.phone).await;
        self.enter_code(&code).await.ok(200)
    }

    /// How many news in a phone hold these words.
    pub async fn told(&self, phone: &str, words: &str) -> usize {
        self.notices(phone).await.iter().filter(|text| text.contains(words)).count()
    }

    /// Whether an account opens with this password.
    pub async fn opens(&self, username: &str, password: &str) -> bool {
        let answer = self.app.client().try_sign_in(username, password).await;
        if answer.status != 201 {
            answer.problem(401, "login_failed");
        }
        answer.status == 201
    }

    /// An account's password is that of everybody.
    pub async fn opens_as_before(&self, username: &str) -> bool {
        self.opens(username, PASSWORD).await
    }
}
