//! The rules of an estimate. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Pence;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts, problems};

use crate::journals::MOVES_MAX;

/// How firm a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Firmness {
    /// From an initial analysis.
    Indicative,
    /// Worked out, not agreed.
    Provisional,
    /// Agreed; nothing follows it.
    Final,
}

/// An estimate to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"firmness": "provisional", "amount_pence": 35_214_000_000_i64, "said_on": "2019-01-31",
    "source": "Report to cabinet"}))]
pub(crate) struct EstimateDraft {
    pub(super) firmness: Firmness,
    #[schema(minimum = 0)]
    pub(super) amount_pence: Pence,
    /// The day it was said.
    pub(super) said_on: NaiveDate,
    /// Where it is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl EstimateDraft {
    /// It follows what was said before: no less firm, not earlier, and nothing follows a final figure.
    pub(super) fn check(&self, last: Option<&EstimateBody>, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/source", &self.source, 500);
        drafts::past_day(&mut faults, "/said_on", self.said_on, today);
        let fits = (0..=MOVES_MAX.0).contains(&self.amount_pence.0);
        faults.unless(fits, "/amount_pence", format_args!("From nil to {MOVES_MAX}."));
        faults.none()?;
        let Some(last) = last else { return Ok(()) };
        if last.firmness == Firmness::Final {
            let detail = "The final figure is recorded. What changes after it is budget.";
            return Err(Problem::of_fault(&problems::CONFLICT, "/firmness", detail));
        }
        let mut faults = Faults::default();
        faults.unless(self.firmness >= last.firmness, "/firmness", "It is no less firm than the figure before it.");
        let later = last.said_on.is_none_or(|day| self.said_on >= day);
        faults.unless(later, "/said_on", "It is not said before the figure it follows.");
        faults.none()
    }
}

/// What a fund was said to come to.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct EstimateBody {
    pub(super) firmness: Firmness,
    pub(super) amount_pence: Pence,
    /// The day it was said; none for what was recorded with the fund.
    pub(super) said_on: Option<NaiveDate>,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for EstimateBody {
    const COLUMNS: &'static [&'static str] = &["firmness", "amount_pence", "said_on", "source", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn said(firmness: Firmness, on: &str) -> EstimateBody {
        EstimateBody {
            firmness,
            amount_pence: Pence(35_000_000_000),
            said_on: Some(day(on)),
            source: "A test".into(),
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_figure_gets_firmer_and_a_final_one_is_the_last() {
        use Firmness::{Final, Indicative, Provisional};
        let next = |firmness, after: &EstimateBody| {
            let amount_pence = Pence(35_100_000_000);
            let draft = EstimateDraft { firmness, amount_pence, said_on: day("2019-02-01"), source: "A test".into() };
            draft.check(Some(after), day("2019-03-01")).is_ok()
        };
        assert!(next(Provisional, &said(Indicative, "2018-12-01")));
        assert!(next(Indicative, &said(Indicative, "2018-12-01")), "another indication");
        assert!(!next(Indicative, &said(Provisional, "2018-12-01")));
        assert!(!next(Final, &said(Final, "2018-12-01")));
        assert!(!next(Final, &said(Provisional, "2019-02-02")), "said before what it follows");
    }
}
