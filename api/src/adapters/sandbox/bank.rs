//! The sandbox bank.

use async_trait::async_trait;

use super::{
    Sandbox,
    behaviour::Port,
    cardholders::{BUILT_IN, Cardholder},
    store,
};
use crate::tools::{
    identity::{IdDocument, PersonName, Phone},
    ports::{BankFault, BankOutcome, BankQuestion, BankVerifier},
};

/// Answers from the list of fictitious cardholders.
#[derive(Debug)]
pub struct SandboxBank(pub Sandbox);

#[async_trait]
impl BankVerifier for SandboxBank {
    async fn verify(&self, question: &BankQuestion) -> Result<BankOutcome, BankFault> {
        let broken = |fault: &dyn std::fmt::Display| BankFault::Broken(fault.to_string());
        match self.0.behave(Port::Bank).await {
            Ok(None) => {}
            Ok(Some(told)) => return Ok(told),
            Err(silent) => return Err(broken(&silent)),
        }
        let number = question.card.number().to_owned();
        let (sandbox, card) = (self.0.clone(), number.clone());
        let added = self.0.db.read(move |conn| store::find_by_card(&sandbox, conn, &card)).await;
        // What somebody added says more than what the program came with.
        let holder = added.map_err(|fault| broken(&fault))?;
        let built_in = || BUILT_IN.iter().find(|one| one.card_number == number).cloned();
        let holder = holder.or_else(built_in);
        Ok(match holder {
            Some(holder) if matches(&holder, question) => BankOutcome::Match,
            Some(_) => BankOutcome::Mismatch,
            None => BankOutcome::CardInvalid,
        })
    }
}

/// The four elements, compared as a bank does: the name by its key.
fn matches(holder: &Cardholder, question: &BankQuestion) -> bool {
    let name = PersonName::parse(&holder.name).map(|name| name.key());
    let phone = Phone::parse(&holder.phone);
    let document = IdDocument::parse(
        holder.document_type,
        &holder.document_number,
        holder.issuing_country.as_deref(),
        chrono::NaiveDate::MAX,
    )
    .map(|document| document.uniqueness_key());
    holder.bank_code == question.bank.code()
        && name.is_ok_and(|name| name == question.name.key())
        && phone.is_ok_and(|phone| phone == question.phone)
        && document.is_ok_and(|document| document == question.document.uniqueness_key())
        && holder.document_type == question.document.document_type()
}
