//! What the person is asked to do (`prompt`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::tools::web::OauthError;

/// A value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Nothing: answer at once.
    None,
    /// To enter the password, whoever is signed in.
    Login,
    /// To consent, even if nothing is new.
    Consent,
    /// To say which account it is.
    SelectAccount,
    /// To register (Initiating User Registration via OpenID Connect 1.0).
    Create,
}

/// Reads `prompt`: values separated by spaces. One that we do not know is an
/// error, because what it asks for would not happen.
pub fn read(text: Option<&str>) -> Result<BTreeSet<Prompt>, OauthError> {
    let prompts = text.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let prompts: BTreeSet<Prompt> = prompts
        .map(|word| match word {
            "none" => Ok(Prompt::None),
            "login" => Ok(Prompt::Login),
            "consent" => Ok(Prompt::Consent),
            "select_account" => Ok(Prompt::SelectAccount),
            "create" => Ok(Prompt::Create),
            _ => Err(OauthError::invalid("A value of prompt is unknown.")),
        })
        .collect::<Result<_, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(OauthError::invalid("prompt=none stands alone."));
    }
    Ok(prompts)
}
