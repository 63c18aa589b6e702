//! When a key signs, when it is published, and what a rotation does. No SQL, no HTTP, no clock.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use web::{Problem, Row, problems};

/// How long a key stays published after another has taken its place: the life of a token, and a minute for clocks and
/// for tokens that were being signed.
const STAYS_SECONDS: i64 = auth::LIFETIME_SECONDS + 60;

/// The times everything about a key is read off, so that all replicas agree without talking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) signs_from: DateTime<Utc>,
    pub(super) retires_at: Option<DateTime<Utc>>,
}

/// What a signing key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SigningKeyState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SigningState {
    /// Published, so that everybody who checks tokens has it before it signs.
    Pending,
    /// It signs.
    Active,
    /// It signs no more; what it signed is still taken.
    Retiring,
    /// Nothing it signed is taken any more.
    Retired,
}

impl Times {
    pub(super) fn is_published(self, now: DateTime<Utc>) -> bool {
        self.retires_at.is_none_or(|at| at > now)
    }
}

/// Which of the keys, in the order they were made, signs: the newest that may.
pub(super) fn signing(keys: &[Times], now: DateTime<Utc>) -> Option<usize> {
    let may = |key: &Times| key.signs_from <= now && key.is_published(now);
    keys.iter().rposition(may)
}

/// The states of all the keys, in the order they were made.
pub(super) fn states(keys: &[Times], now: DateTime<Utc>) -> Vec<SigningState> {
    let signs = signing(keys, now);
    let state = |(at, key): (usize, &Times)| {
        if Some(at) == signs {
            SigningState::Active
        } else if !key.is_published(now) {
            SigningState::Retired
        } else if key.signs_from > now {
            SigningState::Pending
        } else {
            SigningState::Retiring
        }
    };
    keys.iter().enumerate().map(state).collect()
}

/// A rotation: from when the new key signs, and until when those before it stay published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) signs_from: DateTime<Utc>,
    pub(super) others_retire_at: DateTime<Utc>,
}

/// Plans one, where none is under way.
pub(super) fn plan(keys: &[Times], propagation: std::time::Duration, now: DateTime<Utc>) -> Result<Plan, Problem> {
    if let Some(pending) = keys.iter().find(|key| key.signs_from > now) {
        let wait = u64::try_from((pending.signs_from - now).num_seconds() + 1).unwrap_or(60);
        let detail = format_args!(
            "A new key is published already and signs from {}. Rotate again after that.",
            pending.signs_from
        );
        return Err(Problem::new(&problems::CONFLICT, detail).retry_after(wait));
    }
    let signs_from = now + Duration::from_std(propagation).unwrap_or(Duration::seconds(60));
    Ok(Plan { signs_from, others_retire_at: signs_from + Duration::seconds(STAYS_SECONDS) })
}

/// A rotation asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SigningKeyRotationDraft, example = json!({"reason": "Yearly exercise"}))]
pub(crate) struct RotationDraft {
    /// Why, for those who read the list: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

/// A key tokens are signed with; never its private half.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SigningKey)]
pub(crate) struct SigningKeyBody {
    /// Its `kid`: its RFC 7638 thumbprint.
    #[schema(example = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    pub(super) id: String,
    pub(super) state: SigningState,
    /// The client that asked for it, or `service.tenants` where its time had come.
    #[schema(example = "platform.5f1c09ab2e")]
    pub(super) made_by: String,
    pub(super) reason: String,
    /// When it was made and published.
    pub(super) created_at: DateTime<Utc>,
    pub(super) signs_from: DateTime<Utc>,
    /// Until when it is published, and what it signed is taken; null of the newest.
    pub(super) retires_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) number: i64,
}

impl Row for SigningKeyBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "state", "made_by", "reason", "created_at", "signs_from", "retires_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_token_has_ended() {
        use SigningState::{Active, Pending, Retired, Retiring};
        let first = Times { signs_from: at(0), retires_at: None };
        assert_eq!(states(&[first], at(0)), [Active]);
        let propagation = std::time::Duration::from_secs(60);
        let planned = plan(&[first], propagation, at(100)).expect("none under way");
        let first = Times { retires_at: Some(planned.others_retire_at), ..first };
        let keys = [first, Times { signs_from: planned.signs_from, retires_at: None }];
        assert_eq!(states(&keys, at(100)), [Active, Pending]);
        assert_eq!(states(&keys, at(159)), [Active, Pending]);
        assert_eq!(states(&keys, at(160)), [Retiring, Active]);
        // The last token the first one signed, at 159, has ended at 759, and with all patience at 789.
        assert_eq!(states(&keys, at(789)), [Retiring, Active]);
        assert_eq!(states(&keys, at(820)), [Retired, Active]);
        assert!(plan(&keys, propagation, at(159)).is_err(), "one at a time");
        assert!(plan(&keys, propagation, at(160)).is_ok());
        assert_eq!(signing(&[], at(0)), None);
    }
}
