//! A borough's whole record: fetched as an archive through the API; restored from one by the operator.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use domain::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use storage::Storage;
use tokio::{fs::File, io::AsyncWriteExt};

use crate::{
    DATABASE,
    client::{Client, fresh_key},
    settings::DataFolder,
    tell::{Step, answer, say},
};

/// How often is asked how an export goes.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Asks for an archive, waits for it, fetches it, and compares it with its sum.
pub(super) async fn export(
    admin: &Client,
    borough: &str,
    out: Option<&Path>,
    reason: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let exports = format!("/v1/boroughs/{borough}/exports");
    let asked = admin.post(&exports, &fresh_key(), &json!({"reason": reason})).await?;
    let path = format!("{exports}/{}", asked.body["id"].as_str().unwrap_or_default());
    let step = Step::begin("Exporting", 0);
    let mut step = Some(step);
    let mut bar: Option<Step> = None;
    let made = loop {
        let now = admin.get(&path).await?.body;
        match now["state"].as_str().unwrap_or_default() {
            "made" => break now,
            "failed" => bail!("the export failed: {}", now["failure"].as_str().unwrap_or("no reason")),
            _ => {}
        }
        let (done, total) = (number(&now["progress"]["done"]), number(&now["progress"]["total"]));
        if bar.is_none() && total > 0 {
            if let Some(step) = step.take() {
                step.end("begun");
            }
            bar = Some(Step::begin("Exporting tables", total));
        }
        if let Some(bar) = &bar {
            bar.at(done);
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    if let Some(step) = bar.or(step) {
        step.end("made");
    }
    let bytes = number(&made["bytes"]);
    let made_on = made["made_at"].as_str().and_then(|at| at.get(..10)).unwrap_or_default();
    let out = out.map_or_else(|| PathBuf::from(format!("{borough}-{made_on}.zip")), Path::to_owned);
    let sum = fetch(admin, &format!("{path}/archive"), &out, bytes).await?;
    let told = made["sha256"].as_str().unwrap_or_default();
    if sum != told {
        std::fs::remove_file(&out).ok();
        bail!("the archive did not arrive whole: its SHA-256 is {sum}, and should be {told}. Fetch it again");
    }
    let manifest = admin.get(&format!("{path}/manifest")).await?.body;
    let tables = manifest["tables"].as_array().map_or(0, Vec::len);
    let rows: u64 = manifest["tables"].as_array().into_iter().flatten().map(|table| number(&table["rows"])).sum();
    let papers = manifest["papers"].as_array().map_or(0, Vec::len);
    if as_json {
        let told = json!({"file": out, "bytes": bytes, "sha256": sum, "tables": tables, "rows": rows, "papers": papers,
            "at_rest": manifest["at_rest"], "exported_at": manifest["exported_at"]});
        answer(&serde_json::to_string_pretty(&told)?);
    } else {
        answer(&format!("{}: {rows} rows of {tables} tables and {papers} papers, {bytes} bytes.", out.display()));
        answer(&format!("SHA-256 {sum}"));
    }
    if manifest["at_rest"] == false {
        say("Something was still on its way when it was made; it is in the archive, as such.");
    }
    Ok(())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Fetches a file beside its place, and moves it there once it is whole. Its SHA-256.
async fn fetch(admin: &Client, path: &str, out: &Path, bytes: u64) -> anyhow::Result<String> {
    let cannot = || format!("{} cannot be written", out.display());
    let part = out.with_extension("part");
    let mut file = File::create(&part).await.with_context(cannot)?;
    let step = Step::through_file("Fetching", bytes);
    let mut answer = admin.fetch(path).await?;
    let (mut sum, mut fetched) = (Sha256::new(), 0);
    while let Some(piece) = answer.chunk().await.context("the archive broke off; fetch it again")? {
        sum.update(&piece);
        file.write_all(&piece).await.with_context(cannot)?;
        fetched += piece.len() as u64;
        step.at(fetched);
    }
    file.flush().await.with_context(cannot)?;
    step.end("done");
    tokio::fs::rename(&part, out).await.with_context(cannot)?;
    Ok(auth::Hash(sum.finalize().into()).to_string())
}

/// Where a borough is restored to.
pub(super) struct Into<'a> {
    pub(super) folder: &'a DataFolder,
    pub(super) database_url: Option<&'a str>,
    pub(super) papers_url: Option<&'a str>,
}

/// Restores a borough from an archive, as the operator of an instance.
pub(super) async fn restore(into: &Into<'_>, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let folder = into.folder.path();
    let owner = match into.database_url {
        Some(url) => PgConnectOptions::from_str(url).context("TENFOLD_DATABASE_URL is not a Postgres address")?,
        None => {
            let socket = folder.join("postgres");
            ensure!(socket.exists(), "no stack keeps its database in {}: give --database-url", folder.display());
            tenancy::cluster::owned(&folder, DATABASE)?
        }
    };
    let own_papers = || format!("file://{}", folder.join("papers").display());
    let papers = Storage::open("papers", &into.papers_url.map_or_else(own_papers, str::to_owned))?;
    let mut step: Option<(&str, Step)> = None;
    let restored = tenants::restore(&owner, file, &papers, &Clock::System, &mut |stage, done, all| {
        if step.as_ref().is_none_or(|(named, _)| *named != stage) {
            if let Some((_, before)) = step.take() {
                before.end("done");
            }
            step = Some((stage, Step::through_file(stage, all)));
        }
        if let Some((_, bar)) = &step {
            bar.at(done);
        }
    })
    .await?;
    if let Some((_, last)) = step {
        last.end("done");
    }
    let (id, secret) = restored.administrator.unzip();
    if as_json {
        let told = json!({"borough": restored.borough, "slug": restored.slug, "mode": restored.mode,
            "rows": restored.rows, "papers": restored.papers, "client_id": id, "client_secret": secret});
        answer(&serde_json::to_string_pretty(&told)?);
    } else {
        let mode = restored.mode.as_str();
        answer(&format!(
            "{} ({mode}) is restored: {} rows and {} papers.",
            restored.slug, restored.rows, restored.papers
        ));
        if let (Some(id), Some(secret)) = (&id, &secret) {
            answer(&format!("client_id = \"{id}\"\nclient_secret = \"{secret}\""));
        }
    }
    match id {
        Some(_) => say(
            "No secret is in an archive. This one is an administrator's, and shown once: with it, give the others theirs.",
        ),
        None => say("No administrator has a secret: sign in as one with a key, or as a person."),
    }
    Ok(())
}
