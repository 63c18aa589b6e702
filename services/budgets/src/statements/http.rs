//! Statements over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, JournalId, OrganisationId, Pence, Period};
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use web::{At, Page, PageRequest, Paging, Problem, Row};

use super::store;
use crate::{
    accounts::{find_account, http::AccountPath},
    journals::Layer,
    positions::http::too_large,
};

/// Which of its lines.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatementFilters {
    /// The financial year. The balance begins with it.
    pub(super) year: FinancialYear,
    /// Money spent and received when left out.
    #[serde(default)]
    #[param(inline)]
    pub(super) layer: Option<Layer>,
    /// Only of the scheme of this code; the balance is then of that alone.
    #[param(max_length = 40)]
    pub(super) scheme: Option<String>,
}

/// A line of an account, and what the account comes to with it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct StatementRow {
    pub(super) effective_on: NaiveDate,
    pub(super) period: Period,
    pub(super) posted_at: DateTime<Utc>,
    pub(super) journal: JournalId,
    /// Which line of its journal: the first is 1.
    #[schema(minimum = 1, maximum = 10_000)]
    pub(super) line: i16,
    #[schema(example = "Community equipment, September")]
    pub(super) narrative: String,
    pub(super) external_reference: Option<String>,
    #[schema(example = "ICES")]
    pub(super) scheme: Option<String>,
    pub(super) party: Option<OrganisationId>,
    /// Debit above zero, credit below.
    pub(super) amount_pence: Pence,
    /// What the lines up to this one come to.
    pub(super) balance_pence: Pence,
}

impl Row for StatementRow {
    const COLUMNS: &'static [&'static str] = &[
        "effective_on",
        "period",
        "posted_at",
        "journal",
        "line",
        "narrative",
        "external_reference",
        "scheme",
        "party",
        "amount_pence",
        "balance_pence",
    ];
}

/// Get an account's statement
///
/// The lines of a year in the order they took effect, with the balance after each, which is exact on every page: what was
/// posted back in the meantime is in it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/accounts/{account}/statement", operation_id = "getStatement",
    tag = "accounts",
    params(AccountPath, StatementFilters, Paging),
    responses((status = 200, body = Page<StatementRow>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_statement(
    scope: InBorough<can::ReadJournals>,
    At(path): At<AccountPath>,
    page: PageRequest<StatementFilters>,
) -> Result<Page<StatementRow>, Problem> {
    let after = page.after::<(NaiveDate, JournalId, i16)>()?;
    let mut tx = scope.read().await?;
    find_account(&mut tx, path.fund, path.account).await?.ok_or_else(|| Problem::not_found("account"))?;
    let wanted = (path.fund, path.account, &page.filters);
    let mut rows = store::lines(&mut tx, wanted, after, page.rows_wanted()).await?;
    if let Some(first) = rows.first() {
        let key = (first.effective_on, first.journal, first.line);
        let mut balance = store::balance_before(&mut tx, wanted, key).await?;
        for row in &mut rows {
            balance = balance.checked_add(row.amount_pence).ok_or_else(too_large)?;
            row.balance_pence = balance;
        }
    }
    Ok(page.page(rows, |row| (row.effective_on, row.journal, row.line)))
}
