//! A stranger about somebody and about nobody: he signs in, looks for a
//! username and for a password, and says that the phone is out of use.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{
    World, sides, username,
    walk::{Walk, wrong},
};
use crate::support::Person;

/// Names of the steps of 手机号已停用？.
type Names = [&'static str; 4];

const OF_USERNAME: Names = [
    "somebody or nobody, find username: phone, no match",
    "somebody or nobody, find username: phone, a match",
    "somebody or nobody, find username: phone, wrong code",
    "somebody or nobody, find username: phone, refused",
];
const OF_PASSWORD: Names = [
    "somebody or nobody, find password: phone, no match",
    "somebody or nobody, find password: phone, a match",
    "somebody or nobody, find password: phone, wrong code",
    "somebody or nobody, find password: phone, refused",
];

/// A code that goes to nobody is dropped sooner than one is sent. A stranger
/// does not see when, so that his next step comes no sooner for it; the one that
/// comes while the code is on its way is measured too.
const AFTER_A_CODE: Duration = Duration::from_millis(10);

pub(super) async fn pair(world: &mut World, number: u32) {
    for known in sides() {
        let mut walk = Walk::new(world);
        let username = username(known, number);
        let person = Person::new(if known { number } else { number + 100_000 });
        // The stranger has a card of his own, and no account.
        let stranger = Person::new(number + if known { 200_000 } else { 300_000 });
        walk.visitor.introduce(&stranger).await.unwrap();
        walk.sign_in(&username).await;
        walk.find_username(&person).await;
        walk.replace_phone((&person, &stranger), OF_USERNAME).await;
        walk.find_password(&username, &person).await;
        walk.replace_phone((&person, &stranger), OF_PASSWORD).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
}

impl Walk<'_> {
    async fn sign_in(&mut self, username: &str) {
        let captcha = self.visitor.captcha().await.unwrap();
        let body =
            json!({ "username": username, "password": "wrong password", "captcha": captcha });
        let to = (Method::POST, "/api/v1/sessions");
        self.step("somebody or nobody, login", to, (body, 401)).await;
    }

    async fn find_username(&mut self, person: &Person) {
        let body = json!({
            "name": person.name, "user_type": "person", "document_type": "RESIDENT_ID",
            "document_number": person.document_number, "issuing_country": null,
            "captcha": self.visitor.captcha().await.unwrap(),
        });
        let start = (Method::POST, "/api/v1/recoveries/username");
        self.step("somebody or nobody, find username: start", start, (body, 201)).await;
        let (name, path) = ("somebody or nobody, find username: code", self.at("code"));
        self.step(name, (Method::POST, &path), (json!({}), 200)).await;
        sleep(AFTER_A_CODE).await;
        let (name, path) =
            ("somebody or nobody, find username: wrong code", self.at("confirmation"));
        self.step(name, (Method::POST, &path), (json!({ "code": "000000" }), 422)).await;
        // While the message is on its way to somebody.
        self.visitor.post(&self.at("code"), &json!({})).await.unwrap().ok(200);
        sleep(Duration::from_millis(1)).await;
        let name = "somebody or nobody, find username: wrong code at once";
        self.step(name, (Method::POST, &path), (json!({ "code": "000000" }), 422)).await;
        sleep(AFTER_A_CODE).await;
    }

    async fn find_password(&mut self, username: &str, person: &Person) {
        self.forget_password("somebody or nobody, find password: start", username).await;
        let path = self.at("method");
        let (name, body) = (
            "somebody or nobody, find password: method, document",
            json!({ "method": "document_and_sms" }),
        );
        self.step(name, (Method::PUT, &path), (body, 200)).await;
        let (name, path) = ("somebody or nobody, find password: code", self.at("code"));
        self.step(name, (Method::POST, &path), (person.claim(), 200)).await;
        sleep(AFTER_A_CODE).await;
        let (name, path) =
            ("somebody or nobody, find password: wrong code", self.at("confirmation"));
        self.step(name, (Method::POST, &path), (json!({ "code": "000000" }), 422)).await;
    }

    /// 手机号已停用？ All that somebody can do who has no card of the person:
    /// enter the person's name and document with a card that is not his; and
    /// prove himself, with the right code in the end, which helps him nothing.
    async fn replace_phone(&mut self, (person, stranger): (&Person, &Person), names: Names) {
        let path = self.at("phone-replacement");
        let to = (Method::POST, path.as_str());
        let four = |who: &Person| {
            let mut body = stranger.bank();
            body["name"] = json!(who.name);
            body["document_type"] = json!("RESIDENT_ID");
            body["document_number"] = json!(who.document_number);
            body
        };
        let [no_match, a_match, wrong_code, refused] = names;
        self.step(no_match, to.clone(), (four(person), 422)).await;
        self.step(a_match, to, (four(stranger), 200)).await;
        let code = self.visitor.code(&stranger.phone).await.unwrap();
        let path = self.at("phone-replacement/confirmation");
        let to = (Method::POST, path.as_str());
        self.step(wrong_code, to.clone(), (wrong(&code), 422)).await;
        self.step(refused, to, (json!({ "code": code }), 409)).await;
    }
}
