//! Making exports: whoever finds one that waits makes it, from one moment of the whole record.

use std::{io, time::Duration as Span};

use chrono::Duration;
use domain::{BoroughId, ExportId};
use futures_util::TryStreamExt;
use storage::Storage;
use tenancy::{Archive, Db, DbError, OwnTrace, Tx};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    archive::{ArchiveWriter, sum_of},
    export::KEPT,
    manifest::{FORMAT, LEFT_OUT, Manifest, ManifestTable, read_me},
    store::{self, Due, Outcome},
};

/// How often one looks for work.
const EVERY: Span = Span::from_secs(1);
/// How long a maker may say nothing before another takes its place.
const SILENCE: Duration = Duration::seconds(60);
/// How often it says that it is there.
const TELL_EVERY: Span = Span::from_secs(2);
/// How long to wait for what is on its way to arrive.
const REST_WITHIN: Span = Span::from_secs(10);
/// How often it is tried.
const ATTEMPTS: i32 = 3;

/// Where archives are put, where papers lie, and what the instance is called.
#[derive(Clone)]
pub(crate) struct Places {
    pub(crate) archives: Storage,
    pub(crate) papers: Storage,
    pub(crate) instance: String,
}

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error("the database did not do what it was asked")]
    Database(#[from] DbError),
    #[error("the archive could not be written")]
    Archive(#[from] io::Error),
    #[error("a store of content is out of reach")]
    Storage(web::Problem),
    #[error("another has taken it on")]
    Superseded,
}

/// Where an archive lies. No part of the key was sent by a caller.
pub(super) fn key(borough: BoroughId, export: ExportId) -> [String; 2] {
    [borough.to_string(), format!("{export}.zip")]
}

/// Makes exports until `stop`. Any number of replicas may run it.
pub(crate) async fn make_exports(db: Db, places: Places, stop: CancellationToken) {
    loop {
        match due(&db).await {
            Ok(found) => {
                for due in found {
                    if stop.is_cancelled() {
                        return;
                    }
                    if let Err(error) = see_to(&db, &places, &due, &stop).await {
                        tracing::warn!(%error, export = %due.export, "an export could not be seen to; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "exports could not be looked for; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(EVERY) => {}
        }
    }
}

async fn due(db: &Db) -> Result<Vec<Due>, DbError> {
    let mut tx = db.work().await?;
    let found = store::due(&mut tx, SILENCE).await?;
    tx.commit().await?;
    Ok(found)
}

async fn see_to(db: &Db, places: &Places, due: &Due, stop: &CancellationToken) -> Result<(), NotMade> {
    if due.expired {
        places.archives.remove(&key(due.borough, due.export)).await.map_err(NotMade::Storage)?;
        let mut tx = db.for_work_in(due.borough).await?;
        store::expired(&mut tx, due.export).await?;
        return Ok(tx.commit().await?);
    }
    let mut tx = db.for_work_in(due.borough).await?;
    let Some(attempt) = store::take(&mut tx, due.export, SILENCE).await? else { return Ok(()) };
    tx.commit().await?;
    let making = Making { db, places, due, attempt };
    let made = tokio::select! {
        made = making.make() => made,
        // Another takes it on, once it has not been heard of.
        () = stop.cancelled() => return Ok(()),
    };
    match made {
        Ok(()) | Err(NotMade::Superseded) => Ok(()),
        Err(error) if attempt < ATTEMPTS => Err(error),
        Err(error) => {
            tracing::error!(%error, export = %due.export, "an export failed for good");
            let mut tx = db.for_work_in(due.borough).await?;
            store::failed(&mut tx, due.export, &format!("It was tried {ATTEMPTS} times: {error}. Ask again.")).await?;
            Ok(tx.commit().await?)
        }
    }
}

struct Making<'a> {
    db: &'a Db,
    places: &'a Places,
    due: &'a Due,
    attempt: i32,
}

impl Making<'_> {
    async fn tell(&self, done: usize, total: usize) -> Result<(), NotMade> {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let mut tx = self.db.for_work_in(self.due.borough).await?;
        let mine = store::tell(&mut tx, self.due.export, self.attempt, (count(done), count(total))).await?;
        tx.commit().await?;
        if mine { Ok(()) } else { Err(NotMade::Superseded) }
    }

    /// A moment in which nothing is on its way; or, where there is none for a while, any moment.
    async fn moment(&self) -> Result<(Tx<Archive>, OwnTrace, i64), NotMade> {
        let until = Instant::now() + REST_WITHIN;
        loop {
            let mut tx = self.db.archiving(self.due.borough).await?;
            let own = tx.own_trace(self.due.export.0).await?;
            let in_flight = tx.in_flight(&own).await?;
            if in_flight == 0 || Instant::now() >= until {
                return Ok((tx, own, in_flight));
            }
            drop(tx);
            sleep(Span::from_millis(100)).await;
        }
    }

    async fn make(&self) -> Result<(), NotMade> {
        self.tell(0, 0).await?;
        let (mut tx, own, in_flight) = self.moment().await?;
        let exported_at = tx.clock_now();
        let (borough, regions) = store::borough(&mut tx).await?;
        let file = tempfile::NamedTempFile::new()?;
        let mut archive = ArchiveWriter::begin(file.reopen()?);
        archive.file("README.txt".into()).await?;
        archive.add(read_me(&borough.name, borough.mode).as_bytes()).await?;
        archive.end_file().await?;

        let all = tx.archived_tables().await?;
        let mut tables = Vec::with_capacity(all.len());
        let mut told = Instant::now();
        for (done, table) in all.iter().enumerate() {
            let path = table.path();
            let mut rows = 0;
            archive.file(format!("data/{path}.ndjson")).await?;
            {
                let mut found = std::pin::pin!(tx.archived_rows(table, &own));
                while let Some(row) = found.try_next().await? {
                    archive.add(row.json.as_bytes()).await?;
                    archive.add(b"\n").await?;
                    rows += 1;
                    if told.elapsed() > TELL_EVERY {
                        self.tell(done, all.len()).await?;
                        told = Instant::now();
                    }
                }
            }
            let ndjson = archive.end_file().await?;
            archive.file(format!("csv/{path}.csv")).await?;
            archive.add(&web::csv_line(table.columns.iter().map(|name| Some(name.as_str())))).await?;
            {
                let mut found = std::pin::pin!(tx.archived_rows(table, &own));
                while let Some(row) = found.try_next().await? {
                    archive.add(&web::csv_line(row.cells.iter().map(Option::as_deref))).await?;
                    if told.elapsed() > TELL_EVERY {
                        self.tell(done, all.len()).await?;
                        told = Instant::now();
                    }
                }
            }
            let csv = archive.end_file().await?;
            tables.push(ManifestTable { table: path, columns: table.columns.clone(), rows, ndjson, csv });
        }
        drop(tx);
        self.tell(all.len(), all.len()).await?;

        let mut papers = Vec::new();
        let above = [self.due.borough.to_string()];
        for parts in self.places.papers.under(&above).await.map_err(NotMade::Storage)? {
            let at: Vec<String> = above.iter().chain(&parts).cloned().collect();
            let content = self.places.papers.read(&at).await.map_err(NotMade::Storage)?;
            archive.file(format!("papers/{}", parts.join("/"))).await?;
            archive.add(&content).await?;
            papers.push(archive.end_file().await?);
        }
        let manifest = Manifest {
            format: FORMAT,
            borough,
            instance: self.places.instance.clone(),
            exported_at,
            at_rest: in_flight == 0,
            in_flight,
            regions,
            tables,
            papers,
            left_out: LEFT_OUT.map(str::to_owned).to_vec(),
        };
        archive.file("manifest.json".into()).await?;
        archive.add(&serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?).await?;
        archive.end_file().await?;
        archive.end().await?;
        self.keep(file, &manifest).await
    }

    async fn keep(&self, file: tempfile::NamedTempFile, manifest: &Manifest) -> Result<(), NotMade> {
        let path = file.path().to_owned();
        let summed = tokio::task::spawn_blocking(move || sum_of(&path)).await;
        let (sha256, bytes) = summed.map_err(io::Error::other)??;
        self.places.archives.put_file(&key(self.due.borough, self.due.export), file.path()).await?;
        let outcome = Outcome {
            at_rest: manifest.at_rest,
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            sha256,
            manifest: serde_json::to_value(manifest).map_err(io::Error::other)?,
            expires_at: self.db.now() + KEPT,
        };
        let mut tx = self.db.for_work_in(self.due.borough).await?;
        let mine = store::made(&mut tx, self.due.export, self.attempt, &outcome).await?;
        tx.commit().await?;
        if mine { Ok(()) } else { Err(NotMade::Superseded) }
    }
}
