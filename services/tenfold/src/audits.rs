//! `tenfold audit`: verifying an export of a trail with nothing but files. It asks no stack and no database.

use std::{
    fs::{self, File},
    io::BufReader,
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::Subcommand;

use crate::tell::answer;

/// What is verified.
#[derive(Subcommand)]
pub enum Audit {
    /// Verify an export of a borough's audit trail.
    Verify {
        /// The export, as `/audit/entries.ndjson` gives it.
        export: PathBuf,
        /// The signed heads, as `/audit/heads` gives them; once for each page.
        #[arg(long)]
        heads: Vec<PathBuf>,
        /// The published keys, as `/v1/public/audit-keys` gives them.
        #[arg(long)]
        key: Option<PathBuf>,
    },
}

/// Verifies, tells what was looked at, and fails where something disagrees.
///
/// # Errors
/// When something given cannot be read, or disagrees.
pub fn run(what: &Audit) -> anyhow::Result<()> {
    let Audit::Verify { export, heads, key } = what;
    let text = |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    let heads = heads.iter().map(text).collect::<anyhow::Result<Vec<_>>>()?;
    let keys = key.as_ref().map(text).transpose()?;
    let file = File::open(export).with_context(|| format!("{} cannot be read", export.display()))?;
    let report = tenants::verify_audit(BufReader::new(file), &heads, keys.as_deref())?;
    for (how, lines) in [("holds", &report.holds), ("DISAGREES", &report.disagrees), ("note", &report.notes)] {
        for line in lines {
            answer(&format!("{how:<10} {line}"));
        }
    }
    if !report.is_clean() {
        bail!("it does not verify: {} of what was looked at disagrees", report.disagrees.len());
    }
    answer("It verifies.");
    Ok(())
}
