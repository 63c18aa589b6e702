//! The versions of accounts over HTTP.

use auth::can;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, NoFilters, Page, PageRequest, Problem, Sent, problems};

use super::{
    store,
    version::{AccountVersionBody, AccountVersionDraft},
};
use crate::{
    accounts::{find_account, http::AccountPath},
    periods::hold_back_the_year,
    years::years_from,
};

/// List an account's versions
///
/// The latest whose year has come holds. An account without one wants the scheme where it is of expenditure, and nothing else.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/accounts/{account}/versions", operation_id = "listAccountVersions",
    tag = "accounts",
    params(AccountPath),
    responses((status = 200, body = Page<AccountVersionBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_account_versions(
    scope: InBorough<can::ReadFunds>,
    At(path): At<AccountPath>,
    _page: PageRequest<NoFilters>,
) -> Result<Page<AccountVersionBody>, Problem> {
    let mut tx = scope.read().await?;
    find_account(&mut tx, path.fund, path.account).await?.ok_or_else(|| Problem::not_found("account"))?;
    Ok(Page::whole(store::list(&mut tx, path.fund, path.account).await?))
}

/// Set what an account is from a year on
///
/// A year's chart stands once something was posted by it: a version begins with a year in which nothing was.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/accounts/{account}/versions", operation_id = "createAccountVersion",
    tag = "accounts",
    params(AccountPath),
    request_body = AccountVersionDraft,
    responses((status = 201, body = AccountVersionBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn create_account_version(
    scope: InBorough<can::ManageFunds>,
    At(path): At<AccountPath>,
    Sent(draft, request): Sent<AccountVersionDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_account(&mut tx, path.fund, path.account).await?.ok_or_else(|| Problem::not_found("account"))?;
    // Whoever is posting finishes first, and is seen.
    for year in years_from(&mut tx, path.fund, draft.from_year).await? {
        hold_back_the_year(&mut tx, path.fund, year).await?;
    }
    if let Some(year) = store::used_in(&mut tx, path.fund, path.account, draft.from_year).await? {
        let detail = format!("Something was posted to the account in {year}. Let the version begin with a later year.");
        return Err(Problem::of_fault(&problems::CONFLICT, "/from_year", detail).into());
    }
    store::insert(&mut tx, path.fund, path.account, &draft).await.on_constraint("account_version_pkey", || {
        Problem::of_fault(&problems::CONFLICT, "/from_year", "The account has a version that begins with that year.")
    })?;
    let subject = format!("funds/{}/accounts/{}/versions/{}", path.fund, path.account, draft.from_year);
    let body = store::list(&mut tx, path.fund, path.account).await?;
    let body = body.into_iter().find(|version| version.from_year == draft.from_year);
    let body: AccountVersionBody = body.ok_or_else(|| Problem::internal("a version that was written is not there"))?;
    tx.record(Act::new("account.versioned", subject).after(serde_json::json!(body)));
    let location =
        format!("/v1/boroughs/{}/funds/{}/accounts/{}/versions", scope.borough().slug, path.fund, path.account);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
