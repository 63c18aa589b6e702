//! Receipts over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, OrganisationId, Pence, ReceiptId};
use serde::{Deserialize, Serialize};
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Fault, Page, PageRequest, Paging, Problem, Row, SentOnce, problems};

use super::store;
use crate::{
    facts,
    funds::http::pending,
    years::{find_year, http::YearPath},
};

/// A payment to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"paid_on": "2026-09-07", "amount_pence": 1_352_012_767, "payer": "01890a5d-ac96-774b-bcce-b302099a8057",
    "document_number": "2205337625", "payee_as_published": "NHS CCG", "source": "Council, published spending over £500"}))]
pub(crate) struct ReceiptDraft {
    /// The day it was paid; in the year of the path.
    pub(super) paid_on: NaiveDate,
    /// Paid in above zero, paid back below. In pence.
    pub(super) amount_pence: Pence,
    /// The body that paid: an organisation this borough has recorded, which existed on that day.
    pub(super) payer: OrganisationId,
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) document_number: Option<String>,
    /// Whom the payer's ledger names as paid: a body's old name, or a short one.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) payee_as_published: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) directorate: Option<String>,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) description: Option<String>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl ReceiptDraft {
    fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        if !year.contains(self.paid_on) {
            let detail = format!("{} is not in {year}.", self.paid_on);
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/paid_on", detail));
        }
        let mut faults = Vec::new();
        let mut length = |pointer: &str, text: Option<&str>, most: usize| {
            if text.is_some_and(|text| !(1..=most).contains(&text.trim().chars().count())) {
                faults.push(Fault { pointer: pointer.into(), detail: format!("It has 1 to {most} characters.") });
            }
        };
        length("/document_number", self.document_number.as_deref(), 100);
        length("/payee_as_published", Some(&self.payee_as_published), 200);
        length("/directorate", self.directorate.as_deref(), 200);
        length("/description", self.description.as_deref(), 500);
        length("/source", Some(&self.source), 500);
        if self.amount_pence == Pence::ZERO {
            faults.push(Fault { pointer: "/amount_pence".into(), detail: "A payment of nil is none.".into() });
        }
        Problem::unless_none(faults)
    }
}

/// A payment into the fund.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiptBody {
    pub(super) id: ReceiptId,
    pub(super) paid_on: NaiveDate,
    pub(super) amount_pence: Pence,
    pub(super) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(super) payer_name: String,
    #[schema(example = "2205337625")]
    pub(super) document_number: Option<String>,
    #[schema(example = "NHS CCG")]
    pub(super) payee_as_published: String,
    pub(super) directorate: Option<String>,
    pub(super) description: Option<String>,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ReceiptBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "paid_on",
        "amount_pence",
        "payer",
        "payer_name",
        "document_number",
        "payee_as_published",
        "directorate",
        "description",
        "source",
        "recorded_at",
    ];
}

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
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let payer = facts::find_party(&mut tx, draft.payer).await?.ok_or_else(|| pending("/payer", "organisation"))?;
    if !payer.existed_on(draft.paid_on) {
        let detail = format!("{} did not exist on {}.", payer.name, draft.paid_on);
        return Err(Problem::of_fault(&problems::PARTY_ENDED, "/payer", detail).into());
    }
    let body = ReceiptBody {
        id: ReceiptId::at(scope.now()),
        paid_on: draft.paid_on,
        amount_pence: draft.amount_pence,
        payer: draft.payer,
        payer_name: payer.name,
        document_number: draft.document_number.map(|text| text.trim().to_owned()),
        payee_as_published: draft.payee_as_published.trim().to_owned(),
        directorate: draft.directorate.map(|text| text.trim().to_owned()),
        description: draft.description.map(|text| text.trim().to_owned()),
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, path.year, &body).await?;
    let subject = format!("funds/{}/years/{}/receipts/{}", path.fund, path.year, body.id);
    tx.record(Act::new("receipt.recorded", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/receipts", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
