//! What waits: events, seals, the chain of the audit trail, files and archives.

use tenancy::{Db, DbError};

use super::{
    check::{Check, why},
    database::Reached,
    settings::Deployment,
    store::{self, Waiting},
};

/// After so long, in seconds, something that is done within a second or two is late, and then stuck.
const LATE: i64 = 60;
const STUCK: i64 = 600;
/// More entries than are written while one batch of them is chained.
const MANY: i64 = 5_000;

pub(super) async fn look(deployment: &Deployment, reached: &Reached, checks: &mut Vec<Check>) {
    for service in ["tenants", "budgets", "governance"] {
        let Some(db) = reached.of(&format!("{service}_work")) else { continue };
        let found = match service {
            "tenants" => of_tenants(db, deployment).await,
            "budgets" => of_budgets(db, deployment).await,
            _ => Ok(Vec::new()),
        };
        for found in [events(service, db).await, found] {
            match found {
                Ok(found) => checks.extend(found),
                Err(error) => checks.push(Check::wrong(
                    &format!("queues of {service}"),
                    format!("they could not be read: {}", why(&error)),
                    "See the migrations and roles above.",
                )),
            }
        }
    }
}

async fn events(service: &str, db: &Db) -> Result<Vec<Check>, DbError> {
    let mut tx = db.work().await?;
    let now = tx.now();
    let age = |waiting: &Waiting| waiting.since.map_or(0, |since| (now - since).num_seconds());
    let (outbox, inbox, failing) =
        (store::outbox(&mut tx).await?, store::inbox(&mut tx).await?, store::failing(&mut tx).await?);
    let mend = format!("See that {service} runs, and its log.");
    let mut found = vec![aged(&format!("outbox {service}"), "events to hand on", outbox, age(&outbox), &mend)];
    found.push(match failing {
        Some((kind, attempts, failure)) => Check::wrong(
            &format!("inbox {service}"),
            format!(
                "{kind} failed {attempts} times: {}",
                super::check::without_passwords(&failure.unwrap_or_default())
            ),
            format!("The log of {service} says why; those after it about the same thing wait for it."),
        ),
        None => aged(&format!("inbox {service}"), "events to take in", inbox, age(&inbox), &mend),
    });
    tx.commit().await?;
    Ok(found)
}

async fn of_tenants(db: &Db, deployment: &Deployment) -> Result<Vec<Check>, DbError> {
    let mut tx = db.work().await?;
    let now = tx.now();
    let (audit, exports) = (store::audit(&mut tx).await?, store::exports(&mut tx).await?);
    tx.commit().await?;
    let keyed = deployment.keys[1].path.as_ref().is_some_and(|path| path.exists());
    let age = exports.since.map_or(0, |since| (now - since).num_seconds());
    Ok(vec![
        counted("audit chain", "entries without a place", audit, MANY, keyed, "TENFOLD_AUDIT_KEY_FILE"),
        aged(
            "exports",
            "archives to make",
            exports,
            age,
            "See that tenants runs, and its log; the place of archives may be full.",
        ),
    ])
}

async fn of_budgets(db: &Db, deployment: &Deployment) -> Result<Vec<Check>, DbError> {
    let mut tx = db.work().await?;
    let now = tx.now();
    let (seals, imports) = (store::seals(&mut tx).await?, store::imports(&mut tx).await?);
    tx.commit().await?;
    let keyed = deployment.keys[2].path.as_ref().is_some_and(|path| path.exists());
    let age = imports.since.map_or(0, |since| (now - since).num_seconds());
    Ok(vec![
        counted("seals", "periods without their seal", seals, 50, keyed, "TENFOLD_SEAL_KEY_FILE"),
        aged(
            "imports",
            "files being read",
            imports,
            age,
            "See that budgets runs, and its log; where its folder was lost, send the file again.",
        ),
    ])
}

fn aged(check: &str, what: &str, Waiting { waiting, .. }: Waiting, age: i64, mend: &str) -> Check {
    match (waiting, age) {
        (0, _) => Check::fine(check, format!("no {what}")),
        (_, ..LATE) => Check::fine(check, format!("{waiting} {what}")),
        (_, ..STUCK) => Check::warning(check, format!("{waiting} {what}, the first for {age} s"), mend),
        _ => Check::wrong(check, format!("{waiting} {what}, the first for {} min", age / 60), mend),
    }
}

fn counted(check: &str, what: &str, Waiting { waiting, .. }: Waiting, many: i64, keyed: bool, setting: &str) -> Check {
    match waiting {
        0 => Check::fine(check, format!("no {what}")),
        _ if !keyed => Check::warning(
            check,
            format!("{waiting} {what}, and no key for them is known here"),
            format!("Give the service a key: {setting}."),
        ),
        _ if waiting > many => Check::warning(
            check,
            format!("{waiting} {what}"),
            "Ask again in a minute; if there are not fewer, see the log of the service.",
        ),
        _ => Check::fine(check, format!("{waiting} {what} just now")),
    }
}
