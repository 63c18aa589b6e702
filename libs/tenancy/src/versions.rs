//! Which migrations a database has, told to every login role: in the comment on each schema, which anybody may read and
//! only its owner may change. A service asks at start, and refuses to serve on a schema it cannot work with.

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{Db, DbError, Migrations, access::variable_of, examine::within};

/// A migration that begins with this takes something away: programs that carry fewer migrations stop working with it.
const CONTRACT: &str = "-- contract: programs from ";

/// What a schema is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// The last migration.
    pub at: i64,
    /// The fewest migrations a program must carry to work with it.
    #[serde(default)]
    pub programs_from: i64,
    /// Each migration's number and the beginning of its checksum.
    pub migrations: Vec<(i64, String)>,
}

impl SchemaVersion {
    /// That of a list of migrations which have all been applied.
    #[must_use]
    pub fn of(migrations: &Migrations) -> Self {
        let up = || migrations.list.iter().filter(|one| one.migration_type.is_up_migration());
        let contract = |sql: &str| {
            let said = sql.lines().find_map(|line| line.strip_prefix(CONTRACT))?;
            said.trim().parse().ok()
        };
        Self {
            at: up().map(|one| one.version).max().unwrap_or_default(),
            programs_from: up().filter_map(|one| contract(one.sql.as_str())).max().unwrap_or_default(),
            migrations: up().map(|one| (one.version, short(&one.checksum))).collect(),
        }
    }

    /// How a database that is at `self` suits a program that carries `program`.
    #[must_use]
    pub fn suits(&self, program: &Self) -> Standing {
        let known = |number: i64| self.migrations.iter().find(|(there, _)| *there == number);
        let changed = program.migrations.iter().find(|(n, sum)| known(*n).is_some_and(|(_, there)| there != sum));
        if let Some((number, _)) = changed {
            return Standing::Changed(*number);
        }
        if self.at < program.at {
            return Standing::Behind { at: self.at, wanted: program.at };
        }
        if program.at < self.programs_from {
            return Standing::TooNew { programs_from: self.programs_from, carried: program.at };
        }
        if self.at > program.at {
            return Standing::Ahead { at: self.at, carried: program.at };
        }
        Standing::Same
    }
}

/// The beginning of a checksum, as text.
pub(crate) fn short(checksum: &[u8]) -> String {
    checksum.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// How a schema suits a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Same,
    /// It says nothing of itself: it is not there, or a release before this one made it.
    Unknown,
    /// The program is newer.
    Behind {
        /// The last migration there.
        at: i64,
        /// The last one the program carries.
        wanted: i64,
    },
    /// The program is older, and can work with it: so it is while a release rolls out.
    Ahead {
        /// The last migration there.
        at: i64,
        /// The last one the program carries.
        carried: i64,
    },
    /// The program is older, and cannot work with it any more.
    TooNew {
        /// The fewest migrations a program must carry.
        programs_from: i64,
        /// The last one the program carries.
        carried: i64,
    },
    /// A migration of that number is another one there.
    Changed(i64),
}

impl Standing {
    /// Whether a program may serve.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::Same | Self::Ahead { .. })
    }

    /// What is so, and what to do about it.
    #[must_use]
    pub fn told(self, schema: &str) -> (String, Option<&'static str>) {
        match self {
            Self::Same => (format!("the schema {schema} has the migrations of this program"), None),
            Self::Unknown => (
                format!("the schema {schema} is not there, or does not say which migrations it has"),
                Some("Run `tenfold migrate` of this release first."),
            ),
            Self::Behind { at, wanted } => (
                format!("the schema {schema} is at migration {at}, and this program needs {wanted}"),
                Some("Run `tenfold migrate` of this release first."),
            ),
            Self::Ahead { at, carried } => (
                format!(
                    "the schema {schema} is at migration {at}, newer than the {carried} of this program, which can work with it"
                ),
                None,
            ),
            Self::TooNew { programs_from, carried } => (
                format!(
                    "the schema {schema} takes programs that know migration {programs_from}, and this one knows {carried}"
                ),
                Some("Start the newer release, or restore the backup made before the upgrade."),
            ),
            Self::Changed(number) => (
                format!("migration {number} of the schema {schema} is not the one this program carries"),
                Some("Use the release this database was migrated with, or a database of its own."),
            ),
        }
    }
}

/// What each schema says it is at.
async fn said(connection: &mut PgConnection, schema: &str) -> Result<Option<SchemaVersion>, sqlx::Error> {
    let comment: Option<Option<String>> = sqlx::query_scalar(
        "select pg_catalog.obj_description(oid, 'pg_namespace') from pg_catalog.pg_namespace where nspname = $1",
    )
    .bind(schema)
    .fetch_optional(connection)
    .await?;
    Ok(comment.flatten().and_then(|text| serde_json::from_str(&text).ok()))
}

/// How each schema suits this program, as one of its login roles sees it.
async fn seen(
    connection: &mut PgConnection,
    programs: &[Migrations],
) -> Result<Vec<(&'static str, Standing)>, sqlx::Error> {
    let mut all = Vec::new();
    for migrations in programs {
        let there = said(connection, migrations.schema).await?;
        let standing = there.map_or(Standing::Unknown, |there| there.suits(&SchemaVersion::of(migrations)));
        all.push((migrations.schema, standing));
    }
    Ok(all)
}

/// How each schema suits this program, as its login roles see it.
///
/// # Errors
/// When the database is out of reach.
pub async fn standings(db: &Db, programs: &[Migrations]) -> Result<Vec<(&'static str, Standing)>, DbError> {
    let Some((_, pool)) = db.pools().next() else { return Ok(Vec::new()) };
    Ok(seen(&mut *pool.acquire().await?, programs).await?)
}

/// The schema is not one this program can work with.
#[derive(Debug, thiserror::Error)]
pub enum NotMigrated {
    /// What is so, and what to do.
    #[error("refusing to serve: {what}. {mend}")]
    Found {
        /// What is so.
        what: String,
        /// What to do.
        mend: &'static str,
    },
    /// A role does not come in.
    #[error("the database does not let {role} in: check {variable}, and that the server runs")]
    Unasked {
        /// Which.
        role: String,
        /// Its address.
        variable: String,
        /// Why.
        source: sqlx::Error,
    },
}

/// Goes on only where every role comes in, and on a schema the program can work with.
///
/// # Errors
/// What is wrong, and what to do.
pub async fn refuse_unless_migrated(db: &Db, own: Migrations) -> Result<(), NotMigrated> {
    let mut standings = Vec::new();
    for (kind, pool) in db.pools() {
        let role = format!("{}_{}", db.service(), kind.as_str());
        // Not through the pool, which tries again and in the end only says that it took too long.
        let asked = async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            if standings.is_empty() {
                standings = seen(&mut connection, &[crate::platform_migrations(), own]).await?;
            }
            connection.close().await
        };
        within(asked).await.map_err(|source| NotMigrated::Unasked { variable: variable_of(&role), role, source })?;
    }
    for (schema, standing) in standings {
        if !standing.serves() {
            let (what, mend) = standing.told(schema);
            return Err(NotMigrated::Found { what, mend: mend.unwrap_or_default() });
        }
        if standing != Standing::Same {
            tracing::warn!("{}", standing.told(schema).0);
        }
    }
    Ok(())
}

/// Writes on each schema what it is at, as its owner, after its migrations.
pub(crate) async fn say(connection: &mut PgConnection, all: &[Migrations]) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    // Two that migrate at once would both change one comment.
    sqlx::query("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('tenfold migrations'))")
        .execute(&mut *tx)
        .await?;
    for migrations in all {
        let version = SchemaVersion::of(migrations);
        if said(&mut tx, migrations.schema).await?.as_ref() == Some(&version) {
            continue;
        }
        // Numbers and hexadecimal digits: nothing that would need quoting. DDL takes no parameters.
        let text = serde_json::to_string(&version).unwrap_or_default().replace('\'', "");
        let comment = format!("comment on schema \"{}\" is '{text}'", migrations.schema);
        sqlx::query(AssertSqlSafe(comment)).execute(&mut *tx).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(numbers: &[(i64, &str)], programs_from: i64) -> SchemaVersion {
        let migrations: Vec<_> = numbers.iter().map(|(n, sum)| (*n, (*sum).to_owned())).collect();
        SchemaVersion { at: migrations.last().map_or(0, |(n, _)| *n), programs_from, migrations }
    }

    #[test]
    fn a_program_serves_on_its_own_schema_and_on_one_that_only_added_to_it() {
        let program = version(&[(1, "aa"), (2, "bb")], 0);
        let with = |numbers, from| version(numbers, from).suits(&program);
        assert_eq!(with(&[(1, "aa"), (2, "bb")], 0), Standing::Same);
        assert_eq!(with(&[(1, "aa")], 0), Standing::Behind { at: 1, wanted: 2 });
        assert_eq!(with(&[(1, "aa"), (2, "bb"), (3, "cc")], 2), Standing::Ahead { at: 3, carried: 2 });
        assert_eq!(with(&[(1, "aa"), (2, "bb"), (3, "cc")], 3), Standing::TooNew { programs_from: 3, carried: 2 });
        assert_eq!(with(&[(1, "aa"), (2, "other")], 0), Standing::Changed(2));
        assert!(Standing::Same.serves() && Standing::Ahead { at: 3, carried: 2 }.serves());
        assert!(!Standing::Unknown.serves() && !Standing::Changed(2).serves());
    }

    #[test]
    fn the_lists_we_carry_say_what_they_are_at() {
        let platform = SchemaVersion::of(&crate::platform_migrations());
        assert!(platform.at >= 7 && platform.migrations.len() == usize::try_from(platform.at).expect("few"));
        assert!(platform.programs_from <= platform.at);
        let text = serde_json::to_string(&platform).expect("plain");
        assert!(!text.contains('\''));
        assert_eq!(serde_json::from_str::<SchemaVersion>(&text).expect("the same"), platform);
    }
}
