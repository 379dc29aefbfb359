//! The context of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};

use super::{Core, Ctx};
use crate::tools::web::{Problem, RequestMeta};

impl Ctx {
    /// The context of a request, which the request middleware has marked.
    pub fn from_http(request: &HttpRequest) -> Result<Self, Problem> {
        let core = request.app_data::<Data<Core>>().ok_or_else(|| Problem::internal("no core"))?;
        Ok(Self::of_request(core, &RequestMeta::of(request)?))
    }
}

impl FromRequest for Ctx {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_http(request))
    }
}
