//! What a certificate of destruction says, and how it is signed. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use auth::{Hash, Hashing, Mode, PublicSealKey, SealKey, Signature};
use chrono::{DateTime, NaiveDate, Utc};
use domain::BoroughId;
use serde::{Deserialize, Serialize};
use web::Row;

/// What is signed: this, and the text of the certificate.
const WHAT: &str = "tenfold purge certificate 1";

/// Whose record it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Purged {
    pub(crate) id: BoroughId,
    #[schema(example = "sefton")]
    pub(crate) slug: String,
    #[schema(example = "E08000014")]
    pub(crate) gss: String,
    #[schema(example = "Sefton")]
    pub(crate) name: String,
    pub(crate) mode: Mode,
    /// The last day on which the record had to be kept; none of a sandbox.
    pub(crate) retained_until: Option<NaiveDate>,
}

/// Where the chain of its audit trail ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct LastHead {
    #[schema(example = 1204)]
    pub(crate) position: i64,
    /// In hexadecimal.
    pub(crate) head: String,
}

/// The last archive that was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct LastExport {
    pub(crate) made_at: DateTime<Utc>,
    /// The SHA-256 of the archive, in hexadecimal: it can be known again by it.
    pub(crate) sha256: String,
}

/// What was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PurgeCertificate)]
pub(crate) struct Certificate {
    pub(crate) subject: Purged,
    pub(crate) purged_at: DateTime<Utc>,
    /// How many files: papers, and archives.
    pub(crate) files: u64,
    pub(crate) chain: Option<LastHead>,
    pub(crate) last_export: Option<LastExport>,
    /// How many rows of each table.
    pub(crate) rows: BTreeMap<String, u64>,
}

/// A certificate as it is kept.
pub(crate) struct Kept {
    pub(crate) text: String,
    pub(crate) public_key: Option<PublicSealKey>,
    pub(crate) signature: Option<Signature>,
}

fn hash_of(text: &str) -> Hash {
    Hashing::of(WHAT).text(text).done()
}

/// The certificate's text, signed where there is a key.
pub(crate) fn signed(certificate: &Certificate, key: Option<&SealKey>) -> Kept {
    let text = serde_json::to_string(certificate).unwrap_or_default();
    let signature = key.map(|key| key.sign(WHAT, &hash_of(&text)));
    Kept { text, public_key: key.map(|key| key.public().clone()), signature }
}

/// A certificate, and what it is believed by.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PurgeCertificateBody {
    pub(crate) certificate: Certificate,
    /// Whether the signature fits the certificate. Null where there was no key to sign with.
    pub(crate) signature_fits: Option<bool>,
    /// The text that is signed: JSON as it was written then.
    pub(crate) text: String,
    pub(crate) public_key: Option<PublicSealKey>,
    pub(crate) signature: Option<Signature>,
}

impl Row for PurgeCertificateBody {
    const COLUMNS: &'static [&'static str] = &[
        "certificate.subject.id",
        "certificate.subject.slug",
        "certificate.subject.gss",
        "certificate.subject.name",
        "certificate.subject.mode",
        "certificate.subject.retained_until",
        "certificate.purged_at",
        "certificate.files",
        "signature_fits",
    ];
}

impl PurgeCertificateBody {
    pub(crate) fn of(kept: Kept) -> Option<Self> {
        let certificate = serde_json::from_str(&kept.text).ok()?;
        let signature_fits = kept
            .public_key
            .as_ref()
            .zip(kept.signature.as_ref())
            .map(|(key, signature)| key.signed(WHAT, &hash_of(&kept.text), signature));
        let Kept { text, public_key, signature } = kept;
        Some(Self { certificate, signature_fits, text, public_key, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_changed_does_not_fit_its_signature() {
        let certificate = Certificate {
            subject: Purged {
                id: BoroughId(uuid::Uuid::nil()),
                slug: "sefton".into(),
                gss: "E08000014".into(),
                name: "Sefton".into(),
                mode: Mode::Live,
                retained_until: None,
            },
            purged_at: DateTime::UNIX_EPOCH,
            files: 2,
            chain: Some(LastHead { position: 7, head: "00".into() }),
            last_export: None,
            rows: [("budgets/journal".to_owned(), 12)].into(),
        };
        let key = SealKey::from_pem(&SealKey::new_pem()).expect("a key");
        let kept = signed(&certificate, Some(&key));
        let changed = kept.text.replace("12", "11");
        let (public_key, signature) = (kept.public_key.clone(), kept.signature.clone());
        let told = PurgeCertificateBody::of(kept).expect("it is read");
        assert_eq!((told.signature_fits, &told.certificate), (Some(true), &certificate));
        let told = PurgeCertificateBody::of(Kept { text: changed, public_key, signature }).expect("it is read");
        assert_eq!(told.signature_fits, Some(false));
        assert_eq!(PurgeCertificateBody::of(signed(&certificate, None)).expect("it is read").signature_fits, None);
    }
}
