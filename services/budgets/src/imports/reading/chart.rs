//! What a fund has for lines to be posted to, and what a ledger's codes mean there. No SQL, no HTTP, no clock.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{AccountId, OrganisationId, SchemeId};

use crate::{accounts::AccountKind, ledger_sources::LedgerMapping};

/// An account, as it is in the year of an import.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) kind: AccountKind,
    /// What every line posted to it says: `scheme`, `party`, `source`, `category`, `nature`.
    pub(crate) requires: Vec<String>,
    pub(crate) closed: bool,
}

/// A body the borough knows.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) valid_from: NaiveDate,
    pub(crate) valid_to: Option<NaiveDate>,
}

/// What lines may be posted to, by the fund's own codes; bodies by their names in small letters.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    pub(crate) accounts: HashMap<String, Account>,
    /// With the last day of those that end.
    pub(crate) schemes: HashMap<String, (SchemeId, Option<NaiveDate>)>,
    /// Several where bodies of one name followed one another.
    pub(crate) bodies: HashMap<String, Vec<Body>>,
}

/// A ledger's codes, exact ones before the longest that a code begins with.
#[derive(Debug)]
pub(crate) struct Codes {
    exact: HashMap<String, usize>,
    beginnings: Vec<(String, usize)>,
}

impl Codes {
    pub(crate) fn of<'a>(codes: impl Iterator<Item = &'a str>) -> Self {
        let (mut exact, mut beginnings) = (HashMap::new(), Vec::new());
        for (at, code) in codes.enumerate() {
            let code = code.trim().to_lowercase();
            match code.strip_suffix('*') {
                Some(beginning) => beginnings.push((beginning.to_owned(), at)),
                None => drop(exact.insert(code, at)),
            }
        }
        beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        Self { exact, beginnings }
    }

    pub(crate) fn of_mapping(mapping: &LedgerMapping) -> Self {
        Self::of(mapping.codes.iter().map(|one| one.code.as_str()))
    }

    /// The number of the code that a code of the ledger falls under.
    pub(crate) fn find(&self, code: &str) -> Option<usize> {
        let code = code.to_lowercase();
        let exact = self.exact.get(&code).copied();
        exact
            .or_else(|| self.beginnings.iter().find(|(begins, _)| code.starts_with(begins.as_str())).map(|(_, at)| *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_that_fits_counts() {
        let codes = Codes::of(["AS*", "AS52*", "AS529", "*"].into_iter());
        assert_eq!(codes.find("AS1"), Some(0));
        assert_eq!(codes.find("as5201"), Some(1));
        assert_eq!(codes.find("AS529"), Some(2));
        assert_eq!(codes.find("X"), Some(3));
        assert_eq!(Codes::of(["A"].into_iter()).find("AB"), None);
    }
}
