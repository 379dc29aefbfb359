//! Gathering every field error of a request before answering.

use super::{FieldProblem, Problem};
use crate::identity::FieldError;

/// The field errors found so far.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldProblem>);

impl FieldErrors {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the value, or the error under `pointer`.
    pub fn check<T>(&mut self, pointer: &str, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.add(pointer, error.code())).ok()
    }

    /// Adds an error.
    pub fn add(&mut self, pointer: &str, code: &str) {
        self.0.push(FieldProblem { pointer: pointer.into(), code: code.into() });
    }

    /// The problem, unless there is no error and `value` is complete.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}
