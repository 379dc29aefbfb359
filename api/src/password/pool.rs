//! The bounded pool on which passwords are hashed.
//!
//! A hash costs tens of milliseconds of a core and 19 MiB. Threads of our own
//! do nothing else, so other requests stay fast; a request that would wait
//! longer than the queue deadline is refused *before* it has used up a captcha
//! or an attempt.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use argon2::Params;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash::{self, HashFault, SALT_BYTES, Workspace};
use crate::{config, kernel::Entropy};

type Job = Box<dyn FnOnce(&mut Workspace) + Send>;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    admitted: Arc<AtomicUsize>,
    capacity: usize,
    params: Params,
    entropy: Arc<dyn Entropy>,
    decoy: String,
}

/// Leave to have one password hashed: a place in the queue.
#[derive(Debug)]
pub struct Ticket(Arc<AtomicUsize>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a password was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the right one.
    pub right: bool,
    /// Whether its hash should be made anew at today's cost.
    pub rehash: bool,
}

impl Hasher {
    /// Starts the pool and measures what one hash costs on this machine, which
    /// sets how many may queue.
    pub fn start(
        settings: &config::Password,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, HashFault> {
        let params = hash::params(settings)?;
        let permits = match settings.permits {
            0 => thread::available_parallelism().map_or(1, usize::from),
            permits => permits,
        };
        let started = Instant::now();
        let decoy = Workspace::default().hash("decoy", salt(&*entropy)?, &params)?;
        let capacity = capacity(permits, started.elapsed(), settings.queue_milliseconds.into());
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..permits {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue))
                .map_err(|_| HashFault::Stopped)?;
        }
        Ok(Self { jobs, admitted: Arc::default(), capacity, params, entropy, decoy })
    }

    /// A place in the queue, or `None` when the wait would be too long.
    pub fn admit(&self) -> Option<Ticket> {
        let before = self.admitted.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket(Arc::clone(&self.admitted));
        (before < self.capacity).then_some(ticket)
    }

    /// The PHC string of `password`.
    pub async fn hash(
        &self,
        _ticket: &Ticket,
        password: Zeroizing<String>,
    ) -> Result<String, HashFault> {
        let (salt, params) = (salt(&*self.entropy)?, self.params.clone());
        self.run(move |workspace| workspace.hash(&password, salt, &params)).await
    }

    /// Compares `password` with a stored hash; `None` stands for an unknown
    /// user and costs the same as a wrong password.
    pub async fn verify(
        &self,
        _ticket: &Ticket,
        password: Zeroizing<String>,
        stored: Option<String>,
    ) -> Result<Verified, HashFault> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let rehash = hash::is_weaker(&stored, &self.params);
        let today = self.params.clone();
        let right = self.run(move |workspace| workspace.verify(&password, &stored, &today)).await?;
        Ok(Verified { right: known && right, rehash })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Workspace) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, HashFault> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |workspace| {
            // The caller may have gone away; then nobody wants the answer.
            if !reply.is_closed() {
                let _ = reply.send(job(workspace));
            }
        });
        self.jobs.send(job).map_err(|_| HashFault::Stopped)?;
        answer.await.map_err(|_| HashFault::Stopped)?
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    let mut workspace = Workspace::default();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(&mut workspace),
            Err(_) => return,
        }
    }
}

/// As many as the pool gets through within the deadline.
fn capacity(permits: usize, one_hash: Duration, queue_milliseconds: u64) -> usize {
    let per_permit =
        Duration::from_millis(queue_milliseconds).as_micros() / one_hash.as_micros().max(1);
    permits * usize::try_from(per_permit).unwrap_or(usize::MAX / permits.max(1)).max(1)
}

fn salt(entropy: &dyn Entropy) -> Result<[u8; SALT_BYTES], HashFault> {
    entropy.bytes().map_err(|error| HashFault::Argon2(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_as_long_as_the_deadline_allows() {
        assert_eq!(capacity(2, Duration::from_millis(25), 1000), 80);
        assert_eq!(capacity(2, Duration::from_secs(9), 1000), 2);
    }
}
