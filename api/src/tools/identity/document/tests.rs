//! Twelve document types: the vectors of the domain, and properties.

use proptest::prelude::*;

use super::*;
use crate::tools::identity::FieldError as E;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../../tests/data/vectors.json")).unwrap()
}

fn each(name: &str, check: impl Fn(&str)) {
    let vectors = vectors();
    let list = vectors[name].as_array().unwrap();
    assert!(!list.is_empty());
    for one in list {
        check(one.as_str().unwrap());
    }
}

fn parse(kind: DocumentType, number: &str) -> Result<IdDocument, FieldError> {
    IdDocument::parse(kind, number, Some("USA"), today())
}

#[test]
fn valid_numbers_are_accepted_under_their_own_kind() {
    use DocumentType as D;
    for (name, kind) in [
        ("resident_id_valid", D::ResidentId),
        ("hkmo_residence_permit_valid", D::HkmoResidence),
        ("tw_residence_permit_valid", D::TwResidence),
        ("foreigner_pr_18_valid", D::ForeignerPr),
        ("foreigner_pr_15_valid_format", D::ForeignerPr),
        ("tw_travel_permit_valid", D::TwPermit),
        ("cn_passport", D::PassportCn),
    ] {
        each(name, |number| assert!(parse(kind, number).is_ok(), "{kind:?} {number}"));
    }
    each("hkmo_travel_permit_valid", |number| {
        let nc = number.starts_with("HA") || number.starts_with("MA");
        let kind = if nc { D::HkmoPermitNc } else { D::HkmoPermit };
        assert!(parse(kind, number).is_ok(), "{number}");
    });
    each("military", |number| {
        let kinds = [D::OfficerId, D::SoldierId];
        assert!(kinds.iter().any(|kind| parse(*kind, number).is_ok()), "{number}");
    });
    for kind in D::ALL {
        assert!(parse(*kind, kind.example()).is_ok(), "{kind:?}");
    }
}

#[test]
fn each_mistake_has_its_own_error() {
    let invalid = &vectors()["resident_id_invalid"];
    for (name, error) in [
        ("bad_check", E::DocumentChecksum),
        ("bad_date", E::DocumentDate),
        ("future", E::DocumentFuture),
        ("bad_province", E::DocumentRegion),
        ("len17", E::DocumentTooShort),
        ("fifteen_digits_retired", E::DocumentRetired15),
        ("non_leap_1900", E::DocumentDate),
    ] {
        let number = invalid[name].as_str().unwrap();
        assert_eq!(parse(DocumentType::ResidentId, number).unwrap_err(), error, "{name}");
    }
    each("hkmo_travel_permit_invalid", |number| {
        assert!(parse(DocumentType::HkmoPermit, number).is_err(), "{number}");
    });
    let nobody = IdDocument::parse(DocumentType::PassportForeign, "A1234567", None, today());
    assert_eq!(nobody.unwrap_err(), E::CountryRequired);
    let nowhere =
        IdDocument::parse(DocumentType::PassportForeign, "A1234567", Some("XYZ"), today());
    assert_eq!(nowhere.unwrap_err(), E::CountryUnknown);
}

#[test]
fn a_good_check_digit_does_not_make_a_mainland_card() {
    for number in ["932682198501010017", "810000199408230021", "830000199201300022"] {
        assert_eq!(parse(DocumentType::ResidentId, number).unwrap_err(), E::DocumentRegion);
    }
}

#[test]
fn a_reissued_permit_is_the_same_document() {
    let key = |number| parse(DocumentType::HkmoPermit, number).unwrap().uniqueness_key();
    assert_eq!(key("H1234567800"), key("H12345678"));
    assert_ne!(key("H12345678"), key("M12345678"));
}

#[test]
fn the_number_tells_birth_and_sex() {
    let document = parse(DocumentType::ResidentId, "440305199003070014").unwrap();
    assert_eq!(document.gender(), Some(Gender::Male));
    assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1990, 3, 7));
    let wrong = document.check_person(Gender::Female, today());
    assert_eq!(wrong, [("gender", E::GenderMismatch), ("birth_date", E::BirthDateMismatch)]);
    assert_eq!(document.masked(), "4403**********0014");
    assert_eq!(format!("{document:?}"), "IdDocument(<redacted>)");
}

#[test]
fn people_type_numbers_in_many_ways() {
    let typed = [
        "４４０３０５１９９００３０７００９ｘ",
        "440305 19900307 009x",
        "440305-19900307-009X\u{200b}",
    ];
    for number in typed {
        let document = parse(DocumentType::ResidentId, number).unwrap();
        assert_eq!(document.number(), "44030519900307009X");
    }
    assert_eq!(
        parse(DocumentType::OfficerId, "军字第2001988").unwrap().number(),
        "军字第2001988号"
    );
}

proptest! {
    #[test]
    fn nothing_that_is_typed_panics(text in "\\PC*") {
        for kind in DocumentType::ALL {
            let _ = parse(*kind, &text);
        }
    }

    #[test]
    fn what_is_canonical_stays(text in "[A-Za-z0-9 -]{4,20}") {
        for kind in DocumentType::ALL {
            if let Ok(document) = parse(*kind, &text) {
                prop_assert_eq!(&parse(*kind, document.number()).unwrap(), &document);
                let shown = document.masked().chars().filter(|c| *c != '*').count();
                prop_assert!(shown * 2 <= document.number().chars().count() + 2);
            }
        }
    }
}
