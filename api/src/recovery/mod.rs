//! Finding a forgotten username, setting a forgotten password anew, and
//! replacing a phone on the way.
//!
//! No step tells whether there is such an account before its owner was proved:
//! what is typed is only kept, the worker looks whom a code goes to, and a code
//! that nobody got is as wrong as any other.

mod draft;

pub use draft::addressee;
