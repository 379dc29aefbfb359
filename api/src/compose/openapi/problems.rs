//! Members of problem documents that belong to some codes only.

use utoipa::openapi::{
    KnownFormat, Object, ObjectBuilder, OpenApi as Document, Ref, RefOr, Schema, SchemaFormat,
    Type, schema::AnyOf,
};

use crate::{
    capabilities::clients::Scope,
    tools::{
        identity::{BankCode, CardKind},
        web::{ProblemCode, problem},
    },
};

/// What bank checks and messages are counted by.
const COUNTED_BY: [&str; 6] = ["card", "document", "flow", "address", "phone", "person"];

/// The kinds of card that are not accepted.
const REFUSED_CARDS: [CardKind; 3] = [CardKind::Credit, CardKind::SemiCredit, CardKind::Prepaid];

/// The stages of every kind of flow.
const STAGES: [&str; 4] = ["Stage", "RecoveryStage", "ChangeStage", "PhoneReplacementStage"];

/// Declares the members. Which codes have a member is read off the examples of
/// the codes, against which every answer of every test is held.
pub(super) fn declare(document: &mut Document) {
    let mut schemas = document.components.iter_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::Object(document))) =
        schemas.find_map(|schemas| schemas.get_mut("ProblemDocument"))
    else {
        return;
    };
    for (name, schema) in members() {
        document.properties.insert(name.to_owned(), schema);
    }
    for (name, schema) in &mut document.properties {
        let codes = codes_with(name);
        // The others have it, too.
        if codes.len() < ProblemCode::ALL.len() {
            say_when(schema, &codes.join(", "));
        }
    }
}

fn members() -> [(&'static str, RefOr<Schema>); 9] {
    let banks = BankCode::ALL.iter().map(|bank| bank.code());
    let cards = REFUSED_CARDS.map(CardKind::code);
    [
        (
            "retry_after_seconds",
            count(1, "Seconds until the same request may succeed; `Retry-After` says the same."),
        ),
        ("attempts_left", count(0, "How many more wrong tries are allowed.")),
        ("remaining", count(0, "How many more bank checks may fail.")),
        ("scope", scope()),
        ("stage", stage()),
        ("state", state()),
        ("held_until", moment("When phone and bank can be changed again.")),
        ("bank_code", one_of(banks, "The bank that has issued the card.")),
        ("card_kind", one_of(cards, "What the card is in place of a debit card.")),
    ]
}

fn count(least: i64, about: &str) -> RefOr<Schema> {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(least))
        .description(Some(about));
    number.build().into()
}

fn moment(about: &str) -> RefOr<Schema> {
    let moment = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some(about));
    moment.build().into()
}

fn names(names: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

fn one_of(values: impl IntoIterator<Item = &'static str>, about: &str) -> RefOr<Schema> {
    names(values.into_iter()).description(Some(about)).build().into()
}

fn scope() -> RefOr<Schema> {
    let scopes = Scope::ALL.into_iter().filter(|scope| !scope.is_of_person());
    one_of(
        COUNTED_BY.into_iter().chain(scopes.map(Scope::code)),
        "What the limit is counted by; with `scope_insufficient` the scope that the token lacks.",
    )
}

fn stage() -> RefOr<Schema> {
    let any = STAGES
        .into_iter()
        .fold(AnyOf::builder(), |any, stage| any.item(Ref::from_schema_name(stage)));
    Schema::AnyOf(any.description(Some("The step at which the flow is.")).build()).into()
}

fn state() -> RefOr<Schema> {
    let mut state = Ref::from_schema_name("AuthorizationState");
    "What is to be done first.".clone_into(&mut state.description);
    state.into()
}

fn codes_with(member: &str) -> Vec<String> {
    let have = |code: &&ProblemCode| problem::example(**code).get(member).is_some();
    let codes = ProblemCode::ALL.iter().filter(have);
    codes.map(|code| format!("`{}`", code.as_str())).collect()
}

fn say_when(schema: &mut RefOr<Schema>, codes: &str) {
    let about = |before: &str| format!("{before} With {codes}.");
    match schema {
        RefOr::Ref(reference) => reference.description = about(&reference.description),
        RefOr::T(Schema::Object(Object { description, .. })) => {
            *description = Some(about(description.as_deref().unwrap_or_default()));
        }
        RefOr::T(Schema::Array(array)) => {
            array.description = Some(about(array.description.as_deref().unwrap_or_default()));
        }
        RefOr::T(Schema::AnyOf(any)) => {
            any.description = Some(about(any.description.as_deref().unwrap_or_default()));
        }
        RefOr::T(_) => {}
    }
}
