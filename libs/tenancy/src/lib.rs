//! The wall.
//!
//! The only crate that can open a database transaction, and so the only one that names a pool. A handler is
//! given a scope (`InBorough<PostJournals>`) by an extractor that has checked token, tenant and permission;
//! the scope opens a transaction in which row-level security sees that tenant and no other. What must be
//! written with every write (audit, the idempotent answer, events) is written here, in that transaction.

mod access;
mod archive;
mod audit;
mod backlog;
mod changes;
pub mod cluster;
mod context;
mod db;
mod epochs;
mod error;
mod examine;
mod housekeeping;
mod idempotency;
mod in_public;
mod migrate;
mod refusals;
mod roles;
mod scope;
mod seeding;
mod self_check;
mod tx;
mod versions;

pub use access::{Access, AccessError};
pub use archive::{ArchivedRow, ArchivedTable, OwnTrace, Restoring};
pub use audit::Act;
pub use backlog::{Backlog, COUNTED_MAX, NoBacklog, Oldest, Waiting, measure};
pub use changes::{Change, Changes, ChangesBody, ChangesSince, list_changes, number_changes};
pub use context::{Archive, Borough, Issuer, Kind, KindOf, Partner, Platform, Public, Purge, Region, Work};
#[cfg(feature = "unwalled")]
pub use db::unwalled;
pub use db::{Db, ServiceRoles, Wakener};
pub use epochs::{follow_epochs, load_epochs};
pub use error::{DbError, OnConstraint};
pub use examine::{Replica, Server, applied, examine};
pub use housekeeping::keep_house;
pub use in_public::{InPublic, LiveBoroughs};
pub use migrate::{MigrateError, Migrations, migrate, platform_migrations, set_passwords};
pub use refusals::{Refusal, keep_refusals};
pub use roles::{RoleError, make_login_roles};
pub use scope::{
    AsPartner, BoroughInPath, Either, InBorough, InRegion, OnPlatform, address, refused_elsewhere, request_id,
};
pub use seeding::{SEEDER, Seed, sow_sandboxes};
pub use self_check::{Finding, NotWalled, refuse_unless_walled, self_check};
pub use tx::{Handled, Instead, NewEvent, Tx};
pub use versions::{NotMigrated, SchemaVersion, Standing, refuse_unless_migrated, standings};
