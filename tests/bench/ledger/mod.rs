//! The ledger: journals beside plain SQL and other engines, and what is read as it grows.

mod rivals;
mod sizes;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{house::House, journals, serving::Served};

/// What is measured of the ledger.
pub(crate) struct Wanted {
    pub(crate) time: Duration,
    /// How many postings the largest fund has.
    pub(crate) largest: i64,
    /// The database that is filled with them.
    pub(crate) sizes: String,
}

/// Everything of it.
pub(crate) async fn measure(house: &House, served: &Served, database: &str, wanted: &Wanted) -> anyhow::Result<Value> {
    let journals = journals::measure(house, served, database, wanted.time).await?;
    let rivals = rivals::measure(house, &journals, wanted.time).await?;
    let sizes = sizes::measure(house, &wanted.sizes, wanted.time, wanted.largest).await?;
    Ok(json!({"journals": journals, "other_engines": rivals, "sizes": sizes}))
}
