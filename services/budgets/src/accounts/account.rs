//! What an account is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::AccountId;
use serde::{Deserialize, Serialize};
use web::Row;

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountKind {
    /// Spending: counted in positions, and always by scheme.
    Expenditure,
    /// Contributions and other income.
    Income,
    /// What stands against the others: bank, creditors, budget control.
    Balance,
}

impl AccountKind {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "expenditure" => Self::Expenditure,
            "income" => Self::Income,
            _ => Self::Balance,
        }
    }
}

/// An account to set up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "5100", "name": "Care purchased", "kind": "expenditure"}))]
pub(crate) struct AccountDraft {
    /// Its code in this fund: letters, digits, `.`, `_` and `-`, 1 to 40.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    pub(super) code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    pub(super) kind: AccountKind,
}

/// An account.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AccountBody {
    pub(super) id: AccountId,
    #[schema(example = "5100")]
    pub(super) code: String,
    #[schema(example = "Care purchased")]
    pub(super) name: String,
    #[schema(value_type = AccountKind)]
    pub(super) kind: String,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for AccountBody {
    const COLUMNS: &'static [&'static str] = &["id", "code", "name", "kind", "created_at"];
}
