//! HTTP for every feature: problems, bodies, addresses, headers.

pub mod address;
pub mod body;
pub mod codes;
pub mod cookies;
mod cors;
mod device;
pub mod fields;
pub mod form;
pub mod html;
pub mod language;
pub mod meta;
pub mod methods;
pub mod middleware;
pub mod oauth_error;
pub mod page;
pub mod problem;
mod quota;
pub mod spa;

pub use body::JsonBody;
pub use codes::ProblemCode;
pub use fields::FieldErrors;
pub use form::Form;
pub use language::Language;
pub use meta::{RequestMeta, WebContext};
pub use oauth_error::{OauthCode, OauthError, OauthErrorDocument};
pub use page::{Page, PageQuery, cursor};
pub use problem::{FieldProblem, Problem, ProblemDocument, changes_held, overloaded};
pub use quota::Quota;
