//! What runs once beside the services and ends: secrets, login roles, the first client, the demonstration.

pub mod demonstration;
pub mod first_client;
pub mod password_file;
pub mod roles;
pub mod secrets;
mod verifier;

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, ensure};

/// Writes what only its owner may read, whole or not at all, into a folder that is there.
fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = folder_of(path);
    ensure!(folder.is_dir(), "the folder {} is not there; make it first, readable by nobody else", folder.display());
    let new = path.with_added_extension("new");
    fs::remove_file(&new).ok();
    let cannot = || format!("{} cannot be written", path.display());
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).with_context(cannot)?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).with_context(cannot)?;
    fs::rename(&new, path).with_context(cannot)
}

/// The folder a file is in: the one we are in, where its path names none.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
