//! Instalments over HTTP.

use auth::can;
use domain::{FinancialYear, FundId, InstalmentId, InvoiceId, Pence, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::{
    instalment::{InstalmentBody, InstalmentState, InvoiceBody, InvoiceDraft},
    store,
};
use crate::{
    reconciliation::paid_of_instalments,
    years::{find_year, http::YearPath},
};

/// An instalment in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InstalmentPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The financial year.
    year: FinancialYear,
    /// The instalment, whichever version of its contribution wrote it.
    instalment: InstalmentId,
}

/// List the instalments of a fund-year
///
/// Those in force, by the day they are due, with what was invoiced and paid for each and where it stands today.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/instalments", operation_id = "listInstalments",
    tag = "contributions",
    params(YearPath, Paging),
    responses((status = 200, body = Page<InstalmentBody>)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn list_instalments(
    scope: InBorough<can::ReadContributions>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<InstalmentBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, None, page.after()?, page.rows_wanted()).await?;
    let today = day_in_england(scope.now());
    let paid = paid_of_instalments(&mut tx, path.fund, path.year, today).await?;
    let paid = |id: InstalmentId| paid.get(&id).copied().unwrap_or(Pence::ZERO);
    let instalments = rows.into_iter().map(|row| InstalmentBody {
        state: InstalmentState::on(today, row.due_on, row.amount, row.invoiced, paid(row.id)),
        id: row.id,
        contribution: row.contribution,
        payer: row.payer,
        payer_name: row.payer_name,
        number: row.number,
        version: row.version,
        due_on: row.due_on,
        amount_pence: row.amount,
        true_up_pence: row.true_up,
        invoiced_pence: row.invoiced,
        paid_pence: paid(row.id),
    });
    Ok(page.page(instalments.collect(), |one| (one.due_on, one.id)))
}

/// Record an invoice for an instalment
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/instalments/{instalment}/invoices",
    operation_id = "recordInvoice", tag = "contributions",
    params(InstalmentPath),
    request_body = InvoiceDraft,
    responses((status = 201, body = InvoiceBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn record_invoice(
    scope: InBorough<can::ManageContributions>,
    At(path): At<InstalmentPath>,
    Sent(draft, request): Sent<InvoiceDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    store::wait_to_invoice(&mut tx, path.instalment).await?;
    let found = store::list(&mut tx, path.fund, path.year, Some(path.instalment), None, 1).await?.pop();
    let instalment = found.ok_or_else(|| Problem::not_found("instalment"))?;
    draft.within(instalment.amount, instalment.invoiced)?;
    let body = InvoiceBody {
        id: InvoiceId::at(scope.now()),
        instalment: instalment.id,
        invoice_number: draft.invoice_number.trim().to_owned(),
        issued_on: draft.issued_on,
        amount_pence: draft.amount_pence,
        recorded_at: scope.now(),
    };
    store::insert_invoice(&mut tx, (path.fund, path.year), &instalment, &body)
        .await
        .on_constraint("invoice_number_once", || {
            Problem::of_fault(&problems::CONFLICT, "/invoice_number", "The year has an invoice of this number already.")
        })?;
    let subject =
        format!("funds/{}/years/{}/instalments/{}/invoices/{}", path.fund, path.year, path.instalment, body.id);
    tx.record(Act::new("instalment.invoiced", subject).after(serde_json::json!(body)));
    let slug = &scope.borough().slug;
    let location = format!("/v1/boroughs/{slug}/funds/{}/years/{}/instalments", path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
