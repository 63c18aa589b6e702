//! Facts of other services, kept here: what was done there of what a borough needs before it goes live.

mod store;

use events::{Arrived, Consumer, set_up::StepTaken};
use tenancy::{Borough, DbError, Tx};

/// Takes in the events this service wants.
pub(crate) struct Facts;

impl Consumer for Facts {
    async fn take(&self, tx: &mut Tx<Borough>, event: &Arrived) -> Result<(), DbError> {
        if let Some(taken) = event.is::<StepTaken>() { store::put_step(tx, &taken).await } else { Err(event.unknown()) }
    }
}
