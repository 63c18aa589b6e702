//! Migrations: each service owns its schema and its own list; this crate owns `platform`.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

/// The oldest Postgres we run on.
const OLDEST: i32 = 15;

static PLATFORM: Migrator = sqlx::migrate!("./migrations");

/// A service's migrations, and its name for the person waiting.
#[derive(Clone, Copy)]
pub struct Migrations {
    /// The schema.
    pub schema: &'static str,
    /// The list, made by `sqlx::migrate!`.
    pub list: &'static Migrator,
}

/// The migrations of the schema `platform`, which come first.
#[must_use]
pub fn platform_migrations() -> Migrations {
    Migrations { schema: "platform", list: &PLATFORM }
}

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It does not answer.
    #[error("the database cannot be reached; check TENFOLD_DATABASE_URL, and that the server runs")]
    Unreachable(#[source] sqlx::Error),
    /// It is too old.
    #[error("the database is Postgres {0}; Tenfold needs {OLDEST} or newer")]
    TooOld(i32),
    /// A migration failed; it was rolled back.
    #[error("the migrations of {schema} stopped")]
    Stopped {
        /// Whose.
        schema: &'static str,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// It was brought up to date, and could not be told so.
    #[error("the database is up to date, and its schemas could not be told which migrations they have: run it again")]
    Unsaid(#[source] sqlx::Error),
    /// A password could not be set.
    #[error("the password of {0} could not be set")]
    Password(String, #[source] sqlx::Error),
}

/// Brings a database up to date, as its owner. Safe to run again, and by several at once.
///
/// # Errors
/// When it is out of reach, too old, or a migration fails.
pub async fn migrate(owner: &PgConnectOptions, services: &[Migrations]) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(owner).await.map_err(MigrateError::Unreachable)?;
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int / 10000")
        .fetch_one(&mut connection)
        .await
        .map_err(MigrateError::Unreachable)?;
    if version < OLDEST {
        return Err(MigrateError::TooOld(version));
    }
    for migrations in [platform_migrations()].iter().chain(services) {
        migrations
            .list
            .run(&mut connection)
            .await
            .map_err(|source| MigrateError::Stopped { schema: migrations.schema, source })?;
    }
    let all: Vec<Migrations> = [platform_migrations()].iter().chain(services).copied().collect();
    crate::versions::say(&mut connection, &all).await.map_err(MigrateError::Unsaid)?;
    connection.close().await.ok();
    Ok(())
}

/// What was applied of a schema's list, as its owner sees it: number, checksum, and whether it ended well.
pub(crate) async fn applied_table(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Vec<(i64, Vec<u8>, bool)>, sqlx::Error> {
    let there: bool = sqlx::query_scalar("select to_regclass('migrations.' || quote_ident($1)) is not null")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Ok(Vec::new());
    }
    let list =
        format!("select version, checksum, success from migrations.\"{}\" order by version", schema.replace('"', ""));
    sqlx::query_as(AssertSqlSafe(list)).fetch_all(connection).await
}

/// Gives login roles their passwords, as the owner.
///
/// # Errors
/// When the database is out of reach, or a role is not there.
pub async fn set_passwords(owner: &PgConnectOptions, passwords: &BTreeMap<String, String>) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(owner).await.map_err(MigrateError::Unreachable)?;
    for (role, password) in passwords {
        // DDL takes no parameters; names and passwords are of our making, and quoted all the same.
        let quoted = format!("alter role \"{}\" password '{}'", role.replace('"', ""), password.replace('\'', ""));
        sqlx::query(AssertSqlSafe(quoted))
            .execute(&mut connection)
            .await
            .map_err(|source| MigrateError::Password(role.clone(), source))?;
    }
    connection.close().await.ok();
    Ok(())
}
