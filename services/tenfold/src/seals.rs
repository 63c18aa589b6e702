//! `tenfold seal`: verifying what was published with nothing but an export. It asks no stack and no database.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use budgets::SealReport;
use clap::Subcommand;

use crate::tell::answer;

/// What is verified.
#[derive(Subcommand)]
pub enum Seal {
    /// Verify a period's seal against an export of the period.
    Verify {
        /// The seal, as `/seals/{period}` gives it.
        #[arg(long)]
        seal: PathBuf,
        /// The export, as `/periods/{period}/postings.ndjson` gives it.
        #[arg(long)]
        export: PathBuf,
        /// The published keys, as `/v1/public/boroughs/{borough}/seal-keys` gives them.
        #[arg(long)]
        key: Option<PathBuf>,
        /// The seal before it in the chain.
        #[arg(long)]
        previous: Option<PathBuf>,
    },
    /// Verify the proof of one account.
    Proof {
        /// The proof, as `/seals/{period}/proof` gives it.
        #[arg(long)]
        proof: PathBuf,
        /// The published keys.
        #[arg(long)]
        key: Option<PathBuf>,
    },
}

/// Verifies, tells what was looked at, and fails where something disagrees.
///
/// # Errors
/// When something given cannot be read, or disagrees.
pub fn run(what: &Seal) -> anyhow::Result<()> {
    let report = match what {
        Seal::Verify { seal, export, key, previous } => {
            let export = BufReader::new(File::open(export).with_context(|| cannot(export))?);
            let (keys, previous) = (optional(key.as_deref())?, optional(previous.as_deref())?);
            budgets::verify_seal(&text(seal)?, export, keys.as_deref(), previous.as_deref())?
        }
        Seal::Proof { proof, key } => budgets::verify_proof(&text(proof)?, optional(key.as_deref())?.as_deref())?,
    };
    tell(&report);
    if !report.is_clean() {
        bail!("it does not verify: {} of what was looked at disagrees", report.disagrees.len());
    }
    answer("It verifies.");
    Ok(())
}

fn tell(report: &SealReport) {
    for (how, lines) in [("holds", &report.holds), ("DISAGREES", &report.disagrees), ("note", &report.notes)] {
        for line in lines {
            answer(&format!("{how:<10} {line}"));
        }
    }
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| cannot(path))
}

fn optional(path: Option<&Path>) -> anyhow::Result<Option<String>> {
    path.map(text).transpose()
}
