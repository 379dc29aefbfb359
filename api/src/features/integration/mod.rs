//! What business systems may ask for themselves, with client credentials:
//! their own users, whether a name and a document belong together, what has
//! changed, and being told of it.

mod changes;
pub mod http;
mod identity_check;
mod users;
pub mod webhooks;
