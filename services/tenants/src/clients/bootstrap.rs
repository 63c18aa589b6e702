//! The first client of all: made on the database owner's connection, once.

use auth::{ClientSecret, Mode, Role};
use domain::Clock;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    client::{ClientOwner, NewClient},
    store,
};

/// Makes the first platform client and returns its id and secret; `None` where there is one already.
///
/// # Errors
/// When the database is out of reach, or not migrated.
pub async fn bootstrap(owner: &PgConnectOptions, clock: &Clock) -> anyhow::Result<Option<(String, String)>> {
    bootstrap_keeping(owner, clock, |_, _| Ok(())).await
}

/// As [`bootstrap`], where the id and the secret are kept before the client is: what cannot be kept is not made.
///
/// # Errors
/// As [`bootstrap`], and where they cannot be kept.
pub async fn bootstrap_keeping(
    owner: &PgConnectOptions,
    clock: &Clock,
    keep: impl FnOnce(&str, &str) -> anyhow::Result<()>,
) -> anyhow::Result<Option<(String, String)>> {
    let mut connection = PgConnection::connect_with(owner).await?;
    let mut tx = connection.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('bootstrap', 0))").fetch_one(&mut *tx).await?;
    // Forced row-level security binds an owner that is no superuser: lift it in this transaction only.
    sqlx::query!("alter table tenants.client no force row level security").execute(&mut *tx).await?;
    sqlx::query!("alter table tenants.client_key no force row level security").execute(&mut *tx).await?;
    let there =
        sqlx::query_scalar!(r#"select exists (select from tenants.client where owner_kind = 'platform') as "there!""#)
            .fetch_one(&mut *tx)
            .await?;
    let mut made = None;
    if !there {
        let secret = ClientSecret::new(Mode::Live);
        let scopes = Role::Officer.scopes();
        let client =
            NewClient::new(ClientOwner::Platform, Role::Officer, "First officer", scopes, &secret, clock.now());
        store::insert(&mut tx, &client).await?;
        keep(&client.client_id, secret.reveal())?;
        made = Some((client.client_id, secret.reveal().to_owned()));
    }
    sqlx::query!("alter table tenants.client_key force row level security").execute(&mut *tx).await?;
    sqlx::query!("alter table tenants.client force row level security").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(made)
}
