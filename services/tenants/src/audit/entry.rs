//! What an entry of the audit trail is, and how it is searched for. No SQL, no HTTP, no clock.

use auth::Hash;
use chrono::{DateTime, Utc};
use domain::AuditId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use web::{Fault, Problem, Row, problems};

/// Whether what was asked for was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused: the sign-in, the claim to another tenant, the journal without its decision.
    Refused,
}

/// How the actions of what was refused end.
const REFUSED: &str = ".refused";

impl AuditOutcome {
    fn of(action: &str) -> Self {
        if action.ends_with(REFUSED) { Self::Refused } else { Self::Done }
    }
}

/// Something that was done, or refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditEntry {
    pub(super) id: AuditId,
    pub(super) done_at: DateTime<Utc>,
    /// The API client, or the member.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(super) by: String,
    #[schema(example = "finance")]
    pub(super) role: String,
    pub(super) request_id: String,
    /// The network address it came from.
    #[schema(example = "192.0.2.7")]
    pub(super) address: String,
    #[schema(example = "journal.posted")]
    pub(super) action: String,
    pub(super) outcome: AuditOutcome,
    /// The path of the thing, below the borough.
    pub(super) subject: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    /// Its place in the chain; null for the second until it has one.
    #[schema(minimum = 1)]
    pub(super) position: Option<i64>,
    /// Its hash, as the chain has it.
    pub(super) entry_hash: Option<Hash>,
}

/// An entry as the database has it.
pub(super) struct EntryRow {
    pub(super) audit_id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) client_id: String,
    pub(super) role: String,
    pub(super) request_id: String,
    pub(super) address: String,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) position: Option<i64>,
    pub(super) entry_hash: Option<Vec<u8>>,
}

impl From<EntryRow> for AuditEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            id: AuditId(row.audit_id),
            done_at: row.at,
            by: row.client_id,
            role: row.role,
            request_id: row.request_id,
            address: row.address,
            outcome: AuditOutcome::of(&row.action),
            action: row.action,
            subject: row.subject,
            before: row.before,
            after: row.after,
            position: row.position,
            entry_hash: row.entry_hash.as_deref().map(Hash::kept),
        }
    }
}

impl Row for AuditEntry {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "done_at",
        "by",
        "role",
        "request_id",
        "address",
        "action",
        "outcome",
        "subject",
        "before",
        "after",
        "position",
        "entry_hash",
    ];
}

/// What a trail is searched by. Everything given must fit.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditFilters {
    /// How the action begins: `journal.` for everything done to journals.
    #[param(max_length = 100, example = "journal.")]
    action: Option<String>,
    /// The API client.
    #[param(max_length = 120)]
    client: Option<String>,
    /// The role it had.
    #[param(max_length = 30, example = "finance")]
    role: Option<String>,
    /// How the path of the thing begins.
    #[param(max_length = 500, example = "funds/")]
    subject: Option<String>,
    /// The id of the request.
    #[param(max_length = 64)]
    request_id: Option<String>,
    /// Done at this instant or later.
    from: Option<DateTime<Utc>>,
    /// Done before this instant.
    until: Option<DateTime<Utc>>,
    /// Whether it was done.
    #[param(inline)]
    outcome: Option<AuditOutcome>,
}

/// What a store looks for: prefixes as ranges, instants as ranges of ids too.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) action: Option<Between>,
    pub(super) client: Option<String>,
    pub(super) role: Option<String>,
    pub(super) subject: Option<Between>,
    pub(super) request_id: Option<String>,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) refused: Option<bool>,
    pub(super) before: Option<Uuid>,
    pub(super) one: Option<Uuid>,
}

/// The texts that begin with a prefix: from it on, before what follows them all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Between {
    pub(super) from: String,
    pub(super) before: String,
}

impl Between {
    fn beginning_with(prefix: String) -> Option<Self> {
        // No character comes after this one, and no text of ours holds it.
        (!prefix.is_empty()).then(|| Self { before: format!("{prefix}{}", char::MAX), from: prefix })
    }
}

impl AuditFilters {
    /// What is looked for, where every part has its bounds.
    ///
    /// # Errors
    /// 400 where a text is too long, or the time ends before it begins.
    pub(super) fn wanted(self) -> Result<Wanted, Problem> {
        let texts = [
            ("action", &self.action, 100),
            ("client", &self.client, 120),
            ("role", &self.role, 30),
            ("subject", &self.subject, 500),
            ("request_id", &self.request_id, 64),
        ];
        let wrong = |name: &str, why: String| {
            let fault = Fault { pointer: format!("?{name}"), detail: why };
            Problem::of_fault(&problems::QUERY_INVALID, fault.pointer, fault.detail)
        };
        for (name, text, most) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > most) {
                return Err(wrong(name, format!("It has {most} characters at most.")));
            }
        }
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            return Err(wrong("until", "It lies after `from`.".into()));
        }
        for (name, instant) in [("from", self.from), ("until", self.until)] {
            if instant.is_some_and(|at| !(0..4_102_444_800).contains(&at.timestamp())) {
                return Err(wrong(name, "An instant from 1970 to 2099.".into()));
            }
        }
        Ok(Wanted {
            action: self.action.and_then(Between::beginning_with),
            client: self.client,
            role: self.role,
            subject: self.subject.and_then(Between::beginning_with),
            request_id: self.request_id,
            from: self.from,
            until: self.until,
            refused: self.outcome.map(|outcome| outcome == AuditOutcome::Refused),
            before: None,
            one: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_whether_it_was_done() {
        assert_eq!(AuditOutcome::of("journal.posted"), AuditOutcome::Done);
        assert_eq!(AuditOutcome::of("sign-in.refused"), AuditOutcome::Refused);
    }

    #[test]
    fn a_prefix_takes_in_all_that_begins_with_it() {
        let between = Between::beginning_with("journal.".into()).expect("a prefix");
        let fits = |text: &str| *text >= *between.from && *text < *between.before;
        assert!(fits("journal.") && fits("journal.posted") && fits("journal.\u{ffff}"));
        assert!(!fits("journal") && !fits("journals") && !fits("Journal.posted"));
        assert_eq!(Between::beginning_with(String::new()), None);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let at = |text: &str| Some(text.parse().expect("an instant"));
        let long = AuditFilters { action: Some("x".repeat(101)), ..AuditFilters::default() };
        assert!(long.wanted().is_err());
        let (from, until) = (at("2026-02-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
        assert!(AuditFilters { from, until, ..AuditFilters::default() }.wanted().is_err());
        assert!(AuditFilters { until: at("2200-01-01T00:00:00Z"), ..AuditFilters::default() }.wanted().is_err());
        assert!(AuditFilters { from: until, until: from, ..AuditFilters::default() }.wanted().is_ok());
    }
}
