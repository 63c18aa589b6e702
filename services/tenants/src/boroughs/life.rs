//! The states of a borough's life, and who may move it. No SQL, no HTTP, no clock.

use auth::OwnerKind;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use web::{Problem, problems};

/// Where a borough stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BoroughState {
    /// Named, and not open yet: nobody gets a token for it.
    Draft,
    /// Being filled in.
    InSetup,
    /// Handed in; a platform officer looks at it.
    InReview,
    /// In service.
    Live,
    /// Stopped: its tokens are cut off, its data stays.
    Suspended,
    /// It leaves: it winds up, and takes its record along.
    Offboarding,
    /// It has left: its tokens are cut off, its record is kept for as long as it has to be.
    Closed,
    /// Its record is destroyed.
    Purged,
}

impl BoroughState {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Draft,
        Self::InSetup,
        Self::InReview,
        Self::Live,
        Self::Suspended,
        Self::Offboarding,
        Self::Closed,
        Self::Purged,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InSetup => "in_setup",
            Self::InReview => "in_review",
            Self::Live => "live",
            Self::Suspended => "suspended",
            Self::Offboarding => "offboarding",
            Self::Closed => "closed",
            Self::Purged => "purged",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::InSetup)
    }

    /// Whether what the borough lacks may be waived: before it goes live.
    pub(crate) fn takes_waivers(self) -> bool {
        matches!(self, Self::InSetup | Self::InReview)
    }

    /// Whether anybody gets a token for it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::InSetup | Self::InReview | Self::Live | Self::Offboarding)
    }

    /// The moves a kind of caller may ask for.
    pub(crate) fn allowed(self, by: OwnerKind) -> &'static [Self] {
        match (self, by) {
            (Self::InSetup, OwnerKind::Borough) => &[Self::InReview],
            (Self::InReview, OwnerKind::Borough) => &[Self::InSetup],
            (Self::Draft, OwnerKind::Platform) => &[Self::InSetup],
            (Self::InReview, OwnerKind::Platform) => &[Self::Live, Self::InSetup],
            (Self::Live, OwnerKind::Platform) => &[Self::Suspended, Self::Offboarding],
            (Self::Suspended, OwnerKind::Platform) => &[Self::Live, Self::Offboarding],
            (Self::Offboarding, OwnerKind::Platform) => &[Self::Live, Self::Closed],
            (Self::Closed, OwnerKind::Platform) => &[Self::Purged],
            _ => &[],
        }
    }

    /// The state its sandbox takes with it: one that nobody is to work in closes, one that goes on is as it always was.
    pub(crate) fn of_sandbox(self) -> Option<Self> {
        match self {
            Self::Suspended | Self::Closed | Self::Purged => Some(self),
            Self::InSetup | Self::Live | Self::Offboarding => Some(Self::InSetup),
            Self::Draft | Self::InReview => None,
        }
    }
}

/// Goes on where whoever decides is not who asked for it.
///
/// # Errors
/// 409: it takes a second officer.
pub(crate) fn second_person(asked_for_by: Option<&str>, by: &str, detail: &str) -> Result<(), Problem> {
    if asked_for_by == Some(by) {
        return Err(Problem::new(&problems::SECOND_PERSON, detail));
    }
    Ok(())
}

/// How many financial years a closed borough's record is kept after the one in which it was closed: for as long as anybody
/// may go to court over an agreement (Limitation Act 1980 s. 5, six years), counted from the end of the year whose
/// accounts it is in.
const RETAINED_YEARS: i32 = 6;

/// The last day on which the record of a borough closed on a day must be kept.
pub(crate) fn retained_until(closed_on: NaiveDate) -> NaiveDate {
    let ends = closed_on.year() + i32::from((closed_on.month(), closed_on.day()) > (3, 31));
    NaiveDate::from_ymd_opt(ends + RETAINED_YEARS, 3, 31).unwrap_or(NaiveDate::MAX)
}

/// Goes on where a borough that leaves has taken its record along.
///
/// # Errors
/// 409: it has no export of the time since it began to leave.
pub(crate) fn record_taken(made_since: bool) -> Result<(), Problem> {
    if made_since {
        return Ok(());
    }
    let detail = "No export has been made since the borough began to leave. One was asked for then: wait until it is made, \
                  or have its administrator ask for another (POST …/exports).";
    Err(Problem::new(&problems::CONFLICT, detail))
}

/// Goes on where a closed borough's record need not be kept any longer.
///
/// # Errors
/// 409: the day has not come.
pub(crate) fn may_be_purged(retained_until: Option<NaiveDate>, today: NaiveDate) -> Result<(), Problem> {
    match retained_until {
        Some(until) if today > until => Ok(()),
        Some(until) => {
            let detail = format!(
                "The record is kept until {until}: six financial years after the one in which it was closed (Limitation Act 1980 s. 5)."
            );
            Err(Problem::new(&problems::CONFLICT, detail))
        }
        None => Err(Problem::internal("a closed borough has no day until which it is kept")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn who_asked_for_a_borough_does_not_bring_it_live() {
        assert!(second_person(Some("platform.one"), "platform.one", "no").is_err());
        assert!(second_person(Some("platform.one"), "platform.two", "no").is_ok());
        assert!(second_person(None, "platform.one", "no").is_ok(), "of boroughs from before it is not known");
    }

    #[test]
    fn nobody_brings_themselves_live_and_nothing_is_destroyed_at_once() {
        use BoroughState::{Closed, Draft, InSetup, Live, Offboarding, Purged, Suspended};
        for state in BoroughState::ALL {
            assert_eq!(BoroughState::parse(state.as_str()), state);
            let own = state.allowed(OwnerKind::Borough);
            assert!(own.iter().all(|to| matches!(to, InSetup | BoroughState::InReview)));
            assert!(state.allowed(OwnerKind::Region).is_empty() && state.allowed(OwnerKind::Partner).is_empty());
            assert_eq!(state.allowed(OwnerKind::Platform).contains(&Purged), state == Closed);
            assert_eq!(state.allowed(OwnerKind::Platform).contains(&Closed), state == Offboarding);
        }
        assert_eq!(Live.allowed(OwnerKind::Platform), [Suspended, Offboarding]);
        assert_eq!(Suspended.allowed(OwnerKind::Platform), [Live, Offboarding]);
        assert_eq!(Draft.allowed(OwnerKind::Platform), [InSetup]);
        assert!(Purged.allowed(OwnerKind::Platform).is_empty(), "what is destroyed stays so");
        for closed in [Draft, Suspended, Closed, Purged] {
            assert!(!closed.is_open());
        }
    }

    #[test]
    fn a_record_is_kept_for_six_financial_years_after_the_one_of_its_closing() {
        assert_eq!(retained_until(day("2026-11-22")), day("2033-03-31"));
        assert_eq!(retained_until(day("2027-03-31")), day("2033-03-31"));
        assert_eq!(retained_until(day("2027-04-01")), day("2034-03-31"));
        let until = Some(day("2033-03-31"));
        assert!(may_be_purged(until, day("2033-03-31")).is_err());
        assert!(may_be_purged(until, day("2033-04-01")).is_ok());
        assert!(may_be_purged(None, day("2099-01-01")).is_err());
    }

    #[test]
    fn a_borough_does_not_close_without_its_record() {
        assert!(record_taken(true).is_ok() && record_taken(false).is_err());
    }
}
