//! What ends with a session, and who is told (OpenID Connect Back-Channel
//! Logout 1.0).

use std::collections::BTreeSet;

use super::{Grant, end, of_session, store, withdraw};
use crate::{
    capabilities::{
        clients,
        core::{Core, Tx, corrupt},
        outbox::{self, Message},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId, SessionId},
    },
    tools::{
        crypto::{Place, Purpose},
        db::{Conn, DbFault},
    },
};

/// The name by which a client knows a session (`sid`); two clients cannot tell
/// that theirs are of one session.
pub fn client_session(core: &Core, client: ClientId, session: SessionId) -> String {
    let parts = [client.to_string(), session.to_string()];
    let name = core.keyring.blind_parts(Purpose::ClientSession, &[&parts[0], &parts[1]]);
    name.as_str().to_owned()
}

/// Ends what a session that has ended leaves behind, but what was granted to
/// outlive it, and tells the clients that somebody signed in to there.
///
/// To be called once the session's row is written: whoever begins a grant holds
/// that row last, so that it is seen here or refused there.
pub fn end_of_session(tx: &mut Tx<'_>, session: SessionId) -> Result<(), DbFault> {
    let grants = of_session(tx.conn, session)?;
    tell(tx, &grants)?;
    for grant in grants.iter().filter(|grant| !grant.offline) {
        end(tx.conn, grant.id, tx.now)?;
    }
    Ok(())
}

/// Ends every sign-in of an account to a client.
pub fn end_of_client(
    conn: &mut Conn,
    (account, client): (AccountId, ClientId),
    now: Timestamp,
) -> Result<usize, DbFault> {
    store::end_of(conn, (&account.to_string(), &client.to_string()), now)
}

/// Takes back what everybody has let a client see, and ends every sign-in to it;
/// returns whose consents they were. For when it would see more than they said.
pub fn end_of_everybody(tx: &mut Tx<'_>, client: ClientId) -> Result<Vec<AccountId>, DbFault> {
    let mut withdrawn = Vec::new();
    for row in store::consenting(tx.conn, &client.to_string())? {
        let place = Place { table: "client_consents", column: "account_id", row: &row };
        let account = row.parse().map_err(|_| corrupt(place))?;
        if withdraw(tx.conn, (account, client))? {
            withdrawn.push(account);
        }
    }
    let rows = store::open_of_client(tx.conn, &client.to_string())?;
    let grants = rows.into_iter().map(store::Row::grant).collect::<Result<Vec<_>, _>>()?;
    tell(tx, &grants)?;
    for grant in grants {
        end(tx.conn, grant.id, tx.now)?;
    }
    Ok(withdrawn)
}

/// Ends everything that an account has granted, but what belongs to the session
/// that is kept, and tells the clients.
pub fn end_of_account(
    tx: &mut Tx<'_>,
    account: AccountId,
    kept: Option<SessionId>,
) -> Result<(), DbFault> {
    let rows = store::open_of_account(tx.conn, &account.to_string())?;
    let mut grants = Vec::new();
    for row in rows {
        grants.push(row.grant()?);
    }
    grants.retain(|grant| Some(grant.session) != kept);
    tell(tx, &grants)?;
    for grant in grants {
        end(tx.conn, grant.id, tx.now)?;
    }
    Ok(())
}

/// Queues a logout notice for each client and session of these grants.
fn tell(tx: &mut Tx<'_>, grants: &[Grant]) -> Result<(), DbFault> {
    let mut told = BTreeSet::new();
    for grant in grants {
        if !told.insert((grant.client, grant.session)) {
            continue;
        }
        let client = clients::find(tx.conn, grant.client)?;
        if client.is_some_and(|client| client.metadata.backchannel_logout_uri.is_some()) {
            let message = Message::ClientLogout {
                client: grant.client,
                subject: grant.subject.clone(),
                session: client_session(tx.core, grant.client, grant.session),
            };
            outbox::enqueue(tx, &message)?;
        }
    }
    Ok(())
}
