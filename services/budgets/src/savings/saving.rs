//! The rules of a saving and its reports. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{Pence, Period, ReportId, SavingId, basis_points};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::{
    journals::MOVES_MAX,
    rag::{Rag, Thresholds},
};

/// A saving to plan.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "One contract for community equipment", "target_pence": 12_000_000, "recurrent": true,
    "owner": "Head of commissioning"}))]
pub(crate) struct SavingDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    /// The code of the scheme it is made in; left out, it is the fund's.
    #[schema(min_length = 1, max_length = 40)]
    pub(super) scheme: Option<String>,
    /// What it is to save in the year, in pence.
    #[schema(minimum = 1)]
    pub(super) target_pence: Pence,
    /// Whether it is saved in later years too.
    pub(super) recurrent: bool,
    /// The office that answers for it.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) owner: String,
}

fn fits(amount: Pence) -> bool {
    amount.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs()
}

impl SavingDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 200);
        faults.text("/owner", &self.owner, 200);
        let target = self.target_pence.0 > 0 && fits(self.target_pence);
        faults.unless(target, "/target_pence", format_args!("More than nothing, up to {MOVES_MAX}."));
        faults.none()
    }
}

/// What came of a saving.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"period": 6, "achieved_pence": 5_000_000, "forecast_pence": 11_900_000}))]
pub(crate) struct SavingReportDraft {
    /// Up to the end of which period.
    pub(super) period: Period,
    /// Saved so far in the year, in pence.
    pub(super) achieved_pence: Pence,
    /// What will have been saved by the end of the year, in pence.
    pub(super) forecast_pence: Pence,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) note: Option<String>,
}

impl SavingReportDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/note", self.note.as_deref(), 1000);
        for (pointer, amount) in [("/achieved_pence", self.achieved_pence), ("/forecast_pence", self.forecast_pence)] {
            faults.unless(fits(amount), pointer, format_args!("At most {MOVES_MAX}."));
        }
        faults.none()
    }
}

/// A report of a saving.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SavingReportBody {
    pub(super) id: ReportId,
    pub(super) period: Period,
    pub(super) achieved_pence: Pence,
    pub(super) forecast_pence: Pence,
    pub(super) note: Option<String>,
    pub(super) reported_at: DateTime<Utc>,
}

/// A saving as it was last reported. A positive variance is adverse: less saved than was to be.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SavingBody {
    pub(crate) id: SavingId,
    pub(crate) title: String,
    /// The code of the scheme it is made in; null where it is the fund's.
    pub(crate) scheme: Option<String>,
    pub(crate) target_pence: Pence,
    pub(crate) recurrent: bool,
    /// The office that answers for it.
    #[schema(example = "Head of commissioning")]
    pub(crate) owner: String,
    /// The period of the latest report; null until there is one.
    pub(crate) period: Option<Period>,
    pub(crate) achieved_pence: Option<Pence>,
    pub(crate) forecast_pence: Option<Pence>,
    /// Target less forecast.
    pub(crate) variance_pence: Option<Pence>,
    pub(crate) variance_bp: Option<i64>,
    /// By the thresholds of practice: up to 1 % short is green, up to 3 % amber. Null until there is a report.
    pub(crate) rag: Option<Rag>,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for SavingBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "title",
        "scheme",
        "target_pence",
        "recurrent",
        "owner",
        "period",
        "achieved_pence",
        "forecast_pence",
        "variance_pence",
        "variance_bp",
        "rag",
        "recorded_at",
    ];
}

impl SavingBody {
    /// With how far the forecast falls short of the target.
    pub(super) fn judged(mut self) -> Self {
        self.variance_pence = self.forecast_pence.and_then(|forecast| self.target_pence.checked_sub(forecast));
        self.variance_bp = self.variance_pence.and_then(|short| basis_points(short, self.target_pence));
        self.rag = self.variance_bp.map(|short| Thresholds::default().colour(short));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saving_is_as_good_as_its_forecast() {
        let saving = |forecast: Option<i64>| {
            let nothing = SavingBody {
                id: SavingId::at(DateTime::UNIX_EPOCH),
                title: "One contract".into(),
                scheme: None,
                target_pence: Pence(10_000),
                recurrent: true,
                owner: "Head of commissioning".into(),
                period: None,
                achieved_pence: None,
                forecast_pence: forecast.map(Pence),
                variance_pence: None,
                variance_bp: None,
                rag: None,
                recorded_at: DateTime::UNIX_EPOCH,
            };
            nothing.judged()
        };
        assert_eq!((saving(Some(9_900)).rag, saving(Some(9_900)).variance_pence), (Some(Rag::Green), Some(Pence(100))));
        assert_eq!(saving(Some(9_700)).rag, Some(Rag::Amber));
        assert_eq!(saving(Some(0)).rag, Some(Rag::Red));
        assert_eq!(saving(Some(20_000)).rag, Some(Rag::Green), "more than was planned");
        assert_eq!(saving(None).rag, None, "nothing was reported");
    }
}
