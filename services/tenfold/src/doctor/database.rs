//! The database: the server, its login roles, its schemas, and the wall.

use std::collections::BTreeSet;

use domain::Clock;
use tenancy::{Db, Server, ServiceRoles, Standing};

use super::{
    check::{Check, why},
    settings::Deployment,
};

/// The services, their roles and their migrations.
fn all_roles() -> [ServiceRoles; 3] {
    [tenants::ROLES, budgets::ROLES, governance::ROLES]
}

/// The login roles that came in, each with its own way.
#[derive(Default)]
pub(super) struct Reached(Vec<(String, Db)>);

impl Reached {
    /// The way of a role, where it came in.
    pub(super) fn of(&self, role: &str) -> Option<&Db> {
        self.0.iter().find(|(name, _)| name == role).map(|(_, db)| db)
    }
}

/// Looks at all of it; gives back the roles that came in.
pub(super) async fn look(deployment: &Deployment, checks: &mut Vec<Check>) -> Reached {
    let mut reached = Reached::default();
    let (mut seen, mut of_roles, mut walls, mut replicas) = (None, Vec::new(), BTreeSet::new(), Vec::new());
    for roles in all_roles() {
        let known = roles.names().filter(|role| deployment.access.of(role).is_ok()).count();
        if known == 0 {
            of_roles.push(Check::not_asked(
                &format!("roles of {}", roles.service),
                &variable(&format!("{}_<KIND>", roles.service)),
            ));
            continue;
        }
        // One kind at a time: whoever does not come in is no reason not to ask the others.
        for (role, kind) in roles.names().zip(roles.kinds.chunks(1)) {
            let check = format!("role {role}");
            let Ok(options) = deployment.access.of(&role) else {
                of_roles.push(Check::wrong(
                    &check,
                    "it has no way to the database",
                    format!("Set {}.", variable(&role)),
                ));
                continue;
            };
            match tenancy::examine(&options).await {
                Err(error) => of_roles.push(refused(&check, &role, &error)),
                Ok(server) => {
                    let one = ServiceRoles { service: roles.service, kinds: kind };
                    if server.replica.follows {
                        replicas.push((role.clone(), server.replica.lag_seconds));
                    }
                    let Ok(db) = Db::open(one, &deployment.access, Clock::System) else { continue };
                    of_roles.push(role_check(&check, &role, &db, deployment, &mut walls).await);
                    reached.0.push((role, db));
                    seen.get_or_insert(server);
                }
            }
        }
    }
    if seen.is_none()
        && let Some(owner) = &deployment.owner
    {
        seen = tenancy::examine(owner).await.ok();
    }
    match &seen {
        Some(server) => server_checks(server, &replicas, checks),
        None if of_roles.iter().all(|check| check.state == super::State::NotAsked) && deployment.owner.is_none() => {
            checks.push(Check::not_asked("postgres", "TENFOLD_DATABASE_URL, or any TENFOLD_<ROLE>_DATABASE_URL,"));
        }
        None => checks.push(Check::wrong(
            "postgres",
            "no role comes in",
            "See the roles below: start the server, or put the addresses right.",
        )),
    }
    migrations(deployment, &reached, checks).await;
    let asked = !reached.0.is_empty();
    checks.extend(of_roles);
    if asked {
        checks.push(wall(walls));
    }
    reached
}

fn variable(role: &str) -> String {
    format!("TENFOLD_{}_DATABASE_URL", role.to_ascii_uppercase())
}

/// Why a role did not come in.
fn refused(check: &str, role: &str, error: &sqlx::Error) -> Check {
    let code = match error {
        sqlx::Error::Database(said) => said.code().map(|code| code.into_owned()),
        _ => None,
    };
    let mend = match code.as_deref() {
        Some("28P01" | "28000") => format!(
            "Put the password in {} and the role's right (alter role {role} password …), and see that pg_hba.conf lets it in.",
            variable(role)
        ),
        Some("3D000") => {
            format!("Name the right database in {}, or make it and run `tenfold migrate`.", variable(role))
        }
        Some("42501") => "Run `tenfold migrate`, which lets the role connect to this database.".to_owned(),
        Some("53300") => "Raise max_connections, or start fewer replicas.".to_owned(),
        _ => format!("Start the server, or put {} right.", variable(role)),
    };
    Check::wrong(check, format!("it does not come in: {}", why(error)), mend)
}

/// What the role may, of itself; what it reaches is kept for the wall.
async fn role_check(check: &str, role: &str, db: &Db, deployment: &Deployment, walls: &mut BTreeSet<String>) -> Check {
    let findings = match tenancy::self_check(db, deployment.own_cluster).await {
        Ok(findings) => findings,
        Err(error) => {
            return Check::wrong(
                check,
                format!("it could not be asked: {}", why(&error)),
                "Ask again; see the log of the server.",
            );
        }
    };
    let (own, others): (Vec<_>, Vec<_>) = findings.into_iter().partition(tenancy::Finding::is_of_the_role);
    let (fatal, told): (Vec<_>, Vec<_>) = own.into_iter().partition(|finding| finding.fatal);
    let all = |found: &[tenancy::Finding]| found.iter().map(|one| one.what.clone()).collect::<Vec<_>>().join("; ");
    if let Some(first) = fatal.first() {
        return Check::wrong(check, all(&fatal), mend_role(role, &first.what));
    }
    // A role that may everything reaches everything: that is said once.
    walls.extend(others.into_iter().map(|finding| finding.what));
    if let Some(first) = told.first() {
        return Check::warning(check, all(&told), mend_role(role, &first.what));
    }
    Check::fine(check, "comes in, and may no more than it should")
}

fn mend_role(role: &str, what: &str) -> String {
    match what {
        _ if what.starts_with("it connects as") => format!("Name the role {role} in {}.", variable(role)),
        _ if what.starts_with("it owns") => {
            format!("Give what it owns to the owner of the database: reassign owned by {role} to …")
        }
        _ if what.starts_with("it may call set_config") => {
            "As a superuser: revoke execute on function pg_catalog.set_config(text, text, boolean) from public."
                .to_owned()
        }
        _ => format!(
            "As a superuser: alter role {role} nosuperuser nobypassrls nocreaterole nocreatedb noreplication, and take it out of roles that may."
        ),
    }
}

fn wall(found: BTreeSet<String>) -> Check {
    let Some(first) = found.first() else {
        return Check::fine("wall", "every table that is reached is behind forced row-level security");
    };
    let mend = match first.strip_prefix("row-level security is not enabled and forced on ") {
        Some(table) => {
            format!("As the owner: alter table {table} enable row level security, force row level security.")
        }
        None => {
            "As the owner: take away what was granted or made by hand; `tests/suite/golden` has what should be there."
                .to_owned()
        }
    };
    Check::wrong("wall", found.into_iter().collect::<Vec<_>>().join("; "), mend)
}

fn server_checks(server: &Server, replicas: &[(String, Option<i64>)], checks: &mut Vec<Check>) {
    let Server { version, encoding, .. } = server;
    checks.push(match version {
        15.. => Check::fine("postgres", format!("Postgres {version} answers")),
        _ => Check::wrong(
            "postgres",
            format!("it is Postgres {version}"),
            "Tenfold needs Postgres 15 or newer: upgrade it.",
        ),
    });
    checks.push(match encoding.as_str() {
        "UTF8" => Check::fine("encoding", "UTF8"),
        _ => Check::wrong(
            "encoding",
            format!("the database is in {encoding}"),
            "Make a database with encoding 'UTF8' template template0, and move to it.",
        ),
    });
    checks.push(match (server.local, server.encrypted) {
        (true, _) => Check::fine("database TLS", "the server is on this machine"),
        (false, true) => Check::fine("database TLS", "the connection is encrypted"),
        (false, false) => Check::warning(
            "database TLS",
            "the connection is in the clear",
            "Add ?sslmode=verify-full&sslrootcert=… to the addresses, and ssl = on to the server.",
        ),
    });
    let skew = server.ahead_ms;
    checks.push(match skew.abs() {
        0..2_000 => Check::fine("clock", "the database and this machine agree"),
        2_000..30_000 => Check::warning(
            "clock",
            format!("this machine is {skew} ms ahead of the database"),
            "Let both keep time by NTP.",
        ),
        _ => Check::wrong(
            "clock",
            format!("this machine is {} s ahead of the database", skew / 1000),
            "Let both keep time by NTP: tokens and idempotency go by the clock.",
        ),
    });
    let one: u32 = all_roles().into_iter().map(ServiceRoles::connections).sum();
    let there = u32::try_from(server.connections).unwrap_or_default();
    let found = format!("{there} connections, {} open; one process of each service opens up to {one}", server.open);
    checks.push(match there / one.max(1) {
        0 => {
            Check::warning("connections", found, "Raise max_connections, or callers are answered 503 when it is busy.")
        }
        many => Check::fine("connections", format!("{found}: enough for {many}")),
    });
    checks.push(match (server.wal_level.as_str(), server.archived) {
        ("minimal", _) => Check::warning("log archive", "wal_level is minimal", "Set wal_level = replica, or no base backup can be taken (docs/operations/backup.md)."),
        (level, false) => Check::warning("log archive", format!("wal_level is {level}, and the log is not archived"), "Set archive_mode and archive_command, or only whole backups can be gone back to (docs/operations/backup.md)."),
        (level, true) => Check::fine("log archive", format!("wal_level is {level}, and the log is archived")),
    });
    for (role, lag) in replicas {
        checks.push(match lag {
            Some(0..30) => Check::fine("replica", format!("{role} reads of a replica that is up to date")),
            Some(lag) => Check::warning(
                "replica",
                format!("{role} reads of a replica that is {lag} s behind"),
                "See the load and the network of the replica.",
            ),
            None => Check::warning(
                "replica",
                format!("{role} reads of a replica that has replayed nothing yet"),
                "Wait until it follows, and ask again.",
            ),
        });
    }
}

/// Each schema against the migrations this program carries.
async fn migrations(deployment: &Deployment, reached: &Reached, checks: &mut Vec<Check>) {
    let mut programs = vec![tenancy::platform_migrations()];
    programs.extend(crate::migrations());
    let standings = match &deployment.owner {
        Some(owner) => tenancy::applied(owner, &programs).await.map_err(|error| why(&error)),
        None => match reached.0.first() {
            Some((_, db)) => tenancy::standings(db, &programs).await.map_err(|error| why(&error)),
            None => return,
        },
    };
    match standings {
        Ok(standings) => checks.extend(standings.into_iter().map(|(schema, standing)| {
            let check = format!("migrations {schema}");
            let (found, mend) = standing.told(schema);
            match mend {
                Some(mend) => Check::wrong(&check, found, mend),
                None if standing == Standing::Same => Check::fine(&check, found),
                None => Check::warning(
                    &check,
                    found,
                    "Fine while a release rolls out; then use the newer program here too.",
                ),
            }
        })),
        Err(error) => checks.push(Check::wrong(
            "migrations",
            format!("they could not be asked for: {error}"),
            "Put TENFOLD_DATABASE_URL right, or leave it out.",
        )),
    }
}
