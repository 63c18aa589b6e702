//! What the drafts of several resources are held to.

use crate::{Faults, Problem, problems};
use chrono::{Datelike, NaiveDate};
use domain::FinancialYear;

/// The refusal of a body that names something that is not there.
#[must_use]
pub fn unknown(pointer: &str, what: &str) -> Problem {
    Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer, format_args!("There is no such {what} here."))
}

/// Notes a fault where a day is of no year a record of ours could be about.
pub fn day(faults: &mut Faults, pointer: &str, day: NaiveDate) {
    faults.unless((1900..2100).contains(&day.year()), pointer, "A day from 1900 to 2099.");
}

/// Notes a fault where a day is of no financial year we know: those of 2000 to 2098.
pub fn known_day(faults: &mut Faults, pointer: &str, day: NaiveDate) {
    faults.unless(FinancialYear::of(day).is_ok(), pointer, "A day between April 2000 and March 2099.");
}

/// As [`known_day`], for a day on which something happened: it is not after today.
pub fn past_day(faults: &mut Faults, pointer: &str, day: NaiveDate, today: NaiveDate) {
    known_day(faults, pointer, day);
    faults.unless(day <= today, pointer, "It lies in the future; what happened is recorded once it has.");
}

/// A text that may be left out, without the blanks around it.
#[must_use]
pub fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}
