//! The ledger: journals beside plain SQL and other engines, and what is read as it grows.

mod months;
mod rivals;
mod sizes;

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

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
}

/// Everything of it.
pub(crate) async fn measure(house: &House, served: &Served, database: &str, wanted: &Wanted) -> anyhow::Result<Value> {
    let journals = journals::measure(house, served, database, wanted.time).await?;
    let months = months::measure(house, served, database, wanted.rows).await?;
    let rivals = rivals::measure(house, &journals, wanted.time).await?;
    let sizes = sizes::measure(house, &wanted.sizes, wanted.time, wanted.largest).await?;
    // As `tenfold ledger verify` does, of the database that took all of it.
    let verified = tenfold::ledger::verify(&access(house.socket(), database), None).await?;
    let disagree: Vec<&budgets::Finding> = verified.iter().flat_map(|(_, one)| &one.findings).collect();
    ensure!(disagree.is_empty(), "the ledger disagrees with itself: {disagree:?}");
    let postings: i64 = verified.iter().map(|(_, one)| one.postings).sum();
    let verified = json!({"postings": postings, "disagreements": disagree.len()});
    Ok(json!({"verified": verified, "journals": journals, "months": months, "other_engines": rivals, "sizes": sizes}))
}
