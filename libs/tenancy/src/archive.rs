//! A borough's whole record, table by table: taken out, put into another instance, destroyed.
//!
//! Which tables and columns that is, the database says: what the kinds `archive`, `restore` and `purge` are granted. Each
//! sees the one borough of its transaction, and nothing is deleted without an order that is due (`platform.purge_order`).

use std::collections::{BTreeMap, BTreeSet};

use domain::BoroughId;
use futures_util::{Stream, TryStreamExt};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use crate::{Archive, Db, DbError, Purge, Tx, context::Context};

/// A table of boroughs' rows, as far as the caller may do what it is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedTable {
    /// Its schema: a service, or `platform`.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, without secret ones and those that the database numbers by itself.
    pub columns: Vec<String>,
    /// What puts its rows in an order that every instance agrees on.
    order: Vec<String>,
}

impl ArchivedTable {
    /// `budgets/journal`: its place in an archive.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.schema, self.name)
    }

    fn in_sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

/// A row on its way out.
#[derive(Debug, sqlx::FromRow)]
pub struct ArchivedRow {
    /// As one line of JSON.
    pub json: String,
    /// Its cells, as text.
    pub cells: Vec<Option<String>>,
}

/// What asking for an archive left behind, and is not in it: so that the same record makes the same archive.
#[derive(Debug, Clone)]
pub struct OwnTrace {
    export: Uuid,
    audit: Vec<Uuid>,
    /// The first of its places in the chain; beyond every place where it has none.
    position: i64,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(names: &[String], before: &str) -> String {
    names.iter().map(|name| format!("{before}{}", quoted(name))).collect::<Vec<_>>().join(", ")
}

/// A table as the catalogue has it: number, schema, name, columns, what it is ordered by.
type Found = (i64, String, String, Vec<String>, Vec<String>);

/// The tables with a borough that the connection's role may do this with, each after those it refers to.
async fn tables(connection: &mut PgConnection, may: &str) -> Result<Vec<ArchivedTable>, DbError> {
    let found: Vec<Found> = sqlx::query_as(
        "select c.oid::bigint, n.nspname::text, c.relname::text,
           array(select a.attname::text from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = ''
                   and ($1 = 'delete' or pg_catalog.has_column_privilege(c.oid, a.attnum, $1)) order by a.attnum),
           coalesce(
             (select array[a.attname::text] from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped limit 1),
             (select array_agg(a.attname::text order by at.place)
              from pg_catalog.pg_index i
              cross join lateral unnest(i.indkey::int2[]) with ordinality at (number, place)
              join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = at.number
              where i.indrelid = c.oid and i.indisprimary),
             '{}')
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname in ('platform', 'tenants', 'budgets', 'governance')
           and exists (select from pg_catalog.pg_policy p
                       where p.polrelid = c.oid
                         and p.polname = case $1 when 'select' then 'archive' when 'insert' then 'restore' else 'purge' end)
           and exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'borough_id')
           and case when $1 = 'delete' then pg_catalog.has_table_privilege(c.oid, $1)
                    else pg_catalog.has_any_column_privilege(c.oid, $1) end
         order by n.nspname::text collate \"C\", c.relname::text collate \"C\"",
    )
    .bind(may)
    .fetch_all(&mut *connection)
    .await?;
    let refers: Vec<(i64, i64)> = sqlx::query_as(
        "select conrelid::bigint, confrelid::bigint from pg_catalog.pg_constraint
         where contype = 'f' and conrelid <> confrelid",
    )
    .fetch_all(connection)
    .await?;
    Ok(in_order(found, &refers))
}

fn in_order(found: Vec<Found>, refers: &[(i64, i64)]) -> Vec<ArchivedTable> {
    let ours: BTreeSet<i64> = found.iter().map(|table| table.0).collect();
    let mut needs: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (from, to) in refers.iter().filter(|(from, to)| ours.contains(from) && ours.contains(to)) {
        needs.entry(*from).or_default().insert(*to);
    }
    let mut left = found;
    let mut placed: BTreeSet<i64> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let ready = |oid: &i64| needs.get(oid).is_none_or(|needed| needed.is_subset(&placed));
        // Two tables that refer to each other would stop this: then the first goes first, and the database says no.
        let at = left.iter().position(|table| ready(&table.0)).unwrap_or_default();
        let (oid, schema, name, columns, order) = left.remove(at);
        placed.insert(oid);
        ordered.push(ArchivedTable { schema, name, columns, order });
    }
    ordered
}

impl Db {
    /// A READ ONLY transaction of one moment that sees all of a borough but its secrets. Not for requests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn archiving(&self, borough: BoroughId) -> Result<Tx<Archive>, DbError> {
        Tx::plain(self, &Context::Borough(borough), true).await
    }

    /// A transaction that may destroy all of a borough, once an order to do so is due. Not for requests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn purging(&self, borough: BoroughId) -> Result<Tx<Purge>, DbError> {
        Tx::plain(self, &Context::Borough(borough), false).await
    }
}

impl Tx<Archive> {
    /// What goes into an archive.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn archived_tables(&mut self) -> Result<Vec<ArchivedTable>, DbError> {
        tables(self.connection(), "select").await
    }

    /// What the asking for this export left behind: its acts, where they are the last of the chain.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn own_trace(&mut self, export: Uuid) -> Result<OwnTrace, DbError> {
        let (audit, position): (Vec<Uuid>, Option<i64>) = sqlx::query_as(
            "with own as (
               select a.audit_id, l.position from platform.audit a
               left join platform.audit_link l on l.borough_id = a.borough_id and l.audit_id = a.audit_id
               where a.subject = 'exports/' || $1
                 and not exists (
                   select from platform.audit_link o join platform.audit b on b.borough_id = o.borough_id and b.audit_id = o.audit_id
                   where o.position > l.position and b.subject <> a.subject))
             select coalesce(array_agg(audit_id), '{}'), min(position) from own",
        )
        .bind(export.to_string())
        .fetch_one(self.connection())
        .await?;
        Ok(OwnTrace { export, audit, position: position.unwrap_or(i64::MAX) })
    }

    /// How much is on its way still: events, numbers in `/changes`, places in the chain. 0 where the record is at rest.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn in_flight(&mut self, own: &OwnTrace) -> Result<i64, DbError> {
        let waiting: i64 = sqlx::query_scalar(
            "select (select count(*) from platform.outbox) + (select count(*) from platform.inbox)
               + (select count(*) from platform.act_waiting)
               + (select count(*) from platform.audit a where a.audit_id <> all ($1)
                    and not exists (select from platform.audit_link l
                                    where l.borough_id = a.borough_id and l.audit_id = a.audit_id))",
        )
        .bind(&own.audit)
        .fetch_one(self.connection())
        .await?;
        Ok(waiting)
    }

    /// The rows of a table, in an order that every instance agrees on.
    pub fn archived_rows<'a>(
        &'a mut self,
        table: &ArchivedTable,
        own: &OwnTrace,
    ) -> impl Stream<Item = Result<ArchivedRow, DbError>> + 'a {
        // Every name is the catalogue's, and quoted.
        let left_out = match (table.schema.as_str(), table.name.as_str()) {
            ("platform", "audit" | "audit_link" | "change" | "act_waiting") => "t.audit_id <> all ($1)",
            ("platform", "audit_checkpoint") => "t.position < $2",
            ("tenants", "export") => "t.export_id <> $3",
            _ => "true",
        };
        let cells: Vec<String> =
            table.columns.iter().map(|name| format!("pg_catalog.to_json(t.{}) #>> '{{}}'", quoted(name))).collect();
        let sql = format!(
            "select pg_catalog.row_to_json(r)::text as json, array[{}]::text[] as cells
             from {} t, lateral (select {}) r where {left_out} order by {}",
            cells.join(", "),
            table.in_sql(),
            list(&table.columns, "t."),
            list(&table.order, "t.")
        );
        let asked = sqlx::query_as::<_, ArchivedRow>(AssertSqlSafe(sql));
        asked
            .bind(own.audit.clone())
            .bind(own.position)
            .bind(own.export)
            .fetch(self.connection())
            .map_err(DbError::from)
    }
}

impl Tx<Purge> {
    /// Destroys every row of the borough that is not kept for good, and says how many there were of each table.
    ///
    /// # Errors
    /// When the database is out of reach, or something still refers to a row: then nothing is gone.
    pub async fn purge(&mut self) -> Result<Vec<(String, u64)>, DbError> {
        let mut all = tables(self.connection(), "delete").await?;
        all.reverse();
        let mut gone = Vec::with_capacity(all.len());
        for table in all {
            let sql = format!("delete from {}", table.in_sql());
            let done = sqlx::query(AssertSqlSafe(sql)).execute(self.connection()).await?;
            gone.push((table.path(), done.rows_affected()));
        }
        gone.sort();
        Ok(gone)
    }
}

/// A borough on its way into an instance, on the operator's connection, as the role `tenants_restore`.
///
/// Dropped without [`Restoring::commit`] nothing is there.
pub struct Restoring(PgConnection);

impl Restoring {
    /// Begins.
    ///
    /// # Errors
    /// When the database is out of reach, or who connects may not become the role.
    pub async fn begin(operator: &PgConnectOptions, borough: BoroughId) -> Result<Self, DbError> {
        let mut connection = PgConnection::connect_with(operator).await?;
        let opening = format!(
            "begin; set local role tenants_restore; set local search_path = ''; set local timezone = 'UTC';
             set local tenfold.borough = '{borough}'"
        );
        sqlx::raw_sql(AssertSqlSafe(opening)).execute(&mut connection).await?;
        Ok(Self(connection))
    }

    /// The connection, for the SQL of a store.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// What can be put, each after those it refers to.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn tables(&mut self) -> Result<Vec<ArchivedTable>, DbError> {
        tables(&mut self.0, "insert").await
    }

    /// Puts rows into a table: lines of JSON, of which these columns are taken.
    ///
    /// # Errors
    /// When the database will not have them.
    pub async fn put(&mut self, table: &ArchivedTable, columns: &[String], lines: &[String]) -> Result<u64, DbError> {
        let into = table.in_sql();
        let sql = format!(
            "insert into {into} ({}) select {} from pg_catalog.json_populate_recordset(null::{into}, $1::json) t",
            list(columns, ""),
            list(columns, "t.")
        );
        let rows = format!("[{}]", lines.join(","));
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(&mut self.0).await?.rows_affected())
    }

    /// Has the entries that have a place in the chain wait for none, and makes it so.
    ///
    /// # Errors
    /// When it could not be committed.
    pub async fn commit(mut self) -> Result<(), DbError> {
        sqlx::raw_sql(
            "delete from platform.audit_waiting w
             where exists (select from platform.audit_link l where l.borough_id = w.borough_id and l.audit_id = w.audit_id);
             commit",
        )
        .execute(&mut self.0)
        .await?;
        self.0.close().await.ok();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let table = |oid: i64, name: &str| (oid, "budgets".to_owned(), name.to_owned(), Vec::new(), Vec::new());
        let found = vec![table(1, "journal"), table(2, "fund"), table(3, "posting"), table(4, "year")];
        // A posting refers to a journal, that to a year, that to a fund; what is not ours does not count.
        let order = in_order(found, &[(3, 1), (1, 4), (4, 2), (2, 99)]);
        let names: Vec<&str> = order.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["fund", "year", "journal", "posting"]);
    }

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(quoted(r#"a"; drop table b; --"#), r#""a""; drop table b; --""#);
    }
}
