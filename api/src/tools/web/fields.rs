//! Gathering every field error of a request before answering.

use super::{FieldProblem, Problem};
use crate::tools::identity::{FieldError, PasswordPolicy, PersonalData, PlainPassword};

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

    /// Reads a new password, which is typed twice.
    pub fn check_password(
        &mut self,
        (password, confirmation): (&str, &str),
        (policy, personal): (&PasswordPolicy, &PersonalData<'_>),
    ) -> Option<PlainPassword> {
        let parsed = PlainPassword::parse(password.to_owned(), policy, personal);
        let parsed = self.check("/password", parsed);
        if confirmation.is_empty() {
            self.add("/password_confirmation", "required");
        } else if confirmation != password {
            self.add("/password_confirmation", "mismatch");
        }
        parsed
    }

    /// The problem, unless there is no error and `value` is complete.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}
