//! Days that callers send.

use chrono::NaiveDate;
use domain::FinancialYear;
use web::Faults;

/// Notes a fault where a day is of no financial year we know: those of 2000 to 2098.
pub(crate) fn known(faults: &mut Faults, pointer: &str, day: NaiveDate) {
    faults.unless(FinancialYear::of(day).is_ok(), pointer, "A day between April 2000 and March 2099.");
}

/// As [`known`], for a day on which something happened: it is not after today.
pub(crate) fn past(faults: &mut Faults, pointer: &str, day: NaiveDate, today: NaiveDate) {
    known(faults, pointer, day);
    faults.unless(day <= today, pointer, "It lies in the future; what happened is recorded once it has.");
}
