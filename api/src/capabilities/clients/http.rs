//! Requests of clients that have proved themselves.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::{
    Client,
    authenticate::{Credentials, authenticate},
};
use crate::{
    capabilities::core::Ctx,
    tools::web::{Form, OauthError},
};

/// A client that has proved itself, and the form it has sent. A public client
/// proves nothing but its name.
#[derive(Debug)]
pub struct FromClient {
    /// The client, which is enabled.
    pub client: Client,
    /// The form.
    pub form: Form,
}

impl FromRequest for FromClient {
    type Error = OauthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OauthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let ctx = Ctx::from_http(request);
        let form = Form::from_request(request, payload);
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default().to_owned());
        let path = request.path().to_owned();
        Box::pin(async move {
            let ctx = ctx.map_err(OauthError::internal)?;
            let form = form.await?;
            let credentials = Credentials::read(authorization.as_deref(), &form)?;
            let client = authenticate(&ctx, credentials, &path).await?;
            Ok(Self { client, form })
        })
    }
}
