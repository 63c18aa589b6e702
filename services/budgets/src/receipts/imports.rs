//! A month's file of payments over HTTP.

use std::collections::HashMap;

use auth::can;
use chrono::NaiveDate;
use domain::{Pence, ReceiptId};
use serde::Serialize;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Problem, SentOnce, problems};

use super::{
    file::{self, FileRow, ImportOutcome, ReceiptImportDraft},
    receipt::{self, ReceiptBody},
    store::{self, Known},
};
use crate::{
    facts,
    funds::{find_fund, http::pending},
    rules,
    years::{find_year, http::YearPath},
};

/// What became of a line of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportedLine {
    /// The line of the file, the headings being line 1.
    #[schema(example = 2)]
    line: u64,
    outcome: ImportOutcome,
    /// The payment it was recorded as.
    receipt: Option<ReceiptId>,
    paid_on: NaiveDate,
    amount_pence: Pence,
    document_number: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiptImportBody {
    #[schema(example = 2)]
    recorded: usize,
    #[schema(example = 0)]
    duplicates: usize,
    lines: Vec<ImportedLine>,
}

/// Splits rows into those that are recorded already and the others. A payment that is recorded once and stands twice
/// in the file is new once: parts of one document may be alike.
fn sort_out(rows: &[FileRow], mut there: HashMap<Known, i64>) -> Vec<ImportOutcome> {
    let outcome = |row: &FileRow| {
        let known = Known {
            paid_on: row.paid_on,
            amount: row.amount,
            document_number: row.document_number.clone(),
            payee: row.payee.clone(),
        };
        match there.get_mut(&known) {
            Some(left) if *left > 0 => {
                *left -= 1;
                ImportOutcome::Duplicate
            }
            _ => ImportOutcome::Recorded,
        }
    };
    rows.iter().map(outcome).collect()
}

/// Record the payments of a month's file
///
/// All of them or none. A file of another shape, or with a day outside its month, is refused with the line. Payments
/// that are recorded already (same day, amount, document number and payee) are told of and left out, so a file can be
/// sent again.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/receipts/imports", operation_id = "importReceipts",
    tag = "receipts",
    params(YearPath, web::Keyed),
    request_body = ReceiptImportDraft,
    responses((status = 201, body = ReceiptImportBody)),
    security(("bearer" = ["receipts:record"])),
)]
pub(crate) async fn import_receipts(
    scope: InBorough<can::RecordReceipts>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<ReceiptImportDraft>,
) -> Handled {
    let first = draft.check(path.year)?;
    let rows = file::read(&draft.csv, &draft.columns.clone().unwrap_or_default(), first)?;
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let year = find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let payer = facts::find_party(&mut tx, draft.payer).await?.ok_or_else(|| pending("/payer", "organisation"))?;
    let ended = rows.iter().find(|row| !payer.existed_on(row.paid_on));
    if let Some(row) = ended
        && !store::runs_off(&mut tx, path.fund, path.year, draft.payer).await?
    {
        let detail = format!("{} did not exist on {}, in line {}.", payer.name, row.paid_on, row.line);
        return Err(rules::BODY_EXISTS.named_in(Problem::of_fault(&problems::PARTY_ENDED, "/payer", detail)).into());
    }
    let there = store::known(&mut tx, path.fund, path.year, draft.payer, first).await?;
    let outcomes = sort_out(&rows, there);
    let (mut lines, mut receipts) = (Vec::new(), Vec::new());
    for (row, outcome) in rows.into_iter().zip(outcomes) {
        let new = outcome == ImportOutcome::Recorded;
        let one = ReceiptBody {
            id: ReceiptId::at(scope.now()),
            paid_on: row.paid_on,
            amount_pence: row.amount,
            payer: draft.payer,
            payer_name: payer.name.clone(),
            document_number: row.document_number.clone(),
            payee_as_published: row.payee,
            directorate: row.directorate,
            description: row.description,
            source: draft.source.trim().to_owned(),
            recorded_at: scope.now(),
        };
        lines.push(ImportedLine {
            line: row.line,
            outcome,
            receipt: new.then_some(one.id),
            paid_on: row.paid_on,
            amount_pence: row.amount,
            document_number: row.document_number,
        });
        receipts.extend(new.then_some(one));
    }
    receipt::room(store::count(&mut tx, path.fund, path.year).await?, receipts.len())?;
    let code = payer.code_for(scope.borough().mode, &fund);
    store::insert(&mut tx, &fund, &year, (&payer, code), &receipts).await?;
    let body = ReceiptImportBody { recorded: receipts.len(), duplicates: lines.len() - receipts.len(), lines };
    let subject = format!("funds/{}/years/{}/receipts", path.fund, path.year);
    tx.record(
        Act::new("receipts.imported", subject).after(serde_json::json!({"month": draft.month, "payer": draft.payer,
        "recorded": body.recorded, "duplicates": body.duplicates})),
    );
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/receipts", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_once_and_stands_twice_is_new_once() {
        let row = |line: u64, pence: i64| FileRow {
            line,
            paid_on: NaiveDate::from_ymd_opt(2019, 4, 5).expect("a day"),
            amount: Pence(pence),
            document_number: Some("A".into()),
            payee: "NHS CCG".into(),
            directorate: None,
            description: None,
        };
        let rows = [row(2, 100), row(3, 100), row(4, 50)];
        let known = Known {
            paid_on: rows[0].paid_on,
            amount: Pence(100),
            document_number: Some("A".into()),
            payee: "NHS CCG".into(),
        };
        use ImportOutcome::{Duplicate, Recorded};
        assert_eq!(sort_out(&rows, HashMap::new()), [Recorded; 3], "parts of one document are kept");
        assert_eq!(sort_out(&rows, [(known.clone(), 1)].into()), [Duplicate, Recorded, Recorded]);
        assert_eq!(sort_out(&rows, [(known, 2)].into()), [Duplicate, Duplicate, Recorded]);
    }
}
