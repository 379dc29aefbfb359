//! Every operation of the OpenAPI document, and somebody for whom all of them
//! are open.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Client, TestApp, examples, hr::ALL_SCOPES, person, systems::System};

/// Step 2 of a unit.
const UNIT: &str = "/api/v1/registrations/{id}/unit";
/// The last step of a recovery.
const RESET: &str = "/api/v1/recoveries/{id}/password";
/// The member of a body that is good for one request.
pub(crate) const CAPTCHA: &str = "captcha";
/// What tells a browser which flow is its own.
const FLOWS: [&str; 3] = ["shiming_flow", "shiming_recovery", "shiming_authorize"];

/// One operation, with a path and a body that are well formed.
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The example of its body, if it takes one.
    pub(crate) body: Option<Map<String, Value>>,
    asker: Asker,
}

/// Who can make a request.
pub(crate) enum Asker {
    Person,
    /// A unit at its second step.
    Unit,
    /// Somebody who may set a forgotten password anew.
    Forgetful,
    /// A business system.
    System,
}

/// Ids of what is in progress.
pub(crate) struct Ids {
    registration: String,
    unit: String,
    recovery: String,
    reset: String,
    authorization: String,
    client: String,
    webhook: String,
}

impl Ids {
    pub(crate) fn of(insider: &Insider<'_>) -> Self {
        let client = &insider.person;
        let held = client.cookie("shiming_authorize").unwrap_or_default();
        Self {
            registration: client.flow(),
            unit: insider.unit.flow(),
            recovery: client.recovery(),
            reset: insider.forgetful.recovery(),
            authorization: held.split('.').next().unwrap().to_owned(),
            client: insider.client.clone(),
            webhook: insider.webhook.clone(),
        }
    }

    pub(crate) fn all(junk: &str) -> Self {
        let [registration, unit, recovery, reset, authorization, client, webhook] =
            [(); 7].map(|()| junk.to_owned());
        Self { registration, unit, recovery, reset, authorization, client, webhook }
    }

    fn put_into(&self, path: &str) -> String {
        let id = [
            (UNIT, &self.unit),
            (RESET, &self.reset),
            ("/api/v1/recoveries", &self.recovery),
            ("/api/v1/authorizations", &self.authorization),
            ("/oauth2", &self.authorization),
            ("/api/v1/clients", &self.client),
            ("/api/v1/webhooks", &self.webhook),
        ]
        .into_iter()
        .find(|(start, _)| path.starts_with(start))
        .map_or(&self.registration, |(_, id)| id);
        path.replace("{client_id}", &self.client).replace("{id}", id).replace("{sub}", id)
    }
}

/// Every operation of the OpenAPI document; those that end something last.
pub(crate) fn targets(ids: &Ids) -> Vec<Target> {
    let document = serde_json::to_value(shiming::compose::openapi::document()).unwrap();
    let mut targets = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = operation.pointer("/requestBody/content/application~1json/schema/$ref");
            let asker = match path.as_str() {
                UNIT => Asker::Unit,
                RESET => Asker::Forgetful,
                _ if operation.pointer("/security/0/client_token").is_some() => Asker::System,
                _ => Asker::Person,
            };
            targets.push(Target {
                method: method.to_uppercase().parse().unwrap(),
                path: ids.put_into(path),
                body: schema.map(|schema| example(&document, schema.as_str().unwrap())),
                asker,
            });
        }
    }
    targets.sort_by_key(|target| target.method == Method::DELETE);
    let bodies = targets.iter().filter(|target| target.body.is_some()).count();
    assert!(targets.len() >= 80 && bodies >= 33, "{} operations, {bodies} bodies", targets.len());
    targets
}

/// The example of a body, which has every member of the schema.
fn example(document: &Value, reference: &str) -> Map<String, Value> {
    let schema = document.pointer(&reference[1..]).unwrap();
    let example = examples::shown(document, schema).unwrap();
    let members: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(example.as_object().unwrap().keys().collect::<BTreeSet<_>>(), members);
    example.as_object().unwrap().clone()
}

/// Somebody in the middle of a registration and of a recovery who is signed in
/// as well, two who stand where one cannot stand at the same time, and a
/// business system that may do everything: between them, every operation is
/// open.
pub(crate) struct Insider<'a> {
    pub(crate) person: Client<'a>,
    unit: Client<'a>,
    forgetful: Client<'a>,
    system: Client<'a>,
    /// Ids of what the system has registered.
    client: String,
    webhook: String,
}

impl<'a> Insider<'a> {
    /// Whoever may do this.
    pub(crate) fn for_(&self, target: &Target) -> &Client<'a> {
        match target.asker {
            Asker::Person => &self.person,
            Asker::Unit => &self.unit,
            Asker::Forgetful => &self.forgetful,
            Asker::System => &self.system,
        }
    }

    /// Sends a body. A flow that it begins is not gone on with.
    pub(crate) async fn send(&self, target: &Target, body: &Value) -> Answer {
        let client = self.for_(target);
        let held = FLOWS.map(|name| (name, client.cookie(name)));
        let request = client.request(target.method.clone(), &target.path);
        let answer = client.send(request.json(body)).await;
        for (name, value) in held {
            if let Some(value) = value {
                client.set_cookie(name, &value);
            }
        }
        answer
    }

    /// The example of the body that an operation takes, with a captcha that can
    /// be answered.
    pub(crate) async fn body(&self, target: &Target) -> Option<Map<String, Value>> {
        let mut body = target.body.clone()?;
        if body.contains_key(CAPTCHA) {
            body.insert(CAPTCHA.to_owned(), self.for_(target).captcha().await);
        }
        Some(body)
    }
}

pub(crate) async fn insider(app: &TestApp) -> Insider<'_> {
    let client = app.client();
    client.join(&person("张伟"), "zhangsan").await;
    client.up_to_bank(&person("王小明"), "wangwu").await;
    let system = System::usual(app).await;
    client.come(&system.asks("openid")).await;
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    let (unit, forgetful) = (app.client(), app.client());
    let mut body = unit.start_body("danwei").await;
    body["user_type"] = json!("unit");
    unit.start_with(body).await.ok(201);
    forgetful.register(&person("刘洋"), "liuyang").await;
    forgetful.up_to_reset("liuyang", &person("刘洋")).await;
    let system = app.hr(&format!("{ALL_SCOPES} clients:manage")).await.http;
    let document = serde_json::to_value(shiming::compose::openapi::document()).unwrap();
    let example =
        |name: &str| Value::Object(example(&document, &format!("#/components/schemas/{name}")));
    let registered = system.post("/api/v1/clients", example("ClientMetadata")).await.ok(201);
    let told = system.post("/api/v1/webhooks", example("CreateWebhook")).await.ok(201);
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    Insider {
        person: client,
        unit,
        forgetful,
        system,
        client: id(&registered["client"]),
        webhook: id(&told["webhook"]),
    }
}
