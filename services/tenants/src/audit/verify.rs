//! Verifying a trail with nothing but an export, the signed heads and the published keys: no stack, no database.

use std::io::{self, BufRead};

use auth::PublicSealKey;
use serde::Deserialize;

use super::{
    chain::{AuditHead, AuditLink},
    check::Check,
    export::ExportedPlace,
};

/// What a verification came to.
#[derive(Debug, Default)]
pub struct AuditReport {
    /// What was checked and holds.
    pub holds: Vec<String>,
    /// What does not.
    pub disagrees: Vec<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

impl AuditReport {
    /// Whether all of it holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.disagrees.is_empty()
    }
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<PublicSealKey>,
}

#[derive(Deserialize)]
struct Heads {
    data: Vec<AuditHead>,
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> io::Result<T> {
    serde_json::from_str(text).map_err(|why| io::Error::other(format!("the {what} cannot be read: {why}")))
}

/// Verifies an export of a trail against signed heads, which may come in several pages, and the published keys.
///
/// # Errors
/// When something given cannot be read.
pub fn verify_audit(export: impl BufRead, heads: &[String], keys: Option<&str>) -> io::Result<AuditReport> {
    let mut report = AuditReport::default();
    let mut all: Vec<AuditHead> = Vec::new();
    for page in heads {
        all.extend(read::<Heads>(page, "signed heads")?.data);
    }
    all.sort_by_key(|head| head.position);
    let known = match keys {
        Some(keys) => read::<Keys>(keys, "set of keys")?.keys.iter().filter_map(PublicSealKey::sound).collect(),
        None => {
            report
                .notes
                .push("the keys are those the heads themselves name: compare them with the published ones".into());
            all.iter().map(|head| head.key.clone()).collect::<Vec<_>>()
        }
    };
    let mut check: Option<Check> = None;
    for (at, text) in export.lines().enumerate() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let place: ExportedPlace = serde_json::from_str(&text)
            .map_err(|why| io::Error::other(format!("line {} of the export cannot be read: {why}", at + 1)))?;
        let check = check.get_or_insert_with(|| begin(&mut report, &place, &all, known.clone()));
        let link = AuditLink { position: place.position, id: place.id, entry_hash: place.entry_hash, head: place.head };
        check.link(&link, place.entry.as_ref());
    }
    let Some(mut check) = check else {
        if !all.is_empty() {
            report.disagrees.push("heads were signed, and the export holds no entry".into());
        }
        report.notes.push("the export holds no entry".into());
        return Ok(report);
    };
    let last = all.last().map_or(0, |head| head.position);
    if last == 0 {
        report.notes.push("no signed heads were given: that the export is whole, nobody has signed".into());
    } else {
        check.end(last);
    }
    report.disagrees.extend(check.findings.iter().map(|finding| finding.detail.clone()));
    let more = check.found.saturating_sub(check.findings.len() as u64);
    if more > 0 {
        report.disagrees.push(format!("and {more} more"));
    }
    if report.is_clean() {
        report.holds.push(format!("{} entries, up to place {}", check.entries, check.position));
        if let Some(signed) = &check.signed {
            report.holds.push(format!("the head signed at place {}, at {}", signed.position, signed.sealed_at));
        }
    }
    Ok(report)
}

fn begin(report: &mut AuditReport, first: &ExportedPlace, heads: &[AuditHead], known: Vec<PublicSealKey>) -> Check {
    let after = first.position - 1;
    let before = heads.iter().find(|head| head.position == after).map(|head| head.head);
    if after > 0 && before.is_none() {
        report.notes.push(format!(
            "what place {} follows was not looked at: export from a place after a signed head",
            first.position
        ));
    }
    let mut check = Check::after(first.chain, after, before, known);
    heads.iter().filter(|head| head.position > after).for_each(|head| check.signed(head.clone()));
    check
}
