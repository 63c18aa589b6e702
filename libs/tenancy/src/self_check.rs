//! Asking the catalogue, at start, whether the wall stands. A service that finds it does not, does not serve.

use std::fmt;

use crate::{Db, DbError, Kind};

/// Something about a login role or a table that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The login role that was asked.
    pub role: String,
    /// What was found.
    pub what: String,
    /// Whether to refuse to serve, or only to say so.
    pub fatal: bool,
}

impl Finding {
    /// Whether it is about the role itself, and not about a table or another thing it can reach.
    #[must_use]
    pub fn is_of_the_role(&self) -> bool {
        [
            "it connects as",
            "it is a superuser",
            "it may bypass",
            "it may create roles",
            "it owns",
            "it may call set_config",
        ]
        .iter()
        .any(|beginning| self.what.starts_with(beginning))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.role, self.what)
    }
}

/// Asks for every login role of the service. `own_cluster` makes a callable `set_config` fatal too.
///
/// # Errors
/// When the database is out of reach.
pub async fn self_check(db: &Db, own_cluster: bool) -> Result<Vec<Finding>, DbError> {
    let mut findings = Vec::new();
    for (kind, pool) in db.pools() {
        let role = format!("{}_{}", db.service(), kind.as_str());
        let mut connection = pool.acquire().await?;
        let found = sqlx::query_scalar!(r#"
            with mine as (
              select oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
              from pg_catalog.pg_roles where pg_has_role(current_user, oid, 'member')
            ), ours as (
              select c.oid, n.nspname || '.' || c.relname as name, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
                     c.reloptions, c.relispartition, n.oid as schema
              from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
                and c.relkind in ('r', 'p', 'v', 'm', 'f')
            ), touched as (
              select * from ours
              where has_any_column_privilege(oid, 'select, insert, update, references')
                 or has_table_privilege(oid, 'delete, truncate, trigger')
            )
            select 'it connects as ' || current_user as "what!" where current_user <> $1
            union all select 'it is a superuser (' || rolname || ')' from mine where rolsuper
            union all select 'it may bypass row-level security (' || rolname || ')' from mine where rolbypassrls
            union all select 'it may create roles, databases or replicas (' || rolname || ')'
              from mine where rolcreaterole or rolcreatedb or rolreplication
            union all select 'it owns something in this database'
              where exists (select from pg_catalog.pg_shdepend d join mine on d.refobjid = mine.oid
                            where d.deptype = 'o' and d.refclassid = 'pg_catalog.pg_authid'::regclass
                              and d.dbid in (0, (select oid from pg_catalog.pg_database where datname = current_database())))
            union all select 'it may create or keep temporary tables in the database'
              where has_database_privilege(current_database(), 'create, temporary')
            union all select 'it may create in the schema ' || nspname from pg_catalog.pg_namespace
              where nspname !~ '^pg_' and has_schema_privilege(oid, 'create')
            union all select 'it may truncate, reference or put triggers on ' || name from ours
              where relkind in ('r', 'p') and (has_table_privilege(oid, 'truncate, trigger') or has_any_column_privilege(oid, 'references'))
            union all select 'the public may change ' || name from ours
              where $2 and relkind in ('r', 'p') and (has_any_column_privilege(oid, 'insert, update') or has_table_privilege(oid, 'delete'))
            union all select 'row-level security is not enabled and forced on ' || name from touched
              where relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
            union all select 'it may reach a partition past its parent, ' || name from touched where relispartition
            union all select 'the view ' || name || ' does not ask as its caller' from touched
              where relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false)
            union all select 'it may read the materialised view or foreign table ' || name from touched where relkind in ('m', 'f')
            union all select 'it may call the security-definer function ' || p.oid::regprocedure
              from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              where p.prosecdef and n.nspname !~ '^pg_' and has_function_privilege(p.oid, 'execute')
                and has_schema_privilege(n.oid, 'usage')
            "#, role, *kind == Kind::Public)
            .fetch_all(&mut *connection)
            .await?;
        findings.extend(found.into_iter().map(|what| Finding { role: role.clone(), what, fatal: true }));
        let may_set: bool = sqlx::query_scalar!(
            r#"select has_function_privilege('pg_catalog.set_config(text, text, boolean)', 'execute') as "may!""#
        )
        .fetch_one(&mut *connection)
        .await?;
        if may_set {
            let what = "it may call set_config, so injected SQL could change the borough".to_owned();
            findings.push(Finding { role: role.clone(), what, fatal: own_cluster });
        }
        if matches!(kind, Kind::Borough | Kind::Public | Kind::Archive | Kind::Purge) {
            findings.extend(context_is_an_error_when_unset(&mut connection, &role).await);
        }
    }
    Ok(findings)
}

/// Tries it: without a context, asking for the borough must fail.
async fn context_is_an_error_when_unset(connection: &mut sqlx::PgConnection, role: &str) -> Option<Finding> {
    let asked = sqlx::query("select platform.borough()").execute(connection).await;
    asked.is_ok().then(|| Finding {
        role: role.to_owned(),
        what: "a transaction without a borough is not refused".to_owned(),
        fatal: true,
    })
}

/// The wall does not stand.
#[derive(Debug, thiserror::Error)]
pub enum NotWalled {
    /// What was found.
    #[error("refusing to serve: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Found(Vec<Finding>),
    /// It could not be asked.
    #[error("the database could not be asked whether the wall stands")]
    Unasked(#[from] DbError),
}

/// Goes on only where nothing fatal is found; says what else there is.
///
/// # Errors
/// What was found.
pub async fn refuse_unless_walled(db: &Db, own_cluster: bool) -> Result<(), NotWalled> {
    #[cfg(feature = "unwalled")]
    if crate::db::unwalled::no_self_check() {
        return Ok(());
    }
    let (fatal, told): (Vec<_>, Vec<_>) = self_check(db, own_cluster).await?.into_iter().partition(|f| f.fatal);
    for finding in told {
        tracing::warn!(role = finding.role, "a wall is missing: {}", finding.what);
    }
    if fatal.is_empty() { Ok(()) } else { Err(NotWalled::Found(fatal)) }
}
