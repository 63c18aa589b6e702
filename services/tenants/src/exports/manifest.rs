//! What an archive says of itself. No SQL, no HTTP, no clock.

use auth::Mode;
use chrono::{DateTime, Utc};
use domain::{BoroughId, Gss, Slug};
use serde::{Deserialize, Serialize};

/// The format of archives that is written here, and read.
pub(crate) const FORMAT: u32 = 1;

/// What is never in an archive.
pub(crate) const LEFT_OUT: [&str; 5] = [
    "secrets, and the hashes of secrets: of API clients and of webhooks",
    "the audit entry of asking for this archive, and the signed heads that cover it, while it is the last of its chain",
    "keys of idempotent requests, and answers kept for them",
    "files of ledgers that are being read",
    "what the database numbers by itself",
];

/// What an archive holds, of whom, and the sums of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ExportManifest)]
pub(crate) struct Manifest {
    /// The format, 1.
    pub(crate) format: u32,
    pub(crate) borough: ManifestBorough,
    /// The public address of the instance it was made in.
    pub(crate) instance: String,
    /// The one moment that all of it is of.
    pub(crate) exported_at: DateTime<Utc>,
    /// Whether nothing was on its way from one service to another.
    pub(crate) at_rest: bool,
    /// How much was: events, numbers in `/changes`, places in the chain of the audit trail. They are in the archive.
    pub(crate) in_flight: i64,
    /// The regions that expect the borough.
    pub(crate) regions: Vec<ManifestRegion>,
    /// Its tables, each after those it refers to.
    pub(crate) tables: Vec<ManifestTable>,
    /// The content of papers.
    pub(crate) papers: Vec<ManifestFile>,
    /// What is not in it.
    pub(crate) left_out: Vec<String>,
}

/// Whose archive it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ManifestBorough {
    pub(crate) id: BoroughId,
    pub(crate) slug: Slug,
    pub(crate) gss: Gss,
    #[schema(example = "Wigan")]
    pub(crate) name: String,
    pub(crate) mode: Mode,
}

/// A region that expects the borough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ManifestRegion {
    pub(crate) region: Slug,
    #[schema(example = "Greater Manchester")]
    pub(crate) name: String,
    pub(crate) gss: Option<Gss>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A table: the same rows as lines of JSON and as CSV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ManifestTable {
    /// Its service and name.
    #[schema(example = "budgets/journal")]
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) ndjson: ManifestFile,
    pub(crate) csv: ManifestFile,
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ManifestFile {
    #[schema(example = "data/budgets/journal.ndjson")]
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// SHA-256, in hexadecimal.
    #[schema(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub(crate) sha256: String,
}

impl Manifest {
    /// Every file, but for the manifest itself.
    pub(crate) fn files(&self) -> impl Iterator<Item = &ManifestFile> {
        self.tables.iter().flat_map(|table| [&table.ndjson, &table.csv]).chain(&self.papers)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// What a person finds first in an archive.
pub(crate) fn read_me(name: &str, mode: Mode) -> String {
    let mode = mode.as_str();
    format!(
        "Everything that {name} ({mode}) owns in Tenfold.\n\n\
         manifest.json  what is here, of which moment, with the SHA-256 of every file, and what is left out\n\
         data/          every table as lines of JSON, a line a row: what another instance is filled from\n\
         csv/           the same rows for spreadsheets. A text that a spreadsheet would run begins with an apostrophe\n\
         papers/        the content of papers, by meeting and paper\n\n\
         Amounts are whole pence. Times are UTC. Nothing here is secret to the borough, and all of it is confidential:\n\
         it holds what meetings considered in private.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_counts_its_rows_and_names_each_file_once() {
        let file = |path: &str| ManifestFile { path: path.into(), bytes: 1, sha256: String::new() };
        let table = |name: &str, rows| ManifestTable {
            table: name.into(),
            columns: vec![],
            rows,
            ndjson: file(&format!("data/{name}.ndjson")),
            csv: file(&format!("csv/{name}.csv")),
        };
        let manifest = Manifest {
            format: FORMAT,
            borough: ManifestBorough {
                id: BoroughId(uuid::Uuid::nil()),
                slug: "wigan".parse().expect("a slug"),
                gss: "E08000010".parse().expect("a code"),
                name: "Wigan".into(),
                mode: Mode::Live,
            },
            instance: String::new(),
            exported_at: DateTime::UNIX_EPOCH,
            at_rest: true,
            in_flight: 0,
            regions: vec![],
            tables: vec![table("budgets/fund", 2), table("budgets/journal", 3)],
            papers: vec![file("papers/a/b")],
            left_out: vec![],
        };
        assert_eq!(manifest.rows(), 5);
        let paths: std::collections::BTreeSet<&str> = manifest.files().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), 5);
        assert!(read_me("Wigan", Mode::Live).contains("Wigan (live)"));
    }
}
