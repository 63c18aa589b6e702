//! Checking a chain link by link, in little memory: what disagrees, and where. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use auth::{Hash, PublicSealKey};
use domain::AuditId;
use serde::Serialize;
use uuid::Uuid;

use super::chain::{AuditHead, AuditLink, ChainedEntry, head};

/// How many disagreements are named.
pub(super) const NAMED_MAX: usize = 100;

/// A kind of disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditFault {
    /// The entry is not what was given its place.
    EntryAltered,
    /// A place whose entry is gone.
    EntryMissing,
    /// An entry without a place.
    EntryUnplaced,
    /// A link that does not follow the one before it.
    LinkAltered,
    /// Places without a link.
    LinkMissing,
    /// A link that no signed head covers.
    LinkUnsigned,
    /// A signed head that is not the head of its place.
    HeadDisagrees,
    /// A signed head whose signature does not hold, or is of an unknown key.
    HeadUnsigned,
    /// A signed head beyond the end of the chain: its end was cut off.
    EndCut,
}

/// A disagreement, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditFinding {
    pub(crate) fault: AuditFault,
    /// The place in the chain.
    pub(crate) position: Option<i64>,
    /// The entry.
    pub(crate) id: Option<AuditId>,
    /// What is wrong, in words.
    #[schema(example = "The entry of place 12 is not what was given its place.")]
    pub(crate) detail: String,
}

/// A chain being checked.
pub(super) struct Check {
    chain: Uuid,
    known: Vec<PublicSealKey>,
    /// The place of the last link looked at.
    pub(super) position: i64,
    /// What the next link may follow. Two where the last one is not consistent; none where nothing is known.
    follows: Vec<Hash>,
    /// Heads that are signed, from the place last looked at on.
    heads: BTreeMap<i64, AuditHead>,
    /// The last signed head that was passed, with what is signed.
    pub(super) signed: Option<AuditHead>,
    pub(super) entries: i64,
    pub(super) findings: Vec<AuditFinding>,
    pub(super) found: u64,
}

impl Check {
    /// A check from after a place on, whose head is known where there is one; place 0 is before the first.
    pub(super) fn after(chain: Uuid, position: i64, before: Option<Hash>, known: Vec<PublicSealKey>) -> Self {
        let first = (position == 0).then_some(Hash::NONE);
        Self {
            chain,
            known,
            position,
            follows: before.or(first).into_iter().collect(),
            heads: BTreeMap::new(),
            signed: None,
            entries: 0,
            findings: Vec::new(),
            found: 0,
        }
    }

    /// The head of the last link looked at.
    pub(super) fn head(&self) -> Option<Hash> {
        self.follows.first().copied()
    }

    pub(super) fn say(&mut self, fault: AuditFault, position: Option<i64>, id: Option<AuditId>, detail: String) {
        self.found += 1;
        if self.findings.len() < NAMED_MAX {
            self.findings.push(AuditFinding { fault, position, id, detail });
        }
    }

    /// Takes note of a signed head, before the link of its place is looked at.
    pub(super) fn signed(&mut self, head: AuditHead) {
        let position = head.position;
        if let Some(why) = head.fault(&self.known) {
            self.say(
                AuditFault::HeadUnsigned,
                Some(position),
                None,
                format!("The signed head of place {position}: {why}."),
            );
            return;
        }
        if let Some(other) = self.heads.insert(position, head.clone())
            && other.head != head.head
        {
            let told = format!("Two signed heads of place {position} differ.");
            self.say(AuditFault::HeadDisagrees, Some(position), None, told);
        }
    }

    /// Looks at the next link and its entry.
    pub(super) fn link(&mut self, link: &AuditLink, entry: Option<&ChainedEntry>) {
        let expected = self.position + 1;
        if link.position != expected {
            self.jump(expected, link.position);
        }
        let (place, id) = (link.position, link.id);
        self.entries += 1;
        match entry.map(|entry| entry.hash(self.chain, id)) {
            None => {
                let told = format!("The entry of place {place} is gone.");
                self.say(AuditFault::EntryMissing, Some(place), Some(id), told);
            }
            Some(hash) if hash != link.entry_hash => {
                let told = format!("The entry of place {place} is not what was given its place.");
                self.say(AuditFault::EntryAltered, Some(place), Some(id), told);
            }
            Some(_) => {}
        }
        let made = |before: &Hash| head(self.chain, place, before, &link.entry_hash);
        let mut own: Vec<Hash> = self.follows.iter().map(made).collect();
        let after_signed = self.signed.as_ref().map(|signed| (signed.position, made(&signed.head)));
        if !own.is_empty() && !own.contains(&link.head) {
            match after_signed {
                // What comes between is in nobody's signed chain.
                Some((signed, follows)) if follows == link.head => {
                    let told = format!("Places {} to {} were put in between.", signed + 1, place - 1);
                    self.say(AuditFault::LinkUnsigned, Some(signed + 1), None, told);
                }
                _ => {
                    let told = format!("The link of place {place} does not follow the one before it.");
                    self.say(AuditFault::LinkAltered, Some(place), Some(id), told);
                }
            }
        } else {
            own.clear();
        }
        // Where it is altered, the next one tells which of the two it follows.
        self.follows = std::iter::once(link.head).chain(own).collect();
        self.position = place;
        self.pass(Some(id));
    }

    /// Compares the signed head of the place looked at, where there is one.
    fn pass(&mut self, id: Option<AuditId>) {
        let place = self.position;
        let Some(signed) = self.heads.remove(&place) else { return };
        if !self.follows.contains(&signed.head) {
            let told = format!("The head that was signed at place {place} is another.");
            self.say(AuditFault::HeadDisagrees, Some(place), id, told);
            // What was carried on from either is told once.
            self.follows.push(signed.head);
        }
        self.signed = Some(signed);
    }

    /// Places without a link, from `first` to before `next`.
    fn jump(&mut self, first: i64, next: i64) {
        let told = format!("Places {first} to {} have no link.", next - 1);
        self.say(AuditFault::LinkMissing, Some(first), None, told);
        self.follows.clear();
        while let Some((&place, _)) = self.heads.first_key_value().filter(|(place, _)| **place < next) {
            let signed = self.heads.remove(&place).expect("just seen");
            if place == next - 1 {
                self.follows = vec![signed.head];
            }
            self.signed = Some(signed);
        }
    }

    /// Ends the check at the end of the chain; `last_signed` is the place of its last signed head, passed or not.
    pub(super) fn end(&mut self, last_signed: i64) {
        let end = self.position;
        let beyond: Vec<i64> = self.heads.keys().copied().filter(|place| *place > end).collect();
        if let (Some(first), Some(last)) = (beyond.first(), beyond.last()) {
            let told =
                format!("The chain ends at place {end}, and a head was signed at place {last}: its end was cut off.");
            self.say(AuditFault::EndCut, Some(*first), None, told);
        }
        if end > last_signed {
            let told = format!(
                "No signed head covers places {} to {end}: they were put there by somebody else.",
                last_signed + 1
            );
            self.say(AuditFault::LinkUnsigned, Some(last_signed + 1), None, told);
        }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
