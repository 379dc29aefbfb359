//! What one node is sending of a lane, and to whom.

use std::{collections::BTreeMap, collections::HashMap};

use tokio::task::{Id, JoinError, JoinSet};

use crate::{
    capabilities::outbox::{PER_SYSTEM, Room},
    kernel::ids::ClientId,
};

/// Messages that one node sends at the same time by a lane: a business system
/// that is slow holds up other systems at most, and no code that somebody waits
/// for. Of the places for systems each gets [`PER_SYSTEM`], so that one that is
/// slow holds up itself.
const AT_ONCE: usize = 32;

/// The places of a lane that are taken.
#[derive(Debug, Default)]
pub(super) struct Places {
    tasks: JoinSet<()>,
    systems: HashMap<Id, ClientId>,
}

impl Places {
    /// How many messages may be taken on.
    pub fn room(&self) -> Room {
        let free = AT_ONCE.saturating_sub(self.taken());
        Room { most: i64::try_from(free).unwrap_or(i64::MAX), taken: self.by_system() }
    }

    fn taken(&self) -> usize {
        self.tasks.len()
    }

    /// How many each business system takes.
    fn by_system(&self) -> BTreeMap<ClientId, usize> {
        let mut taken = BTreeMap::new();
        for system in self.systems.values() {
            *taken.entry(*system).or_default() += 1;
        }
        taken
    }

    /// Takes one for something that is sent, to a business system if it says so.
    pub fn take(
        &mut self,
        system: Option<ClientId>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let id = self.tasks.spawn(work).id();
        self.systems.extend(system.map(|system| (id, system)));
    }

    /// Waits until one is free, and frees all that can be; `None` when none is
    /// taken. A panic in one message must not stop the others.
    pub async fn one_free(&mut self) -> Option<()> {
        let ended = self.tasks.join_next_with_id().await?;
        self.free(ended);
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.free(ended);
        }
        Some(())
    }

    /// Waits until one is free that something may be waiting for; `None` when
    /// none is taken. Where nothing had to wait there is nothing to look for.
    pub async fn wanted_one_free(&mut self) -> Option<()> {
        loop {
            let wanted = self.taken() >= AT_ONCE
                || self.by_system().into_values().any(|taken| taken >= PER_SYSTEM);
            self.one_free().await?;
            if wanted {
                return Some(());
            }
        }
    }

    fn free(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|panic| panic.id(), |(id, ())| id);
        self.systems.remove(&id);
    }
}
