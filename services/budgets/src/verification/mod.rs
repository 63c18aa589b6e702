//! Verifying a ledger: everything that follows from postings is computed again from them and compared.
//!
//! A borough at a time, as its ordinary login role, in one READ ONLY snapshot: it is right while others write.

mod finding;
mod seals;
mod store;

use domain::BoroughId;
use tenancy::{Db, DbError};

pub use finding::Finding;
use finding::Place;

/// A borough that the service knows of.
#[derive(Debug, Clone)]
pub struct KnownBorough {
    /// Its id.
    pub id: BoroughId,
    /// Its slug; a sandbox has the same as its live tenant, with `sandbox` behind it.
    pub name: String,
}

/// The boroughs that the service knows of.
///
/// # Errors
/// When the database is out of reach.
pub async fn known_boroughs(db: &Db) -> Result<Vec<KnownBorough>, DbError> {
    let mut tx = db.work().await?;
    let boroughs = store::boroughs(&mut tx).await?;
    tx.commit().await?;
    Ok(boroughs)
}

/// What a borough's ledger was found to be.
#[derive(Debug, Default)]
pub struct Verified {
    /// What disagrees.
    pub findings: Vec<Finding>,
    /// How many funds were looked at.
    pub funds: usize,
    /// How many postings.
    pub postings: i64,
    /// How many seals.
    pub seals: usize,
}

/// Verifies the ledger of a borough: its journals, positions, roll-ups, commitments and seals.
///
/// # Errors
/// When the database is out of reach.
pub async fn verify_borough(db: &Db, borough: &KnownBorough) -> Result<Verified, DbError> {
    let mut tx = db.reading_in(borough.id).await?;
    store::take_time(&mut tx).await?;
    let mut verified = Verified::default();
    for fund in store::funds(&mut tx).await? {
        let place = Place { borough: &borough.name, fund: &fund };
        verified.funds += 1;
        verified.postings += store::count(&mut tx, fund.id).await?;
        for found in [
            store::journals(&mut tx, fund.id).await?,
            store::positions(&mut tx, fund.id).await?,
            store::dated_positions(&mut tx, fund.id).await?,
            store::roll_ups(&mut tx, fund.id).await?,
            store::commitments(&mut tx, fund.id).await?,
            store::references(&mut tx, fund.id).await?,
        ] {
            verified.findings.extend(found.into_iter().map(|difference| place.finding(difference)));
        }
    }
    let (seals, findings) = seals::verify(&mut tx, &borough.name).await?;
    verified.seals = seals;
    verified.findings.extend(findings);
    Ok(verified)
}
