//! Who can administer an owner, people and API clients alike, and that never too few of them are left.

mod standing;
mod store;

use tenancy::{KindOf, Tx};
use web::Problem;

use crate::clients::ClientOwner;
pub(crate) use standing::{Without, administers};
pub(crate) use store::{count, hold};

/// Goes on where enough administrators are left without something, and holds that so until the transaction is over:
/// of two at once who would take each other's role, one waits, and then finds the other gone.
pub(crate) async fn stay<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, without: &Without<'_>) -> Result<(), Problem> {
    hold(tx, owner).await?;
    let standing = store::standing(tx, owner.kind(), without).await?;
    standing.check(owner.kind())
}
