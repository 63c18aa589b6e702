//! Receipts over HTTP.

use auth::can;
use domain::ReceiptId;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::receipt::{self, ReceiptBody, ReceiptDraft};
use super::store;
use crate::{
    facts,
    funds::{find_fund, http::pending},
    rules,
    years::{find_year, http::YearPath},
};

/// List payments into the fund in a year, in the order they were recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/receipts", operation_id = "listReceipts", tag = "receipts",
    params(YearPath, Paging),
    responses((status = 200, body = Page<ReceiptBody>)),
    security(("bearer" = ["receipts:read"])),
)]
pub(crate) async fn list_receipts(
    scope: InBorough<can::ReadReceipts>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<ReceiptBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |receipt| receipt.id))
}

/// Record a payment into the fund
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/receipts", operation_id = "recordReceipt", tag = "receipts",
    params(YearPath, web::Keyed),
    request_body = ReceiptDraft,
    responses((status = 201, body = ReceiptBody)),
    security(("bearer" = ["receipts:record"])),
)]
pub(crate) async fn record_receipt(
    scope: InBorough<can::RecordReceipts>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<ReceiptDraft>,
) -> Handled {
    draft.check(path.year)?;
    let mut tx = scope.write(&request).await?;
    let year = find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let payer = facts::find_party(&mut tx, draft.payer).await?.ok_or_else(|| pending("/payer", "organisation"))?;
    if !payer.existed_on(draft.paid_on) && !store::runs_off(&mut tx, path.fund, path.year, draft.payer).await? {
        let detail = format!("{} did not exist on {}.", payer.name, draft.paid_on);
        return Err(rules::BODY_EXISTS.named_in(Problem::of_fault(&problems::PARTY_ENDED, "/payer", detail)).into());
    }
    receipt::room(store::count(&mut tx, path.fund, path.year).await?, 1)?;
    let body = ReceiptBody {
        id: ReceiptId::at(scope.now()),
        paid_on: draft.paid_on,
        amount_pence: draft.amount_pence,
        payer: draft.payer,
        payer_name: payer.name.clone(),
        document_number: draft.document_number.map(|text| text.trim().to_owned()),
        payee_as_published: draft.payee_as_published.trim().to_owned(),
        directorate: draft.directorate.map(|text| text.trim().to_owned()),
        description: draft.description.map(|text| text.trim().to_owned()),
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    let code = payer.code_for(scope.borough().mode, &fund);
    store::insert(&mut tx, &fund, &year, (&payer, code), std::slice::from_ref(&body)).await?;
    let subject = format!("funds/{}/years/{}/receipts/{}", path.fund, path.year, body.id);
    tx.record(Act::new("receipt.recorded", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/receipts", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
