//! Payments over HTTP.

use auth::can;
use domain::{PaymentId, Pence};
use serde::{Deserialize, Serialize};
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{
    At, Created, Page, PageRequest, Paging, Problem, SentOnce,
    drafts::{trimmed, unknown},
};

use super::{
    payment::{PaymentBody, PaymentDraft, REDACTED},
    store,
};
use crate::{
    accounts::{self, AccountKind},
    journals::{Posted, Poster, post},
    positions::http::too_large,
    rules,
    years::{find_year, http::YearPath},
};

/// Which payments.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentFilters {
    /// Only those above this amount: 50000 for what the Transparency Code publishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 10_000_000_000_000i64, example = 50_000)]
    above_pence: Option<Pence>,
}

/// List payments out of a fund in a year
///
/// With the fields of the Local Government Transparency Code, in the order it names them where CSV is asked for.
/// Individuals are not named.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/payments", operation_id = "listPayments", tag = "payments",
    params(YearPath, PaymentFilters, Paging),
    responses((status = 200, body = Page<PaymentBody>)),
    security(("bearer" = ["monitoring:read"])),
)]
pub(crate) async fn list_payments(
    scope: InBorough<can::ReadMonitoring>,
    At(path): At<YearPath>,
    page: PageRequest<PaymentFilters>,
) -> Result<Page<PaymentBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let (of, above) = ((path.fund, path.year), page.filters.above_pence);
    let rows = store::list(&mut tx, of, above, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |payment| payment.id))
}

/// Pay out of a fund
///
/// Records the payment and posts its journal. The pool is charged net of the VAT that the body which delivers the scheme
/// recovers: a council does (VAT Act 1994 s33), an NHS body for contracted-out services only (s41).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/payments", operation_id = "recordPayment", tag = "payments",
    params(YearPath, web::Keyed),
    request_body = PaymentDraft,
    responses((status = 201, body = PaymentBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn record_payment(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<PaymentDraft>,
) -> Handled {
    draft.check(path.year)?;
    let mut tx = scope.write(&request).await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let delivered = store::delivered(&mut tx, path.fund, &draft.scheme).await?;
    let delivered = delivered.ok_or_else(|| unknown("/scheme", "scheme"))?;
    let by = delivered.by.ok_or_else(|| {
        rules::VAT.broken(
            "/scheme",
            "Its schedule does not say who delivers it, and VAT follows that. Set the schedule first.",
        )
    })?;
    let accounts = [
        ("/account", draft.account.as_str(), AccountKind::Expenditure),
        ("/balance_account", draft.balance_account.as_str(), AccountKind::Balance),
    ];
    accounts::are(&mut tx, path.fund, &accounts).await?;
    let charged = draft.charged(&by).ok_or_else(too_large)?;
    let journal = draft.journal(charged.charged).ok_or_else(too_large)?;
    let poster = Poster::of(&scope);
    let Posted { mut tx, journal, .. } = post(tx, &poster, path.fund, &journal).await?;
    let of_individual = draft.individual.then(|| REDACTED.to_owned());
    let body = PaymentBody {
        id: PaymentId::at(scope.now()),
        paid_on: draft.paid_on,
        scheme: draft.scheme.clone(),
        department: trimmed(draft.department.clone()),
        beneficiary: of_individual.or_else(|| trimmed(draft.beneficiary.clone())),
        purpose: trimmed(draft.purpose.clone()),
        gross_pence: draft.gross_pence,
        vat_pence: draft.vat_pence,
        irrecoverable_vat_pence: charged.irrecoverable,
        charged_pence: charged.charged,
        vat_basis: charged.basis,
        merchant_category: trimmed(draft.merchant_category.clone()),
        document_number: draft.document_number.trim().to_owned(),
        journal: journal.id,
        reversed_by: None,
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, (path.fund, path.year), delivered.scheme, &draft, &body).await?;
    let subject = format!("funds/{}/years/{}/payments/{}", path.fund, path.year, body.id);
    tx.record(Act::new("payment.recorded", subject).after(serde_json::json!({"charged_pence": body.charged_pence})));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/payments", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
