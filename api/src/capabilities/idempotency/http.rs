//! The header, and answers that can be given again.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::Cookie,
    dev::Payload,
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};

use super::{Claim, in_transaction, keep, take};
use crate::{
    capabilities::core::{Ctx, Tx},
    tools::web::{Problem, ProblemCode},
};

/// An answer that can be given again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    body: serde_json::Value,
    cookies: Vec<String>,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_value(body).map_err(Problem::internal)?;
        Ok(Self { status: status.as_u16(), body, cookies: Vec::new() })
    }

    /// A JSON answer, or the refusal that was committed in its place.
    pub fn settled(status: StatusCode, result: Result<impl Serialize, Problem>) -> Settled {
        Ok(match result {
            Ok(body) => Ok(Self::json(status, &body)?),
            Err(refused) => Err(refused),
        })
    }

    /// With a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie<'_>) -> Self {
        self.cookies.push(cookie.to_string());
        self
    }

    fn respond(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        for cookie in self.cookies {
            response.append_header((header::SET_COOKIE, cookie));
        }
        response.json(self.body)
    }
}

/// What a transaction has come to: committed with its answer, committed with a
/// refusal (a wrong try that counts), or taken back.
pub type Settled = Result<Result<Reply, Problem>, Problem>;

/// The `Idempotency-Key` of a request, if it has one, and its route.
#[derive(Debug)]
pub struct Idempotency {
    key: Option<String>,
    route: String,
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visible = |key: &str| key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = match request.headers().get("idempotency-key").map(|key| key.to_str()) {
            None => Ok(None),
            Some(Ok(key)) if (16..=128).contains(&key.len()) && visible(key) => {
                Ok(Some(key.to_owned()))
            }
            Some(_) => Err(Problem::new(ProblemCode::IdempotencyKeyInvalid)),
        };
        let route = format!("{} {}", request.method(), request.path());
        ready(key.map(|key| Self { key, route }))
    }
}

impl Idempotency {
    /// For one request: `caller` is what proves who asks (a token, or nothing
    /// for a public request) and `body` what is asked. A repetition must bring
    /// the same, so a stranger who guesses a key learns nothing.
    pub fn of(self, ctx: &Ctx, caller: &str, body: &[u8]) -> Once {
        let Self { key, route } = self;
        let claim = key.map(|key| Claim::new(&ctx.core, (&key, &route), (caller, body)));
        Once { ctx: ctx.clone(), claim }
    }
}

/// A request that is to have its effect once.
#[derive(Debug)]
pub struct Once {
    ctx: Ctx,
    claim: Option<Claim>,
}

impl Once {
    /// Does `work` once for the key, in one transaction with keeping its answer.
    pub async fn write<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: FnOnce(&mut Tx<'_>) -> Settled + Send + 'static,
    {
        let Self { ctx, claim } = self;
        let settled = ctx.write(move |tx| match claim {
            None => work(tx),
            Some(claim) => in_transaction(tx, &claim, work),
        });
        settled.await?.map(Reply::respond)
    }

    /// Runs `work` once for the key, to its end: also when the connection is
    /// lost meanwhile, so that what has begun is settled and the answer is
    /// there for the repetition. For what takes more than one transaction.
    pub async fn run<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: Future<Output = Result<Reply, Problem>> + 'static,
    {
        let stopped = |_| Problem::internal("the work was stopped");
        actix_web::rt::spawn(self.finish_work(work)).await.map_err(stopped)?
    }

    async fn finish_work<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: Future<Output = Result<Reply, Problem>>,
    {
        let Self { ctx, claim } = self;
        let Some(claim) = claim else { return Ok(work.await?.respond()) };
        let key_hash = claim.key_hash.clone();
        let taken = ctx.write(move |tx| take(tx, &claim)).await?;
        let lease = match taken {
            Ok(outcome) => return outcome.again().map(Reply::respond),
            Err(lease) => lease,
        };
        let result = work.await;
        let kept = result.clone();
        ctx.write(move |tx| keep(tx, &key_hash, lease, &kept)).await?;
        result.map(Reply::respond)
    }
}
