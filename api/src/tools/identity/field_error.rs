//! What can be wrong with a field, as a stable code that clients translate.

macro_rules! field_errors {
    ($($(#[$doc:meta])* $variant:ident $code:literal,)+) => {
        /// Why a value was not accepted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FieldError { $($(#[$doc])* $variant,)+ }

        impl FieldError {
            /// Every error.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    };
}

field_errors! {
    /// Nothing was entered.
    Required "required",
    /// Shorter than allowed.
    TooShort "too_short",
    /// Longer than allowed.
    TooLong "too_long",
    /// A character that a username may not have.
    UsernameCharset "username_charset",
    /// A document, phone or card number must not be a username.
    UsernameLooksLikeDocument "username_looks_like_document",
    /// On the list of common or breached passwords.
    PasswordCommon "password_common",
    /// Too easy to guess.
    PasswordWeak "password_weak",
    /// Contains username, name, phone or document.
    PasswordContainsPersonal "password_contains_personal",
    /// Fewer than three kinds of characters (policy `djbh`).
    PasswordClasses "password_classes",
    /// A character that no name has.
    NameCharset "name_charset",
    /// Digits are no part of a name.
    NameDigits "name_digits",
    /// Not the form of this kind of document.
    DocumentFormat "document_format",
    /// The check digit is wrong.
    DocumentChecksum "document_checksum",
    /// The date of birth inside the number does not exist.
    DocumentDate "document_date",
    /// The first two digits are no province.
    DocumentRegion "document_region",
    /// A 15-digit card of the first generation, not valid since 2013.
    DocumentRetired15 "document_retired_15",
    /// Fewer characters than this kind of document has.
    DocumentTooShort "document_too_short",
    /// More characters than this kind of document has.
    DocumentTooLong "document_too_long",
    /// The date of birth inside the number is in the future.
    DocumentFuture "document_future",
    /// The issuing country must be given.
    CountryRequired "required",
    /// No country has this code.
    CountryUnknown "country_unknown",
    /// The number says another sex.
    GenderMismatch "gender_mismatch",
    /// No such date.
    BirthDateInvalid "birth_date_invalid",
    /// In the future.
    BirthDateFuture "birth_date_future",
    /// More than 150 years ago.
    BirthDateTooOld "birth_date_too_old",
    /// The number says another date of birth.
    BirthDateMismatch "birth_date_mismatch",
    /// None of the twelve banks.
    BankUnknown "bank_unknown",
    /// Not digits only.
    CardFormat "card_format",
    /// Fewer digits than any card has.
    CardTooShort "card_too_short",
    /// More digits than any card has.
    CardTooLong "card_too_long",
    /// The check digit is wrong.
    CardLuhn "card_luhn",
    /// Not a mobile number of mainland China.
    PhoneFormat "phone_format",
    /// Fewer than eleven digits.
    PhoneTooShort "phone_too_short",
    /// More than eleven digits.
    PhoneTooLong "phone_too_long",
    /// Not six digits.
    CodeFormat "code_format",
    /// Not an e-mail address.
    EmailFormat "email_format",
    /// A character that no unified social credit code has at this place.
    CreditCodeFormat "credit_code_format",
    /// The check character is wrong.
    CreditCodeChecksum "credit_code_checksum",
    /// Fewer than eighteen characters.
    CreditCodeTooShort "credit_code_too_short",
    /// More than eighteen characters.
    CreditCodeTooLong "credit_code_too_long",
}

impl FieldError {
    /// The field of a document that the error is about.
    pub const fn document_pointer(self) -> &'static str {
        match self {
            Self::CountryRequired | Self::CountryUnknown => "/issuing_country",
            _ => "/document_number",
        }
    }
}
