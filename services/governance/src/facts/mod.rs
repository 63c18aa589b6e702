//! Facts of other services, kept here: the borough and its region, funds, money that waits for a decision.

pub(crate) mod http;
mod store;

use events::{
    Arrived, Consumer,
    budgets::{DecisionWanted, FundRecorded, SplitSuspected},
    tenants::BoroughPlaced,
};
use tenancy::{Borough, DbError, Tx};

use crate::progress;

/// Takes in the events this service wants.
pub(crate) struct Facts;

impl Consumer for Facts {
    async fn take(&self, tx: &mut Tx<Borough>, event: &Arrived) -> Result<(), DbError> {
        if let Some(placed) = event.is::<BoroughPlaced>() {
            store::put_borough(tx, &placed).await?;
            // What was recorded before its region was known.
            progress::note_committees(tx).await
        } else if let Some(recorded) = event.is::<FundRecorded>() {
            store::put_fund(tx, &recorded).await
        } else if let Some(wanted) = event.is::<DecisionWanted>() {
            store::put_proposal(tx, &wanted).await
        } else if let Some(suspected) = event.is::<SplitSuspected>() {
            store::put_split_warning(tx, &suspected).await
        } else {
            Err(event.unknown())
        }
    }
}
