//! The kinds of identity document.

use serde::{Deserialize, Serialize};

macro_rules! document_types {
    ($($(#[$doc:meta])* $variant:ident $code:literal $zh:literal $en:literal $example:literal,)+) => {
        /// A kind of identity document.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum DocumentType { $($(#[$doc])* $variant,)+ }

        impl DocumentType {
            /// Every kind, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Name in Chinese.
            pub const fn name_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// Name in English.
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }

            /// A fictitious number of the right form.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$variant => $example),+ }
            }
        }
    };
}

document_types! {
    /// Second-generation identity card, GB 11643.
    ResidentId "RESIDENT_ID" "居民身份证" "Resident identity card" "11010519491231002X",
    /// Residence permit for people of Hong Kong and Macao.
    HkmoResidence "HKMO_RESIDENCE" "港澳居民居住证" "Residence permit for Hong Kong and Macao residents" "810000199408230021",
    /// Residence permit for people of Taiwan.
    TwResidence "TW_RESIDENCE" "台湾居民居住证" "Residence permit for Taiwan residents" "830000199201300022",
    /// Travel permit to the mainland, "home return permit".
    HkmoPermit "HKMO_PERMIT" "港澳居民来往内地通行证" "Mainland travel permit for Hong Kong and Macao residents" "H12345678",
    /// The same for people who are not Chinese nationals, since 2024-07-10.
    HkmoPermitNc "HKMO_PERMIT_NC" "港澳居民来往内地通行证（非中国籍）" "Mainland travel permit for Hong Kong and Macao residents (non-Chinese)" "HA1234567",
    /// Travel permit to the mainland for people of Taiwan.
    TwPermit "TW_PERMIT" "台湾居民来往大陆通行证" "Mainland travel permit for Taiwan residents" "12345678",
    /// Foreign permanent resident identity card, both versions.
    ForeignerPr "FOREIGNER_PR" "外国人永久居留身份证" "Foreign permanent resident identity card" "932682198501010017",
    /// Chinese passport, of people living overseas.
    PassportCn "PASSPORT_CN" "中国护照" "Chinese passport" "E12345678",
    /// Foreign passport; unique together with its country.
    PassportForeign "PASSPORT_FOREIGN" "外国护照" "Foreign passport" "A1234567",
    /// Officer of the armed forces.
    OfficerId "OFFICER_ID" "军官证" "Military officer card" "军字第2001988号",
    /// Non-commissioned officer or soldier.
    SoldierId "SOLDIER_ID" "士官/士兵证" "Soldier card" "士字第P011816X号",
    /// Police officer.
    PoliceId "POLICE_ID" "警官证" "Police officer card" "012345",
}

impl DocumentType {
    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether the 18-digit number tells date of birth and sex.
    pub const fn carries_birth_and_gender(self) -> bool {
        matches!(
            self,
            Self::ResidentId | Self::HkmoResidence | Self::TwResidence | Self::ForeignerPr
        )
    }

    /// Whether the issuing country belongs to the number.
    pub const fn needs_issuing_country(self) -> bool {
        matches!(self, Self::PassportForeign)
    }
}
