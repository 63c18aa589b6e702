//! What a delivery says, and when it is tried again. No SQL, no HTTP, no clock.

use chrono::{DateTime, Duration, Utc};
use domain::{AuditId, DeliveryId, EventId, Slug};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Row;

/// How long after each attempt the next is made, in seconds; after the last there is none.
const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// For so long nothing may be taken before a webhook is disabled, in days.
pub(super) const FAILING_DAYS: i64 = 5;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    /// It is tried, now or later.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was tried for days, and is not tried any more. It can be replayed.
    Failed,
}

/// Something a webhook is told.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryBody {
    pub(crate) id: DeliveryId,
    /// The event's id, the `webhook-id` of every attempt and of every replay: who has seen it, has seen it.
    #[schema(example = "evt_0192c5a07b1d7c3a8f4e2b6d9a1c3e5f")]
    pub(crate) event_id: String,
    #[serde(rename = "type")]
    #[schema(example = "journal.posted")]
    pub(crate) kind: String,
    pub(crate) state: DeliveryState,
    /// How often it was tried.
    #[schema(minimum = 0)]
    pub(crate) attempts: i32,
    pub(crate) created_at: DateTime<Utc>,
    /// When it is tried next; null where it is not, or is held while the webhook is.
    pub(crate) next_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// The delivery this one is sent again of.
    pub(crate) replays: Option<DeliveryId>,
}

impl Row for DeliveryBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "event_id", "type", "state", "attempts", "created_at", "next_at", "ended_at", "replays"];
}

/// An attempt, and what came of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryAttempt {
    #[schema(minimum = 1)]
    pub(crate) number: i32,
    pub(crate) at: DateTime<Utc>,
    #[schema(minimum = 0)]
    pub(crate) took_ms: i32,
    /// What was answered, where anything was.
    pub(crate) status: Option<i32>,
    /// Why there was no answer.
    pub(crate) failure: Option<String>,
    /// The beginning of the answer.
    pub(crate) answer: Option<String>,
}

/// A delivery with what was sent and every attempt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryDetail {
    pub(crate) delivery: DeliveryBody,
    /// What is sent, byte for byte.
    pub(crate) body: String,
    /// The attempts, the first first.
    #[schema(max_items = 10)]
    pub(crate) attempts: Vec<DeliveryAttempt>,
}

/// An event as a webhook is told of it.
pub(crate) struct Told {
    pub(super) event_id: String,
    pub(super) kind: String,
    pub(super) body: String,
}

/// A committed change, by its number.
pub(super) struct Numbered {
    pub(super) service: String,
    pub(super) number: i64,
    pub(super) audit_id: AuditId,
    pub(super) at: DateTime<Utc>,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) deleted: bool,
}

impl Told {
    /// What is told of a change: where to read what changed, and nothing of it.
    pub(super) fn of(change: &Numbered, borough: &str) -> Self {
        let event_id = format!("evt_{}", change.audit_id.0.simple());
        let body = json!({
            "type": change.action,
            "timestamp": change.at,
            "data": {
                "id": event_id, "borough": borough, "service": change.service, "number": change.number,
                "path": format!("/v1/boroughs/{borough}/{}", change.subject), "deleted": change.deleted,
            },
        });
        Self { event_id, kind: change.action.clone(), body: body.to_string() }
    }

    /// What is told to try a webhook.
    pub(crate) fn test(now: DateTime<Utc>, borough: &Slug) -> Self {
        let event_id = format!("evt_{}", EventId::at(now).0.simple());
        let data = json!({"id": event_id, "borough": borough});
        let body = json!({"type": "webhook.test", "timestamp": now, "data": data});
        Self { event_id, kind: "webhook.test".into(), body: body.to_string() }
    }
}

/// When it is tried again after so many attempts, a little apart from others by its id; none where it is not.
pub(super) fn next_attempt(attempts: i32, now: DateTime<Utc>, id: DeliveryId) -> Option<DateTime<Utc>> {
    let pause = *PAUSES.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    // Up to a tenth more.
    let apart = i64::from(id.0.as_bytes()[15]) * pause / 2_560;
    Some(now + Duration::seconds(pause + apart))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_days_and_then_not_any_more() {
        let (now, id) = (DateTime::UNIX_EPOCH, DeliveryId(uuid::Uuid::nil()));
        let pauses: Vec<_> =
            (1..=10).map(|attempts| next_attempt(attempts, now, id).map(|at| at.timestamp())).collect();
        assert_eq!(pauses[..3], [Some(5), Some(300), Some(1_800)]);
        assert_eq!((pauses[8], pauses[9]), (Some(86_400), None));
        let apart = next_attempt(2, now, DeliveryId(uuid::Uuid::max())).expect("again").timestamp();
        assert!((301..=330).contains(&apart));
        assert_eq!(next_attempt(0, now, id), None);
    }

    #[test]
    fn it_names_the_thing_and_shows_nothing_of_it() {
        let change = Numbered {
            service: "budgets".into(),
            number: 7,
            audit_id: AuditId(uuid::Uuid::max()),
            at: DateTime::UNIX_EPOCH,
            action: "journal.posted".into(),
            subject: "funds/1/journals/2".into(),
            deleted: false,
        };
        let told = Told::of(&change, "wigan");
        let body: serde_json::Value = serde_json::from_str(&told.body).expect("JSON");
        assert_eq!(body["data"]["path"], "/v1/boroughs/wigan/funds/1/journals/2");
        assert_eq!((&body["type"], &body["data"]["id"]), (&json!("journal.posted"), &json!(told.event_id)));
    }
}
