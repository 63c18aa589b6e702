//! What services tell each other.
//!
//! An event is written to the outbox in its writer's transaction, moved by the service's relay to the inbox of
//! each service that wants it, and taken in there once, in an ordinary transaction of its borough. At least
//! once on the way, in order per aggregate, once in effect.

pub mod budgets;
mod consume;
pub mod governance;
mod relay;
pub mod set_up;
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
        .chain(of::<tenants::ClientExpiring>())
        .chain(of::<governance::DelegationRecorded>())
        .chain(of::<governance::DecisionEffective>())
        .chain(of::<budgets::FundRecorded>())
        .chain(of::<budgets::DecisionWanted>())
        .chain(of::<budgets::SplitSuspected>())
        .chain(of::<set_up::StepTaken>())
        .unzip()
}

/// Holds an event's shape to what was once sent.
#[cfg(test)]
fn golden<E: Event + PartialEq + std::fmt::Debug>(text: &str) {
    let written: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let event: E = serde_json::from_value(written.clone()).expect("today's code reads what was sent");
    assert_eq!(serde_json::to_value(&event).expect("plain data"), written, "today's code sends the same");
}
