//! What an account is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{AccountId, FinancialYear};
use serde::{Deserialize, Serialize};
use web::{Problem, Row, words::word};

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

/// What a line may have to say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dimension {
    /// The scheme it is of.
    Scheme,
    /// The body it is with.
    Party,
    /// Where the money comes from.
    Source,
    /// The area of care.
    Category,
    /// Capital or revenue.
    Nature,
}

/// What an account wants to know of every line posted to it, from a year on.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AccountRule {
    pub(crate) from_year: i16,
    pub(crate) requires: Vec<Dimension>,
    /// It takes no postings.
    pub(crate) closed: bool,
}

/// The rules of an account in all years.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct AccountRules(pub(crate) Vec<AccountRule>);

impl AccountRules {
    /// Goes on where the account of that code takes line `at` of a journal of the year, which has the dimensions that
    /// `has` says.
    pub(crate) fn check(
        &self,
        at: usize,
        code: &str,
        year: FinancialYear,
        has: impl Fn(&Dimension) -> bool,
    ) -> Result<(), Problem> {
        let in_force = self.0.iter().filter(|rule| rule.from_year <= year.start()).max_by_key(|rule| rule.from_year);
        let Some(rule) = in_force else { return Ok(()) };
        if rule.closed {
            let detail = format!("The account {code} takes no postings in {year}.");
            return Err(Problem::invalid(format!("/postings/{at}/account"), detail));
        }
        let Some(lacks) = rule.requires.iter().find(|dimension| !has(dimension)) else { return Ok(()) };
        let name = word(*lacks);
        let detail = format!("In {year} every line of the account {code} says its {name}.");
        Err(Problem::invalid(format!("/postings/{at}/{name}"), detail))
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
    /// What every line posted to it must say of itself. An expenditure account always wants the scheme.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub(super) requires: Vec<Dimension>,
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
