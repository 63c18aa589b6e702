//! `tenfold bootstrap`: the first platform client, whose secret is shown once, or written where only its owner reads it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use domain::Clock;

use super::{folder_of, write_secret};
use crate::{
    personas::Credentials,
    tell::{answer, say},
};

/// Where to, and what of a client that is there already.
#[derive(Args, Debug)]
pub struct FirstClient {
    /// The owner's connection.
    #[arg(long, env = "TENFOLD_DATABASE_URL")]
    database_url: String,
    /// Write id and secret into this file, mode 0600, in a folder that is there; nothing is printed.
    #[arg(long, env = "TENFOLD_FIRST_CLIENT_FILE")]
    to: Option<PathBuf>,
    /// End well where there is a platform client already.
    #[arg(long)]
    if_needed: bool,
}

/// Makes the first platform client.
///
/// # Errors
/// When there is one already and that is not asked to be well, or id and secret cannot be kept: then none is made.
pub async fn run(asked: &FirstClient) -> anyhow::Result<()> {
    let owner = crate::owner(&asked.database_url)?;
    // Written before the client is made, under another name until it is: a file that is there names a client that is.
    let waiting = asked.to.as_deref().map(|to| to.with_added_extension("waiting"));
    let made = tenants::bootstrap_keeping(&owner, &Clock::System, |id, secret| {
        let (Some(to), Some(waiting)) = (&asked.to, &waiting) else { return Ok(()) };
        ensure!(
            !to.exists(),
            "{} is there already, and the database has no platform client: it is of another database. Move it away",
            to.display()
        );
        write_secret(waiting, &text(id, secret))
    })
    .await?;
    match (made, &asked.to, &waiting) {
        (Some(_), Some(to), Some(waiting)) => {
            fs::rename(waiting, to).with_context(|| format!("the secret is in {}", waiting.display()))?;
            sync(folder_of(to));
            say(&format!("The first platform client is made. Its id and secret are in {}.", to.display()));
        }
        (Some((id, secret)), ..) => {
            answer(text(&id, &secret).trim_end());
            say("This is shown once. Keep it where secrets are kept.");
        }
        (None, ..) if asked.if_needed => say("There is a platform client already; nothing was made."),
        (None, ..) => bail!("there is a platform client already; it can make more (POST /v1/platform/clients)"),
    }
    Ok(())
}

/// Reads what [`run`] wrote.
///
/// # Errors
/// When it is not there, or is something else.
pub fn read(path: &Path) -> anyhow::Result<Credentials> {
    let text = fs::read_to_string(path).with_context(|| {
        format!("the first client's file {} cannot be read; tenfold bootstrap --to writes it", path.display())
    })?;
    // What is wrong with it is not told: it holds a secret.
    toml::from_str(&text).ok().with_context(|| format!("{} holds no client_id and client_secret", path.display()))
}

fn text(id: &str, secret: &str) -> String {
    format!("client_id = \"{id}\"\nclient_secret = \"{secret}\"\n")
}

/// A file that was renamed stays so when the machine loses power.
fn sync(folder: &Path) {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).ok();
}
