//! `shiming units`: an operator decides which units may sign in to business
//! systems.

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::{Outcome, counted, print, print_json};
use crate::{
    capabilities::{
        accounts::{self, Account, NotDecided, Unit, UnitState},
        audit::{AuditKind, AuditSubject},
        core::{Ctx, Stop, Tx},
        events::{self, EventKind},
        grants, outbox,
    },
    kernel::{Timestamp, ids::AccountId},
    tools::{
        db::{DbFault, Ending},
        ports::Notice,
    },
};

/// Characters of a reason, at most.
const LONGEST_REASON: usize = 500;

/// What to do with units.
#[derive(Debug, Subcommand)]
pub(super) enum UnitsCommand {
    /// List units, the oldest first.
    ///
    /// Prints names and credit codes in clear, the legal representative's and
    /// the agent's (经办人) too: they are to be compared with the papers that
    /// the unit hands in. Keep the output as you keep the papers. That they were
    /// listed is recorded.
    List {
        /// Only units in this state.
        #[arg(long)]
        state: Option<State>,
        /// As JSON, for other programs.
        #[arg(long)]
        json: bool,
    },
    /// Let a unit sign in to business systems; its agent is told by SMS.
    Approve {
        /// Id of the unit, as "units list" prints it.
        id: AccountId,
    },
    /// Refuse a unit; its agent is told by SMS, and reads the reason after
    /// signing in. The credit code is free for somebody else to register. What
    /// it has signed in to ends, and the systems are told.
    ///
    /// Until it is approved again, the unit can neither find its username nor
    /// reset its password by its credit code.
    Reject {
        /// Id of the unit, as "units list" prints it.
        id: AccountId,
        /// What the agent is to read; at most 500 characters.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
}

/// A state, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// Nobody has decided yet.
    Pending,
    /// It may sign in to business systems.
    Approved,
    /// It may not.
    Rejected,
}

impl From<State> for UnitState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Approved => Self::Approved,
            State::Rejected => Self::Rejected,
        }
    }
}

fn reason(typed: &str) -> Result<String, String> {
    let reason = typed.trim();
    if reason.is_empty() {
        return Err("say why".to_owned());
    }
    if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
        return Err(format!("one line of at most {LONGEST_REASON} characters"));
    }
    Ok(reason.to_owned())
}

/// A unit, as it is printed.
#[derive(Serialize)]
struct Listed {
    id: AccountId,
    state: UnitState,
    name: String,
    credit_code: String,
    legal_representative: String,
    agent: String,
    username: String,
    created_at: Timestamp,
    decided_at: Option<Timestamp>,
    reason: Option<String>,
}

impl Listed {
    fn of(unit: Unit, account: Account) -> Self {
        Self {
            id: unit.account,
            state: unit.state,
            name: unit.name.as_str().to_owned(),
            credit_code: unit.credit_code.as_str().to_owned(),
            legal_representative: unit.legal_representative.raw().to_owned(),
            agent: account.elements.name.raw().to_owned(),
            username: account.username,
            created_at: unit.created_at,
            decided_at: unit.decided_at,
            reason: unit.reason,
        }
    }

    fn lines(&self) -> String {
        let time = |at: Timestamp| at.format("%Y-%m-%d %H:%M UTC").to_string();
        let facts = [
            ("name", Some(self.name.clone())),
            ("credit code", Some(self.credit_code.clone())),
            ("legal representative", Some(self.legal_representative.clone())),
            ("agent", Some(self.agent.clone())),
            ("username", Some(self.username.clone())),
            ("registered", Some(time(self.created_at))),
            ("decided", self.decided_at.map(time)),
            ("reason", self.reason.clone()),
        ];
        let line = |(what, fact): (&str, Option<String>)| {
            fact.map_or_else(String::new, |fact| format!("  {what:<22}{fact}\n"))
        };
        let lines: String = facts.into_iter().map(line).collect();
        format!("{}  {}\n{lines}", self.id, self.state.code())
    }
}

/// Does what was asked for.
pub(super) async fn run(ctx: Ctx, command: UnitsCommand) -> Outcome {
    let (id, state, reason) = match command {
        UnitsCommand::List { state, json } => return list(ctx, state, json).await,
        UnitsCommand::Approve { id } => (id, UnitState::Approved, None),
        UnitsCommand::Reject { id, reason } => (id, UnitState::Rejected, Some(reason)),
    };
    let unit = ctx.write(move |tx| decide(tx, id, state, reason.as_deref())).await?;
    print(&format!("{} is {} now.", unit.name.as_str(), state.code()));
    Ok(())
}

async fn list(ctx: Ctx, state: Option<State>, json: bool) -> Outcome {
    let units = ctx
        .write(move |tx| -> Result<Vec<Listed>, DbFault> {
            let mut listed = Vec::new();
            for unit in accounts::list_units(tx, state.map(UnitState::from))? {
                // Closed this very moment: no longer a unit.
                if let Some(account) = accounts::find(tx, unit.account)? {
                    listed.push(Listed::of(unit, account));
                }
            }
            let count = listed.len().to_string();
            let subject = AuditSubject { detail: Some(&count), ..AuditSubject::default() };
            tx.audit(AuditKind::UnitsListed, subject)?;
            Ok(listed)
        })
        .await?;
    if json {
        return print_json(&units);
    }
    for unit in &units {
        print(&unit.lines());
    }
    print(&counted(units.len(), ("unit", "units")));
    Ok(())
}

/// Why an operator's decision was not carried out.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("no unit has the id {0}")]
    Unknown(AccountId),
    #[error("the unit is {} already", .0.code())]
    Already(UnitState),
    #[error("the credit code was registered by somebody else after the unit was rejected")]
    CodeInUse,
    #[error(transparent)]
    Fault(#[from] DbFault),
}

impl Ending for Refused {}

/// Decides, records it and tells the agent, in one transaction.
fn decide(
    tx: &mut Tx<'_>,
    id: AccountId,
    state: UnitState,
    reason: Option<&str>,
) -> Result<Unit, Refused> {
    let Some(account) = accounts::find(tx, id)?.filter(|one| one.unit.is_some()) else {
        return Err(Refused::Unknown(id));
    };
    let unit = accounts::decide_unit(tx, id, state, reason).map_err(|stop| match stop {
        Stop::Keep(NotDecided::Unchanged) | Stop::Undo(NotDecided::Unchanged) => {
            Refused::Already(state)
        }
        Stop::Keep(NotDecided::CodeInUse) | Stop::Undo(NotDecided::CodeInUse) => Refused::CodeInUse,
        Stop::Fault(fault) => Refused::Fault(fault),
    })?;
    let (kind, notice) = match state {
        UnitState::Approved => (AuditKind::UnitApproved, Notice::UnitApproved),
        _ => (AuditKind::UnitRejected, Notice::UnitRejected),
    };
    tx.audit(kind, AuditSubject::account(id))?;
    outbox::notify(tx, &account.elements.phone, notice)?;
    events::emit(tx, id, EventKind::UnitChanged)?;
    if state == UnitState::Rejected {
        // Systems that it has signed in to still take it for approved.
        grants::end_of_account(tx, id, None)?;
    }
    Ok(unit)
}
