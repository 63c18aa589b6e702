//! Facts of other services, kept here: boroughs and their regions, bodies, the scheme of delegation, decisions.

mod store;

use events::{
    Arrived, Consumer,
    governance::{DecisionEffective, DelegationRecorded},
    tenants::{BoroughPlaced, OrganisationRecorded},
};
use tenancy::{Borough, DbError, Tx};

pub(crate) use store::{Party, find_party, region_of_borough, sides};

/// Takes in the events this service wants.
pub(crate) struct Facts;

impl Consumer for Facts {
    async fn take(&self, tx: &mut Tx<Borough>, event: &Arrived) -> Result<(), DbError> {
        if let Some(placed) = event.is::<BoroughPlaced>() {
            store::put_borough(tx, &placed).await
        } else if let Some(recorded) = event.is::<OrganisationRecorded>() {
            store::put_party(tx, &recorded).await
        } else if let Some(recorded) = event.is::<DelegationRecorded>() {
            store::put_delegation(tx, &recorded).await
        } else if let Some(effective) = event.is::<DecisionEffective>() {
            store::put_decision(tx, &effective).await
        } else {
            Err(event.unknown())
        }
    }
}
