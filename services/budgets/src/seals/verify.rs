//! Verifying a seal with nothing but what was published and an export: no stack, no database.

use auth::PublicSealKey;
use std::io::{self, BufRead};

use serde::Deserialize;

use super::{
    proof::SealProof,
    seal::{ChainEnd, PeriodSeal, SealBody},
    tally::{Entry, Tally},
};
use crate::postings::LedgerLine;

/// What a verification came to.
#[derive(Debug, Default)]
pub struct SealReport {
    /// What was checked and holds.
    pub holds: Vec<String>,
    /// What does not.
    pub disagrees: Vec<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

impl SealReport {
    /// Whether all of it holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.disagrees.is_empty()
    }

    fn say(&mut self, holds: bool, well: impl Into<String>, ill: impl Into<String>) {
        if holds {
            self.holds.push(well.into());
        } else {
            self.disagrees.push(ill.into());
        }
    }
}

/// A published set of keys.
#[derive(Deserialize)]
struct Keys {
    keys: Vec<PublicSealKey>,
}

/// A seal as the API gives it, with its accounts or without.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnySeal {
    Whole(Box<SealBody>),
    Alone(Box<PeriodSeal>),
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> io::Result<T> {
    serde_json::from_str(text).map_err(|why| io::Error::other(format!("the {what} cannot be read: {why}")))
}

/// Verifies a seal against an export of its period: every line, every account, the root, the head, the signature; by the
/// published keys and the seal before it, where they are given.
///
/// # Errors
/// When something given cannot be read.
pub fn verify_seal(
    seal: &str,
    export: impl BufRead,
    keys: Option<&str>,
    previous: Option<&str>,
) -> io::Result<SealReport> {
    let body: SealBody = read(seal, "seal")?;
    let mut report = SealReport::default();
    let faults = body.faults();
    let whole = format!(
        "the seal of {} is whole: its {} accounts, root, counts, head and signature",
        body.seal.named(),
        body.seal.accounts
    );
    report.say(faults.is_empty(), whole, format!("the seal of {}: {}", body.seal.named(), faults.join("; ")));
    trust(&mut report, &body.seal.key, keys)?;
    match previous.map(|text| read(text, "previous seal")).transpose()? {
        Some(AnySeal::Whole(before)) => chained(&mut report, &body.seal, &before.seal),
        Some(AnySeal::Alone(before)) => chained(&mut report, &body.seal, &before),
        None if body.seal.position == 1 => {
            let first = body.seal.follows(&ChainEnd::NONE);
            report.say(
                first,
                "it is the first of its chain",
                "it says it is the first of its chain, and follows another",
            );
        }
        None => report.notes.push("what it follows was not looked at: give the seal before it with --previous".into()),
    }
    let entries = lines(export, &body.seal)?;
    let count = entries.len();
    match Tally::of(entries) {
        Ok(tally) => {
            let well = format!("the {count} lines of the export are those that were sealed, account by account");
            let differ = body.compare(tally);
            report.say(differ.is_empty(), well, differ.join("; "));
        }
        Err(why) => report.disagrees.push(format!("the export: {why}")),
    }
    Ok(report)
}

/// Verifies a proof of one account.
///
/// # Errors
/// When something given cannot be read.
pub fn verify_proof(proof: &str, keys: Option<&str>) -> io::Result<SealReport> {
    let proof: SealProof = read(proof, "proof")?;
    let mut report = SealReport::default();
    let faults = proof.faults();
    let account = &proof.account;
    let what = format!("account {} in period {} of {}", account.account, proof.period, proof.year);
    let well = format!(
        "{what} had {} lines: budget {} and {}, committed {} and {}, actual {} and {} (debits and credits), sealed at {}",
        account.postings,
        account.budget.debits_pence,
        account.budget.credits_pence,
        account.committed.debits_pence,
        account.committed.credits_pence,
        account.actual.debits_pence,
        account.actual.credits_pence,
        proof.sealed_at
    );
    report.say(faults.is_empty(), well, format!("{what}: {}", faults.join("; ")));
    trust(&mut report, &proof.key, keys)?;
    Ok(report)
}

/// Whether the key is one that was published.
fn trust(report: &mut SealReport, key: &PublicSealKey, keys: Option<&str>) -> io::Result<()> {
    let Some(keys) = keys else {
        let note = format!("the key is the one the seal itself names, {}: compare it with the published ones", key.kid);
        report.notes.push(note);
        return Ok(());
    };
    let published: Keys = read(keys, "set of keys")?;
    let known = published.keys.iter().filter_map(PublicSealKey::sound).any(|one| one == *key);
    report.say(
        known,
        format!("its key {} is among the published ones", key.kid),
        format!("it was signed by a key that is not among the published ones: {}", key.kid),
    );
    Ok(())
}

fn chained(report: &mut SealReport, seal: &PeriodSeal, before: &PeriodSeal) {
    let faults = before.faults();
    let named = before.named();
    report.say(
        faults.is_empty(),
        format!("the seal before it, of {named}, is whole"),
        format!("the seal before it, of {named}: {}", faults.join("; ")),
    );
    report.say(
        seal.follows(&before.end()) && seal.borough_id == before.borough_id,
        "it follows the seal before it",
        format!("the chain is broken: it does not follow the seal at position {}", before.position),
    );
}

/// The lines of an export, which must be of the seal's period.
fn lines(export: impl BufRead, seal: &PeriodSeal) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (at, text) in export.lines().enumerate() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let line: LedgerLine = serde_json::from_str(&text)
            .map_err(|why| io::Error::other(format!("line {} of the export cannot be read: {why}", at + 1)))?;
        if (line.year, line.period) != (seal.year, seal.period) {
            let of = format!("the export is of period {} of {}, the seal of {}", line.period, line.year, seal.named());
            return Err(io::Error::other(of));
        }
        entries.push(Entry::of(&line));
    }
    Ok(entries)
}
