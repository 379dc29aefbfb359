//! A change: what the account will hold, and what was proved of it so far.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    capabilities::{
        accounts::{Account, Elements, Version},
        core::{Core, Tx},
        flows::{self, Flow, Kind},
        limits::{self, Charge, DAY, Rule},
        proving::{
            Proof, Proving,
            answers::{BankAnswers, WhoAnswers, elements},
        },
    },
    kernel::ids::FlowId,
    tools::{db::DbFault, identity::Gender, ports::SmsPurpose},
};

/// Where a change stands: what is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeStage)]
pub enum Stage {
    /// The bank has not matched yet.
    Bank,
    /// The code is to be entered.
    Code,
}

impl flows::Stage for Stage {
    const ALL: &'static [Self] = &[Self::Bank, Self::Code];

    fn code(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Code => "code",
        }
    }
}

/// What of an account can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeField)]
pub enum Part {
    /// Name.
    Name,
    /// Bank.
    BankCode,
    /// Card.
    CardNumber,
    /// Phone.
    Phone,
    /// Document, sex and date of birth of a unit's agent.
    Agent,
}

impl Part {
    /// The stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::BankCode => "bank_code",
            Self::CardNumber => "card_number",
            Self::Phone => "phone",
            Self::Agent => "agent",
        }
    }
}

/// One change.
pub type Change = Flow<Answers>;

/// What the account will hold, as it is sealed in the database.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Answers {
    /// The account as it was when the change began. Whatever was done to it
    /// meanwhile (by a recovery, say) makes the change worthless.
    #[zeroize(skip)]
    pub based_on: Version,
    pub who: WhoAnswers,
    pub bank: BankAnswers,
    /// Set when `who` is another agent.
    pub agent: Option<AgentAnswers>,
    /// What differs from the account.
    #[zeroize(skip)]
    pub changed: Vec<Part>,
    pub proof: Proof,
}

/// What an agent has besides name and document.
#[derive(Clone, Copy, Serialize, Deserialize, Zeroize)]
pub struct AgentAnswers {
    #[zeroize(skip)]
    pub gender: Gender,
    #[zeroize(skip)]
    pub birth_date: NaiveDate,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers(<redacted>)")
    }
}

impl flows::Answers for Answers {
    type Stage = Stage;
    const KIND: Kind = Kind::AccountChange;

    fn idle_minutes(core: &Core) -> u32 {
        core.settings.registration.idle_minutes
    }
}

impl Proving for Answers {
    const PURPOSE: SmsPurpose = SmsPurpose::AccountChange;

    fn proof(&self) -> &Proof {
        &self.proof
    }

    fn proof_mut(&mut self) -> &mut Proof {
        &mut self.proof
    }

    fn elements(flow: &Change) -> Result<Option<Elements>, DbFault> {
        flow.elements().map(Some)
    }

    fn asking(flow: &mut Change) {
        flow.stage = Stage::Bank;
    }

    fn matched(flow: &mut Change) {
        flow.stage = Stage::Code;
    }

    /// Failures count for the account, too, or giving a change up would start
    /// their count anew.
    fn charged(core: &Core, id: FlowId) -> Option<Charge> {
        Some(failures(core, id))
    }
}

/// The change that an account has open. One that was begun when the account was
/// another can lead to nothing.
pub fn open(tx: &mut Tx<'_>, account: &Account) -> Result<Option<Change>, DbFault> {
    let found: Option<Change> = flows::find(tx, FlowId::of_account(account.id))?;
    Ok(found.filter(|change| change.answers.based_on == account.version()))
}

fn failures(core: &Core, id: FlowId) -> Charge {
    let most = core.settings.limits.bank_checks_per_flow;
    Charge {
        rule: Rule { name: "bank_account_day", most, window_seconds: DAY },
        subject: id.to_string(),
    }
}

/// The change of an account in which nothing is changed yet.
pub fn begin(tx: &mut Tx<'_>, account: &Account) -> Result<Change, DbFault> {
    let id = FlowId::of_account(account.id);
    let most = tx.core.settings.limits.bank_checks_per_flow;
    let left = limits::left(tx, &failures(tx.core, id))?;
    let Elements { name, document, bank, card, phone } = &account.elements;
    let answers = Answers {
        based_on: account.version(),
        who: WhoAnswers::of(name, document),
        bank: BankAnswers::of(*bank, card, phone),
        agent: None,
        changed: Vec::new(),
        proof: Proof::after(most.saturating_sub(left)),
    };
    let longest = TimeDelta::hours(tx.core.settings.registration.absolute_hours.into());
    Ok(Change::begin(tx.core, (id, Stage::Bank, answers), (tx.now, longest)))
}

impl Change {
    /// The four elements that the account will have.
    pub fn elements(&self) -> Result<Elements, DbFault> {
        let latest = self.absolute_expires_at.date_naive();
        elements(&self.answers.who, &self.answers.bank, latest).map_err(|_| self.bad())
    }
}
