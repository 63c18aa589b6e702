//! The chain of a trail: how an entry makes its hash, a hash its head, and a head what is signed. No SQL, no HTTP, no clock.

use auth::{Hash, Hashing, PublicSealKey, SealKey, Signature};
use chrono::{DateTime, Utc};
use domain::AuditId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What signatures of heads say they are of.
const SIGNED: &str = "tenfold audit 1";
/// The chain of the platform's own acts goes by the id of no borough.
pub(super) const OFFICE: Uuid = Uuid::nil();

/// An entry as it is hashed: every field it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ChainedEntry {
    pub(crate) done_at: DateTime<Utc>,
    /// The API client.
    pub(crate) by: String,
    pub(crate) role: String,
    pub(crate) request_id: String,
    /// The network address it came from.
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    /// What it was: JSON, in the text that is hashed.
    pub(crate) before: Option<String>,
    /// What it became: JSON, in the text that is hashed.
    pub(crate) after: Option<String>,
}

impl ChainedEntry {
    /// The hash of it, as the entry of that id in that chain.
    pub(super) fn hash(&self, chain: Uuid, id: AuditId) -> Hash {
        Hashing::of("tenfold audit entry 1")
            .id(chain)
            .id(id.0)
            .number(self.done_at.timestamp_micros())
            .text(&self.by)
            .text(&self.role)
            .text(&self.request_id)
            .text(&self.address)
            .text(&self.action)
            .text(&self.subject)
            .text_or_none(self.before.as_deref())
            .text_or_none(self.after.as_deref())
            .done()
    }
}

/// A link of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct AuditLink {
    /// Its place, from 1.
    #[schema(minimum = 1)]
    pub(crate) position: i64,
    /// The entry.
    pub(crate) id: AuditId,
    /// Of every field of the entry; all zeros where it was gone before it got its place.
    pub(crate) entry_hash: Hash,
    /// Over the place, the head before it and the entry's hash.
    pub(crate) head: Hash,
}

/// The head of a link, by what it comes after.
pub(super) fn head(chain: Uuid, position: i64, previous: &Hash, entry: &Hash) -> Hash {
    Hashing::of("tenfold audit link 1").id(chain).number(position).hash(previous).hash(entry).done()
}

/// A signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct AuditHead {
    /// The borough; zeros for the platform's own acts.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub(crate) chain: Uuid,
    /// The place of the last link under it.
    #[schema(minimum = 1)]
    pub(crate) position: i64,
    pub(crate) head: Hash,
    pub(crate) sealed_at: DateTime<Utc>,
    pub(crate) key: PublicSealKey,
    /// Ed25519, over `tenfold audit 1`, a line break and the hash of the fields above.
    pub(crate) signature: Signature,
}

impl AuditHead {
    /// Signs a head.
    pub(super) fn sign(chain: Uuid, (position, head): (i64, Hash), sealed_at: DateTime<Utc>, key: &SealKey) -> Self {
        let public = key.public().clone();
        let mut signed = Self { chain, position, head, sealed_at, key: public, signature: Signature::of(&[]) };
        signed.signature = key.sign(SIGNED, &signed.hash());
        signed
    }

    fn hash(&self) -> Hash {
        Hashing::of("tenfold audit head 1")
            .id(self.chain)
            .number(self.position)
            .hash(&self.head)
            .number(self.sealed_at.timestamp_micros())
            .text(&self.key.kid)
            .done()
    }

    /// What is wrong with its signature, where anything is; `known` are the keys to trust.
    pub(super) fn fault(&self, known: &[PublicSealKey]) -> Option<&'static str> {
        match () {
            () if self.key.sound().is_none() || !self.key.signed(SIGNED, &self.hash(), &self.signature) => {
                Some("its signature is not of its key over it")
            }
            () if !known.contains(&self.key) => Some("it is signed by a key that is not among the known ones"),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> ChainedEntry {
        ChainedEntry {
            done_at: DateTime::UNIX_EPOCH,
            by: "a".into(),
            role: "b".into(),
            request_id: "c".into(),
            address: "d".into(),
            action: "e".into(),
            subject: "f".into(),
            before: None,
            after: Some(r#"{"g": 1}"#.into()),
        }
    }

    #[test]
    fn every_field_of_an_entry_is_in_its_hash() {
        let (chain, id) = (OFFICE, AuditId(Uuid::max()));
        let whole = entry().hash(chain, id);
        let changes: [fn(&mut ChainedEntry); 10] = [
            |e| e.done_at += chrono::Duration::microseconds(1),
            |e| e.by.push(' '),
            |e| e.role.push(' '),
            |e| e.request_id.push(' '),
            |e| e.address.push(' '),
            |e| e.action.push(' '),
            |e| e.subject.push(' '),
            |e| e.before = Some("null".into()),
            |e| e.after = None,
            // A byte that moves from one field to the next.
            |e| (e.by, e.role) = ("ab".into(), String::new()),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut altered = entry();
            change(&mut altered);
            assert_ne!(altered.hash(chain, id), whole, "change {at}");
        }
        assert_ne!(entry().hash(Uuid::max(), id), whole);
        assert_ne!(entry().hash(chain, AuditId(OFFICE)), whole);
    }

    #[test]
    fn a_head_is_signed_whole_and_by_a_known_key() {
        let key = SealKey::from_pem(&SealKey::new_pem()).expect("ours");
        let known = [key.public().clone()];
        let signed = AuditHead::sign(OFFICE, (3, Hash([7; 32])), DateTime::UNIX_EPOCH, &key);
        assert_eq!(signed.fault(&known), None);
        assert!(signed.fault(&[]).is_some_and(|why| why.contains("known")));
        for altered in [
            AuditHead { position: 4, ..signed.clone() },
            AuditHead { head: Hash([8; 32]), ..signed.clone() },
            AuditHead { chain: Uuid::max(), ..signed.clone() },
            AuditHead { sealed_at: signed.sealed_at + chrono::Duration::microseconds(1), ..signed.clone() },
        ] {
            assert!(altered.fault(&known).is_some());
        }
    }
}
