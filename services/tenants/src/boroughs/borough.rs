//! The rules of a borough's life. No SQL, no HTTP, no clock.

use auth::{Mode, OwnerKind};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, Gss, Slug};
use serde::{Deserialize, Serialize};
use web::{Fault, Problem, Row, problems};

/// Where a borough stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BoroughState {
    /// Being filled in.
    InSetup,
    /// Handed in; a platform officer looks at it.
    InReview,
    /// In service.
    Live,
    /// Stopped: its tokens are cut off, its data stays.
    Suspended,
}

impl BoroughState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InSetup => "in_setup",
            Self::InReview => "in_review",
            Self::Live => "live",
            Self::Suspended => "suspended",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "in_review" => Self::InReview,
            "live" => Self::Live,
            "suspended" => Self::Suspended,
            _ => Self::InSetup,
        }
    }

    /// Whether what the borough lacks may be waived: before it goes live.
    pub(crate) fn takes_waivers(self) -> bool {
        matches!(self, Self::InSetup | Self::InReview)
    }

    /// The moves a kind of caller may ask for.
    pub(crate) fn allowed(self, by: OwnerKind) -> &'static [Self] {
        match (self, by) {
            (Self::InSetup, OwnerKind::Borough) => &[Self::InReview],
            (Self::InReview, OwnerKind::Borough) => &[Self::InSetup],
            (Self::InReview, OwnerKind::Platform) => &[Self::Live, Self::InSetup],
            (Self::Live, OwnerKind::Platform) => &[Self::Suspended],
            (Self::Suspended, OwnerKind::Platform) => &[Self::Live],
            _ => &[],
        }
    }
}

/// Goes on where whoever brings a borough live is not who asked for it.
///
/// # Errors
/// 409: it takes a second officer.
pub(crate) fn second_person(asked_for_by: Option<&str>, by: &str) -> Result<(), Problem> {
    if asked_for_by == Some(by) {
        let detail = "You brought this borough on board, so another officer has to look at it and bring it live.";
        return Err(Problem::new(&problems::SECOND_PERSON, detail));
    }
    Ok(())
}

/// A borough.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct BoroughBody {
    pub(crate) id: BoroughId,
    /// Its name in paths; never changes.
    #[schema(example = "salford")]
    pub(crate) slug: Slug,
    /// Its statistical code, which works in paths too.
    #[schema(example = "E08000006")]
    pub(crate) gss: Gss,
    #[schema(example = "Salford")]
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) state: BoroughState,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for BoroughBody {
    const COLUMNS: &'static [&'static str] = &["id", "slug", "gss", "name", "mode", "state", "created_at"];
}

/// A borough to bring on board, with its sandbox.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slug": "sefton", "gss": "E08000014", "name": "Sefton",
    "region": "greater-manchester", "expected_from": "2015-04-01"}))]
pub(crate) struct BoroughDraft {
    pub(crate) slug: Slug,
    pub(crate) gss: Gss,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The region that expects its figures.
    pub(crate) region: Slug,
    /// The first day the region expects them.
    pub(crate) expected_from: NaiveDate,
}

impl BoroughDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut faults = Vec::new();
        if !(1..=200).contains(&self.name.trim().chars().count()) {
            faults.push(Fault { pointer: "/name".into(), detail: "A name has 1 to 200 characters.".into() });
        }
        Problem::unless_none(faults)
    }
}

/// A borough as it was brought on board.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OnboardedBody {
    pub(crate) live: BoroughBody,
    pub(crate) sandbox: BoroughBody,
    /// The first administrator's client of each. The secrets are shown once.
    pub(crate) administrators: Vec<FirstAdministrator>,
}

/// The first administrator's API client of a borough or its sandbox.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FirstAdministrator {
    pub(crate) mode: Mode,
    #[schema(example = "borough.sefton.live.5f1c09ab2e")]
    pub(crate) client_id: String,
    /// Shown once; null when this answer is given again.
    pub(crate) client_secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_for_a_borough_does_not_bring_it_live() {
        assert!(second_person(Some("platform.one"), "platform.one").is_err());
        assert!(second_person(Some("platform.one"), "platform.two").is_ok());
        assert!(second_person(None, "platform.one").is_ok(), "of boroughs from before it is not known");
    }

    #[test]
    fn nobody_brings_themselves_live() {
        use BoroughState::{InReview, InSetup, Live, Suspended};
        for state in [InSetup, InReview, Live, Suspended] {
            assert_eq!(BoroughState::parse(state.as_str()), state);
            assert!(!state.allowed(OwnerKind::Borough).contains(&Live));
            assert!(!state.allowed(OwnerKind::Borough).contains(&Suspended));
            assert!(state.allowed(OwnerKind::Region).is_empty() && state.allowed(OwnerKind::Partner).is_empty());
        }
        assert_eq!(Live.allowed(OwnerKind::Platform), [Suspended]);
        assert_eq!(Suspended.allowed(OwnerKind::Platform), [Live]);
    }
}
