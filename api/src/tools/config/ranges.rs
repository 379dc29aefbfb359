//! What is said of values outside their range.

use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// Every setting that cannot have its value, with the value and what it may be.
pub(super) fn told(errors: &ValidationErrors) -> String {
    let mut all = Vec::new();
    collect(errors, "", &mut all);
    all.sort();
    all.join("; ")
}

fn collect(errors: &ValidationErrors, section: &str, all: &mut Vec<String>) {
    for (name, kind) in errors.errors() {
        let setting = format!("{section}{name}");
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, &format!("{setting}."), all),
            ValidationErrorsKind::Field(errors) => {
                all.extend(errors.iter().map(|error| format!("{setting} {}", one(error))));
            }
            // No section is a list.
            ValidationErrorsKind::List(_) => {}
        }
    }
}

fn one(error: &ValidationError) -> String {
    let part = |name: &str| error.params.get(name).map(ToString::to_string).unwrap_or_default();
    if error.code != "range" {
        return "is no mail address".to_owned();
    }
    let why = error.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
    format!("is {}, and must be from {} to {}{why}", part("value"), part("min"), part("max"))
}
