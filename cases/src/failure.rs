//! Why a command ended without a result, and the exit code that says so.

use std::fmt;

/// Exit codes of the program, decided here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Computed, criteria met.
    Met = 0,
    /// Computed, a criterion failed.
    CriterionFailed = 1,
    /// Bad input or model.
    BadInput = 2,
    /// No convergence.
    NotConverged = 3,
    /// A limit was hit: memory, time, disk.
    Limit = 4,
    /// A bug of this program.
    Bug = 70,
    /// Stopped before the end with all that was finished kept: run it again.
    Unfinished = 75,
    /// Stopped by Ctrl-C or a termination signal.
    Interrupted = 130,
}

impl Exit {
    /// Number given to the shell.
    pub fn code(self) -> i32 {
        self as i32
    }
}

/// A command's end without result: exit code and what to tell the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Exit code.
    pub exit: Exit,
    /// What was found, where, what to do; ends without line break.
    pub message: String,
}

impl Failure {
    /// Bad input or model: exit 2.
    pub fn input(message: impl fmt::Display) -> Self {
        Self { exit: Exit::BadInput, message: format!("error: {message}") }
    }

    /// Failure to write or another exhausted limit: exit 4.
    pub fn limit(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Limit, message: format!("error: {message}") }
    }

    /// No convergence: exit 3.
    pub fn not_converged(message: impl fmt::Display) -> Self {
        Self { exit: Exit::NotConverged, message: format!("error: {message}") }
    }

    /// Our bug: exit 70.
    pub fn bug(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Bug,
            message: format!("internal error (a bug of dens, please report it): {message}"),
        }
    }

    /// Problems of a case file, already rendered: exit 2.
    pub fn problems(rendered: String) -> Self {
        Self { exit: Exit::BadInput, message: rendered.trim_end().to_string() }
    }
}
