//! Periods over HTTP.

use auth::{Caller, can};
use domain::{FinancialYear, FundId, Period};
use events::set_up::{Step, StepTaken};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use web::{
    At, Found, IfMatch, Move, MoveDraft, NoFilters, Page, PageRequest, Problem, SentOnce, Transitions, Versioned,
    move_refused, problems,
};

use super::{
    period::PeriodState,
    store::{self, PeriodBody},
};
use crate::{reconciliation::explained_in_full, seals::SealState, years::http::YearPath};

/// A period in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PeriodPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The financial year.
    year: FinancialYear,
    /// 1 (April) to 12 (March), 13 for adjustments.
    period: Period,
}

impl PeriodPath {
    /// What it names.
    pub(crate) fn key(&self) -> (FundId, FinancialYear, Period) {
        (self.fund, self.year, self.period)
    }
}

/// List the periods of a fund-year
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods", operation_id = "listPeriods", tag = "periods",
    params(YearPath),
    responses((status = 200, body = Page<PeriodBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_periods(
    scope: InBorough<can::ReadFunds>,
    At(path): At<YearPath>,
    _page: PageRequest<NoFilters>,
) -> Result<Page<PeriodBody>, Problem> {
    let mut tx = scope.read().await?;
    let periods = store::list(&mut tx, path.fund, path.year, None).await?;
    if periods.is_empty() {
        return Err(Problem::not_found("year"));
    }
    Ok(Page::whole(periods))
}

async fn find(tx: &mut Tx<Borough>, path: &PeriodPath) -> Result<PeriodBody, Problem> {
    let found = store::list(tx, path.fund, path.year, Some(path.period)).await?.pop();
    found.ok_or_else(|| Problem::not_found("period"))
}

/// Get a period
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}", operation_id = "getPeriod",
    tag = "periods",
    params(PeriodPath),
    responses((status = 200, body = PeriodBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_period(
    scope: InBorough<can::ReadFunds>,
    At(path): At<PeriodPath>,
) -> Result<Found<PeriodBody>, Problem> {
    let period = find(&mut scope.read().await?, &path).await?;
    Ok(Found::at(period.version, period))
}

async fn told(
    tx: &mut Tx<Borough>,
    path: &PeriodPath,
    caller: &Caller,
) -> Result<Found<Transitions<PeriodState>>, Problem> {
    let period = find(tx, path).await?;
    let data = store::history(tx, path.fund, path.year, path.period).await?;
    let allowed = period.state.allowed(caller.scopes, made_last(&data, caller));
    Ok(Found::at(period.version, Transitions { state: period.state, allowed, data, next_cursor: None }))
}

fn made_last(history: &[Move<PeriodState>], caller: &Caller) -> bool {
    history.last().is_some_and(|last| last.by == caller.client_id)
}

/// Get a period's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}/transitions",
    operation_id = "getPeriodTransitions", tag = "periods",
    params(PeriodPath),
    responses((status = 200, body = Transitions<PeriodState>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_period_transitions(
    scope: InBorough<can::ReadFunds>,
    At(path): At<PeriodPath>,
) -> Result<Found<Transitions<PeriodState>>, Problem> {
    told(&mut scope.read().await?, &path, scope.caller()).await
}

/// Move a period
///
/// Soft-closing shows the period to the region as provisional; closing makes it final and is the pool manager's.
/// Reopening takes a client other than the one that closed it. Whoever is posting in the period finishes first. A closed
/// period is sealed a moment after; until then it is not reopened.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}/transitions",
    operation_id = "movePeriod", tag = "periods",
    params(PeriodPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<PeriodState>, example = json!({"to": "soft_closed", "reason": "Month end"})),
    responses((status = 200, body = Transitions<PeriodState>)),
    security(("bearer" = ["periods:move"])),
)]
pub(crate) async fn move_period(
    scope: InBorough<can::MovePeriods>,
    At(path): At<PeriodPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<PeriodState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    store::hold_back_writers(&mut tx, path.fund, path.year, path.period).await?;
    let period = find(&mut tx, &path).await?;
    version.holds(period.version)?;
    let history = store::history(&mut tx, path.fund, path.year, path.period).await?;
    let allowed = period.state.allowed(scope.caller().scopes, made_last(&history, scope.caller()));
    if !allowed.contains(&draft.to) {
        return Err(move_refused(&period.state, &draft.to, &allowed).into());
    }
    if period.seal == SealState::Pending {
        return Err(seal_pending().into());
    }
    if draft.to == PeriodState::Closed {
        // What cannot be added up cannot be sealed, and would stay closed for ever.
        store::add_up(&mut tx, path.fund, path.year, path.period).await?;
    }
    let made = Move {
        from: period.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    store::move_to(&mut tx, path.fund, path.year, &period, &made).await?;
    let subject = format!("funds/{}/years/{}/periods/{}", path.fund, path.year, path.period);
    tx.record(Act::new("period.moved", &*subject).before(made.from.as_str()).after(made.to.as_str()));
    let today = domain::day_in_england(scope.now());
    if made.to == PeriodState::SoftClosed && explained_in_full(&mut tx, path.fund, path.year, today).await {
        events::tell(&mut tx, scope.borough().id, &StepTaken::of(Step::Reconciliation, subject, scope.now()));
    }
    let told = told(&mut tx, &path, scope.caller()).await?;
    Ok(tx.answer(told).await?)
}

fn seal_pending() -> Problem {
    let detail = "The period is closed and its seal is being made; it can be reopened once that is done. Where it stays so, the service has no key to seal with.";
    Problem::new(&problems::SEAL_PENDING, detail).retry_after(2)
}
