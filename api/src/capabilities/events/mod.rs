//! What happens to the users of clients: kept for their lists of changes, and
//! on its way to the addresses where they want to be told.
//!
//! An event is written in the transaction of the change it tells of, so there
//! is never one without the other; so are its deliveries and the messages of
//! the outbox that carry them.

mod deliveries;
mod endpoints;
mod kinds;
mod signature;
mod store;

use chrono::TimeDelta;

use crate::{
    capabilities::{
        clients,
        core::{Tx, corrupt},
        grants,
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId, EventId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

pub use deliveries::{
    Delivery, DeliveryState, GONE, deliveries, delivery, give_up_delivery, prepare, replay,
    settle_delivery,
};
pub use endpoints::{
    Endpoint, EndpointState, NewEndpoint, add_endpoint, endpoint, endpoints, remove_endpoint,
    rotate_endpoint_secret, save_endpoint,
};
pub use kinds::EventKind;
pub use signature::sign;
pub use store::purge;

/// How long an event is held back from the list of changes.
///
/// Ids are made by the nodes, each by its own clock, and appear when their
/// transaction commits: one that is smaller may appear after one that is
/// greater. A client that had read the greater one would never see it. So the
/// list ends at what is this old: nodes whose clocks agree within seconds
/// (NTP), and transactions that end within seconds of the event (waiting for
/// a lock ends after 5 s, see `db::connection`), leave nothing behind.
/// Webhooks do not wait: they are no list.
pub const HELD_BACK: TimeDelta = TimeDelta::seconds(15);

/// Something that happened to a client's user.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What.
    pub kind: EventKind,
    /// To whom: the name by which the client knows the account.
    pub subject: String,
    /// When.
    pub happened_at: Timestamp,
}

/// Tells every client that a person has let see something, as far as it
/// concerns what it sees. To be called in the transaction of the change, late
/// ([`HELD_BACK`]), and before consents are erased; ring
/// [`Core::outbox_bell`] after it.
pub fn emit(tx: &mut Tx<'_>, account: AccountId, kind: EventKind) -> Result<(), DbFault> {
    for consent in grants::consents_of(tx.conn, account)? {
        if kind.concerns(&consent.scopes) {
            emit_to(tx, account, consent.client, kind)?;
        }
    }
    Ok(())
}

/// Tells one client; for what concerns no other one.
pub fn emit_to(
    tx: &mut Tx<'_>,
    account: AccountId,
    client: ClientId,
    kind: EventKind,
) -> Result<(), DbFault> {
    let Some(client) = clients::find(tx.conn, client)? else { return Ok(()) };
    let event = Event {
        // Not by `now`, which is when the request began: the id is to be as
        // young as can be when it appears.
        id: EventId::new(tx.core.clock.now(), &*tx.core.entropy)?,
        kind,
        subject: grants::subject_of(tx, &client, account)?,
        happened_at: tx.now,
    };
    store::insert(tx.conn, client.id, &event)?;
    if client.is_enabled() {
        deliveries::enqueue(tx, client.id, &event)?;
    }
    Ok(())
}

/// Up to `most` events of a client after the position `after`, the oldest
/// first, as far as they may be shown at `now`: their positions, and what they
/// are, unless this version does not know the kind, because a newer node wrote
/// it. Whoever reads on counts such ones, too.
pub fn changes(
    conn: &mut Conn,
    (client, after): (ClientId, Option<EventId>),
    most: i64,
    now: Timestamp,
) -> Result<Vec<(EventId, Option<Event>)>, DbFault> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = store::list(conn, client, (&after, &horizon(now).to_string()), most)?;
    rows.into_iter().map(store::EventRow::event).collect()
}

/// Where the list of changes ends at `now`. It holds no event, so that reading
/// may go on from here.
pub fn horizon(now: Timestamp) -> EventId {
    EventId::earliest(now - HELD_BACK)
}

impl store::EventRow {
    fn event(self) -> Result<(EventId, Option<Event>), DbFault> {
        let place = Place { table: "client_events", column: "id", row: &self.id };
        let id = self.id.parse().map_err(|_| corrupt(place))?;
        let event = EventKind::from_code(&self.kind).map(|kind| Event {
            id,
            kind,
            subject: self.subject,
            happened_at: self.happened_at.and_utc(),
        });
        Ok((id, event))
    }
}
