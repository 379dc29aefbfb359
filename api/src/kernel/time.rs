//! Time as a dependency: read once per request, moved by hand in tests.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// A moment in UTC.
pub type Timestamp = DateTime<Utc>;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment, to the microsecond (what both databases store).
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        truncate(Utc::now())
    }
}

/// What a clock in China shows: one time, without summer time, by which people
/// and operator count their days.
pub fn beijing(moment: Timestamp) -> NaiveDateTime {
    moment.naive_utc() + TimeDelta::hours(8)
}

/// Cuts a moment to whole microseconds, so that what is read back from a
/// database equals what was written.
pub fn truncate(moment: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(moment.timestamp_micros()).unwrap_or(moment)
}
