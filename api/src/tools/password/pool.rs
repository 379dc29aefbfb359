//! The bounded pool on which passwords are hashed.
//!
//! A hash costs tens of milliseconds of a core and 19 MiB. Threads of our own
//! do nothing else, so other requests stay fast; a request that would wait
//! longer than the queue deadline is refused *before* it has used up a captcha
//! or an attempt.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use argon2::Params;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash::{self, HashFault, SALT_BYTES, Workspace};
use crate::{kernel::Entropy, tools::config};

type Job = Box<dyn FnOnce(&mut Workspace) + Send>;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    admitted: Arc<AtomicUsize>,
    permits: usize,
    deadline: Duration,
    pace: Arc<Pace>,
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
    /// Starts the pool and measures what one hash costs on this machine.
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
        let pace = Arc::new(Pace::of(started.elapsed()));
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..permits {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue))
                .map_err(|_| HashFault::Stopped)?;
        }
        let deadline = Duration::from_millis(settings.queue_milliseconds.into());
        let admitted = Arc::default();
        Ok(Self { jobs, admitted, permits, deadline, pace, params, entropy, decoy })
    }

    /// A place in the queue, or `None` when the wait would be too long at the
    /// pace of the last hashes.
    pub fn admit(&self) -> Option<Ticket> {
        let before = self.admitted.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket(Arc::clone(&self.admitted));
        (before < capacity(self.permits, self.pace.one_hash(), self.deadline)).then_some(ticket)
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
        let rehash = hash::is_of_other_cost(&stored, &self.params);
        let today = self.params.clone();
        let right = self.run(move |workspace| workspace.verify(&password, &stored, &today)).await?;
        Ok(Verified { right: known && right, rehash })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Workspace) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, HashFault> {
        let (reply, answer) = oneshot::channel();
        let pace = Arc::clone(&self.pace);
        let job: Job = Box::new(move |workspace| {
            // The caller may have gone away; then nobody wants the answer.
            if !reply.is_closed() {
                let started = Instant::now();
                let result = job(workspace);
                pace.note(started.elapsed());
                let _ = reply.send(result);
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
        let Ok(job) = next else { return };
        // One that panics takes its own answer along, not the thread.
        if catch_unwind(AssertUnwindSafe(|| job(&mut workspace))).is_err() {
            workspace = Workspace::default();
        }
    }
}

/// How long a hash takes: the mean of the last ones, for the machine may be
/// busier now than it was.
#[derive(Debug)]
struct Pace {
    microseconds: AtomicU64,
}

impl Pace {
    /// The share of the newest one.
    const WEIGHT: i64 = 16;

    fn of(one_hash: Duration) -> Self {
        Self { microseconds: AtomicU64::new(microseconds(one_hash)) }
    }

    fn one_hash(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }

    /// Of two threads that note at once, one may go uncounted.
    fn note(&self, took: Duration) {
        let mean = self.microseconds.load(Ordering::Relaxed);
        let step = microseconds(took).cast_signed().saturating_sub(mean.cast_signed());
        let mean = mean.saturating_add_signed(step / Self::WEIGHT);
        self.microseconds.store(mean, Ordering::Relaxed);
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// As many as the pool gets through within the deadline.
fn capacity(permits: usize, one_hash: Duration, deadline: Duration) -> usize {
    let per_permit = deadline.as_micros() / one_hash.as_micros().max(1);
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
        let second = Duration::from_secs(1);
        assert_eq!(capacity(2, Duration::from_millis(25), second), 80);
        assert_eq!(capacity(2, Duration::from_secs(9), second), 2);
    }

    #[test]
    fn the_pace_follows_what_hashes_take() {
        let pace = Pace::of(Duration::from_millis(100));
        for _ in 0..100 {
            pace.note(Duration::from_millis(20));
        }
        assert_eq!(pace.one_hash().as_millis(), 20);
        for _ in 0..100 {
            pace.note(Duration::from_millis(200));
        }
        assert_eq!(pace.one_hash().as_millis(), 199);
        // One that was slow says little.
        pace.note(Duration::from_secs(1));
        assert!(pace.one_hash() < Duration::from_millis(260));
    }

    /// With one permit and a deadline of a second.
    fn hasher() -> Hasher {
        let set = [
            ("SHIMING__PASSWORD__PERMITS", "1"),
            ("SHIMING__PASSWORD__QUEUE_MILLISECONDS", "1000"),
            ("SHIMING__PASSWORD__MEMORY_KIB", "7168"),
            ("SHIMING__KEYS__FILE", "/tmp/keyring.json"),
            ("DATABASE_URL", "sqlite:///tmp/shiming.db"),
        ];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = config::Settings::load(None, set).unwrap();
        Hasher::start(&settings.password, Arc::new(crate::kernel::OsEntropy)).unwrap()
    }

    #[tokio::test]
    async fn the_queue_is_shorter_when_hashes_have_become_slower() {
        let hasher = hasher();
        let slow = || {
            hasher.run(|_| {
                thread::sleep(Duration::from_millis(300));
                Ok(())
            })
        };
        for _ in 0..10 {
            slow().await.unwrap();
        }
        let tickets: Vec<_> = std::iter::from_fn(|| hasher.admit()).collect();
        assert!((3..=10).contains(&tickets.len()), "{}", tickets.len());
    }

    #[tokio::test]
    async fn a_panic_takes_one_answer_and_no_thread() {
        let hasher = hasher();
        let panics = hasher.run(|_| -> Result<(), HashFault> { panic!("in a hash") });
        assert!(matches!(panics.await, Err(HashFault::Stopped)));
        hasher.run(|_| Ok(())).await.unwrap();
    }
}
