//! What services tell each other.
//!
//! An event is written to the outbox in its writer's transaction, moved by the service's relay to the inbox of
//! each service that wants it, and taken in there once, in an ordinary transaction of its borough. At least
//! once on the way, in order per aggregate, once in effect.

mod consume;
pub mod governance;
mod relay;
pub mod tenants;

pub use consume::{Arrived, Consumer, consume};
pub use relay::relay;

use domain::BoroughId;
use serde::{Serialize, de::DeserializeOwned};
use tenancy::{KindOf, NewEvent, Tx};

/// An event's shape. A shape that must change gets a new version beside the old one.
pub trait Event: Serialize + DeserializeOwned {
    /// Its name and version.
    const KIND: &'static str;
    /// The services that want it.
    const CONSUMERS: &'static [&'static str];
    /// What it is about: events of one aggregate arrive in order.
    fn aggregate(&self) -> String;
}

/// Tells an event of `borough`, once the transaction commits.
pub fn tell<K: KindOf, E: Event>(tx: &mut Tx<K>, borough: BoroughId, event: &E) {
    let payload = serde_json::to_value(event).expect("an event is plain data");
    tx.tell(NewEvent { borough, kind: E::KIND, aggregate: event.aggregate(), payload });
}

/// Who wants what: pairs of an event's kind and a service.
fn subscriptions() -> (Vec<String>, Vec<String>) {
    fn of<E: Event>() -> impl Iterator<Item = (String, String)> {
        E::CONSUMERS.iter().map(|consumer| (E::KIND.to_owned(), (*consumer).to_owned()))
    }
    of::<tenants::BoroughPlaced>()
        .chain(of::<tenants::OrganisationRecorded>())
        .chain(of::<governance::DelegationRecorded>())
        .unzip()
}
