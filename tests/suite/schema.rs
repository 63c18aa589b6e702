//! Rules of the catalogue that hold for tables that do not exist yet.

use sqlx::{Connection, PgConnection};

use crate::{golden, running::running};

async fn owner() -> PgConnection {
    PgConnection::connect_with(&running().database.owner()).await.unwrap()
}

const OURS: &str = "n.nspname in ('platform', 'tenants', 'budgets', 'governance')";

async fn lines(query: String) -> Vec<String> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut owner().await).await.unwrap()
}

#[tokio::test]
async fn every_table_is_behind_forced_row_level_security() {
    let tables = lines(format!(
        "select n.nspname || '.' || relname from pg_class c join pg_namespace n on n.oid = relnamespace where {OURS} and relkind in ('r', 'p')"
    ))
    .await;
    assert!(tables.len() > 30);
    let open = lines(format!(
        "select n.nspname || '.' || relname from pg_class c join pg_namespace n on n.oid = relnamespace
         where {OURS} and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)"
    ))
    .await;
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn every_key_leads_with_the_borough() {
    let keys = lines(format!(
        "select n.nspname || '.' || c.relname || ' (' || (
             select string_agg(coalesce(a.attname, 'expression'), ', ' order by k.at)
             from unnest(i.indkey::int[]) with ordinality k (attnum, at) left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and k.attnum > 0)
           || ')'
         from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and i.indisunique and (
           select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0]) is distinct from 'borough_id'
         order by 1"
    ))
    .await;
    // Reviewed: names the platform gives out before there is a borough, and what is no borough's.
    golden::check("keys_without_borough.txt", &(keys.join("\n") + "\n"));
    let foreign = lines(format!(
        "select conrelid::regclass || ' ' || conname from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and contype = 'f'
           and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'borough_id')
           and (select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) is distinct from 'borough_id'"
    ))
    .await;
    assert!(foreign.is_empty(), "foreign keys that could reach another borough's rows: {foreign:?}");
    let across = lines(format!(
        "select conrelid::regclass || ' ' || conname from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
         join pg_class f on f.oid = k.confrelid where {OURS} and contype = 'f' and f.relnamespace <> c.relnamespace"
    ))
    .await;
    assert!(across.is_empty(), "foreign keys across services: {across:?}");
}

#[tokio::test]
async fn every_policy_that_is_not_the_boroughs_was_reviewed() {
    let policies = lines(format!(
        "select n.nspname || '.' || c.relname || ' ' || polname || ' for ' || polcmd::text || ' to ' ||
           (select string_agg(r.rolname, ',' order by 1) from pg_roles r where r.oid = any (polroles)) ||
           ' using ' || coalesce(regexp_replace(pg_get_expr(polqual, polrelid), '\\s+', ' ', 'g'), '-') ||
           ' check ' || coalesce(regexp_replace(pg_get_expr(polwithcheck, polrelid), '\\s+', ' ', 'g'), '-')
         from pg_policy p join pg_class c on c.oid = polrelid join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and not (polname = 'borough' and pg_get_expr(polqual, polrelid) = '(borough_id = ( SELECT platform.borough() AS borough))'
           and pg_get_expr(polwithcheck, polrelid) = '(borough_id = ( SELECT platform.borough() AS borough))')
           and not (polname = 'archive' and polcmd = 'r' and polroles = array['kind_archive'::regrole::oid]
             and pg_get_expr(polqual, polrelid) = '(borough_id = ( SELECT platform.borough() AS borough))')
           and not (polname = 'restore' and polcmd = 'a' and polroles = array['kind_restore'::regrole::oid]
             and pg_get_expr(polwithcheck, polrelid) = '(borough_id = ( SELECT platform.borough() AS borough))')
           and not (polname = 'purge' and polcmd = 'd' and polroles = array['kind_purge'::regrole::oid]
             and pg_get_expr(polqual, polrelid) = '(borough_id = ( SELECT platform.purged_borough() AS purged_borough))')
         order by 1"
    ))
    .await;
    golden::check("policies.txt", &(policies.join("\n") + "\n"));
    let everybody = lines(format!(
        "select polname::text from pg_policy join pg_class c on c.oid = polrelid join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and (0 = any (polroles) or not polpermissive)"
    ))
    .await;
    assert!(everybody.is_empty(), "a policy names its role: {everybody:?}");
}

#[tokio::test]
async fn every_grant_was_reviewed_and_ledgers_grant_no_change() {
    let grants = lines(format!(
        "with granted as (
           select n.nspname || '.' || c.relname as t, g.grantee, g.privilege_type, '' as col
           from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) g where {OURS} and c.relkind in ('r', 'p')
           union all
           select n.nspname || '.' || c.relname, g.grantee, g.privilege_type, a.attname
           from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) g where {OURS})
         select t || ' ' || coalesce(r.rolname, 'PUBLIC') || ' ' || lower(privilege_type) ||
           coalesce(' (' || string_agg(nullif(col, ''), ', ' order by col) || ')', '')
         from granted left join pg_roles r on r.oid = grantee
         where grantee <> (select relowner from pg_class where oid = 'budgets.fund'::regclass)
           -- What the archive takes is on a page of its own.
           and (r.rolname, privilege_type) not in
             (('kind_archive', 'SELECT'), ('kind_restore', 'INSERT'), ('kind_purge', 'DELETE'))
         group by t, r.rolname, privilege_type order by 1"
    ))
    .await;
    for grant in &grants {
        for forbidden in [" truncate", " references", " trigger", "PUBLIC", " maintain"] {
            assert!(!grant.contains(forbidden), "{grant}");
        }
        let ledger = [
            "budgets.journal ",
            "budgets.posting ",
            "budgets.period_seal ",
            "budgets.period_seal_account ",
            "budgets.decision ",
            "budgets.decision_spend ",
            "budgets.posted_on_own ",
            "budgets.split_warning ",
            "platform.audit ",
            "platform.audit_link ",
            "platform.audit_checkpoint ",
            "platform.office_audit ",
            "platform.change ",
            "governance.delegation ",
        ];
        if ledger.iter().any(|table| grant.starts_with(table)) {
            assert!(!grant.contains(" update") && !grant.contains(" delete"), "{grant}");
        }
    }
    golden::check("grants.txt", &(grants.join("\n") + "\n"));
}

/// A new table goes into a borough's archive, can be put back from one and be destroyed; or it is written down here that not.
#[tokio::test]
async fn every_table_is_in_the_archive_or_left_out_by_name() {
    let policy =
        |name: &str| format!("exists (select from pg_policy p where p.polrelid = c.oid and p.polname = '{name}')");
    let may = |role: &str, what: &str| {
        format!(
            "exists (select from aclexplode(c.relacl) g where g.grantee = '{role}'::regrole and g.privilege_type = '{what}')"
        )
    };
    let archived = policy("archive");
    let restored = format!("{} and {}", policy("restore"), may("kind_restore", "INSERT"));
    let purged = format!("{} and {}", policy("purge"), may("kind_purge", "DELETE"));
    let left_out = lines(format!(
        "select n.nspname || '.' || c.relname || case when {purged} then ' is destroyed' else ' stays' end
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute b on b.attrelid = c.oid and b.attname = 'borough_id'
         where {OURS} and c.relkind in ('r', 'p') and not ({archived} and {restored})
         union all
         select n.nspname || '.' || c.relname || ' stays, and is in the archive'
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and {archived} and not {purged} and c.relname <> 'region'
         union all
         select n.nspname || '.' || c.relname || '.' || a.attname || ' is secret'
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where {OURS} and {archived} and not has_column_privilege('kind_archive', c.oid, a.attnum, 'select')
         order by 1"
    ))
    .await;
    golden::check("archive.txt", &(left_out.join("\n") + "\n"));
}

#[tokio::test]
async fn foreign_keys_have_an_index_and_nothing_acts_for_another() {
    let unindexed = lines(format!(
        "select conrelid::regclass || ' ' || conname from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and contype = 'f' and not exists (
           select from pg_index i where i.indrelid = k.conrelid and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
         order by 1"
    ))
    .await;
    // Rows referred to are never deleted or renumbered, so the ledger's references need no index of their own.
    golden::check("foreign_keys_without_index.txt", &(unindexed.join("\n") + "\n"));
    let acting = lines(format!(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {OURS} and prosecdef"
    ))
    .await;
    assert!(acting.is_empty(), "security definer: {acting:?}");
    let views = lines(format!(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where {OURS} and (relkind = 'm' or relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false))"
    ))
    .await;
    assert!(views.is_empty(), "views that do not ask as their caller: {views:?}");
    let loose = lines(format!(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where {OURS} and has_function_privilege('public', p.oid, 'execute')"
    ))
    .await;
    assert!(loose.is_empty(), "functions anybody may call: {loose:?}");
}
