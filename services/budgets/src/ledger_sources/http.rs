//! Ledger sources over HTTP.

use auth::can;
use domain::{BoroughId, FundId, LedgerSourceId};
use events::set_up::{Step, StepTaken};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Faults, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, Versioned, changed_meanwhile,
    problems,
};

use super::{
    guess::{LedgerGuessBody, LedgerSampleDraft, guess},
    source::{LedgerMapping, LedgerSourceBody, LedgerSourceDraft},
    store,
};
use crate::{
    accounts::AccountKind,
    funds::{find_fund, http::FundPath},
};

/// A ledger source in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct LedgerSourcePath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The source.
    source: LedgerSourceId,
}

/// Goes on where the accounts and schemes a mapping names are the fund's.
async fn check_chart(tx: &mut Tx<Borough>, fund: FundId, mapping: &LedgerMapping) -> Result<(), Problem> {
    let (accounts, schemes) = store::chart(tx, fund).await?;
    let mut faults = Faults::default();
    let balance = accounts.get(&mapping.contra) == Some(&AccountKind::Balance);
    faults.unless(balance, "/mapping/contra", "The fund has no such account of kind balance.");
    for (at, one) in mapping.codes.iter().enumerate() {
        let there = accounts.contains_key(&one.account);
        faults.unless(there, format!("/mapping/codes/{at}/account"), "The fund has no such account.");
        let there = one.scheme.as_ref().is_none_or(|scheme| schemes.contains(scheme));
        faults.unless(there, format!("/mapping/codes/{at}/scheme"), "The fund has no such scheme.");
        let spends = accounts.get(&one.account) == Some(&AccountKind::Expenditure);
        let to_a_scheme = !spends || one.scheme.is_some() || mapping.columns.scheme.is_some();
        faults.unless(to_a_scheme, format!("/mapping/codes/{at}/scheme"), "Expenditure is posted to a scheme.");
    }
    faults.none()
}

/// Tells that codes are mapped to schemes, where they are.
fn tell_mapped(tx: &mut Tx<Borough>, (borough, subject): (BoroughId, &str), mapping: &LedgerMapping) {
    if mapping.codes.iter().any(|code| code.scheme.is_some()) {
        let taken = StepTaken::of(Step::SchemeCodes, subject.to_owned(), tx.now());
        events::tell(tx, borough, &taken);
    }
}

fn name_taken() -> Problem {
    Problem::of_fault(&problems::CONFLICT, "/name", "The fund has a ledger source of this name already.")
}

/// List the ledgers that files of a fund are taken from
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/ledger-sources", operation_id = "listLedgerSources", tag = "imports",
    params(FundPath, Paging),
    responses((status = 200, body = Page<LedgerSourceBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_ledger_sources(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<LedgerSourceBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |source| source.id))
}

/// Record a ledger that files are taken from
///
/// Its mapping says which column is what, which sign spending has, and what each of its codes means in the fund. The
/// columns of a sample can be guessed first, at `…/ledger-sources/guesses`.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/ledger-sources", operation_id = "recordLedgerSource", tag = "imports",
    params(FundPath),
    request_body = LedgerSourceDraft,
    responses((status = 201, body = LedgerSourceBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn record_ledger_source(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<LedgerSourceDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    check_chart(&mut tx, path.fund, &draft.mapping).await?;
    let body = LedgerSourceBody {
        id: LedgerSourceId::at(scope.now()),
        name: draft.name.trim().to_owned(),
        version: 1,
        mapping: draft.mapping,
        recorded_at: scope.now(),
    };
    let client_id = &scope.caller().client_id;
    store::insert(&mut tx, path.fund, &body, client_id).await.on_constraint("ledger_source_name", name_taken)?;
    let subject = format!("funds/{}/ledger-sources/{}", path.fund, body.id);
    tx.record(Act::new("ledger-source.recorded", &*subject).after(json!({"name": body.name})));
    tell_mapped(&mut tx, (scope.borough().id, &subject), &body.mapping);
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// Get a ledger source
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/ledger-sources/{source}", operation_id = "getLedgerSource",
    tag = "imports",
    params(LedgerSourcePath),
    responses((status = 200, body = LedgerSourceBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_ledger_source(
    scope: InBorough<can::ReadJournals>,
    At(path): At<LedgerSourcePath>,
) -> Result<Found<LedgerSourceBody>, Problem> {
    let found = store::find_source(&mut scope.read().await?, path.fund, path.source).await?;
    let source = found.ok_or_else(|| Problem::not_found("ledger source"))?;
    Ok(Found::at(source.version, source))
}

/// Set how a ledger is read from now on
///
/// Imports that were made before keep the version they were made by.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/ledger-sources/{source}", operation_id = "setLedgerSource",
    tag = "imports",
    params(LedgerSourcePath, Versioned),
    request_body = LedgerSourceDraft,
    responses((status = 200, body = LedgerSourceBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn set_ledger_source(
    scope: InBorough<can::PostJournals>,
    At(path): At<LedgerSourcePath>,
    version: IfMatch,
    Sent(draft, request): Sent<LedgerSourceDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let source = store::find_source(&mut tx, path.fund, path.source).await?;
    let source = source.ok_or_else(|| Problem::not_found("ledger source"))?;
    version.holds(source.version)?;
    check_chart(&mut tx, path.fund, &draft.mapping).await?;
    let body = LedgerSourceBody {
        name: draft.name.trim().to_owned(),
        version: source.version + 1,
        mapping: draft.mapping,
        ..source
    };
    let set = store::set(&mut tx, path.fund, &body, &scope.caller().client_id).await;
    if !set.on_constraint("ledger_source_name", name_taken)? {
        return Err(changed_meanwhile().into());
    }
    let subject = format!("funds/{}/ledger-sources/{}", path.fund, body.id);
    tx.record(Act::new("ledger-source.set", &*subject).after(json!({"name": body.name, "version": body.version})));
    tell_mapped(&mut tx, (scope.borough().id, &subject), &body.mapping);
    Ok(tx.answer(Found::at(body.version, body)).await?)
}

/// Guess how a ledger's files are read, from a sample
///
/// Nothing is kept. Each part says how sure it is; what could not be told is left for a person to say. The codes found are
/// given without accounts: what they mean is not in the file.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/ledger-sources/guesses", operation_id = "guessLedgerSource",
    tag = "imports",
    params(FundPath),
    request_body = LedgerSampleDraft,
    responses((status = 200, body = LedgerGuessBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn guess_ledger_source(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<LedgerSampleDraft>,
) -> Handled {
    let body = guess(&draft)?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    Ok(tx.answer(Found::of(body)).await?)
}
