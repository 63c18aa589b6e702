//! What gateways counted, told here for the record. Nothing outside reaches this.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use domain::day_in_england;
use tenancy::Db;
use web::{Problem, problems};

use super::{
    Quota, store,
    used::{Counted, Told},
};

/// The most lines at once.
const LINES_MAX: usize = 1_000;

/// Keeps what a gateway counted, and says how each borough of it stands with its day.
pub(crate) async fn note_usage(
    State(db): State<Db>,
    State(Quota(usual)): State<Quota>,
    lines: Result<Json<Vec<Counted>>, JsonRejection>,
) -> Result<Json<Vec<Told>>, Problem> {
    let unreadable = || Problem::new(&problems::BAD_REQUEST, "Up to 1,000 lines of what was counted.");
    let Json(lines) = lines.map_err(|_| unreadable())?;
    if lines.len() > LINES_MAX || lines.iter().any(|line| !(1..=120).contains(&line.client.len())) {
        return Err(unreadable());
    }
    let mut by_borough: BTreeMap<_, Vec<Counted>> = BTreeMap::new();
    for line in lines {
        by_borough.entry(line.borough).or_default().push(line);
    }
    let today = day_in_england(db.now());
    let mut told = Vec::with_capacity(by_borough.len());
    for (borough, lines) in by_borough {
        let mut tx = db.for_work_in(borough).await?;
        match store::add(&mut tx, borough, &lines).await {
            // It is gone; nobody asks what it used.
            Err(error) if error.constraint() == Some("usage_day_borough_id_fkey") => continue,
            added => added?,
        }
        let (used, own) = store::of_day(&mut tx, today).await?;
        tx.commit().await?;
        told.push(Told { borough, day: today, used, allowed: own.unwrap_or(i64::from(usual)) });
    }
    Ok(Json(told))
}
