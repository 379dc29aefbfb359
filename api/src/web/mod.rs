//! HTTP for every feature: problems, bodies, addresses, headers.

pub mod address;
pub mod body;
pub mod codes;
pub mod cookies;
mod device;
pub mod fields;
pub mod language;
pub mod meta;
pub mod middleware;
pub mod problem;
pub mod routes;
pub mod spa;

pub use body::JsonBody;
pub use codes::ProblemCode;
pub use fields::FieldErrors;
pub use language::Language;
pub use meta::{RequestMeta, WebContext};
pub use problem::{FieldProblem, Problem, ProblemDocument, changes_held, overloaded};
