//! The requests of business systems, counted.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use crate::{
    capabilities::{
        access_tokens::ClientCaller,
        clients::{Client, Scope},
        core::Ctx,
    },
    kernel::ids::ClientId,
    tools::web::Problem,
};

/// A business system whose request was counted; a handler that takes it is
/// closed to everybody else.
#[derive(Debug)]
pub struct Caller(ClientCaller);

impl Caller {
    /// The system, when its token has this scope.
    pub fn with(self, scope: Scope) -> Result<Client, Problem> {
        self.0.require(scope)?;
        Ok(self.0.client)
    }

    /// The id of the system, when its token has this scope.
    pub fn id_with(self, scope: Scope) -> Result<ClientId, Problem> {
        self.with(scope).map(|client| client.id)
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let ctx = Ctx::from_http(request);
        let caller = ClientCaller::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let client = caller.client.clone();
            let (quota, counted) = ctx?.write(move |tx| super::count(tx, &client)).await?;
            request.extensions_mut().insert(quota);
            match counted {
                None => Ok(Self(caller)),
                Some(exceeded) => Err(exceeded.into()),
            }
        })
    }
}
