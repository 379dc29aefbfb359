//! The twelve banks of the guide.

use super::FieldError;

macro_rules! banks {
    ($($(#[$doc:meta])* $variant:ident $code:literal $zh:literal $en:literal,)+) => {
        /// A bank whose cards can prove a person. Codes are Alipay's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum BankCode { $($(#[$doc])* $variant,)+ }

        impl BankCode {
            /// Every bank, in the guide's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Name in Chinese, as the guide has it.
            pub const fn name_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// Name in English.
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }
        }
    };
}

banks! {
    /// 建设银行.
    Ccb "CCB" "建设银行" "China Construction Bank",
    /// 工商银行.
    Icbc "ICBC" "工商银行" "Industrial and Commercial Bank of China",
    /// 中国银行.
    Boc "BOC" "中国银行" "Bank of China",
    /// 农业银行.
    Abc "ABC" "农业银行" "Agricultural Bank of China",
    /// 招商银行.
    Cmb "CMB" "招商银行" "China Merchants Bank",
    /// 平安银行, with the former Shenzhen Development Bank.
    Spabank "SPABANK" "平安银行" "Ping An Bank",
    /// 深圳农村商业银行.
    Srcb "SRCB" "深圳农村商业银行" "Shenzhen Rural Commercial Bank",
    /// 邮储银行.
    Psbc "PSBC" "邮储银行" "Postal Savings Bank of China",
    /// 交通银行.
    Comm "COMM" "交通银行" "Bank of Communications",
    /// 中信银行.
    Citic "CITIC" "中信银行" "China CITIC Bank",
    /// 光大银行.
    Ceb "CEB" "光大银行" "China Everbright Bank",
    /// 民生银行.
    Cmbc "CMBC" "民生银行" "China Minsheng Bank",
}

impl BankCode {
    /// The bank with this code.
    pub fn parse(code: &str) -> Result<Self, FieldError> {
        match code.trim() {
            "" => Err(FieldError::Required),
            code => Self::ALL
                .iter()
                .copied()
                .find(|bank| bank.code() == code)
                .ok_or(FieldError::BankUnknown),
        }
    }
}
