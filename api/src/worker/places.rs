//! What one node is sending of a lane, and to whom.

use std::{collections::BTreeMap, collections::HashMap};

use tokio::task::{Id, JoinError, JoinSet};

use crate::kernel::ids::ClientId;

/// The places of a lane that are taken.
#[derive(Debug, Default)]
pub(super) struct Places {
    tasks: JoinSet<()>,
    systems: HashMap<Id, ClientId>,
}

impl Places {
    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.tasks.len()
    }

    /// How many each business system takes.
    pub fn by_system(&self) -> BTreeMap<ClientId, usize> {
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

    fn free(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|panic| panic.id(), |(id, ())| id);
        self.systems.remove(&id);
    }
}
