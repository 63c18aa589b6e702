//! Trial balances over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Pence, Period};
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use web::{At, Problem, Query, Row, WithCsv, problems};

use super::store;
use crate::{
    accounts::AccountKind,
    positions::{as_of::AsOf, http::too_large},
    years::{find_year, http::YearPath},
};

/// Up to when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialBalanceQuery {
    /// Up to the end of this period; the whole year when left out.
    #[param(value_type = Option<i16>, minimum = 1, maximum = 13)]
    period: Option<Period>,
    /// What had taken effect by the end of this day, whatever period it was posted in. Not with `period`.
    as_of: Option<NaiveDate>,
    /// As it was known at this moment: what was posted later is left out. Not with `period`.
    known_at: Option<DateTime<Utc>>,
}

/// An account, by layer. Debit above zero, credit below.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct TrialBalanceRow {
    #[schema(example = "5100")]
    pub(super) account: String,
    #[schema(example = "Care purchased")]
    pub(super) name: String,
    pub(super) kind: AccountKind,
    pub(super) budget_pence: Pence,
    pub(super) committed_pence: Pence,
    pub(super) actual_pence: Pence,
}

impl Row for TrialBalanceRow {
    const COLUMNS: &'static [&'static str] =
        &["account", "name", "kind", "budget_pence", "committed_pence", "actual_pence"];
}

/// The trial balance of a fund's year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TrialBalanceBody {
    data: Vec<TrialBalanceRow>,
    /// Whether the accounts come to nothing in every layer, as double entry makes them.
    balances: bool,
    /// What debits and credits of spending and receipts come to on either side: the sum of the accounts in debit in the layer
    /// actual.
    debits_pence: Pence,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

/// Get a fund's trial balance
///
/// Every account that something was posted to in the year, as it stands or as it stood.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/trial-balance", operation_id = "getTrialBalance",
    tag = "positions",
    params(YearPath, TrialBalanceQuery),
    responses((status = 200, body = TrialBalanceBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_trial_balance(
    scope: InBorough<can::ReadJournals>,
    At(path): At<YearPath>,
    Query(query): Query<TrialBalanceQuery>,
) -> Result<WithCsv<TrialBalanceBody, TrialBalanceRow>, Problem> {
    let at = AsOf::asked(query.as_of, query.known_at)?;
    if at.is_some() && query.period.is_some() {
        let detail = "Ask either up to a period, or as of a day or as known at a moment.";
        return Err(Problem::of_fault(&problems::QUERY_INVALID, "?period", detail));
    }
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let data = match at {
        Some(at) => store::stood(&mut tx, path.fund, path.year, at).await?,
        None => store::standing(&mut tx, path.fund, path.year, query.period).await?,
    };
    let layers: [fn(&TrialBalanceRow) -> Pence; 3] =
        [|row| row.budget_pence, |row| row.committed_pence, |row| row.actual_pence];
    let whole = |of: fn(&TrialBalanceRow) -> Pence| data.iter().map(|row| i128::from(of(row).0)).sum::<i128>();
    let balances = layers.into_iter().all(|of| whole(of) == 0);
    let debits = Pence::sum(data.iter().map(|row| row.actual_pence).filter(|pence| *pence > Pence::ZERO));
    let body = TrialBalanceBody {
        data: data.clone(),
        balances,
        debits_pence: debits.ok_or_else(too_large)?,
        as_of: scope.now(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}
