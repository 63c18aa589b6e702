//! The rules of a journal. No SQL, no HTTP, no clock.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountId, DecisionId, FinancialYear, FundId, JournalId, Pence, Period, SchemeId};
use serde::{Deserialize, Serialize};
use web::{Problem, problems};

use crate::{accounts::AccountKind, periods::PeriodState, rules, schedules::Held};

/// The most one journal may move in a layer: £100,000,000,000.00. Sums of very many journals still fit.
pub(crate) const MOVES_MAX: Pence = Pence(10_000_000_000_000);
/// The most postings of one journal.
pub(super) const POSTINGS_MAX: usize = 10_000;

/// What a posting is about: the plan, an order, or money spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layer {
    /// What may be spent.
    Budget,
    /// What has been ordered and not yet paid.
    Committed,
    /// What has been spent or received.
    Actual,
}

impl Layer {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Committed => "committed",
            Self::Actual => "actual",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "budget" => Self::Budget,
            "committed" => Self::Committed,
            _ => Self::Actual,
        }
    }
}

/// A line of a journal.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostingDraft {
    /// The account's code.
    #[schema(example = "5100", max_length = 40)]
    pub(crate) account: String,
    /// The scheme's code; required on expenditure accounts.
    #[serde(default)]
    #[schema(example = "ICES", max_length = 40)]
    pub(crate) scheme: Option<String>,
    pub(crate) layer: Layer,
    /// Debit, which spending is, above zero; credit below. In pence, up to £100,000,000,000.00 either way.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64)]
    pub(crate) amount_pence: Pence,
}

/// A journal to post.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Community equipment, September",
    "postings": [{"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 1_250_000},
                 {"account": "9000", "layer": "actual", "amount_pence": -1_250_000}]}))]
pub(crate) struct JournalDraft {
    /// The day it takes effect; decides the financial year.
    pub(crate) effective_on: NaiveDate,
    /// The period it is posted in: that of its day, or a later one of the year for a late item.
    pub(crate) period: Period,
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) narrative: String,
    /// Where the figures are known from.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(crate) source: Option<String>,
    /// The decision of a committee that lets it move its money: about this fund, in effect, of this amount or more,
    /// and not spent. The journal spends it, also where your role could have posted it without.
    #[serde(default)]
    pub(crate) decision_id: Option<DecisionId>,
    /// 2 to 10,000 lines that cancel out within each layer.
    #[schema(min_items = 2, max_items = 10_000)]
    pub(crate) postings: Vec<PostingDraft>,
}

impl JournalDraft {
    /// The financial year it belongs to, where its own words are sound.
    pub(super) fn check(&self) -> Result<FinancialYear, Problem> {
        check_narrative(&self.narrative)?;
        if self.source.as_ref().is_some_and(|source| !(1..=500).contains(&source.trim().chars().count())) {
            return Err(Problem::invalid("/source", "A source has 1 to 500 characters."));
        }
        if !(2..=POSTINGS_MAX).contains(&self.postings.len()) {
            let count = self.postings.len();
            return Err(Problem::invalid(
                "/postings",
                format_args!("A journal has 2 to {POSTINGS_MAX} lines; this one has {count}."),
            ));
        }
        if let Some(at) = self.postings.iter().position(|line| line.amount_pence == Pence::ZERO) {
            return Err(Problem::invalid(format!("/postings/{at}/amount_pence"), "A line moves something: not nil."));
        }
        let mut debits: BTreeMap<Layer, u64> = BTreeMap::new();
        for (at, line) in self.postings.iter().enumerate() {
            let size = line.amount_pence.0.unsigned_abs();
            let moved = debits.entry(line.layer).or_default();
            *moved = moved.saturating_add(if line.amount_pence > Pence::ZERO { size } else { 0 });
            if size.max(*moved) > MOVES_MAX.0.unsigned_abs() {
                let detail = format!("A journal moves at most {MOVES_MAX} in a layer.");
                return Err(Problem::invalid(format!("/postings/{at}/amount_pence"), detail));
            }
        }
        let mut sums: BTreeMap<Layer, Pence> = BTreeMap::new();
        for (at, line) in self.postings.iter().enumerate() {
            let sum = sums.entry(line.layer).or_default();
            *sum = sum.checked_add(line.amount_pence).ok_or_else(|| {
                Problem::invalid(format!("/postings/{at}/amount_pence"), "The amounts are too large to add up.")
            })?;
        }
        if let Some((layer, left_over)) = sums.into_iter().find(|(_, sum)| *sum != Pence::ZERO) {
            let detail = format!("The lines of the {} layer must cancel out; they leave {left_over}.", layer.as_str());
            return Err(Problem::of_fault(&problems::JOURNAL_UNBALANCED, "/postings", detail));
        }
        year_of(self.effective_on, self.period)
    }
}

pub(super) fn check_narrative(narrative: &str) -> Result<(), Problem> {
    if (1..=500).contains(&narrative.trim().chars().count()) {
        return Ok(());
    }
    Err(Problem::invalid("/narrative", "Say in 1 to 500 characters what this is."))
}

/// The year a day falls in, where the period is of that year and not before the day's month.
pub(super) fn year_of(effective_on: NaiveDate, period: Period) -> Result<FinancialYear, Problem> {
    let year = FinancialYear::of(effective_on).map_err(|_| {
        Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", "This day is in no financial year we keep.")
    })?;
    if period.takes(year, effective_on) {
        return Ok(year);
    }
    let own = Period::of(effective_on);
    Err(Problem::of_fault(
        &problems::WRONG_YEAR,
        "/period",
        format_args!(
            "Something effective on {effective_on} is posted in period {own} of {year} or a later one, not in period {period}."
        ),
    ))
}

/// What the fund is, as far as a journal is concerned.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) region: Option<String>,
    pub(super) period: PeriodState,
    pub(super) accounts: HashMap<String, (AccountId, AccountKind)>,
    pub(super) schemes: HashMap<String, SchemeOfLine>,
    /// The most the caller's role may post without a decision; none where no scheme of delegation is in force.
    pub(super) limit: Option<Pence>,
}

#[derive(Debug, Clone)]
pub(super) struct SchemeOfLine {
    pub(super) id: SchemeId,
    pub(super) category: String,
    pub(super) source: String,
    /// Whether its money is any business of the region: in-view money is not (rule 22).
    pub(super) in_view: bool,
    pub(super) held: Held,
}

/// A line, its codes resolved.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) account: AccountId,
    pub(super) scheme: Option<SchemeId>,
    pub(super) layer: Layer,
    pub(super) amount: Pence,
    /// For lines the region counts, which are of expenditure accounts and not in view: category and source.
    pub(super) counted: Option<(String, String)>,
    /// Whether it is of an expenditure account.
    pub(super) expenditure: bool,
}

impl Line {
    /// Whether it debits an expenditure account.
    pub(super) fn spends(&self) -> bool {
        self.expenditure && self.amount > Pence::ZERO
    }
}

/// A journal, ready to be written.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) id: JournalId,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) period: Period,
    pub(super) effective_on: NaiveDate,
    pub(super) posted_at: DateTime<Utc>,
    pub(super) narrative: String,
    pub(super) source: Option<String>,
    pub(super) reverses: Option<JournalId>,
    pub(super) region: Option<String>,
    pub(super) lines: Vec<Line>,
}

impl Journal {
    /// The journal a draft makes in these books.
    pub(super) fn post(books: &Books, draft: &JournalDraft, now: DateTime<Utc>) -> Result<Self, Problem> {
        books.check_period(draft.period)?;
        books.check_walls(draft)?;
        let lines = draft.postings.iter().enumerate().map(|(at, line)| books.resolve(at, line));
        Ok(Self {
            id: JournalId::at(now),
            fund: books.fund,
            year: books.year,
            period: draft.period,
            effective_on: draft.effective_on,
            posted_at: now,
            narrative: draft.narrative.trim().to_owned(),
            source: draft.source.as_ref().map(|source| source.trim().to_owned()),
            reverses: None,
            region: books.region.clone(),
            lines: lines.collect::<Result<_, _>>()?,
        })
    }

    /// What the region is told: sums by category, source and layer.
    pub(super) fn rolled_up(&self) -> Vec<(&str, &str, Layer, Pence)> {
        let mut sums: BTreeMap<(&str, &str, Layer), Pence> = BTreeMap::new();
        for line in &self.lines {
            if let Some((category, source)) = &line.counted {
                let sum = sums.entry((category, source, line.layer)).or_default();
                // A sum of some lines of a journal whose layers add up may still leave i64.
                *sum = Pence(sum.0.saturating_add(line.amount.0));
            }
        }
        sums.into_iter().map(|((category, source, layer), sum)| (category, source, layer, sum)).collect()
    }
}

impl Books {
    /// Rule 30: a period that is not open takes nothing; a late item goes in the next that is.
    pub(super) fn check_period(&self, period: Period) -> Result<(), Problem> {
        if self.period.takes_postings() {
            return Ok(());
        }
        let detail = format!(
            "Period {period} of {} is closed. Post in the next open period; the effective date stays as it is.",
            self.year
        );
        Err(rules::CLOSED_PERIOD.named_in(Problem::of_fault(&problems::PERIOD_CLOSED, "/period", detail)))
    }

    /// Rule 29: budget taken from schemes held one way is not given to schemes held another way, whatever it is called.
    fn check_walls(&self, draft: &JournalDraft) -> Result<(), Problem> {
        let moved = draft.postings.iter().enumerate().filter(|(_, line)| {
            let spends = self.accounts.get(&line.account).is_some_and(|(_, kind)| *kind == AccountKind::Expenditure);
            line.layer == Layer::Budget && spends
        });
        let mut taken: Option<&Held> = None;
        let mut given: Vec<(usize, &Held)> = Vec::new();
        for (at, line) in moved {
            let Some(scheme) = line.scheme.as_ref().and_then(|code| self.schemes.get(code)) else { continue };
            if line.amount_pence < Pence::ZERO {
                taken = taken.or(Some(&scheme.held));
            } else {
                given.push((at, &scheme.held));
            }
        }
        let Some(taken) = taken else { return Ok(()) };
        given.into_iter().try_for_each(|(at, held)| taken.may_give(held, format!("/postings/{at}/scheme")))
    }

    fn resolve(&self, at: usize, line: &PostingDraft) -> Result<Line, Problem> {
        let unknown = |field: &str, what: &str| {
            Problem::of_fault(
                &problems::UNKNOWN_REFERENCE,
                format!("/postings/{at}/{field}"),
                format_args!("The fund has no such {what}."),
            )
        };
        let (account, kind) = *self.accounts.get(&line.account).ok_or_else(|| unknown("account", "account"))?;
        let scheme = match &line.scheme {
            Some(code) => Some(self.schemes.get(code).ok_or_else(|| unknown("scheme", "scheme"))?),
            None if kind == AccountKind::Expenditure => {
                return Err(Problem::invalid(format!("/postings/{at}/scheme"), "Expenditure is posted to a scheme."));
            }
            None => None,
        };
        let counted = scheme
            .filter(|s| kind == AccountKind::Expenditure && !s.in_view)
            .map(|s| (s.category.clone(), s.source.clone()));
        let expenditure = kind == AccountKind::Expenditure;
        let scheme = scheme.map(|s| s.id);
        Ok(Line { account, scheme, layer: line.layer, amount: line.amount_pence, counted, expenditure })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft(amounts: &[(Layer, i64)]) -> JournalDraft {
        let line = |(layer, amount): &(Layer, i64)| PostingDraft {
            account: "5100".into(),
            scheme: Some("A".into()),
            layer: *layer,
            amount_pence: Pence(*amount),
        };
        JournalDraft {
            effective_on: NaiveDate::from_ymd_opt(2020, 3, 31).expect("a day"),
            period: Period::new(12).expect("a period"),
            narrative: "A test".into(),
            source: None,
            decision_id: None,
            postings: amounts.iter().map(line).collect(),
        }
    }

    fn refused(amounts: &[(Layer, i64)]) -> &'static str {
        draft(amounts).check().expect_err("refused").kind().slug
    }

    #[test]
    fn a_journal_cancels_out_within_each_layer() {
        use Layer::{Actual, Budget};
        assert!(draft(&[(Actual, 100), (Actual, -100)]).check().is_ok());
        assert_eq!(refused(&[(Actual, 100), (Actual, -99)]), "journal-unbalanced");
        assert_eq!(refused(&[(Actual, 100), (Budget, -100)]), "journal-unbalanced");
        assert_eq!(refused(&[(Actual, 100)]), "content-invalid");
        assert_eq!(refused(&[(Actual, 0), (Actual, 0)]), "content-invalid");
        assert_eq!(refused(&[(Actual, i64::MAX), (Actual, 1), (Actual, i64::MIN)]), "content-invalid");
    }

    #[test]
    fn a_late_item_keeps_its_day_and_goes_forward() {
        let day = NaiveDate::from_ymd_opt(2019, 9, 30).expect("a day");
        let period = |n| Period::new(n).expect("a period");
        assert!(year_of(day, period(6)).is_ok() && year_of(day, period(7)).is_ok() && year_of(day, period(13)).is_ok());
        assert_eq!(year_of(day, period(5)).expect_err("earlier").kind().slug, "wrong-year");
    }

    proptest! {
        #[test]
        fn only_what_cancels_out_is_taken(
            amounts in prop::collection::vec((0u8..3, -1_000_000_000i64..1_000_000_000), 1..20), close in any::<bool>()
        ) {
            let layer = |n| [Layer::Budget, Layer::Committed, Layer::Actual][usize::from(n)];
            let mut lines: Vec<_> = amounts.iter().map(|(n, a)| (layer(*n), if *a == 0 { 1 } else { *a })).collect();
            if close {
                for n in 0..3u8 {
                    let sum: i64 = lines.iter().filter(|(l, _)| *l == layer(n)).map(|(_, a)| a).sum();
                    if sum != 0 { lines.push((layer(n), -sum)); }
                }
            }
            let balanced = (0..3u8).all(|n| lines.iter().filter(|(l, _)| *l == layer(n)).map(|(_, a)| a).sum::<i64>() == 0);
            prop_assert_eq!(draft(&lines).check().is_ok(), balanced && lines.len() >= 2);
        }
    }
}
