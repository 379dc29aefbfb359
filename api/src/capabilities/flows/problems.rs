//! The problems that every flow can meet.

use super::Stage;
use crate::tools::web::{Problem, ProblemCode as Code};

/// Unknown, expired, or somebody else's.
pub fn not_found() -> Problem {
    Problem::new(Code::FlowNotFound)
}

/// The flow is at another step.
pub fn wrong_stage(stage: impl Stage) -> Problem {
    Problem::new(Code::StageConflict).with("stage", stage.code())
}

/// Another request changed the flow at the same time.
pub fn busy() -> Problem {
    Problem::new(Code::RequestInProgress).retry_after(2)
}
