//! Reads files in the background, some thousand lines at a time, and posts what was read.
//!
//! Each part is committed with how far it goes, so a reading that is broken off anywhere goes on after the last one kept.
//! Work sees which import of which borough waits in which folder; all else it does in ordinary transactions of that borough.

mod store;

use std::{sync::Arc, time::Duration};

use domain::{BoroughId, FundId, ImportId, Pence};
use serde_json::json;
use tenancy::{Act, Borough, Db, DbError, Tx};
use tokio_util::sync::CancellationToken;
use web::{Move, Problem, problems};

use super::{
    Spool,
    file::{Format, NoRow},
    import::{LedgerImportState, LedgerRowState, Refusal},
    posting,
    reading::{self, FileReader, Line, Places},
    store::move_to,
};
use crate::{
    ledger_sources,
    operations::{self, OperationState},
    rules,
};
use store::Queued;
pub(super) use store::{Job, job};

const EVERY: Duration = Duration::from_millis(500);
/// How many lines are kept with one transaction.
const PART: usize = 2_000;
const BATCH: i64 = 100;
const LOOKED_AFTER_EVERY: Duration = Duration::from_secs(10);
/// After how long a folder that nobody looks after is given up.
const GIVEN_UP_AFTER: chrono::Duration = chrono::Duration::seconds(60);

/// Reads files until `stop`. Any number of replicas may run it, each on its own folder.
pub(crate) async fn read_files(db: Db, spool: Spool, stop: CancellationToken) {
    tokio::join!(read_on(&db, &spool, &stop), look_after(&db, &spool, &stop));
}

/// However long one file is, others are told that this folder is looked after.
async fn look_after(db: &Db, spool: &Spool, stop: &CancellationToken) {
    loop {
        if let Err(error) = tell_of(db, spool).await {
            tracing::warn!(%error, "nobody could be told that the folder of imports is looked after");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOKED_AFTER_EVERY) => {}
        }
    }
}

async fn tell_of(db: &Db, spool: &Spool) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    store::look_after(&mut tx, spool.id()).await?;
    tx.commit().await
}

async fn read_on(db: &Db, spool: &Spool, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(problem) = read_waiting(db, spool, stop).await {
            let inside = problem.inside().unwrap_or_default();
            tracing::warn!(inside, "files of ledgers could not be read; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = spool.rung() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn read_waiting(db: &Db, spool: &Spool, stop: &CancellationToken) -> Result<(), Problem> {
    let mut tx = db.work().await?;
    let now = tx.now();
    let queue = store::queue(&mut tx, BATCH).await?;
    tx.commit().await?;
    for one in queue {
        let here = one.folder == spool.id() && spool.path(ImportId(one.import)).exists();
        let elsewhere = one.folder != spool.id() && one.seen_at > now - GIVEN_UP_AFTER;
        if elsewhere || stop.is_cancelled() {
            continue;
        }
        // One that fails holds back no other.
        let done = if here { read_one(db, spool, &one, stop).await } else { lose(db, &one).await };
        if let Err(problem) = done {
            let inside = problem.inside().unwrap_or_default();
            tracing::error!(import = %one.import, inside, "a file of a ledger could not be read");
            if problem.status().as_u16() == 500 {
                give_up(db, spool, &one).await?;
            }
        }
    }
    Ok(())
}

fn ids(one: &Queued) -> (BoroughId, FundId, ImportId) {
    (BoroughId(one.borough), FundId(one.fund), ImportId(one.import))
}

/// Moves an import on, tells its operation, and takes it out of the queue where nothing more is read.
pub(super) async fn end(
    tx: &mut Tx<Borough>,
    job: &Job,
    to: LedgerImportState,
    refusal: Option<&Refusal>,
) -> Result<bool, Problem> {
    let reason = match to {
        LedgerImportState::Checked => "Every line is read",
        LedgerImportState::Posted => "It is in the ledger",
        LedgerImportState::Waiting => "Its file is lost; the same file, sent again, is read on",
        _ => "It came to nothing: its problem says why",
    };
    let made = Move {
        from: job.state,
        to,
        reason: reason.to_owned(),
        by: "service.budgets".to_owned(),
        moved_at: tx.clock_now(),
    };
    let problem = refusal.map(Refusal::told);
    if !move_to(tx, job.fund, job.import, &made, problem.as_ref()).await? {
        return Ok(false);
    }
    operations::tell(tx, job.operation, to.of_operation(), None, problem.as_ref()).await?;
    let subject = format!("funds/{}/imports/{}", job.fund, job.import);
    tx.record(Act::new("import.moved", subject).before(json!(made.from)).after(json!(made.to)));
    if !matches!(to, LedgerImportState::Reading | LedgerImportState::Checked) {
        store::leave_queue(tx, job.fund, job.import).await?;
    }
    Ok(true)
}

/// Its file is gone: it waits for the same again, or is posted where it was read to its end.
async fn lose(db: &Db, one: &Queued) -> Result<(), Problem> {
    let (borough, fund, import) = ids(one);
    let mut tx = db.for_work_in(borough).await?;
    let Some(job) = store::job(&mut tx, fund, import).await? else { return Ok(()) };
    match job.state {
        LedgerImportState::Reading => drop(end(&mut tx, &job, LedgerImportState::Waiting, None).await?),
        LedgerImportState::Checked => {
            let (name, _) = ledger_sources::mapping_of(&mut tx, fund, (job.source, job.source_version)).await?;
            tx.commit().await?;
            return posting::conclude(db, borough, &job, &name).await;
        }
        _ => store::leave_queue(&mut tx, fund, import).await?,
    }
    Ok(tx.commit().await?)
}

/// The fault is ours, and trying again would not mend it.
async fn give_up(db: &Db, spool: &Spool, one: &Queued) -> Result<(), Problem> {
    let (borough, fund, import) = ids(one);
    let mut tx = db.for_work_in(borough).await?;
    let Some(job) = store::job(&mut tx, fund, import).await? else { return Ok(()) };
    let detail = "Something went wrong on our side; nothing was posted. The log has it under the import's id.".into();
    let refusal = Refusal { kind: &problems::INTERNAL, detail, rule: None };
    end(&mut tx, &job, LedgerImportState::Failed, Some(&refusal)).await?;
    tx.commit().await?;
    spool.forget(import);
    Ok(())
}

/// Reads one file from where its reading stands, and posts it.
async fn read_one(db: &Db, spool: &Spool, one: &Queued, stop: &CancellationToken) -> Result<(), Problem> {
    let (borough, fund, import) = ids(one);
    let mut tx = db.for_work_in(borough).await?;
    let Some(mut job) = store::job(&mut tx, fund, import).await? else { return Ok(()) };
    let (name, mapping) = ledger_sources::mapping_of(&mut tx, fund, (job.source, job.source_version)).await?;
    match job.state {
        LedgerImportState::Reading => {
            let chart = reading::store::chart(&mut tx, fund, job.year).await?;
            let places = Places::after(reading::store::last_places(&mut tx, fund, import).await?.into_iter());
            tx.commit().await?;
            let (path, format) = (spool.path(import), if job.csv { Format::Csv } else { Format::Ndjson });
            let (of, rows, moves) = ((job.year, job.period), job.rows_read, job.moves);
            let opened = blocking(move || {
                let mut reader = FileReader::open(&path, format, (mapping, chart), of)?;
                reader.pass_over(rows, moves)?;
                Ok(reader)
            });
            let read = match opened.await? {
                Ok(reader) => read_lines((db, borough), &mut job, reader, places, stop).await?,
                Err(no_row) => Err(no_row),
            };
            match read {
                Ok(true) => {}
                // Called off, read by another, or the service stops.
                Ok(false) => return Ok(()),
                Err(NoRow::Disk(error)) => return Err(Problem::internal(error)),
                Err(NoRow::Shape(shape)) => {
                    let detail = format!("Line {}: {}", shape.line, shape.detail);
                    let refusal = Refusal { kind: &problems::RULE_BROKEN, detail, rule: Some(rules::MONTHS_FILE) };
                    let mut tx = db.for_work_in(borough).await?;
                    end(&mut tx, &job, LedgerImportState::Refused, Some(&refusal)).await?;
                    tx.commit().await?;
                    spool.forget(import);
                    return Ok(());
                }
            }
            let mut tx = db.for_work_in(borough).await?;
            if !end(&mut tx, &job, LedgerImportState::Checked, None).await? {
                return Ok(());
            }
            tx.commit().await?;
        }
        LedgerImportState::Checked => tx.commit().await?,
        _ => {
            store::leave_queue(&mut tx, fund, import).await?;
            tx.commit().await?;
            spool.forget(import);
            return Ok(());
        }
    }
    posting::conclude(db, borough, &job, &name).await?;
    spool.forget(import);
    Ok(())
}

/// Disk and parsing, where they hold up nobody else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NoRow> + Send + 'static,
) -> Result<Result<T, NoRow>, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

/// Reads to the end of a file, part by part. Whether it got there.
async fn read_lines(
    (db, borough): (&Db, BoroughId),
    job: &mut Job,
    reader: FileReader,
    mut places: Places,
    stop: &CancellationToken,
) -> Result<Result<bool, NoRow>, Problem> {
    let reader = Arc::new(std::sync::Mutex::new(reader));
    loop {
        if stop.is_cancelled() {
            return Ok(Ok(false));
        }
        let at = reader.clone();
        let part = blocking(move || {
            let mut reader = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let lines = reader.lines(PART)?;
            Ok((lines, reader.moves(), reader.bytes()))
        });
        let (lines, moves, bytes) = match part.await? {
            Ok(part) => part,
            Err(no_row) => return Ok(Err(no_row)),
        };
        if lines.is_empty() {
            return Ok(Ok(true));
        }
        if !keep((db, borough), job, &lines, &mut places, (moves, bytes)).await? {
            return Ok(Ok(false));
        }
    }
}

/// Keeps a part of the lines, and how far the reading is. Whether the import is still ours to read.
async fn keep(
    (db, borough): (&Db, BoroughId),
    job: &mut Job,
    lines: &[Line],
    places: &mut Places,
    (moves, bytes): (Pence, i64),
) -> Result<bool, Problem> {
    let now = db.now();
    let at = lines.iter().map(|line| {
        let day = line.effective_on.filter(|_| line.state == LedgerRowState::Ready);
        day.map(|day| places.next(day, now))
    });
    let at: Vec<_> = at.collect();
    let count = |state| i64::try_from(lines.iter().filter(|line| line.state == state).count()).unwrap_or(i64::MAX);
    let faulty = lines.iter().filter(|line| line.state == LedgerRowState::Faulty);
    let faulty_pence = Pence::sum(faulty.filter_map(|line| line.amount)).unwrap_or_default();
    let counts = (count(LedgerRowState::Faulty), faulty_pence, count(LedgerRowState::LeftOut));
    let (from, to) = (job.rows_read, job.rows_read + i64::try_from(lines.len()).unwrap_or(i64::MAX));
    let mut tx = db.for_work_in(borough).await?;
    if !store::advance(&mut tx, job, (from, to), moves, counts).await? {
        return Ok(false);
    }
    reading::store::keep(&mut tx, (job.fund, job.import), from, lines, &at).await?;
    let progress = (bytes.min(job.bytes), job.bytes);
    operations::tell(&mut tx, job.operation, (OperationState::Running, "reading"), Some(progress), None).await?;
    tx.commit().await?;
    (job.rows_read, job.moves) = (to, moves);
    Ok(true)
}
