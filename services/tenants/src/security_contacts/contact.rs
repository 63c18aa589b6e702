//! The rules of security contacts. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::SecurityContactId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

/// Whom to reach when something is wrong.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"office": "Head of Information Security", "email": "security@salford.example", "telephone": "0161 496 0000"}))]
pub(crate) struct SecurityContactDraft {
    /// The office, never a person.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) office: String,
    /// A mailbox that is read when the office-holder is away.
    #[schema(min_length = 3, max_length = 254)]
    pub(crate) email: String,
    #[serde(default)]
    #[schema(min_length = 3, max_length = 40)]
    pub(crate) telephone: Option<String>,
}

impl SecurityContactDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/office", &self.office, 200);
        faults.unless(is_a_mailbox(&self.email), "/email", "A mailbox, as in security@salford.example.");
        let dialled = self.telephone.as_deref().is_none_or(is_a_number);
        faults.unless(dialled, "/telephone", "Digits, blanks, + and brackets; 3 to 40 of them.");
        faults.none()
    }
}

/// Whether it has the shape of a mailbox that can be reached from elsewhere: a name, and a domain with a dot in it.
fn is_a_mailbox(text: &str) -> bool {
    let plain =
        text.len() <= 254 && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c));
    let parts = text.rsplit_once('@').filter(|(name, _)| !name.is_empty() && !name.contains('@'));
    plain
        && parts.is_some_and(|(_, domain)| {
            domain.contains('.') && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'))
        })
}

fn is_a_number(text: &str) -> bool {
    (3..=40).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_digit() || " +()".contains(c))
        && text.chars().any(|c| c.is_ascii_digit())
}

/// Whom to reach, as recorded.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SecurityContactBody {
    pub(crate) id: SecurityContactId,
    #[schema(example = "Head of Information Security")]
    pub(crate) office: String,
    #[schema(example = "security@salford.example")]
    pub(crate) email: String,
    pub(crate) telephone: Option<String>,
    pub(crate) recorded_at: DateTime<Utc>,
    /// The client that recorded it.
    pub(crate) recorded_by: String,
}

impl Row for SecurityContactBody {
    const COLUMNS: &'static [&'static str] = &["id", "office", "email", "telephone", "recorded_at", "recorded_by"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_can_be_written_to() {
        for good in ["security@salford.example", "it.security+alerts@council.gov.example"] {
            assert!(is_a_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "@",
            "security",
            "security@",
            "@salford.example",
            "a@b",
            "a@b.",
            "a b@c.example",
            "a@b@c.example",
            "Security <s@c.example>",
            "a@-c.example",
        ] {
            assert!(!is_a_mailbox(bad), "{bad}");
        }
        assert!(is_a_number("+44 (0)161 496 0000") && !is_a_number("ring twice") && !is_a_number("   "));
    }
}
