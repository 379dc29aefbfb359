//! Where pictures and sounds are made: as many at once as there are cores.
//!
//! Making one takes milliseconds of a core, and anybody may ask. The threads
//! are those that the database works on, too, so pictures must not take them
//! all.

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::Semaphore;

use super::render::RenderError;
use crate::tools::web::{Problem, overloaded};

/// How long somebody waits for his turn before he is told to come back.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes pictures and sounds.
#[derive(Debug)]
pub struct Studio {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Studio {
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from), PATIENCE)
    }
}

impl Studio {
    /// With so many places.
    pub fn new(places: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), patience }
    }

    /// Runs `work` when there is a place for it.
    pub(super) async fn make<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RenderError> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(self.patience, turn)
            .await
            .map_err(|_| overloaded())?
            .map_err(Problem::internal)?;
        let work = move || {
            // Held to the end of the work, also when nobody waits for it.
            let _place = place;
            work()
        };
        let made = tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?;
        made.map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use super::*;
    use crate::tools::web::ProblemCode;

    #[tokio::test]
    async fn no_more_work_at_once_than_there_are_places() {
        let studio = Studio::new(2, Duration::from_millis(20));
        let (begun, begins) = mpsc::channel();
        let end = Arc::new(Barrier::new(3));
        let job = || {
            let (begun, end) = (begun.clone(), Arc::clone(&end));
            move || {
                begun.send(()).unwrap();
                end.wait();
                Ok(())
            }
        };
        let rest = async {
            let late = studio.make(job()).await.unwrap_err();
            assert_eq!(late.code(), ProblemCode::Overloaded);
            end.wait();
        };
        let (one, other, ()) = tokio::join!(studio.make(job()), studio.make(job()), rest);
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(begins.try_iter().count(), 2, "the third never began");
        studio.make(|| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_his_place_when_the_work_is_done() {
        let studio = Studio::new(1, Duration::from_millis(20));
        let (finish, finished) = mpsc::channel();
        let work = move || {
            finished.recv().unwrap();
            Ok(())
        };
        let gone = tokio::time::timeout(Duration::from_millis(5), studio.make(work)).await;
        assert!(gone.is_err());
        assert!(studio.make(|| Ok(())).await.is_err(), "the work goes on");
        finish.send(()).unwrap();
        while studio.make(|| Ok(())).await.is_err() {}
    }
}
