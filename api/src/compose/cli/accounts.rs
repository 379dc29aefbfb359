//! `shiming accounts`: what only an operator can do for an account's owner.

use clap::Subcommand;

use super::{Outcome, print};
use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        core::Ctx,
        outbox, security_questions,
    },
    tools::{db::DbFault, identity::Username, ports::Notice},
};

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub(super) enum AccountsCommand {
    /// Remove an account's security questions; its owner is told by SMS.
    ///
    /// For owners who cannot reset a password because wrong answers used the
    /// questions up, where `security_questions.mode` is `second_step`. Make sure
    /// who asks before you do.
    RemoveQuestions {
        /// Name that the owner signs in with.
        username: String,
    },
}

/// Does what was asked for.
pub(super) async fn run(ctx: Ctx, command: AccountsCommand) -> Outcome {
    let AccountsCommand::RemoveQuestions { username } = command;
    let key = Username::parse(&username).map_err(|_| "this is no username")?.key();
    let removed = ctx
        .write(move |tx| -> Result<Option<bool>, DbFault> {
            let Some(account) = accounts::find_by_username(tx, &key)? else {
                return Ok(None);
            };
            if !security_questions::remove(tx.conn, account.id)? {
                return Ok(Some(false));
            }
            tx.audit(AuditKind::QuestionsRemoved, AuditSubject::account(account.id))?;
            outbox::notify(tx, &account.elements.phone, Notice::QuestionsChanged)?;
            Ok(Some(true))
        })
        .await?;
    match removed {
        Some(true) => print("The security questions are removed."),
        Some(false) => return Err("the account has no security questions".into()),
        None => return Err("nobody has this username".into()),
    }
    Ok(())
}
