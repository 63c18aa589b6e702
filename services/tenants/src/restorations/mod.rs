//! Restoring a borough from its archive into an instance that does not have it: by the operator, on the database owner's
//! connection, as the role `tenants_restore`.

mod read;
mod store;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use auth::{ClientSecret, Mode};
use domain::{BoroughId, Clock, Slug};
use sqlx::postgres::PgConnectOptions;
use storage::Storage;
use tenancy::{ArchivedTable, Restoring};

use crate::exports::{FORMAT, ManifestTable};
use read::Archive;

/// How many rows are put at once.
const BATCH: usize = 500;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The borough.
    pub borough: BoroughId,
    /// Its name in paths.
    pub slug: Slug,
    /// Live or sandbox.
    pub mode: Mode,
    /// How many rows.
    pub rows: u64,
    /// How many papers.
    pub papers: u64,
    /// An administrator's client and its new secret: none is in an archive. `None` where no administrator has a secret.
    pub administrator: Option<(String, String)>,
}

/// How far it is, in bytes of the archive's data: what is done, and all there is.
pub type Progress<'a> = &'a mut (dyn FnMut(&'static str, u64, u64) + Send);

/// Checks an archive and puts all of it into an instance; or, when anything is wrong, none of it.
///
/// # Errors
/// With a sentence a person can act on.
pub async fn restore(
    operator: &PgConnectOptions,
    file: &Path,
    papers: &Storage,
    clock: &Clock,
    progress: Progress<'_>,
) -> anyhow::Result<Restored> {
    let mut archive = Archive::open(file)?;
    let manifest = archive.manifest()?;
    ensure!(
        manifest.format == FORMAT,
        "the archive is of format {}, and this program reads {FORMAT}: restore it with the program of its time",
        manifest.format
    );
    archive.check(&manifest, progress)?;
    let borough = &manifest.borough;
    let mut restoring = Restoring::begin(operator, borough.id).await.context(
        "the database cannot be reached, or who connects may not become tenants_restore; use the owner's connection",
    )?;
    if let Some(there) = store::already(&mut restoring, borough).await? {
        bail!("the instance has {there} already: a borough is restored only where it is not");
    }
    let known = restoring.tables().await?;
    let sent: BTreeMap<&str, &ManifestTable> =
        manifest.tables.iter().map(|table| (table.table.as_str(), table)).collect();
    fits(&known, &sent)?;
    for region in &manifest.regions {
        store::region(&mut restoring, region).await?;
    }
    let all: u64 = manifest.tables.iter().map(|table| table.ndjson.bytes).sum();
    let mut done = 0;
    for table in &known {
        let Some(sent) = sent.get(table.path().as_str()) else { continue };
        put(&mut restoring, &mut archive, table, sent, &mut |bytes| {
            done += bytes;
            progress("Restoring", done, all);
        })
        .await?;
    }
    let administrator = administrator(&mut restoring, borough.id, borough.mode, clock).await?;
    store::note(&mut restoring, borough, &manifest, clock.now()).await?;
    // What was put and then not recorded does no harm.
    for paper in &manifest.papers {
        let key: Vec<String> =
            std::iter::once(borough.id.to_string()).chain(paper.path.split('/').skip(1).map(str::to_owned)).collect();
        let content = archive.whole(&paper.path)?;
        papers
            .put(&key, content.into())
            .await
            .map_err(|_| anyhow::anyhow!("the store of papers is out of reach; nothing was restored"))?;
    }
    restoring.commit().await.context("the restoration could not be committed; nothing was restored")?;
    Ok(Restored {
        borough: borough.id,
        slug: borough.slug.clone(),
        mode: borough.mode,
        rows: manifest.rows(),
        papers: manifest.papers.len() as u64,
        administrator,
    })
}

/// Whether there is a place here for everything that was sent.
fn fits(known: &[ArchivedTable], sent: &BTreeMap<&str, &ManifestTable>) -> anyhow::Result<()> {
    let newer = "the archive is of a newer release: bring this instance up to date first";
    for (path, table) in sent {
        let Some(here) = known.iter().find(|here| here.path() == *path) else {
            bail!("the archive has a table {path} that is not here; {newer}");
        };
        let strange = table.columns.iter().find(|column| !here.columns.contains(column));
        if let Some(column) = strange {
            bail!("the archive has a column {column} of {path} that is not here; {newer}");
        }
    }
    Ok(())
}

async fn put(
    restoring: &mut Restoring,
    archive: &mut Archive,
    table: &ArchivedTable,
    sent: &ManifestTable,
    told: &mut (dyn FnMut(u64) + Send),
) -> anyhow::Result<()> {
    let path = table.path();
    let refused = || format!("the database would not have rows of {path}; nothing was restored");
    // A whole file of a table is never in memory: what is read at once is a batch.
    let lines = BufReader::new(archive.unpacked(&sent.ndjson.path)?).lines();
    let mut batch = Vec::with_capacity(BATCH);
    let mut rows = 0;
    let mut bytes = 0;
    for line in lines {
        let line = line?;
        bytes += line.len() as u64 + 1;
        batch.push(line);
        if batch.len() == BATCH {
            rows += restoring.put(table, &sent.columns, &batch).await.with_context(refused)?;
            told(std::mem::take(&mut bytes));
            batch.clear();
        }
    }
    if !batch.is_empty() {
        rows += restoring.put(table, &sent.columns, &batch).await.with_context(refused)?;
        told(bytes);
    }
    ensure!(
        rows == sent.rows,
        "{path} has {} rows by the manifest, and {rows} were put; nothing was restored",
        sent.rows
    );
    Ok(())
}

/// Gives the first working administrator a new secret.
async fn administrator(
    restoring: &mut Restoring,
    borough: BoroughId,
    mode: Mode,
    clock: &Clock,
) -> anyhow::Result<Option<(String, String)>> {
    let now = clock.now();
    let Some(client_id) = store::administrator(restoring, borough, now).await? else { return Ok(None) };
    let secret = ClientSecret::new(mode);
    store::secret(restoring, borough, &client_id, &secret, now).await?;
    Ok(Some((client_id, secret.reveal().to_owned())))
}
