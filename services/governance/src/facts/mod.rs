//! Facts of other services, kept here: the borough and its region.

mod store;

use events::{Arrived, Consumer, tenants::BoroughPlaced};
use tenancy::{Borough, DbError, Tx};

/// Takes in the events this service wants.
pub(crate) struct Facts;

impl Consumer for Facts {
    async fn take(&self, tx: &mut Tx<Borough>, event: &Arrived) -> Result<(), DbError> {
        if let Some(placed) = event.is::<BoroughPlaced>() {
            store::put_borough(tx, &placed).await
        } else {
            tracing::warn!(event.kind, "an event arrived that this version does not know; it is left aside");
            Ok(())
        }
    }
}
