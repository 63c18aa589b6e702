//! The shapes of progress, and how counts add up. No SQL, no HTTP, no clock.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use web::Row;

/// What of a decision is counted.
#[derive(Debug, Clone, Copy)]
pub struct CountedDecision<'a> {
    /// The day it was made: it counts for that month.
    pub decided_on: NaiveDate,
    /// `approved`, `noted`, `recommended`, `deferred` or `referred`.
    pub outcome: &'a str,
    /// Whether it was a key decision.
    pub key_decision: bool,
}

/// The first day of a day's month.
pub(super) fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// A phase of a committee: when it was planned for, and when it was reached.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PhaseMilestone {
    #[schema(example = "live")]
    phase: String,
    /// Every day it was planned for, oldest plan first: one that slipped is followed by another.
    planned_on: Vec<NaiveDate>,
    /// The day it was reached. A planned day that is past has reached nothing.
    reached_on: Option<NaiveDate>,
}

/// A committee, by what it is and how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CommitteeProgress {
    #[schema(example = "joint_committee")]
    basis: String,
    #[schema(example = "shadow")]
    phase: String,
    milestones: Vec<PhaseMilestone>,
}

impl CommitteeProgress {
    pub(super) fn of(basis: String, phase: String, milestones: Vec<PhaseMilestone>) -> Self {
        Self { basis, phase, milestones }
    }
}

/// Decisions, by outcome.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct DecisionsByOutcome {
    approved: i64,
    noted: i64,
    recommended: i64,
    deferred: i64,
    referred: i64,
}

/// Counts of one outcome.
pub(super) struct Counted {
    pub(super) outcome: String,
    pub(super) key_decision: bool,
    pub(super) decisions: i64,
    pub(super) called_in: i64,
}

/// What a borough's committees did in the year.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Counts {
    pub(super) decisions: DecisionsByOutcome,
    /// How many of them were key decisions.
    pub(super) key_decisions: i64,
    /// How many of them were called in.
    pub(super) called_in: i64,
    /// Agendas that went out with the clear days they need.
    pub(super) agendas_on_time: i64,
    /// Agendas that did not.
    pub(super) agendas_late: i64,
}

impl Counts {
    pub(super) fn add(&mut self, counted: &Counted) {
        let of = match counted.outcome.as_str() {
            "approved" => &mut self.decisions.approved,
            "noted" => &mut self.decisions.noted,
            "recommended" => &mut self.decisions.recommended,
            "deferred" => &mut self.decisions.deferred,
            _ => &mut self.decisions.referred,
        };
        *of += counted.decisions;
        self.called_in += counted.called_in;
        if counted.key_decision {
            self.key_decisions += counted.decisions;
        }
    }
}

/// A borough of the region, by its names.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct BoroughOfRegion {
    #[schema(example = "salford")]
    pub(super) slug: String,
    #[schema(example = "E08000006")]
    pub(super) gss: String,
    #[schema(example = "Salford")]
    pub(super) name: String,
}

/// How many committees are in each phase.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct CommitteesByPhase {
    proposed: i64,
    shadow: i64,
    live: i64,
    dissolved: i64,
}

/// A borough's row.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ProgressRow {
    borough: BoroughOfRegion,
    phases: CommitteesByPhase,
    committees: Vec<CommitteeProgress>,
    #[serde(flatten)]
    counts: Counts,
}

impl ProgressRow {
    pub(super) fn of(borough: BoroughOfRegion, committees: Vec<CommitteeProgress>, counts: Counts) -> Self {
        let mut phases = CommitteesByPhase::default();
        for committee in &committees {
            *match committee.phase.as_str() {
                "proposed" => &mut phases.proposed,
                "shadow" => &mut phases.shadow,
                "live" => &mut phases.live,
                _ => &mut phases.dissolved,
            } += 1;
        }
        Self { borough, phases, committees, counts }
    }
}

impl Row for ProgressRow {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "phases.proposed",
        "phases.shadow",
        "phases.live",
        "phases.dissolved",
        "decisions.approved",
        "decisions.noted",
        "decisions.recommended",
        "decisions.deferred",
        "decisions.referred",
        "key_decisions",
        "called_in",
        "agendas_on_time",
        "agendas_late",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_by_outcome() {
        let mut counts = Counts::default();
        for (outcome, key_decision, decisions, called_in) in
            [("approved", true, 2, 1), ("approved", false, 3, 0), ("noted", false, 5, 0)]
        {
            counts.add(&Counted { outcome: outcome.into(), key_decision, decisions, called_in });
        }
        let shown = serde_json::json!(counts);
        assert_eq!((&shown["decisions"]["approved"], &shown["decisions"]["noted"]), (&5.into(), &5.into()));
        assert_eq!((&shown["key_decisions"], &shown["called_in"]), (&2.into(), &1.into()));
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(month(day("2026-12-31")), day("2026-12-01"));
    }
}
