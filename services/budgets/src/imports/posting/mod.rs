//! Posting what was read: in one transaction, all of it or nothing (rules 30, 54, 59).

mod store;

use domain::{BoroughId, Pence};
use serde_json::json;
use tenancy::{Act, Borough, Db, Tx};
use web::{Problem, problems};

use super::{
    import::{LedgerImportState, Refusal},
    worker::{Job, end, job},
};
use crate::{
    controls::{self, Control, OverAvailable},
    journals,
    periods::PeriodState,
    rules,
};

/// How many lines are posted with one statement.
const BATCH: i64 = 50_000;

/// What the lines of an import come to, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    ready: i64,
    ready_pence: Pence,
    duplicates: i64,
    duplicates_pence: Pence,
    faulty: i64,
    faulty_pence: Pence,
}

/// Posts the lines of an import whose file is read to its end, or refuses it. Whoever closes the period waits, or has
/// closed it before: then nothing is posted.
pub(super) async fn conclude(db: &Db, borough: BoroughId, of: &Job, source_name: &str) -> Result<(), Problem> {
    let mut tx = db.for_work_in(borough).await?;
    store::take_time(&mut tx).await?;
    // Called off, or posted by another reader meanwhile.
    let Some(job) = job(&mut tx, of.fund, of.import).await?.filter(|job| job.state == LedgerImportState::Checked)
    else {
        return Ok(());
    };
    journals::hold_open(&mut tx, job.fund, &[(job.year, job.period)]).await?;
    store::one_at_a_time(&mut tx, &job).await?;
    store::look_up_row_by_row(&mut tx, false).await?;
    if store::posted_before(&mut tx, &job).await? {
        store::mark_duplicates(&mut tx, &job).await?;
    }
    if let Some(limit) = store::limit(&mut tx, &job).await? {
        store::mark_above(&mut tx, &job, limit, &above(&job.role, limit)).await?;
    }
    store::look_up_row_by_row(&mut tx, true).await?;
    let counts = store::counts(&mut tx, &job).await?;
    store::keep_counts(&mut tx, &job, &counts).await?;
    let state = store::period(&mut tx, &job).await?;
    let refusal = match may_be_posted(&job, &counts, state) {
        Ok(()) if store::chart_changed(&mut tx, &job).await? => Some(Refusal {
            kind: &problems::CONFLICT,
            detail:
                "An account or a scheme's schedule was changed while the file was read. Announce it and send it again."
                    .into(),
            rule: None,
        }),
        Ok(()) => over_available(&mut tx, &job).await?,
        Err(refusal) => Some(refusal),
    };
    if let Some(refusal) = refusal {
        end(&mut tx, &job, LedgerImportState::Refused, Some(&refusal)).await?;
        return Ok(tx.commit().await?);
    }
    post(&mut tx, &job, source_name).await?;
    end(&mut tx, &job, LedgerImportState::Posted, None).await?;
    let told = json!({"posted": counts.ready, "posted_pence": counts.ready_pence, "duplicates": counts.duplicates,
        "faulty": counts.faulty, "sha256": job.sha256, "by": job.client_id});
    tx.record(Act::new("import.posted", format!("funds/{}/imports/{}", job.fund, job.import)).after(told));
    Ok(tx.commit().await?)
}

/// Why an import comes to nothing once all of it is read.
fn may_be_posted(job: &Job, counts: &Counts, period: Option<PeriodState>) -> Result<(), Refusal> {
    let refuse = |kind, detail, rule| Err(Refusal { kind, detail, rule });
    if job.rows_read == 0 {
        let detail = "There is no line below the headings.".into();
        return refuse(&problems::RULE_BROKEN, detail, Some(rules::MONTHS_FILE));
    }
    if !period.is_some_and(PeriodState::takes_postings) {
        let detail = format!("Period {} of {} was closed before the file could be posted.", job.period, job.year);
        return refuse(&problems::PERIOD_CLOSED, detail, Some(rules::CLOSED_PERIOD));
    }
    if job.all_or_nothing && counts.faulty > 0 {
        let detail = format!(
            "{} of {} lines are faulty, and nothing is posted. The list of rows says what to do with each; mend them and send the file again, or import it per row.",
            counts.faulty, job.rows_read
        );
        return refuse(&problems::CONTENT_INVALID, detail, None);
    }
    Ok(())
}

/// In a fund that is held to its budget: the scheme that the file would leave with less than nothing.
async fn over_available(tx: &mut Tx<Borough>, job: &Job) -> Result<Option<Refusal>, Problem> {
    if store::control(tx, job).await? != Control::Stop {
        return Ok(None);
    }
    let (takes, codes) = store::takes(tx, job).await?;
    let wanted: Vec<_> = takes.keys().map(|scheme| (job.year, *scheme)).collect();
    let mut has = controls::available(tx, job.fund, Control::Stop, &wanted).await?;
    let over = has.take(Control::Warn, job.year, &takes, |scheme| codes.get(&scheme).cloned().unwrap_or_default())?;
    Ok(over.first().map(|over| {
        let OverAvailable { scheme, available_pence, asked_pence } = over;
        let detail =
            format!("Scheme {scheme} has {available_pence} available, and the file takes {asked_pence} of it.");
        Refusal { kind: &problems::OVER_AVAILABLE, detail, rule: None }
    }))
}

/// Journals first, then their lines some at a time, then what stands against them and what positions are told.
async fn post(tx: &mut Tx<Borough>, job: &Job, source_name: &str) -> Result<(), Problem> {
    let sha256 = job.sha256.as_deref().unwrap_or_default();
    let words = [
        format!("{source_name}, file {}", job.file_name),
        format!("Ledger {source_name}, file {}, SHA-256 {sha256}", job.file_name),
    ];
    store::insert_journals(tx, job, &words).await?;
    let mut from = 0;
    while from < job.rows_read {
        store::insert_postings(tx, job, (from, from + BATCH)).await?;
        from += BATCH;
    }
    store::insert_contra(tx, job).await?;
    store::insert_deltas(tx, job).await?;
    store::insert_region_deltas(tx, job).await?;
    Ok(())
}

/// What is wrong with the lines of a document above the limit of a role, and what to do (rule 54).
fn above(role: &str, limit: Pence) -> [String; 2] {
    [
        format!("Its document comes to more than {limit}, which the role {role} may post without a decision."),
        "Post this document as a journal that names its decision; then leave it out of the file, or import per row."
            .into(),
    ]
}

#[cfg(test)]
mod tests {
    use domain::{FundId, ImportId, LedgerSourceId, OperationId};

    use super::*;

    fn job(rows: i64, all_or_nothing: bool) -> Job {
        let id = uuid::Uuid::nil();
        Job {
            fund: FundId(id),
            import: ImportId(id),
            operation: OperationId(id),
            state: LedgerImportState::Checked,
            source: LedgerSourceId(id),
            source_version: 1,
            year: "2019-20".parse().expect("a year"),
            period: domain::Period::new(7).expect("a period"),
            all_or_nothing,
            file_name: "october.csv".into(),
            client_id: "a client".into(),
            role: "finance".into(),
            sha256: None,
            bytes: 0,
            csv: true,
            rows_read: rows,
            moves: Pence::ZERO,
        }
    }

    #[test]
    fn one_faulty_line_stops_all_or_only_itself() {
        let faulty = Counts { ready: 9, faulty: 1, ..Counts::default() };
        let open = Some(PeriodState::Open);
        let slug = |job: &Job, counts: &Counts, period| {
            may_be_posted(job, counts, period)
                .err()
                .map(|refusal| (refusal.kind.slug, refusal.rule.map(|rule| rule.number)))
        };
        assert_eq!(slug(&job(10, true), &faulty, open), Some(("content-invalid", None)));
        assert_eq!(slug(&job(10, false), &faulty, open), None);
        assert_eq!(slug(&job(10, true), &Counts { ready: 10, ..Counts::default() }, open), None);
        assert_eq!(slug(&job(0, false), &Counts::default(), open), Some(("rule-broken", Some(59))));
        assert_eq!(slug(&job(10, false), &faulty, Some(PeriodState::Closed)), Some(("period-closed", Some(30))));
    }
}
