//! Filling a new sandbox: requests of the service's own API, made by nobody outside.
//!
//! They go through the same handlers, rules and audit as anybody's; each has an Idempotency-Key of its own, so that a
//! seeding that broke off is simply done again.

use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use auth::{Authenticate, BoroughClaim, Caller, Gate, Mode, Owner, Role};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, header},
};
use chrono::{DateTime, Utc};
use domain::{BoroughId, FinancialYear, day_in_england};
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;
use web::Problem;

use crate::{Db, DbError};

/// Who fills sandboxes, in the audit trail.
pub const SEEDER: &str = "sandbox.seed";
const EVERY: Duration = Duration::from_secs(1);
const ANSWER_MAX: usize = 1024 * 1024;

/// A request of a seed. `{names}` in its path and its texts stand for what is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    post: String,
    body: Value,
    /// What the answer's id is known as from then on.
    #[serde(default)]
    known_as: Option<String>,
}

/// What a service fills sandboxes with.
pub struct Seed {
    /// The steps, as a JSON list.
    pub steps: &'static str,
    /// The role that may take all of them.
    pub role: Role,
    /// Who fills them next, knowing what this one made.
    pub next: &'static [&'static str],
}

/// Lets in one caller, whatever the headers say. For requests that never left this process.
struct Itself(Arc<Caller>);

impl Authenticate for Itself {
    fn caller<'a>(
        &'a self,
        _: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Caller>, Problem>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

type Known = BTreeMap<String, String>;

/// Why a sandbox is not filled yet.
#[derive(Debug, thiserror::Error)]
enum NotSown {
    #[error("the seed cannot be read: {0}")]
    Unreadable(String),
    #[error("step {step} was answered {status}: {detail}")]
    Refused { step: usize, status: u16, detail: String },
    #[error("the database did not do what it was asked")]
    Database(#[from] DbError),
}

/// A sandbox that waits.
struct Due {
    borough: BoroughClaim,
    name: String,
    known: Known,
}

/// Fills new sandboxes until `stop`. `router` is the service's own, behind a gate that is given.
pub async fn sow_sandboxes(db: Db, router: impl Fn(Gate) -> Router + Send, seed: Seed, stop: CancellationToken) {
    // What another service still has to tell takes a moment; what is wrong takes longer.
    let mut failed: HashMap<BoroughId, (u32, Instant)> = HashMap::new();
    loop {
        match due(&db).await {
            Ok(found) => {
                failed.retain(|id, _| found.iter().any(|one| one.borough.id == *id));
                for one in found {
                    if failed.get(&one.borough.id).is_some_and(|(_, again)| *again > Instant::now()) {
                        continue;
                    }
                    let sown = sow(&db, &router, &seed, &one).await;
                    if let Err(error) = finish(&db, &seed, &one, sown).await {
                        let times = failed.get(&one.borough.id).map_or(0, |(times, _)| *times);
                        let again = Instant::now() + EVERY * (1 << times.min(6));
                        failed.insert(one.borough.id, (times + 1, again));
                        tracing::warn!(?error, borough = %one.borough.id, "a sandbox is not filled yet; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "new sandboxes could not be looked for; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn due(db: &Db) -> Result<Vec<Due>, DbError> {
    let mut tx = db.work().await?;
    let rows =
        sqlx::query!("select borough_id, slug, gss, name, known from platform.seed_due order by borough_id limit 100")
            .fetch_all(tx.connection())
            .await?;
    tx.commit().await?;
    let claim = |id: Uuid, slug: &str, gss: &str| {
        Some(BoroughClaim { id: BoroughId(id), slug: slug.parse().ok()?, gss: gss.parse().ok()?, mode: Mode::Sandbox })
    };
    let due = rows.into_iter().filter_map(|row| {
        Some(Due {
            borough: claim(row.borough_id, &row.slug, &row.gss)?,
            name: row.name,
            known: serde_json::from_value(row.known).ok()?,
        })
    });
    Ok(due.collect())
}

async fn sow(db: &Db, router: &impl Fn(Gate) -> Router, seed: &Seed, due: &Due) -> Result<Known, NotSown> {
    let now = db.now();
    let steps: Vec<Step> = serde_json::from_str(seed.steps).map_err(|error| NotSown::Unreadable(error.to_string()))?;
    let caller = Caller {
        client_id: SEEDER.into(),
        owner: Owner::Borough(due.borough.clone()),
        role: seed.role,
        scopes: seed.role.scopes(),
        token_id: String::new(),
        issued_at: now.timestamp(),
        expires_at: now.timestamp() + 600,
    };
    let router = router(Arc::new(Itself(Arc::new(caller))));
    let mut known = due.known.clone();
    known.extend(always(due, now));
    for (number, step) in steps.iter().enumerate() {
        let body = filled(&step.body, &known).to_string();
        let request = Request::post(text(&step.post, &known))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("seed-{}-{number}", db.service()))
            .body(Body::from(body))
            .map_err(|error| NotSown::Unreadable(error.to_string()))?;
        let Ok(answer) = router.clone().oneshot(request).await;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), ANSWER_MAX).await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if !status.is_success() {
            let detail = format!("{} {}", answer["detail"].as_str().unwrap_or_default(), answer["errors"]);
            return Err(NotSown::Refused { step: number, status: status.as_u16(), detail });
        }
        if let (Some(name), Some(id)) = (&step.known_as, answer["id"].as_str()) {
            known.insert(name.clone(), id.to_owned());
        }
    }
    Ok(known)
}

/// What every seed knows: whose it is, and the financial year it is filled in.
fn always(due: &Due, now: DateTime<Utc>) -> Known {
    let year = FinancialYear::of(day_in_england(now));
    let (name, begins) = year.map(|year| (year.to_string(), year.first_day().to_string())).unwrap_or_default();
    [
        ("borough", due.borough.slug.to_string()),
        ("gss", due.borough.gss.to_string()),
        ("name", due.name.clone()),
        ("year", name),
        ("year_begins", begins),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn text(template: &str, known: &Known) -> String {
    known.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn filled(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(template) => text(template, known).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, known)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), filled(value, known))).collect(),
        other => other.clone(),
    }
}

async fn finish(db: &Db, seed: &Seed, due: &Due, sown: Result<Known, NotSown>) -> Result<(), NotSown> {
    let known = sown?;
    let mut tx = db.work().await?;
    let known = serde_json::to_value(known).unwrap_or_default();
    for service in seed.next {
        sqlx::query!(
            "insert into platform.seed_due (borough_id, service, slug, gss, name, known)
             values ($1, $2, $3, $4, $5, $6)",
            due.borough.id.0,
            service,
            due.borough.slug.as_str(),
            due.borough.gss.as_str(),
            due.name,
            known
        )
        .execute(tx.connection())
        .await
        .map_err(DbError::from)?;
    }
    sqlx::query!("delete from platform.seed_due where borough_id = $1", due.borough.id.0)
        .execute(tx.connection())
        .await
        .map_err(DbError::from)?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_for_what_is_known_wherever_they_are() {
        let known: Known = [("fund".to_owned(), "1".to_owned()), ("year".to_owned(), "2026-27".to_owned())].into();
        let body = json!({"year": "{year}", "pence": 5, "of": [{"fund": "{fund}"}, "{unknown}"]});
        assert_eq!(filled(&body, &known), json!({"year": "2026-27", "pence": 5, "of": [{"fund": "1"}, "{unknown}"]}));
        assert_eq!(text("/funds/{fund}/years", &known), "/funds/1/years");
    }
}
