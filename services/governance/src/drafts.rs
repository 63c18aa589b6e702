//! What the drafts of several resources are held to.

use chrono::{Datelike, NaiveDate};
use web::{Faults, Problem, problems};

/// The refusal of a body that names something that is not there.
pub(crate) fn unknown(pointer: &str, what: &str) -> Problem {
    Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer, format_args!("There is no such {what} here."))
}

/// Notes a fault where a day is of no year a record of ours could be about.
pub(crate) fn day(faults: &mut Faults, pointer: &str, day: NaiveDate) {
    faults.unless((1900..2100).contains(&day.year()), pointer, "A day from 1900 to 2099.");
}

/// A text that may be left out, without the blanks around it.
pub(crate) fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}
