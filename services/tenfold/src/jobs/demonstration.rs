//! `tenfold demo`: the demonstration, loaded into a stack that runs, through its API; and the region's table.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::first_client;
use crate::{
    client::Client,
    demo,
    personas::Personas,
    settings::{DataFolder, Demonstration, Running},
    tell::{Step, answer, say},
};

/// How long a stack may take until it is ready, in seconds.
const READY_WITHIN: u64 = 120;

/// Which stack, and as whom.
#[derive(Args, Debug)]
pub struct Demo {
    /// Where the gateway answers.
    #[arg(long, env = "TENFOLD_URL")]
    url: String,
    /// The file that `tenfold bootstrap --to` wrote.
    #[arg(long, env = "TENFOLD_FIRST_CLIENT_FILE")]
    first_client: PathBuf,
    /// Where the clients that are made are kept.
    #[command(flatten)]
    folder: DataFolder,
    /// How much of it is loaded.
    #[arg(long, env = "TENFOLD_DEMO", value_enum, default_value = "on")]
    demo: Demonstration,
}

/// Loads it where it is not loaded yet, and prints the region's table.
///
/// # Errors
/// With a sentence a person can act on.
pub async fn run(asked: &Demo) -> anyhow::Result<()> {
    let folder = asked.folder.path();
    let url = asked.url.trim_end_matches('/');
    ensure!(
        folder.is_dir(),
        "the folder {} is not there; make it first, readable by nobody else: it will hold secrets",
        folder.display()
    );
    until_ready(url).await?;
    match Personas::load(&folder)? {
        Some(personas) if personas.complete => say("The demonstration is loaded already."),
        Some(_) => bail!(
            "the demonstration was interrupted while it was loading. Secrets are shown once, so it cannot go on: start with an empty database and an empty {}",
            folder.display()
        ),
        None => demo::load(url, &folder, first_client::read(&asked.first_client)?, asked.demo).await?,
    }
    // So that `tenfold token` finds the stack.
    Running { url: url.to_owned(), services: Vec::new() }.note(&folder)?;
    show_region(url, &folder).await
}

/// Prints the region's table, read through the API by the region's analyst, and an empty line around it.
///
/// # Errors
/// When the demonstration is not in the folder, or the region cannot be read.
pub async fn show_region(url: &str, folder: &Path) -> anyhow::Result<()> {
    let personas = Personas::load(folder)?.context("the personas were not kept")?;
    let analyst = Client::new(url, personas.get("gm-analyst")?.clone());
    answer("");
    for line in demo::regional_table(&analyst, "2019-20").await? {
        answer(&line);
    }
    answer("");
    Ok(())
}

async fn until_ready(url: &str) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let step = Step::begin("Waiting for the stack", 0);
    for _ in 0..READY_WITHIN * 5 {
        if http.get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status().is_success()) {
            step.end("ready");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("nothing is ready at {url} after {READY_WITHIN} seconds; its /health/ready says who is missing")
}
