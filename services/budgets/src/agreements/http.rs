//! Agreements over HTTP.

use auth::can;
use chrono::NaiveDate;
use domain::{AgreementId, day_in_england};
use events::set_up::{Step, StepTaken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Faults, Found, IfMatch, Move, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions,
    Versioned, WithCsv, changed_meanwhile, move_refused, words::word,
};

use super::{
    agreement::{AgreementBody, AgreementDraft, AgreementState, Grounds, unmet},
    checks::{Check, Standing, checks_of_fund},
    steps::store as steps_store,
    store,
    version::{AgreementVersionBody, AgreementVersionDraft, MadeBy, followed, in_force},
};
use crate::{
    facts,
    funds::http::{FundPath, pending},
    rules,
    schemes::{check_functions, side_of},
};

/// An agreement in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AgreementPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The agreement.
    pub(super) agreement: AgreementId,
}

/// List agreements
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements", operation_id = "listAgreements", tag = "agreements",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<AgreementBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_agreements(
    scope: InBorough<can::ReadAgreements>,
    page: PageRequest,
) -> Result<Page<AgreementBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |agreement| agreement.id))
}

/// Record an agreement
///
/// With its first version, as a draft: it may leave statutory items out, and its checks name them.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements", operation_id = "createAgreement", tag = "agreements",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = AgreementDraft,
    responses((status = 201, body = AgreementBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn create_agreement(
    scope: InBorough<can::ManageAgreements>,
    Sent(draft, request): Sent<AgreementDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    for (at, party) in draft.parties.iter().enumerate() {
        let known = facts::find_party(&mut tx, *party).await?;
        let known = known.ok_or_else(|| pending(&format!("/parties/{at}"), "organisation"))?;
        if !known.existed_on(draft.starts_on) {
            let detail = format!("{} did not exist on {}.", known.name, draft.starts_on);
            return Err(rules::BODY_EXISTS.broken(format!("/parties/{at}"), detail).into());
        }
    }
    hold_to_functions(&mut tx, &draft.terms.functions).await?;
    let id = AgreementId::at(scope.now());
    store::insert(&mut tx, id, &draft, &scope.caller().client_id).await?;
    tx.record(Act::new("agreement.created", format!("agreements/{id}")).after(json!({"title": draft.title.trim()})));
    events::tell(&mut tx, scope.borough().id, &StepTaken::of(Step::Agreement, format!("agreements/{id}"), scope.now()));
    let body = find(&mut tx, id).await?;
    let location = format!("/v1/boroughs/{}/agreements/{id}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}

/// Each function named belongs to the body that is said to own it.
async fn hold_to_functions(tx: &mut Tx<Borough>, named: &[crate::schemes::NamedFunction]) -> Result<(), Problem> {
    if named.is_empty() {
        return Ok(());
    }
    let sides = facts::sides(tx, named.iter().map(|one| one.owner).collect()).await?;
    check_functions(named, false, |id| sides.get(&id).copied().flatten())
        .map_err(|problem| problem.at("/terms/functions", "As the agreement names them."))
}

pub(super) async fn find(tx: &mut Tx<Borough>, id: AgreementId) -> Result<AgreementBody, Problem> {
    store::find(tx, id).await?.ok_or_else(|| Problem::not_found("agreement"))
}

/// Get an agreement
///
/// With what a reader must know of it: that money moves under it before it is signed, or that its term has ended.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}", operation_id = "getAgreement", tag = "agreements",
    params(AgreementPath),
    responses((status = 200, body = AgreementBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn get_agreement(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
) -> Result<Found<AgreementBody>, Problem> {
    let body = find(&mut scope.read().await?, path.agreement).await?;
    Ok(Found::at(body.version, body))
}

async fn standing(tx: &mut Tx<Borough>, id: AgreementId) -> Result<Standing, Problem> {
    let agreement = find(tx, id).await?;
    let sides = agreement.parties.iter().map(|party| side_of(&party.kind)).collect();
    Ok(Standing {
        versions: store::versions(tx, id, None, i64::from(i16::MAX)).await?,
        consultations: steps_store::consulted(tx, id).await?,
        approvals: steps_store::approved(tx, id).await?,
        funds: steps_store::fund_standings(tx, Some(id), None).await?,
        agreement,
        sides,
    })
}

/// What an agreement lacks, rule by rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChecksBody {
    data: Vec<Check>,
    /// Whether every rule holds.
    all_hold: bool,
    next_cursor: Option<String>,
}

impl ChecksBody {
    pub(crate) fn of(data: Vec<Check>) -> WithCsv<Self, Check> {
        let body = Self { all_hold: data.iter().all(|check| check.holds), data: data.clone(), next_cursor: None };
        WithCsv { body, rows: data }
    }
}

/// Check an agreement
///
/// Names each statutory item and each step that is missing, with the source of its rule, for the agreement and for the
/// funds under it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/checks", operation_id = "checkAgreement", tag = "agreements",
    params(AgreementPath),
    responses((status = 200, body = ChecksBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn check_agreement(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
) -> Result<WithCsv<ChecksBody, Check>, Problem> {
    let standing = standing(&mut scope.read().await?, path.agreement).await?;
    Ok(ChecksBody::of(standing.checks(day_in_england(scope.now()))))
}

/// Check a fund
///
/// Whether it is under an agreement, has a host and a manager, and each scheme's schedule says what it must.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/checks", operation_id = "checkFund", tag = "funds",
    params(FundPath),
    responses((status = 200, body = ChecksBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn check_fund(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<FundPath>,
) -> Result<WithCsv<ChecksBody, Check>, Problem> {
    let (mut tx, today) = (scope.read().await?, day_in_england(scope.now()));
    let fund = steps_store::fund_standings(&mut tx, None, Some(path.fund)).await?;
    let fund = fund.first().ok_or_else(|| Problem::not_found("fund"))?;
    let under = match store::agreement_on(&mut tx, path.fund, today).await? {
        Some(agreement) => Some(standing(&mut tx, agreement).await?),
        None => None,
    };
    Ok(ChecksBody::of(checks_of_fund(fund, under.as_ref(), today)))
}

/// Which versions.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionFilters {
    /// Only the one in force on this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<NaiveDate>,
}

/// List the versions of an agreement, or the one in force on a day
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/versions", operation_id = "listAgreementVersions",
    tag = "agreements",
    params(AgreementPath, VersionFilters, Paging),
    responses((status = 200, body = Page<AgreementVersionBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_agreement_versions(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
    page: PageRequest<VersionFilters>,
) -> Result<Page<AgreementVersionBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.agreement).await?;
    let rows = match page.filters.on {
        None => store::versions(&mut tx, path.agreement, page.after()?, page.rows_wanted()).await?,
        Some(day) => {
            let all = store::versions(&mut tx, path.agreement, None, i64::from(i16::MAX)).await?;
            in_force(&all, day).cloned().into_iter().collect()
        }
    };
    Ok(page.page(rows, |version| version.number))
}

/// Record a variation of an agreement
///
/// It follows the method the version before states. One made by the partners counts once each of them has approved it;
/// one made by an officer counts from its day on, and changes no budget.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/versions", operation_id = "varyAgreement", tag = "agreements",
    params(AgreementPath, web::Keyed),
    request_body = AgreementVersionDraft,
    responses((status = 201, body = AgreementVersionBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn vary_agreement(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    SentOnce(draft, request): SentOnce<AgreementVersionDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    store::hold(&mut tx, path.agreement).await?;
    let agreement = find(&mut tx, path.agreement).await?;
    let versions = store::versions(&mut tx, path.agreement, None, i64::from(i16::MAX)).await?;
    let before = followed(&agreement, &versions).ok_or_else(|| Problem::internal("an agreement without a version"))?;
    draft.check(&agreement, before)?;
    hold_to_functions(&mut tx, &draft.terms.functions).await?;
    let last = versions.last().map_or(0, |version| version.number);
    let number = last.checked_add(1).filter(|number| *number < 1000);
    let body = AgreementVersionBody {
        number: number.ok_or_else(|| Problem::invalid("/reason", "An agreement has at most 999 versions."))?,
        in_force_from: draft.in_force_from,
        made_by: draft.made_by,
        reason: draft.reason.trim().to_owned(),
        budget_effect_pence: draft.budget_effect_pence,
        flexibilities: draft.flexibilities,
        terms: draft.terms,
        stands: draft.made_by == MadeBy::Officer,
        recorded_at: scope.now(),
    };
    let written = store::insert_version(&mut tx, path.agreement, &body, &scope.caller().client_id).await;
    written.on_constraint("agreement_version_pkey", changed_meanwhile)?;
    let subject = format!("agreements/{}/versions/{}", path.agreement, body.number);
    tx.record(Act::new("agreement.varied", subject).after(json!({"in_force_from": body.in_force_from})));
    let location = format!("/v1/boroughs/{}/agreements/{}/versions", scope.borough().slug, path.agreement);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// A move of an agreement asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "consulting", "reason": "The partners begin to consult"}))]
pub(crate) struct AgreementMoveDraft {
    to: AgreementState,
    /// Why: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// The day it happened; today where it is left out. For signing, the day it was signed.
    #[serde(default)]
    on: Option<NaiveDate>,
}

/// Get where an agreement stands
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/transitions", operation_id = "getAgreementTransitions",
    tag = "agreements",
    params(AgreementPath),
    responses((status = 200, body = Transitions<AgreementState>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn get_agreement_transitions(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
) -> Result<Found<Transitions<AgreementState>>, Problem> {
    told(&mut scope.read().await?, path.agreement).await
}

async fn told(tx: &mut Tx<Borough>, id: AgreementId) -> Result<Found<Transitions<AgreementState>>, Problem> {
    let agreement = find(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = agreement.state.allowed().to_vec();
    let body = Transitions { state: agreement.state, allowed, data, next_cursor: None };
    Ok(Found::at(agreement.version, body))
}

/// Move an agreement on
///
/// Each move is held to what it needs: a joint consultation, all statutory items, each partner's own decision, a term
/// that has begun or ended, notice that has run out. What is unmet is named with its rule.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/transitions", operation_id = "moveAgreement",
    tag = "agreements",
    params(AgreementPath, Versioned, web::Keyed),
    request_body = AgreementMoveDraft,
    responses((status = 200, body = Transitions<AgreementState>)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn move_agreement(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<AgreementMoveDraft>,
) -> Handled {
    let today = day_in_england(scope.now());
    let on = draft.on.unwrap_or(today);
    let mut faults = Faults::default();
    faults.text("/reason", &draft.reason, 500);
    web::drafts::past_day(&mut faults, "/on", on, today);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    store::hold(&mut tx, path.agreement).await?;
    let standing = standing(&mut tx, path.agreement).await?;
    let agreement = &standing.agreement;
    version.holds(agreement.version)?;
    let allowed = agreement.state.allowed();
    if !allowed.contains(&draft.to) {
        return Err(move_refused(&agreement.state, &draft.to, allowed).into());
    }
    let grounds = Grounds {
        before_approval: standing.before_approval(on),
        unapproved: standing.not_approved(),
        consulted: standing.consulted_on(on).is_some(),
        approved_on: standing.approved_on(),
        notice_ends: steps_store::notice_ends(&mut tx, path.agreement).await?,
    };
    rules::all_met(unmet(draft.to, on, agreement, &grounds))?;
    let made = Move {
        from: agreement.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    store::move_to(&mut tx, agreement, &made, (draft.to == AgreementState::Signed).then_some(on)).await?;
    let act = Act::new("agreement.moved", format!("agreements/{}", path.agreement));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.agreement).await?;
    Ok(tx.answer(told).await?)
}
