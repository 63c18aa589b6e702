//! Login roles, made before the migrations come to them: so that passwords can be set from the first.

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

/// Why a login role could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The database does not answer.
    #[error("the database cannot be reached; check TENFOLD_DATABASE_URL, and that the server runs")]
    Unreachable(#[source] sqlx::Error),
    /// It did not take the role.
    #[error("the login role {0} could not be made; the owner must be allowed to (alter role … createrole)")]
    Role(String, #[source] sqlx::Error),
}

/// Makes those login roles that are not there, as the owner, and returns their names. Safe to run again, and by several
/// at once. What a role may do is granted by the migrations.
///
/// # Errors
/// When the database is out of reach, or the owner may make no roles.
pub async fn make_login_roles(
    owner: &PgConnectOptions,
    roles: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, RoleError> {
    let mut connection = PgConnection::connect_with(owner).await.map_err(RoleError::Unreachable)?;
    let mut made = Vec::new();
    for role in roles {
        let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(&role)
            .fetch_one(&mut connection)
            .await
            .map_err(RoleError::Unreachable)?;
        if there {
            continue;
        }
        // DDL takes no parameters; names are of our making, and quoted all the same.
        let statement = format!(
            "do $$ begin create role \"{}\" login; exception when duplicate_object or unique_violation then null; end $$",
            role.replace(['"', '$'], "")
        );
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .map_err(|source| RoleError::Role(role.clone(), source))?;
        made.push(role);
    }
    connection.close().await.ok();
    Ok(made)
}
