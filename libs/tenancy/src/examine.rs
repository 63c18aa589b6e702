//! What a database server is and how it is set up, as one of its roles sees it: for those who check a deployment.

use std::{io, time::Duration};

use chrono::{DateTime, Utc};
use domain::Clock;
use sqlx::{Connection, FromRow, PgConnection, postgres::PgConnectOptions};

use crate::{Migrations, SchemaVersion, Standing, migrate::applied_table, versions::short};

/// A server, as a role sees it.
#[derive(Debug, Clone, FromRow)]
pub struct Server {
    /// Its major version: 15, 16, …
    pub version: i32,
    /// The encoding of the database.
    pub encoding: String,
    now: DateTime<Utc>,
    /// By how many milliseconds this machine's clock is ahead of its.
    #[sqlx(default)]
    pub ahead_ms: i64,
    /// Whether this connection is encrypted.
    pub encrypted: bool,
    /// Whether it came by a socket or from the machine itself.
    pub local: bool,
    /// How many connections it takes, without those kept for superusers.
    pub connections: i32,
    /// How many are open now.
    pub open: i64,
    /// `replica`, `logical` or `minimal`.
    pub wal_level: String,
    /// Whether its log is archived.
    pub archived: bool,
    /// Whether the connection led to a replica, and by how many seconds it lags.
    #[sqlx(flatten)]
    pub replica: Replica,
}

/// Whether a server follows another.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Replica {
    /// Whether it does.
    pub follows: bool,
    /// By how many seconds it lags: nothing where that cannot be told.
    pub lag_seconds: Option<i64>,
}

/// How long a server may take to be asked something: one that takes a connection and says nothing is away.
const WITHIN: Duration = Duration::from_secs(10);

/// Gives up on a server that says nothing.
pub(crate) async fn within<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let silent = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "it does not answer"));
    tokio::time::timeout(WITHIN, asked).await.map_err(silent)?
}

/// Connects once as a role and asks.
///
/// # Errors
/// As the server or the way to it says.
pub async fn examine(options: &PgConnectOptions) -> Result<Server, sqlx::Error> {
    within(ask(options)).await
}

async fn ask(options: &PgConnectOptions) -> Result<Server, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options.clone().application_name("tenfold doctor")).await?;
    let asked = Clock::System.now();
    let mut server: Server = sqlx::query_as(
        "select current_setting('server_version_num')::int / 10000 as version,
                pg_encoding_to_char(d.encoding)::text as encoding,
                clock_timestamp() as now,
                coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
                (inet_server_addr() is null or inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1') as local,
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as connections,
                (select count(*) from pg_stat_activity where backend_type = 'client backend' or backend_type is null) as open,
                current_setting('wal_level') as wal_level,
                current_setting('archive_mode') <> 'off' as archived,
                pg_is_in_recovery() as follows,
                case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
                     then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::bigint
                     when pg_is_in_recovery() then 0 end as lag_seconds
         from pg_database d where d.datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await?;
    // It looked at its clock about half way.
    let answered = Clock::System.now();
    server.ahead_ms = (asked + (answered - asked) / 2 - server.now).num_milliseconds();
    connection.close().await.ok();
    Ok(server)
}

/// How each schema's list of applied migrations suits this program, as the owner of the database sees it.
///
/// # Errors
/// As the server says.
pub async fn applied(
    owner: &PgConnectOptions,
    programs: &[Migrations],
) -> Result<Vec<(&'static str, Standing)>, sqlx::Error> {
    let mut connection = within(PgConnection::connect_with(owner)).await?;
    let mut all = Vec::new();
    for migrations in programs {
        let there = applied_table(&mut connection, migrations.schema).await?;
        let program = SchemaVersion::of(migrations);
        let unfinished = there.iter().find(|(_, _, success)| !success);
        let standing = match there.iter().map(|(number, ..)| *number).max() {
            None => Standing::Unknown,
            Some(_) if unfinished.is_some() => Standing::Changed(unfinished.map_or(0, |(number, ..)| *number)),
            Some(at) => {
                let migrations = there.iter().map(|(number, sum, _)| (*number, short(sum))).collect();
                SchemaVersion { at, programs_from: 0, migrations }.suits(&program)
            }
        };
        all.push((migrations.schema, standing));
    }
    connection.close().await.ok();
    Ok(all)
}
