//! What is sent to be posted, and what can be said of it without looking at the books.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{DecisionId, FinancialYear, OrganisationId, Pence, Period};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use web::{Problem, problems};

use crate::schemes::{Category, FundingSource};

/// The most one journal may move in a layer: £100,000,000,000.00. Sums of very many journals still fit.
pub(crate) const MOVES_MAX: Pence = Pence(10_000_000_000_000);
/// The most postings of one journal, and of one bulk.
pub(super) const POSTINGS_MAX: usize = 10_000;
/// How long what a journal carries of its sender's own may be, written out.
const METADATA_MAX: usize = 4_000;

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
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Committed => "committed",
            Self::Actual => "actual",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "budget" => Self::Budget,
            "committed" => Self::Committed,
            _ => Self::Actual,
        }
    }
}

/// Whether money is capital or revenue: the one never pays for the other (rule 29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nature {
    Capital,
    Revenue,
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
    /// The body it is with. It must have existed on the day the journal takes effect.
    #[serde(default)]
    pub(crate) party: Option<OrganisationId>,
    /// The area of care; its scheme's when left out.
    #[serde(default)]
    pub(crate) category: Option<Category>,
    /// Where the money comes from; as its scheme when left out.
    #[serde(default)]
    pub(crate) source: Option<FundingSource>,
    /// Capital or revenue; as its scheme's schedule when left out, which it may not contradict.
    #[serde(default)]
    pub(crate) nature: Option<Nature>,
    /// It settles what a body that has since ended still owed or was owed (rule 13).
    #[serde(default)]
    pub(crate) run_off: bool,
    /// The reference of the order or contract that this spending is of. What is outstanding of it is released in the same
    /// journal, by lines added to it, so that an order and its invoice are not counted twice.
    #[serde(default)]
    #[schema(example = "PO-2026-0117", max_length = 100)]
    pub(crate) commitment: Option<String>,
}

impl PostingDraft {
    /// A line with nothing said beyond account, scheme, layer and amount.
    pub(crate) fn of(account: &str, scheme: Option<&str>, layer: Layer, amount_pence: Pence) -> Self {
        Self {
            account: account.to_owned(),
            scheme: scheme.map(str::to_owned),
            layer,
            amount_pence,
            party: None,
            category: None,
            source: None,
            nature: None,
            run_off: false,
            commitment: None,
        }
    }
}

/// A journal to post.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Community equipment, September",
    "external_reference": "AP-2026-09-0417",
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
    /// Your own name for it, which one journal of the fund has. Sent again with the same content it is answered with the
    /// journal that is there, however long ago that was; with other content it is refused.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]([ -~]{0,98}[!-~])?$")]
    pub(crate) external_reference: Option<String>,
    /// Whatever else you want kept with it: an object of up to 4,000 characters, written out. Nobody's name.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// 2 to 10,000 lines that cancel out within each layer.
    #[schema(min_items = 2, max_items = 10_000)]
    pub(crate) postings: Vec<PostingDraft>,
}

impl JournalDraft {
    /// A journal with nothing said beyond what every journal says.
    pub(crate) fn of(
        effective_on: NaiveDate,
        period: Period,
        narrative: String,
        decision_id: Option<DecisionId>,
        postings: Vec<PostingDraft>,
    ) -> Self {
        Self {
            effective_on,
            period,
            narrative,
            source: None,
            decision_id,
            external_reference: None,
            metadata: None,
            postings,
        }
    }

    /// The financial year it belongs to, where its own words are sound.
    pub(super) fn check(&self) -> Result<FinancialYear, Problem> {
        check_narrative(&self.narrative)?;
        if self.source.as_ref().is_some_and(|source| !(1..=500).contains(&source.trim().chars().count())) {
            return Err(Problem::invalid("/source", "A source has 1 to 500 characters."));
        }
        if self.external_reference.as_ref().is_some_and(|reference| !is_a_reference(reference)) {
            let detail = "A reference has 1 to 100 printable ASCII characters, and no space at its ends.";
            return Err(Problem::invalid("/external_reference", detail));
        }
        let written =
            |metadata: &Map<String, Value>| serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
        if self.metadata.as_ref().is_some_and(|metadata| written(metadata) > METADATA_MAX) {
            let detail = format!("Metadata has up to {METADATA_MAX} characters, written out.");
            return Err(Problem::invalid("/metadata", detail));
        }
        if !(2..=POSTINGS_MAX).contains(&self.postings.len()) {
            let count = self.postings.len();
            return Err(Problem::invalid(
                "/postings",
                format_args!("A journal has 2 to {POSTINGS_MAX} lines; this one has {count}."),
            ));
        }
        self.check_amounts()?;
        year_of(self.effective_on, self.period)
    }

    fn check_amounts(&self) -> Result<(), Problem> {
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
        Ok(())
    }

    /// Over all it says: what is sent again under the same reference is told apart by it.
    pub(super) fn fingerprint(&self) -> Result<[u8; 32], Problem> {
        Ok(Sha256::digest(serde_json::to_vec(self).map_err(Problem::internal)?).into())
    }
}

/// Whether a text may be somebody's reference: printable ASCII with something at both ends.
pub(crate) fn is_a_reference(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.trim() == text && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

pub(super) fn check_narrative(narrative: &str) -> Result<(), Problem> {
    if (1..=500).contains(&narrative.trim().chars().count()) {
        return Ok(());
    }
    Err(Problem::invalid("/narrative", "Say in 1 to 500 characters what this is."))
}

/// The year a day falls in, where the period is of that year and not before the day's month.
pub(crate) fn year_of(effective_on: NaiveDate, period: Period) -> Result<FinancialYear, Problem> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft(amounts: &[(Layer, i64)]) -> JournalDraft {
        let line = |(layer, amount): &(Layer, i64)| PostingDraft::of("5100", Some("A"), *layer, Pence(*amount));
        let day = NaiveDate::from_ymd_opt(2020, 3, 31).expect("a day");
        let period = Period::new(12).expect("a period");
        JournalDraft::of(day, period, "A test".into(), None, amounts.iter().map(line).collect())
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
