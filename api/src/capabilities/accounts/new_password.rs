//! Trying a new password: whoever tries one learns whether it is the present
//! one, so that tries are counted, whichever way they come.

use super::earlier_passwords;
use crate::{
    capabilities::{
        core::{Core, Stop, Tx},
        limits::{self, Charge, DAY, Rule},
    },
    kernel::ids::AccountId,
    tools::{identity::PlainPassword, password::Ticket, web::Problem},
};

/// New passwords that may be tried for an account in a day: each tells whether
/// it is the present one or an earlier one, and each that is taken is told to
/// the phone.
const TRIES: u32 = 20;

/// Counts a try, before anything about the password is told, and returns the
/// hashes that it must not match.
pub fn try_new_password(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<String>, Stop> {
    let rule = Rule { name: "password_change_day", most: TRIES, window_seconds: DAY };
    let charge = Charge { rule, subject: account.to_string() };
    limits::charge(tx, &[charge])?;
    Ok(earlier_passwords(tx, account)?)
}

/// Refuses the present password and the earlier ones that the policy
/// remembers: `hashes`, the present one first.
pub async fn refuse_earlier(
    core: &Core,
    ticket: &Ticket,
    (password, hashes): (&PlainPassword, &[String]),
) -> Result<(), Problem> {
    let mut code = "password_same";
    for hash in hashes {
        let verify = core.hasher.verify(ticket, password.to_hash_input(), Some(hash.clone()));
        if verify.await.map_err(Problem::internal)?.right {
            return Err(Problem::field("/password", code));
        }
        code = "password_in_history";
    }
    Ok(())
}
