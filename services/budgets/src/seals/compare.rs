//! A seal against the lines there are: names every account that is not as it was sealed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    seal::SealBody,
    tally::{SealedAccount, Tally},
};

impl SealBody {
    /// Every account that differs, and how; nothing where all are as sealed.
    pub(crate) fn compare(&self, tally: Tally) -> Vec<String> {
        let (journals, found) = (tally.journals, tally.accounts());
        let by_code = |all: &'_ [SealedAccount]| -> BTreeMap<String, SealedAccount> {
            all.iter().map(|one| (one.account.clone(), one.clone())).collect()
        };
        let (found, sealed) = (by_code(&found), by_code(&self.accounts));
        let mut differ = Vec::new();
        for code in found.keys().chain(sealed.keys()).collect::<BTreeSet<_>>() {
            match (sealed.get(code), found.get(code)) {
                (Some(sealed), Some(found)) if sealed == found => {}
                (Some(sealed), Some(found)) => differ.push(differs(sealed, found)),
                (Some(_), None) => differ.push(format!("account {code}: sealed, and not there")),
                (None, _) => differ.push(format!("account {code}: there, and not sealed")),
            }
        }
        if differ.is_empty() && journals != self.seal.journals {
            differ.push(format!("there are {journals} journals, {} were sealed", self.seal.journals));
        }
        differ
    }
}

fn differs(sealed: &SealedAccount, found: &SealedAccount) -> String {
    let mut what = Vec::new();
    if sealed.postings != found.postings {
        what.push(format!("{} lines were sealed, there are {}", sealed.postings, found.postings));
    }
    let layers = [
        ("budget", sealed.budget, found.budget),
        ("committed", sealed.committed, found.committed),
        ("actual", sealed.actual, found.actual),
    ];
    for (layer, was, is) in layers {
        for (side, was, is) in
            [("debits", was.debits_pence, is.debits_pence), ("credits", was.credits_pence, is.credits_pence)]
        {
            if was != is {
                what.push(format!("{layer} {side} of {was} were sealed, there are {is}"));
            }
        }
    }
    if what.is_empty() {
        what.push("a line says something else than was sealed; counts and sums are the same".into());
    }
    format!("account {}: {}", sealed.account, what.join(", "))
}
