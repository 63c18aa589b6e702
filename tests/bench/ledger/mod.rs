//! The ledger: journals beside plain SQL and other engines, and what is read as it grows.

mod months;
mod rivals;
mod sizes;

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Map, Value, json};

use crate::{
    house::{House, access},
    journals,
    serving::Served,
};

/// What is measured of the ledger.
pub(crate) struct Wanted {
    pub(crate) time: Duration,
    /// How many postings the largest fund has.
    pub(crate) largest: i64,
    /// How many rows the largest file has.
    pub(crate) rows: i64,
    /// The database that is filled with them.
    pub(crate) sizes: String,
    /// Only these parts; all where there are none.
    pub(crate) only: Vec<String>,
}

/// What is measured, in this order: other engines are held against our journals.
const PARTS: [&str; 4] = ["journals", "months", "engines", "sizes"];

impl Wanted {
    fn includes(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == part)
    }
}

/// Everything of it.
pub(crate) async fn measure(house: &House, served: &Served, database: &str, wanted: &Wanted) -> anyhow::Result<Value> {
    let mut figures = Map::new();
    for part in PARTS.into_iter().filter(|part| wanted.includes(part)) {
        let measured = match part {
            "journals" => journals::measure(house, served, database, wanted.time).await?,
            "months" => months::measure(house, served, database, wanted.rows).await?,
            "engines" => rivals::measure(house, figures.get("journals").unwrap_or(&Value::Null), wanted.time).await?,
            _ => sizes::measure(house, &wanted.sizes, wanted.time, wanted.largest).await?,
        };
        // What took long is told at once, should what comes after fail.
        tenfold::tell::say(&format!("{part}: {measured}"));
        figures.insert(part.to_owned(), measured);
    }
    // As `tenfold ledger verify` does, of the database that took all of it.
    let verified = tenfold::ledger::verify(&access(house.socket(), database), None).await?;
    let disagree: Vec<&budgets::Finding> = verified.iter().flat_map(|(_, one)| &one.findings).collect();
    ensure!(disagree.is_empty(), "the ledger disagrees with itself: {disagree:?}");
    let postings: i64 = verified.iter().map(|(_, one)| one.postings).sum();
    figures.insert("verified".into(), json!({"postings": postings, "disagreements": disagree.len()}));
    Ok(Value::Object(figures))
}
