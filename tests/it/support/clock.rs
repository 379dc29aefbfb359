//! A clock that tests move.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::DateTime;
use shiming::kernel::{Clock, Timestamp};

/// 2026-11-23T02:00:00Z, in microseconds since 1970.
const START: i64 = 1_795_399_200_000_000;

/// Stands still but for one microsecond a reading, so that whatever happens
/// later has a later time.
#[derive(Debug)]
pub struct MovableClock(AtomicI64);

impl Default for MovableClock {
    fn default() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl MovableClock {
    /// A clock that starts at `time`.
    pub fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.timestamp_micros()))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_micros(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}
