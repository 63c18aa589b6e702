//! For tests only.
//!
//! A private Postgres that ends with the test's process and leaves nothing behind, databases made from a
//! migrated template, and passwords for the login roles. Tests serve as those roles, never as the owner:
//! under row-level security a test that connects as the owner proves nothing.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tenancy::{Access, Migrations, cluster::Cluster};

/// The password of every login role, in tests.
const PASSWORD: &str = "for-tests-only";
const TEMPLATE: &str = "template_tenfold";

/// A private Postgres with a migrated template.
pub struct TestPostgres {
    cluster: Cluster,
    passwords: BTreeMap<String, String>,
}

impl TestPostgres {
    /// Starts one, of the version in `TENFOLD_PG_BIN` where that is set.
    ///
    /// # Panics
    /// When Postgres is not installed or does not start: a test that needs it must fail.
    pub async fn start(migrations: &[Migrations], roles: impl Iterator<Item = String>) -> Self {
        let folder = scratch("pg");
        let cluster = Cluster::start_passing(&folder, None).await.expect("a private Postgres starts");
        cluster.create_database(TEMPLATE).await.expect("the template is made");
        let owner = cluster.owner(TEMPLATE);
        tenancy::migrate(&owner, migrations).await.expect("the migrations run");
        let passwords = roles.map(|role| (role, PASSWORD.to_owned())).collect();
        tenancy::set_passwords(&owner, &passwords).await.expect("the passwords are set");
        Self { cluster, passwords }
    }

    /// A new database like the template.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn database(&self) -> TestDatabase<'_> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut owner = PgConnection::connect_with(&self.cluster.owner("postgres")).await.expect("the owner connects");
        let statement = format!("create database {name} template {TEMPLATE}");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await.expect("a database is made");
        // What is granted on a database is not copied with it.
        for role in self.passwords.keys() {
            let statement = format!("grant connect on database {name} to {role}");
            sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await.expect("a role may connect");
        }
        let statement = format!("revoke all on database {name} from public");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await.expect("nobody else may");
        owner.close().await.ok();
        TestDatabase { postgres: self, name }
    }
}

/// A database of a test.
pub struct TestDatabase<'a> {
    postgres: &'a TestPostgres,
    name: String,
}

impl TestDatabase<'_> {
    /// How its login roles reach it.
    #[must_use]
    pub fn access(&self) -> Access {
        let base = self.postgres.cluster.anyone().database(&self.name);
        Access::to_one_database(base, self.postgres.passwords.clone())
    }

    /// The owner's connection: for breaking things on purpose, and for reading the catalogue.
    #[must_use]
    pub fn owner(&self) -> PgConnectOptions {
        self.postgres.cluster.owner(&self.name)
    }

    /// A login role's own connection.
    #[must_use]
    pub fn login(&self, role: &str) -> PgConnectOptions {
        self.postgres.cluster.anyone().database(&self.name).username(role).password(PASSWORD)
    }
}

/// A new folder that an unprivileged Postgres can reach, gone with the machine's temporary files.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn scratch(purpose: &str) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("tenfold-{purpose}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}
