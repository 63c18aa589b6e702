//! Accounts over HTTP.

use auth::can;
use domain::{AccountId, FinancialYear, FundId};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Faults, Found, Page, PageRequest, Paging, Problem, Sent, drafts::unknown, problems, words::word,
};

use super::account::{AccountBody, AccountDraft, AccountKind};
use super::store;
use crate::{
    account_versions::{self, AccountVersionDraft, has_twice},
    funds::{find_fund, http::FundPath},
    schemes::check_code_and_name,
};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AccountPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(crate) fund: FundId,
    /// The account.
    pub(crate) account: AccountId,
}

/// List a fund's accounts
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/accounts", operation_id = "listAccounts", tag = "accounts",
    params(FundPath, Paging),
    responses((status = 200, body = Page<AccountBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_accounts(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<AccountBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |account| account.id))
}

/// Set up an account
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/accounts", operation_id = "createAccount", tag = "accounts",
    params(FundPath),
    request_body = AccountDraft,
    responses((status = 201, body = AccountBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn create_account(
    scope: InBorough<can::ManageFunds>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<AccountDraft>,
) -> Handled {
    check_code_and_name(&draft.code, &draft.name)?;
    let mut faults = Faults::default();
    faults.unless(!has_twice(&draft.requires), "/requires", "Each of them once.");
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let body = AccountBody {
        id: AccountId::at(scope.now()),
        code: draft.code,
        name: draft.name.trim().to_owned(),
        kind: word(draft.kind),
        created_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, &body).await.on_constraint("account_code", || {
        Problem::of_fault(&problems::CONFLICT, "/code", "The fund has an account of this code already.")
    })?;
    if !draft.requires.is_empty() {
        let from_year = FinancialYear::FIRST;
        let first = AccountVersionDraft { from_year, name: body.name.clone(), requires: draft.requires, closed: false };
        account_versions::open_with(&mut tx, path.fund, body.id, &first).await?;
    }
    let subject = format!("funds/{}/accounts/{}", path.fund, body.id);
    tx.record(Act::new("account.created", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/accounts/{}", scope.borough().slug, path.fund, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get an account
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/accounts/{account}", operation_id = "getAccount", tag = "accounts",
    params(AccountPath),
    responses((status = 200, body = AccountBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_account(
    scope: InBorough<can::ReadFunds>,
    At(path): At<AccountPath>,
) -> Result<Found<AccountBody>, Problem> {
    let mut tx = scope.read().await?;
    let account = store::find_account(&mut tx, path.fund, path.account).await?;
    Ok(Found::of(account.ok_or_else(|| Problem::not_found("account"))?))
}

/// Goes on where each account named at a pointer is one of the fund's, and of its kind.
pub(crate) async fn are(
    tx: &mut Tx<Borough>,
    fund: FundId,
    named: &[(&str, &str, AccountKind)],
) -> Result<(), Problem> {
    for (pointer, code, kind) in named {
        let found = store::kind_of(tx, fund, code).await?.ok_or_else(|| unknown(pointer, "account"))?;
        let mut faults = Faults::default();
        faults.unless(found == *kind, *pointer, format_args!("An account of kind {}.", word(*kind)));
        faults.none()?;
    }
    Ok(())
}
