//! Orders and contracts over HTTP.

use auth::can;
use domain::{CommitmentId, FundId};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::{
    commitment::{CommitmentBody, CommitmentDraft, CommitmentEntryBody, EntryKind},
    store::{self, Entry},
};
use crate::{
    accounts::{self, AccountKind},
    funds::{find_fund, http::FundPath},
    journals::{Posted, Poster, post},
};

/// An order or contract in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CommitmentPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(super) fund: FundId,
    /// The order or contract.
    pub(super) commitment: CommitmentId,
}

/// Which of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommitmentFilters {
    /// `true`: with something outstanding; `false`: with nothing.
    outstanding: Option<bool>,
}

/// List a fund's orders and contracts, in the order they were recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/commitments", operation_id = "listCommitments", tag = "commitments",
    params(FundPath, CommitmentFilters, Paging),
    responses((status = 200, body = Page<CommitmentBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_commitments(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest<CommitmentFilters>,
) -> Result<Page<CommitmentBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let (after, open) = (page.after::<Uuid>()?, page.filters.outstanding);
    let rows = store::list(&mut tx, path.fund, None, open, after, page.rows_wanted()).await?;
    Ok(page.page(rows, |commitment| commitment.id))
}

/// Record an order or contract
///
/// Speaks for the money by a journal of the committed layer, which is held to what every journal is held to. Spending that
/// names the reference draws it down.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/commitments", operation_id = "createCommitment", tag = "commitments",
    params(FundPath, web::Keyed),
    request_body = CommitmentDraft,
    responses((status = 201, body = CommitmentBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn create_commitment(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    SentOnce(draft, request): SentOnce<CommitmentDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let named = [
        ("/account", draft.account.as_str(), AccountKind::Expenditure),
        ("/contra", draft.contra.as_str(), AccountKind::Balance),
    ];
    accounts::are(&mut tx, path.fund, &named).await?;
    let Posted { mut tx, journal, .. } = post(tx, &Poster::of(&scope), path.fund, &draft.journal()?).await?;
    let id = CommitmentId::at(scope.now());
    store::insert(&mut tx, path.fund, id, &draft).await.on_constraint("commitment_reference", || {
        let detail = "The fund has an order or contract of this reference already.";
        Problem::of_fault(&problems::REFERENCE_TAKEN, "/reference", detail)
    })?;
    let made = Entry {
        commitment: id,
        year: journal.year,
        kind: EntryKind::Committed,
        amount: draft.amount_pence,
        journal: journal.id,
        spending: None,
        reason: None,
    };
    store::enter(&mut tx, path.fund, &[made]).await?;
    let subject = format!("funds/{}/commitments/{id}", path.fund);
    let body = find(&mut tx, path.fund, id).await?;
    // A supplier may be a person: its name, and what is said of it, stay out of the trail.
    let told = serde_json::json!({"reference": body.reference, "kind": body.kind, "scheme": body.scheme,
        "account": body.account, "ends_on": body.ends_on, "committed_pence": body.committed_pence});
    tx.record(Act::new("commitment.recorded", subject.clone()).after(told));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}

pub(super) async fn find(
    tx: &mut tenancy::Tx<tenancy::Borough>,
    fund: FundId,
    id: CommitmentId,
) -> Result<CommitmentBody, Problem> {
    store::find(tx, fund, id).await?.ok_or_else(|| Problem::not_found("commitment"))
}

/// Get an order or contract
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/commitments/{commitment}", operation_id = "getCommitment",
    tag = "commitments",
    params(CommitmentPath),
    responses((status = 200, body = CommitmentBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_commitment(
    scope: InBorough<can::ReadJournals>,
    At(path): At<CommitmentPath>,
) -> Result<Found<CommitmentBody>, Problem> {
    let commitment = find(&mut scope.read().await?, path.fund, path.commitment).await?;
    Ok(Found::at(commitment.version, commitment))
}

/// List what happened to an order or contract
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/commitments/{commitment}/entries", operation_id = "listCommitmentEntries",
    tag = "commitments",
    params(CommitmentPath, Paging),
    responses((status = 200, body = Page<CommitmentEntryBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_commitment_entries(
    scope: InBorough<can::ReadJournals>,
    At(path): At<CommitmentPath>,
    page: PageRequest,
) -> Result<Page<CommitmentEntryBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.fund, path.commitment).await?;
    let rows = store::entries(&mut tx, path.fund, path.commitment, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |entry| entry.number))
}
