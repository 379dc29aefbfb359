//! `shiming cases`: reading what people wrote to the operator.

use clap::Subcommand;
use serde::Serialize;

use super::{Outcome, counted, print, print_json};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        cases::{self, Case, CaseNumber, CaseSummary},
        core::{Ctx, Tx},
    },
    kernel::{Timestamp, ids::AccountId},
    tools::db::DbFault,
};

/// What to do with cases.
#[derive(Debug, Subcommand)]
pub(super) enum CasesCommand {
    /// List cases, the newest first: numbers, topics and times only.
    List {
        /// As JSON, for other programs.
        #[arg(long)]
        json: bool,
    },
    /// Print a case in clear, with name and document number.
    ///
    /// That it was read is recorded.
    Show {
        /// Its number, such as C20261124-7F3K9Q.
        number: CaseNumber,
    },
}

/// A case in the list, as it is printed.
#[derive(Serialize)]
struct Listed {
    number: String,
    topic: &'static str,
    account: Option<AccountId>,
    created_at: Timestamp,
}

impl From<CaseSummary> for Listed {
    fn from(case: CaseSummary) -> Self {
        let CaseSummary { number, topic, account, created_at } = case;
        Self { number: number.to_string(), topic: topic.code(), account, created_at }
    }
}

/// Does what was asked for.
pub(super) async fn run(ctx: Ctx, command: CasesCommand) -> Outcome {
    match command {
        CasesCommand::List { json } => list(ctx, json).await,
        CasesCommand::Show { number } => show(ctx, number).await,
    }
}

async fn list(ctx: Ctx, json: bool) -> Outcome {
    let cases: Vec<Listed> =
        ctx.read(|tx| cases::list(tx.conn)).await?.into_iter().map(Listed::from).collect();
    if json {
        return print_json(&cases);
    }
    for Listed { number, topic, created_at, .. } in &cases {
        print(&format!("{number}  {}  {topic}", created_at.format("%Y-%m-%d %H:%M UTC")));
    }
    print(&counted(cases.len(), ("case", "cases")));
    Ok(())
}

async fn show(ctx: Ctx, number: CaseNumber) -> Outcome {
    let asked = number.clone();
    let found = ctx.write(move |tx| read(tx, &asked)).await?;
    let Case { number, account, body, created_at } =
        found.ok_or_else(|| format!("there is no case {number}"))?;
    let given = |value: Option<&String>| value.map_or("-", String::as_str).to_owned();
    let account = account.map_or("-".to_owned(), |account| account.to_string());
    print(&format!(
        "number    {number}\nwritten   {}\ntopic     {} ({})\nname      {}\ndocument  {}\n\
         reply to  {}\naccount   {account}\n\n{}",
        created_at.format("%Y-%m-%d %H:%M UTC"),
        body.topic.code(),
        body.topic.words(),
        given(body.name.as_ref()),
        given(body.document_number.as_ref()),
        body.reply_to,
        body.message,
    ));
    Ok(())
}

/// Reads a case and records that it was read.
fn read(tx: &mut Tx<'_>, number: &CaseNumber) -> Result<Option<Case>, DbFault> {
    let found = cases::find(tx, number)?;
    if let Some(case) = &found {
        let subject =
            AuditSubject { account: case.account, flow: None, detail: Some(case.number.as_str()) };
        tx.audit(AuditKind::CaseRead, subject)?;
    }
    Ok(found)
}
