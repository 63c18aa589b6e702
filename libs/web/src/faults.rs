//! Collecting what is wrong with a body, so that a caller hears all of it at once.

use std::fmt::Display;

use crate::{Fault, Problem, problems};

/// What has been found wrong so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault at a JSON pointer where something does not hold.
    pub fn unless(&mut self, holds: bool, pointer: impl Into<String>, detail: impl Display) {
        if !holds {
            self.0.push(Fault { pointer: pointer.into(), detail: detail.to_string() });
        }
    }

    /// Notes a fault where a text is blank, or longer than `most` characters.
    pub fn text(&mut self, pointer: impl Into<String>, text: &str, most: usize) {
        let fits = (1..=most).contains(&text.trim().chars().count()) && text.chars().count() <= most;
        self.unless(fits, pointer, format_args!("It has 1 to {most} characters."));
    }

    /// As [`Faults::text`], for a text that may be left out.
    pub fn optional_text(&mut self, pointer: impl Into<String>, text: Option<&str>, most: usize) {
        if let Some(text) = text {
            self.text(pointer, text, most);
        }
    }

    /// Goes on where nothing was found.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn none(self) -> Result<(), Problem> {
        Problem::unless_none(self.0)
    }
}

/// The refusal of a change that somebody else's came before, between reading and writing.
#[must_use]
pub fn changed_meanwhile() -> Problem {
    Problem::new(&problems::VERSION_STALE, "It has just been changed by somebody else. Read it again.")
}
