//! The thresholds themselves. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rag {
    Green,
    Amber,
    Red,
}

/// Up to how much over, in basis points, something is green, and up to how much amber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RagDraft, example = json!({"green_bp": 100, "amber_bp": 300}))]
pub(crate) struct Thresholds {
    /// Green up to and including this.
    #[schema(minimum = 0, maximum = 10_000, example = 100)]
    pub(crate) green_bp: i32,
    /// Amber above green, up to and including this; red beyond.
    #[schema(minimum = 0, maximum = 10_000, example = 300)]
    pub(crate) amber_bp: i32,
}

/// Practice: up to 1 % over is green, up to 3 % amber.
impl Default for Thresholds {
    fn default() -> Self {
        Self { green_bp: 100, amber_bp: 300 }
    }
}

impl Thresholds {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        for (pointer, bp) in [("/green_bp", self.green_bp), ("/amber_bp", self.amber_bp)] {
            faults.unless((0..=10_000).contains(&bp), pointer, "From 0 to 10,000 basis points.");
        }
        faults.unless(self.green_bp <= self.amber_bp, "/amber_bp", "Amber begins where green ends, or later.");
        faults.none()
    }

    /// The colour of being over by so much; below nothing is under, which is green.
    pub(crate) fn colour(self, over_bp: i64) -> Rag {
        if over_bp <= i64::from(self.green_bp) {
            Rag::Green
        } else if over_bp <= i64::from(self.amber_bp) {
            Rag::Amber
        } else {
            Rag::Red
        }
    }
}

/// The thresholds in force in a region.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RagBody {
    #[schema(example = 100)]
    pub(super) green_bp: i32,
    #[schema(example = 300)]
    pub(super) amber_bp: i32,
    /// Null while nobody has set them, and the ones of practice are in force.
    pub(super) set_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_per_cent_is_green_and_three_amber() {
        let usual = Thresholds::default();
        for (over, colour) in [
            (-500, Rag::Green),
            (100, Rag::Green),
            (101, Rag::Amber),
            (300, Rag::Amber),
            (301, Rag::Red),
            (i64::MAX, Rag::Red),
        ] {
            assert_eq!(usual.colour(over), colour, "{over}");
        }
        assert!(usual.check().is_ok());
        assert!(Thresholds { green_bp: 301, amber_bp: 300 }.check().is_err());
        assert!(Thresholds { green_bp: -1, amber_bp: 300 }.check().is_err());
        assert!(Thresholds { green_bp: 0, amber_bp: 10_001 }.check().is_err());
    }
}
