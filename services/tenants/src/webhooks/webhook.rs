//! What a webhook is, and what it wants to be told. No SQL, no HTTP, no clock.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::WebhookId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

const ACTIONS_MAX: usize = 50;
/// How long an old secret signs beside the new one, in hours.
pub(super) const OVERLAP_HOURS: i64 = 24;
/// How many webhooks a borough may have that are not deleted.
pub(super) const WEBHOOKS_MAX: i64 = 50;

/// A service whose changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToldService {
    /// Clients, organisations, webhooks.
    Tenants,
    /// Funds and their ledgers.
    Budgets,
    /// Committees, meetings, decisions.
    Governance,
}

/// Where a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebhookState {
    /// It is told what changes.
    Active,
    /// It is told nothing; what changes meanwhile is told when it goes on.
    Paused,
    /// As paused: it did not take what it was sent, for days, or said that it is gone.
    Disabled,
    /// It is told nothing more.
    Deleted,
}

impl WebhookState {
    /// The moves a borough may ask for.
    pub(super) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Paused, Self::Disabled, Self::Deleted],
            Self::Paused | Self::Disabled => &[Self::Active, Self::Deleted],
            Self::Deleted => &[],
        }
    }
}

/// A webhook.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookBody {
    pub(crate) id: WebhookId,
    #[schema(example = "https://ledger.example.org/hooks/tenfold")]
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) services: Vec<ToldService>,
    /// How the actions begin that it is told of; all where there are none.
    #[schema(max_items = 50)]
    pub(crate) actions: Vec<String>,
    pub(crate) state: WebhookState,
    /// Since when nothing that was sent was taken; null where the last was.
    pub(crate) failing_since: Option<DateTime<Utc>>,
    /// The public keys that sign now, the newest first.
    #[schema(max_items = 10)]
    pub(crate) public_keys: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for WebhookBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "url", "description", "services", "actions", "state", "failing_since", "public_keys", "created_at"];
}

/// A webhook to be registered.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://ledger.example.org/hooks/tenfold", "description": "The finance system",
    "services": ["budgets"], "actions": ["journal.", "period.closed"]}))]
pub(crate) struct WebhookDraft {
    /// Where it is told: https, at a public address.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) url: String,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) description: String,
    /// Whose changes it is told.
    #[schema(min_items = 1, max_items = 3)]
    pub(super) services: Vec<ToldService>,
    /// How the actions begin that it is told of; left out or empty, all.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) actions: Vec<String>,
}

/// What of a webhook is to be changed. What is left out stays.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "The finance system, new"}))]
pub(crate) struct WebhookChange {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) url: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(super) description: Option<String>,
    #[serde(default)]
    #[schema(min_items = 1, max_items = 3)]
    pub(super) services: Option<Vec<ToldService>>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) actions: Option<Vec<String>>,
}

/// Nothing to say: what is asked for is in the path.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct WebhookAsked {}

/// A webhook, and the secret it signs with: shown once.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookWithSecret {
    pub(crate) webhook: WebhookBody,
    /// Shown once; null when this answer is given again.
    pub(crate) secret: Option<String>,
}

impl WebhookDraft {
    /// The draft as it is kept, where its parts have their bounds.
    ///
    /// # Errors
    /// 422 with every fault.
    pub(super) fn checked(mut self) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        faults.text("/url", &self.url, 2000);
        faults.text("/description", &self.description, 200);
        faults.unless((1..=3).contains(&self.services.len()), "/services", "Name one to three services.");
        faults.unless(self.actions.len() <= ACTIONS_MAX, "/actions", "Fifty at most.");
        for (at, action) in self.actions.iter().enumerate().take(ACTIONS_MAX) {
            let fits = (1..=100).contains(&action.len())
                && action.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b));
            faults.unless(fits, format!("/actions/{at}"), "How an action begins: `journal.` or `period.closed`.");
        }
        faults.none()?;
        self.url = self.url.trim().to_owned();
        self.description = self.description.trim().to_owned();
        let services: BTreeSet<_> = self.services.into_iter().collect();
        self.services = services.into_iter().collect();
        Ok(self)
    }
}

impl WebhookChange {
    /// What the webhook becomes.
    pub(super) fn of(self, webhook: &WebhookBody) -> WebhookDraft {
        WebhookDraft {
            url: self.url.unwrap_or_else(|| webhook.url.clone()),
            description: self.description.unwrap_or_else(|| webhook.description.clone()),
            services: self.services.unwrap_or_else(|| webhook.services.clone()),
            actions: self.actions.unwrap_or_else(|| webhook.actions.clone()),
        }
    }
}

/// Whether a webhook wants to be told of an action.
pub(super) fn wants(actions: &[String], action: &str) -> bool {
    actions.is_empty() || actions.iter().any(|prefix| action.starts_with(prefix.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_what_it_asked_for() {
        let actions = ["journal.".to_owned(), "period.closed".to_owned()];
        assert!(wants(&actions, "journal.posted") && wants(&actions, "period.closed"));
        assert!(!wants(&actions, "period.reopened") && !wants(&actions, "journals.posted"));
        assert!(wants(&[], "anything.at-all"));
    }

    #[test]
    fn a_draft_has_its_bounds() {
        let draft = |actions: Vec<&str>, services: Vec<ToldService>| WebhookDraft {
            url: " https://example.org/ ".into(),
            description: "x".into(),
            services,
            actions: actions.into_iter().map(str::to_owned).collect(),
        };
        let kept = draft(vec!["journal."], vec![ToldService::Budgets, ToldService::Budgets]).checked().expect("fine");
        assert_eq!((kept.url.as_str(), kept.services.len()), ("https://example.org/", 1));
        assert!(draft(vec!["Journal"], vec![ToldService::Budgets]).checked().is_err());
        assert!(draft(vec![], vec![]).checked().is_err());
        assert!(draft(vec!["a"; 51], vec![ToldService::Budgets]).checked().is_err());
    }

    #[test]
    fn what_is_deleted_stays_so() {
        assert!(WebhookState::Deleted.allowed().is_empty());
        assert!(WebhookState::Disabled.allowed().contains(&WebhookState::Active));
    }
}
