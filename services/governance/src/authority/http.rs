//! Authority over HTTP.

use auth::{Role, can};
use domain::{FinancialYear, Pence, day_in_england};
use tenancy::{Handled, InBorough};
use web::{Faults, Found, Sent};

use super::{
    store,
    tiers::{AuthorityAnswer, AuthorityQuestion, answer},
};

/// Ask who may decide so much on something, on a day, and why
///
/// Officers by the scheme of delegation, committees by their rules, the parents' boards beyond them. Nothing is written.
/// What was split to stay under a limit is flagged (rule 54).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/authority-checks", operation_id = "checkAuthority", tag = "delegations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = AuthorityQuestion,
    responses((status = 200, body = AuthorityAnswer)),
    security(("bearer" = ["authority:read"])),
)]
pub(crate) async fn check_authority(
    scope: InBorough<can::ReadAuthority>,
    Sent(asked, request): Sent<AuthorityQuestion>,
) -> Handled {
    let on = asked.on.unwrap_or_else(|| day_in_england(scope.now()));
    let mut faults = Faults::default();
    faults.unless(asked.amount_pence > Pence::ZERO, "/amount_pence", "It is more than nothing.");
    faults.unless(FinancialYear::of(on).is_ok(), "/on", "A day between April 2000 and March 2099.");
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let limits = store::limits(&mut tx, on).await?;
    let committees = store::committees(&mut tx, on).await?;
    let splitting = store::splitting(&mut tx, on, asked.fund, asked.role.map(Role::as_str)).await?;
    let answer = answer(&asked, on, &limits, &committees, splitting);
    Ok(tx.answer(Found::of(answer)).await?)
}
