//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    shiming::compose::cli::main()
}
