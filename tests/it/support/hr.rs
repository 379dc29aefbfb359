//! Business systems that ask for themselves, and people who have let them see
//! something.

use reqwest::Method;
use serde_json::{Value, json};
use shiming::{
    capabilities::{
        access_tokens::{self, Speaks, Wanted},
        clients::{self, Scopes},
        grants,
    },
    kernel::ids::{AccountId, ClientId},
    tools::db::DbFault,
};

use super::{Answer, Client, TestApp};

/// A business system with a token.
pub struct Hr<'a> {
    app: &'a TestApp,
    pub id: ClientId,
    pub http: Client<'a>,
}

/// Metadata of a system that signs people in and asks for itself.
pub fn metadata(scope: &str) -> Value {
    json!({
        "client_name": "人事系统", "client_name#en": "HR", "owner": "深圳市人社局",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": scope,
        "redirect_uris": ["https://hr.example.gov.cn/callback"],
        "id_token_signed_response_alg": "ES256",
    })
}

/// Everything that a system may have but the registry.
pub const ALL_SCOPES: &str = "openid profile phone realname unit offline_access users:read \
                              identity:check webhooks:manage";

impl TestApp {
    /// A system with these scopes, and with its token.
    pub async fn hr(&self, scope: &str) -> Hr<'_> {
        self.hr_with(scope, json!({})).await
    }

    /// The same with other metadata.
    pub async fn hr_with(&self, scope: &str, change: Value) -> Hr<'_> {
        let mut metadata = metadata(scope);
        for (name, value) in change.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let metadata = serde_json::from_value(metadata).unwrap();
        let id = self.ctx().write(move |tx| clients::create(tx, metadata)).await.unwrap().id;
        let mut hr = Hr { app: self, id, http: self.client() };
        hr.http.origin = None;
        hr.renew().await;
        hr
    }

    /// Lets a system see something of an account; returns the name by which it
    /// knows it.
    pub async fn consent(&self, hr: &Hr<'_>, account: &Value, scope: &str) -> String {
        let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
        let (ctx, id, scopes) = (self.ctx(), hr.id, Scopes::parse(scope));
        let given = ctx.write(move |tx| -> Result<String, DbFault> {
            let client = clients::find(tx.conn, id)?.unwrap();
            grants::consent(tx.conn, (account, id), &scopes, tx.now)?;
            grants::subject_of(tx, &client, account)
        });
        given.await.unwrap()
    }
}

impl Hr<'_> {
    /// Gets a token with all its scopes.
    pub async fn renew(&mut self) {
        self.renew_with(ALL_SCOPES).await;
    }

    /// Gets a token with these scopes, as far as it has them.
    pub async fn renew_with(&mut self, scope: &str) {
        let (core, id, now) = (self.app.core.clone(), self.id, self.app.now());
        let scopes = Scopes::parse(&format!("{scope} clients:manage"));
        let issued = self.app.core.db.read(move |conn| -> Result<String, DbFault> {
            let client = clients::find(conn, id)?.unwrap();
            let scopes = client.metadata.scopes().shared_with(&scopes);
            let wanted =
                Wanted { client: &client, speaks: Speaks::Client, scopes: &scopes, resource: None };
            Ok(access_tokens::issue(&core, &wanted, now)?.token)
        });
        self.http.bearer = Some(issued.await.unwrap());
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.http.get(path).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.http.post(path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.http.put(path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.http.delete(path).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.http.send(self.http.request(Method::PATCH, path).json(&body)).await
    }

    /// The same request with a key.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Answer {
        let request = self.http.request(Method::POST, path).header("idempotency-key", key);
        self.http.send(request.json(body)).await
    }
}
