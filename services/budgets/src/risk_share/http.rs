//! What comes of a rule in a year, over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{CalculationId, FinancialYear, FundId, JournalId, OrganisationId, Period, day_in_england};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Faults, Found, Page, PageRequest, Paging, Problem, Row, Sent, SentOnce, drafts::past_day, problems,
};

use super::{
    calculation::{Books, RiskShare, SchemeFigures, calculate},
    rule::{RatioBasis, left_out, weights},
    share::NotShared,
    store,
};
use crate::{
    budget::find_year_budget,
    funds::find_fund,
    positions::{by_scheme, http::too_large},
    rules,
    years::{find_year, http::YearPath},
};

/// A calculation in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CalculationPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(super) fund: FundId,
    /// The financial year.
    pub(super) year: FinancialYear,
    /// The calculation.
    pub(super) calculation: CalculationId,
}

/// What the rule in force makes of the books as they stand now.
pub(super) async fn as_it_stands(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<RiskShare, Problem> {
    let of = find_fund(tx, fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_year(tx, fund, year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let versions = store::rules(tx, fund, None, i64::from(i16::MAX)).await?;
    let rule = versions.iter().rev().find(|version| version.rule.in_force_from <= year.last_day());
    let Some(rule) = rule else {
        let missing = format!("Record how a variance is shared: no rule is in force on {}.", year.last_day());
        return Err(rules::refused(vec![rules::BASIS_KEPT.unmet(missing)]));
    };
    let parties = &rule.rule.parties;
    let paid_in = store::paid_in(tx, fund, year).await?;
    let mut everyone = parties.clone();
    everyone.extend(paid_in.iter().map(|one| one.party));
    let known = store::named(tx, &everyone).await?;
    let name = |party: &OrganisationId| known.get(party).map(|body| body.name.clone()).unwrap_or_default();
    let ended = |party: &OrganisationId| {
        known.get(party).and_then(|body| body.valid_to).is_some_and(|last| last < year.first_day())
    };
    rules::all_met(left_out(&rule.rule, &paid_in, ended, name))?;
    let days = (year.first_day(), year.last_day());
    let weigh = |bare| weights(parties, &paid_in, rule.rule.basis, days, bare).ok_or_else(too_large);
    let sums = by_scheme(tx, &of, year, Period::ADJUSTMENTS).await?;
    let (_, budget) = find_year_budget(tx, fund, year).await?;
    let books = Books {
        names: parties.iter().map(name).collect(),
        schemes: sums.into_iter().map(SchemeFigures::of).collect::<Option<_>>().ok_or_else(too_large)?,
        contingency: budget.contingency_pence,
        uncommitted: budget.uncommitted_pence,
        weights: [weigh(false)?, weigh(true)?],
        rule,
    };
    let unmet = match calculate(books) {
        Ok(share) => return Ok(share),
        Err(NotShared::TooLarge) => return Err(too_large()),
        Err(NotShared::NothingPaidIn) => {
            rules::BASIS_KEPT.unmet("Record the partners' contributions of the year: there is no ratio without them.")
        }
        Err(NotShared::NobodyLeads(scheme)) => rules::RESIDUAL_OWNED
            .unmet(format!("Scheme {scheme} is led by none of the partners of the rule. Set its schedule.")),
    };
    Err(rules::refused(vec![unmet]))
}

/// Get how a year's variance would be shared
///
/// By the rule in force on the year's last day, from the books as they stand now: every input, every step, and the
/// result to the penny. Aligned and in-view schemes are listed aside and never shared.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share", operation_id = "getRiskShare",
    tag = "risk share",
    params(YearPath),
    responses((status = 200, body = RiskShare)),
    security(("bearer" = ["risk-share:read"])),
)]
pub(crate) async fn get_risk_share(
    scope: InBorough<can::ReadRiskShare>,
    At(path): At<YearPath>,
) -> Result<Found<RiskShare>, Problem> {
    Ok(Found::of(as_it_stands(&mut scope.read().await?, path.fund, path.year).await?))
}

/// A partner that agreed a calculation.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct AgreedBody {
    pub(super) party: OrganisationId,
    pub(super) agreed_on: NaiveDate,
    pub(super) reference: String,
    pub(super) recorded_at: DateTime<Utc>,
}

/// A calculation that is kept.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CalculationBody {
    pub(super) id: CalculationId,
    pub(super) result: RiskShare,
    pub(super) calculated_at: DateTime<Utc>,
    /// Who agreed it, in the order they did.
    pub(super) agreed: Vec<AgreedBody>,
    /// The journal that settled it.
    pub(super) settled_by: Option<JournalId>,
    pub(super) settled_at: Option<DateTime<Utc>>,
}

impl Row for CalculationBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "result.rule_number",
        "result.kind",
        "result.basis",
        "result.variance_pence",
        "result.met_by_reserves_pence",
        "result.ring_fenced_pence",
        "calculated_at",
        "settled_by",
        "settled_at",
    ];
}

/// List the calculations of a year, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share/calculations", operation_id = "listCalculations",
    tag = "risk share",
    params(YearPath, Paging),
    responses((status = 200, body = Page<CalculationBody>)),
    security(("bearer" = ["risk-share:read"])),
)]
pub(crate) async fn list_calculations(
    scope: InBorough<can::ReadRiskShare>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<CalculationBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let before = page.after::<Uuid>()?;
    let rows = store::calculations(&mut tx, path.fund, path.year, None, before, page.rows_wanted()).await?;
    Ok(page.page(rows, |calculation| calculation.id))
}

/// What a calculation is to be kept for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"basis": "revised"}))]
pub(crate) struct CalculationDraft {
    /// The basis the partners expect; refused where the rule in force has another.
    basis: RatioBasis,
}

/// Keep what a year's variance comes to
///
/// As the books stand now, for the partners to agree. It never changes; when the books move, make another.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share/calculations", operation_id = "keepCalculation",
    tag = "risk share",
    params(YearPath),
    request_body = CalculationDraft,
    responses((status = 201, body = CalculationBody)),
    security(("bearer" = ["risk-share:manage"])),
)]
pub(crate) async fn keep_calculation(
    scope: InBorough<can::ManageRiskShare>,
    At(path): At<YearPath>,
    Sent(draft, request): Sent<CalculationDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let result = as_it_stands(&mut tx, path.fund, path.year).await?;
    if result.basis != draft.basis {
        let detail = "The rule in force has another basis. Ask for that one, or record a new version of the rule.";
        return Err(rules::BASIS_KEPT.broken("/basis", detail).into());
    }
    let body = CalculationBody {
        id: CalculationId::at(scope.now()),
        result,
        calculated_at: scope.now(),
        agreed: Vec::new(),
        settled_by: None,
        settled_at: None,
    };
    store::insert_calculation(&mut tx, path.fund, path.year, &body, &scope.caller().client_id).await?;
    let subject = format!("funds/{}/years/{}/risk-share/calculations/{}", path.fund, path.year, body.id);
    let told = json!({"rule": body.result.rule_number, "variance_pence": body.result.variance_pence});
    tx.record(Act::new("risk-share.calculated", subject.clone()).after(told));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

pub(super) async fn find(tx: &mut Tx<Borough>, path: &CalculationPath) -> Result<CalculationBody, Problem> {
    let found = store::calculations(tx, path.fund, path.year, Some(path.calculation), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("calculation"))
}

/// Get a calculation
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share/calculations/{calculation}",
    operation_id = "getCalculation", tag = "risk share",
    params(CalculationPath),
    responses((status = 200, body = CalculationBody)),
    security(("bearer" = ["risk-share:read"])),
)]
pub(crate) async fn get_calculation(
    scope: InBorough<can::ReadRiskShare>,
    At(path): At<CalculationPath>,
) -> Result<Found<CalculationBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, &path).await?))
}

/// A partner's agreement to a calculation, to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"party": "01890a5d-ac96-774b-bcce-b302099a8057", "agreed_on": "2026-05-20",
    "reference": "Joint committee, 20 May 2026, item 7"}))]
pub(crate) struct AgreedDraft {
    /// One of the partners of the rule.
    party: OrganisationId,
    agreed_on: NaiveDate,
    #[schema(min_length = 1, max_length = 300)]
    reference: String,
}

impl AgreedDraft {
    fn check(&self, today: NaiveDate, of: &CalculationBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        past_day(&mut faults, "/agreed_on", self.agreed_on, today);
        let shares = of.result.shares.iter().any(|share| share.party == self.party);
        let made = day_in_england(of.calculated_at);
        faults.unless(
            self.agreed_on >= made,
            "/agreed_on",
            format_args!("It was calculated on {made}; nobody agreed it before."),
        );
        let cited = |reference: &str| reference.trim().to_lowercase();
        let own = of
            .agreed
            .iter()
            .all(|agreed| agreed.party == self.party || cited(&agreed.reference) != cited(&self.reference));
        faults.unless(own, "/reference", "Another partner cites this decision. Each agrees by one of its own.");
        faults.unless(shares, "/party", "One of the partners of the rule.");
        faults.none()
    }
}

/// Record that a partner agrees a calculation
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share/calculations/{calculation}/agreements",
    operation_id = "agreeCalculation", tag = "risk share",
    params(CalculationPath, web::Keyed),
    request_body = AgreedDraft,
    responses((status = 201, body = CalculationBody)),
    security(("bearer" = ["risk-share:manage"])),
)]
pub(crate) async fn agree_calculation(
    scope: InBorough<can::ManageRiskShare>,
    At(path): At<CalculationPath>,
    SentOnce(draft, request): SentOnce<AgreedDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let calculation = find(&mut tx, &path).await?;
    draft.check(day_in_england(scope.now()), &calculation)?;
    let agreed = AgreedBody {
        party: draft.party,
        agreed_on: draft.agreed_on,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
    };
    let written = store::insert_agreed(&mut tx, path.fund, path.year, path.calculation, &agreed).await;
    written.on_constraint("risk_agreed_once", || {
        Problem::of_fault(&problems::CONFLICT, "/party", "It has agreed this calculation already.")
    })?;
    let subject = format!("funds/{}/years/{}/risk-share/calculations/{}", path.fund, path.year, path.calculation);
    tx.record(Act::new("risk-share.agreed", subject.clone()).after(json!(agreed)));
    let body = find(&mut tx, &path).await?;
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
