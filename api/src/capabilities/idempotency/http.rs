//! The header, and answers that can be given again.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::Cookie,
    dev::Payload,
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};

use super::{Claim, Lease, Taken, keep, keep_settled, store, take};
use crate::{
    capabilities::core::{Core, Ctx, Stop, Tx},
    tools::{
        db::is_committed,
        web::{Problem, ProblemCode},
    },
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

    /// A JSON answer with status 200.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
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

/// The answer to a request that may be repeated.
pub type Answer = HttpResponse;

/// What a transaction has come to: committed with its answer, committed with a
/// refusal (a wrong try that counts), or rolled back.
pub type Settled = Result<Reply, Stop>;

/// What the first of two transactions has come to.
pub enum Next<Q> {
    /// There is nothing to ask: the answer.
    Done(Reply),
    /// What is to be asked outside.
    Ask(Q),
}

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
        let work = |tx: &mut Tx<'_>| -> Result<Next<Infallible>, Stop> { work(tx).map(Next::Done) };
        match ctx.write(move |tx| begin(tx, claim, work)).await? {
            Begun::Over(reply) => Ok(reply.respond()),
            Begun::Ask(_, nothing) => match nothing {},
        }
    }

    /// Runs `work` once for the key, to its end: also when the connection is
    /// lost meanwhile, so that what has begun is settled and the answer is
    /// there for the repetition. For what takes more than one transaction.
    pub async fn run<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: Future<Output = Result<Reply, Problem>> + 'static,
    {
        to_its_end(self.finish_work(work)).await
    }

    async fn finish_work<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: Future<Output = Result<Reply, Problem>>,
    {
        let Self { ctx, claim } = self;
        let Some(claim) = claim else { return Ok(work.await?.respond()) };
        let key_hash = claim.key_hash.clone();
        let lease = match ctx.write(move |tx| take(tx, &claim)).await? {
            Taken::Before(outcome) => return outcome.again().map(Reply::respond),
            Taken::Now(lease) => lease,
        };
        let result = work.await;
        let kept = result.clone();
        ctx.write(move |tx| keep(tx, &key_hash, lease, kept.as_ref())).await?;
        result.map(Reply::respond)
    }

    /// Does in two transactions what asks something outside between them, to
    /// its end: also when the connection is lost meanwhile. The key is taken in
    /// the first one, and the answer kept in the one that settles it, so that
    /// there is never an effect without its answer.
    pub async fn around<Q, R, F, A, S>(
        self,
        first: F,
        ask: A,
        second: S,
    ) -> Result<HttpResponse, Problem>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Next<Q>, Stop> + Send + 'static,
        A: AsyncFnOnce(&Core, &Q) -> R + 'static,
        S: FnOnce(&mut Tx<'_>, Q, R) -> Settled + Send + 'static,
        Q: Send + 'static,
        R: Send + 'static,
    {
        let work = async move {
            let Self { ctx, claim } = self;
            let (held, question) = match ctx.write(move |tx| begin(tx, claim, first)).await? {
                Begun::Over(reply) => return Ok(reply.respond()),
                Begun::Ask(held, question) => (held, question),
            };
            let answer = ask(&ctx.core, &question).await;
            let (later, own) = (ctx.later(), held.clone());
            let settled = later.write(move |tx| {
                let settled = second(tx, question, answer);
                if let Some((key_hash, lease)) = &own {
                    keep_settled(tx, key_hash, *lease, &settled)?;
                }
                settled
            });
            let settled = settled.await;
            if let (false, Some((key_hash, lease))) = (is_committed(&settled), held) {
                // Rolled back: a repetition is decided anew.
                let released =
                    later.write(move |tx| store::release(tx.conn, &key_hash, lease)).await;
                if let Err(fault) = released {
                    // The key comes free when its lease ends.
                    tracing::error!(%fault, "an idempotency key was not released");
                }
            }
            Ok(settled?.respond())
        };
        to_its_end(work).await
    }
}

/// Runs `work` to its end, also when the connection is lost meanwhile.
async fn to_its_end<F>(work: F) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<HttpResponse, Problem>> + 'static,
{
    let stopped = |_| Problem::internal("the work was stopped");
    actix_web::rt::spawn(work).await.map_err(stopped)?
}

/// A key that is held while something outside is asked.
type HeldKey = Option<(String, Lease)>;

/// What a request in two transactions has come to after the first.
enum Begun<Q> {
    /// It is over, now or by an earlier request.
    Over(Reply),
    /// Something is to be asked.
    Ask(HeldKey, Q),
}

/// The first of two transactions, or the only one: takes the key, does the work,
/// and keeps its answer.
fn begin<Q>(
    tx: &mut Tx<'_>,
    claim: Option<Claim>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<Next<Q>, Stop>,
) -> Result<Begun<Q>, Stop> {
    let held = match claim {
        None => None,
        Some(claim) => match take(tx, &claim)? {
            Taken::Before(outcome) => return Ok(Begun::Over(outcome.again()?)),
            Taken::Now(lease) => Some((claim.key_hash, lease)),
        },
    };
    let settled = match work(tx) {
        Ok(Next::Ask(question)) => return Ok(Begun::Ask(held, question)),
        Ok(Next::Done(reply)) => Ok(reply),
        Err(stop) => Err(stop),
    };
    if let Some((key_hash, lease)) = &held {
        keep_settled(tx, key_hash, *lease, &settled)?;
    }
    settled.map(Begun::Over)
}
