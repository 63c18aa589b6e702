//! What disagrees, where, and what it should be.

use domain::{FinancialYear, FundId};
use serde::Serialize;

/// Something that does not follow from the postings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The borough's slug.
    pub borough: String,
    /// The fund's name.
    pub fund: String,
    /// The year, where it is of one.
    pub year: Option<FinancialYear>,
    /// What was compared: `position`, `seal`, …
    pub check: &'static str,
    /// Which one: `period 6, account 5100, scheme ICES, actual`.
    pub which: String,
    /// What the postings say.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// A fund, for naming it.
#[derive(Debug, Clone)]
pub(super) struct NamedFund {
    pub(super) id: FundId,
    pub(super) name: String,
}

/// Where something was looked at.
pub(super) struct Place<'a> {
    pub(super) borough: &'a str,
    pub(super) fund: &'a NamedFund,
}

/// A difference, before it is said where.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) year: Option<FinancialYear>,
    pub(super) check: &'static str,
    pub(super) which: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Place<'_> {
    pub(super) fn finding(&self, difference: Difference) -> Finding {
        let Difference { year, check, which, expected, found } = difference;
        Finding { borough: self.borough.to_owned(), fund: self.fund.name.clone(), year, check, which, expected, found }
    }
}
