//! What an invitation is. No SQL, no HTTP, no clock.

use auth::{OwnerKind, Role};
use chrono::{DateTime, Duration, Utc};
use domain::InvitationId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::issuers::is_for_a_person;

const DAYS: i64 = 7;
const MOST_DAYS: i64 = 30;

/// Somebody to invite.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"office": "Head of integrated finance", "role": "finance"}))]
pub(crate) struct InvitationDraft {
    /// The office they are to hold, never a name.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) office: String,
    pub(crate) role: Role,
    /// For how many days it can be accepted: 7 where nothing is said, and 30 at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 30)]
    pub(crate) days: Option<i64>,
}

impl InvitationDraft {
    /// Until when it can be accepted.
    pub(crate) fn check(&self, owner: OwnerKind, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
        let mut faults = Faults::default();
        faults.text("/office", &self.office, 200);
        let fits = is_for_a_person(self.role, owner);
        faults.unless(fits, "/role", format_args!("`{}` is not a role of people of this kind of owner.", self.role));
        let days = self.days.unwrap_or(DAYS);
        faults.unless((1..=MOST_DAYS).contains(&days), "/days", "1 to 30 days.");
        faults.none()?;
        Ok(now + Duration::days(days))
    }
}

/// How an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvitationState {
    /// It can be accepted.
    Pending,
    /// It was.
    Accepted,
    /// It was taken back.
    Withdrawn,
    /// Its time is over.
    Expired,
}

impl InvitationState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Withdrawn],
            Self::Accepted | Self::Withdrawn | Self::Expired => &[],
        }
    }
}

/// When what was done with it: its state is read off these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InvitationTimes {
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) accepted_at: Option<DateTime<Utc>>,
    pub(crate) withdrawn_at: Option<DateTime<Utc>>,
}

/// What somebody is told who sends its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Welcome,
    No(&'static str),
}

impl InvitationTimes {
    pub(crate) fn state(self, now: DateTime<Utc>) -> InvitationState {
        match self {
            Self { accepted_at: Some(_), .. } => InvitationState::Accepted,
            Self { withdrawn_at: Some(_), .. } => InvitationState::Withdrawn,
            Self { expires_at, .. } if expires_at <= now => InvitationState::Expired,
            _ => InvitationState::Pending,
        }
    }

    pub(crate) fn answer(self, now: DateTime<Utc>) -> Answer {
        match self.state(now) {
            InvitationState::Pending => Answer::Welcome,
            InvitationState::Accepted => Answer::No(
                "This invitation was accepted already; it works once. Sign in without it, or ask for another.",
            ),
            InvitationState::Withdrawn => Answer::No("This invitation was withdrawn. Ask whoever invited you."),
            InvitationState::Expired => {
                Answer::No("This invitation has expired. Ask whoever invited you for another, and accept it in time.")
            }
        }
    }
}

/// An invitation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct InvitationBody {
    pub(crate) id: InvitationId,
    #[schema(example = "Head of integrated finance")]
    pub(crate) office: String,
    #[schema(example = "finance")]
    pub(crate) role: String,
    pub(crate) state: InvitationState,
    /// How its code begins, to tell one from another.
    #[schema(example = "tfl_invitation_k3Tq9z")]
    pub(crate) hint: String,
    pub(crate) invited_at: DateTime<Utc>,
    pub(crate) invited_by: String,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) accepted_at: Option<DateTime<Utc>>,
    /// The member it made.
    #[schema(example = json!(null))]
    pub(crate) accepted_by: Option<String>,
    pub(crate) withdrawn_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) withdrawn_by: Option<String>,
    #[serde(skip)]
    pub(crate) reason: Option<String>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for InvitationBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "office",
        "role",
        "state",
        "hint",
        "invited_at",
        "invited_by",
        "expires_at",
        "accepted_at",
        "accepted_by",
        "withdrawn_at",
    ];
}

/// An invitation just made, with its code.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SentInvitation {
    #[serde(flatten)]
    pub(crate) invitation: InvitationBody,
    /// Shown once; null when this answer is given again. Send it to whoever is invited by a way that others do not read.
    pub(crate) code: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_invitation_lasts_a_week_and_a_month_at_most() {
        let now = at("2026-09-01T12:00:00Z");
        let tried = |draft: Value| {
            serde_json::from_value::<InvitationDraft>(draft).expect("a draft").check(OwnerKind::Borough, now)
        };
        assert_eq!(tried(json!({"office": "Clerk", "role": "clerk"})).ok(), Some(at("2026-09-08T12:00:00Z")));
        assert!(tried(json!({"office": "Clerk", "role": "admin", "days": 30})).is_ok());
        for wrong in [
            json!({"office": "", "role": "clerk"}),
            json!({"office": "A system", "role": "system"}),
            json!({"office": "An analyst", "role": "analyst"}),
            json!({"office": "Clerk", "role": "clerk", "days": 0}),
            json!({"office": "Clerk", "role": "clerk", "days": 31}),
            json!({"office": "Clerk", "role": "clerk", "days": i64::MAX}),
        ] {
            assert!(tried(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_accepted_in_time_or_not_at_all() {
        let (now, then) = (at("2026-09-01T12:00:00Z"), at("2026-09-08T12:00:00Z"));
        let times = InvitationTimes { expires_at: then, accepted_at: None, withdrawn_at: None };
        assert_eq!(times.answer(now), Answer::Welcome);
        assert_eq!(times.state(then), InvitationState::Expired);
        for (times, says) in [
            (InvitationTimes { accepted_at: Some(now), ..times }, "accepted already"),
            (InvitationTimes { withdrawn_at: Some(now), ..times }, "withdrawn"),
            (InvitationTimes { expires_at: now, ..times }, "expired"),
        ] {
            assert!(matches!(times.answer(now), Answer::No(why) if why.contains(says)), "{times:?}");
        }
    }
}
