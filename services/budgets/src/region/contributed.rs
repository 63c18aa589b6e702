//! What was contributed over a region, grouped and added up. No SQL, no HTTP, no clock.

use std::collections::{BTreeMap, BTreeSet};

use domain::{FundId, Pence};
use serde::Serialize;

use super::http::NamedBorough;
use crate::{partner::overdue, years::Completeness};

/// What rows are told apart by.
#[derive(Debug, Default)]
pub(super) struct ByWhat {
    pub(super) borough: bool,
    pub(super) kind: bool,
    pub(super) source: bool,
    pub(super) payer: bool,
}

/// A body that contributes, as the region knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionPayer {
    /// Its ODS code; a council has none.
    #[schema(example = "QOP")]
    pub(super) ods: Option<String>,
    #[schema(example = "icb")]
    pub(super) kind: String,
}

/// What a row is of; null where it was not grouped by.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionColumns {
    pub(super) borough: Option<NamedBorough>,
    /// Only when grouped by kind are aligned and in-view funds without a section 75 basis shown.
    pub(super) kind: Option<String>,
    /// Of a payment, where all its body's contributions to the fund have the same; else `not_analysed`.
    pub(super) source: Option<String>,
    pub(super) payer: Option<RegionPayer>,
}

/// What was planned, due and paid. What is in kind is in none of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionFigures {
    /// For the whole year, by the versions in force.
    pub(super) planned_pence: Pence,
    /// What of it was due by today.
    pub(super) due_pence: Pence,
    pub(super) paid_pence: Pence,
    /// What was due less what was paid, of each body and fund, nil where that is not above it; then added up. Null where
    /// not all that was paid is known, and where a body's payments cannot be told apart by source or kind.
    pub(super) overdue_pence: Option<Pence>,
    pub(super) completeness: Completeness,
}

/// What a body put into a fund, of one kind and source.
#[derive(Debug, Clone)]
pub(super) struct Contributed {
    pub(super) borough: NamedBorough,
    pub(super) fund: FundId,
    pub(super) kind: String,
    pub(super) section_75: bool,
    pub(super) source: String,
    pub(super) payer: RegionPayer,
    pub(super) completeness: Completeness,
    pub(super) planned: Pence,
    pub(super) due: Pence,
    pub(super) paid: Pence,
}

type Owed<'a> = (&'a str, FundId, &'a RegionPayer);
/// A kind and a source, each where rows are told apart by it.
type Part = (Option<String>, Option<String>);

impl Contributed {
    /// The body and fund it is overdue of.
    fn owed(&self) -> Owed<'_> {
        (&self.borough.slug, self.fund, &self.payer)
    }
}

fn figures(all: &[&Contributed]) -> Option<RegionContributionFigures> {
    let sum = |of: fn(&Contributed) -> Pence| Pence::sum(all.iter().map(|one| of(one)));
    let mut owed: BTreeMap<Owed<'_>, (Pence, Pence)> = BTreeMap::new();
    for one in all {
        let (due, paid) = owed.entry(one.owed()).or_default();
        (*due, *paid) = (due.checked_add(one.due)?, paid.checked_add(one.paid)?);
    }
    let overdue: Option<Vec<Pence>> = owed.into_values().map(|(due, paid)| overdue(due, paid)).collect();
    let partial = all.iter().any(|one| one.completeness == Completeness::Partial);
    Some(RegionContributionFigures {
        planned_pence: sum(|one| one.planned)?,
        due_pence: sum(|one| one.due)?,
        paid_pence: sum(|one| one.paid)?,
        overdue_pence: Some(Pence::sum(overdue?)?).filter(|_| !partial),
        completeness: if partial { Completeness::Partial } else { Completeness::Complete },
    })
}

/// The rows asked for; `None` where a sum leaves the range of pence.
pub(super) fn grouped(
    all: &[Contributed],
    by: &ByWhat,
) -> Option<Vec<(RegionContributionColumns, RegionContributionFigures)>> {
    let seen = || all.iter().filter(|one| one.section_75 || by.kind);
    // Of these a payment cannot be told to be of one source or kind rather than of another.
    let mut parts: BTreeMap<Owed<'_>, BTreeSet<Part>> = BTreeMap::new();
    let part =
        |one: &Contributed| -> Part { (by.kind.then(|| one.kind.clone()), by.source.then(|| one.source.clone())) };
    for one in seen() {
        parts.entry(one.owed()).or_default().insert(part(one));
    }
    let mut groups: BTreeMap<_, Vec<&Contributed>> = BTreeMap::new();
    for one in seen() {
        let slug = by.borough.then_some(one.borough.slug.as_str());
        let payer = by.payer.then_some(&one.payer);
        groups.entry((slug, part(one), payer)).or_default().push(one);
    }
    let row = |((slug, (kind, source), payer), of): ((Option<&str>, _, Option<&RegionPayer>), Vec<&Contributed>)| {
        let borough = of.first().filter(|_| slug.is_some()).map(|one| one.borough.clone());
        let columns = RegionContributionColumns { borough, kind, source, payer: payer.cloned() };
        let mut figures = figures(&of)?;
        if of.iter().any(|one| parts[&one.owed()].len() > 1) {
            figures.overdue_pence = None;
        }
        Some((columns, figures))
    };
    groups.into_iter().map(row).collect()
}

/// Section 75 money of complete years.
pub(super) fn total(all: &[Contributed]) -> Option<RegionContributionFigures> {
    let counted = all.iter().filter(|one| one.section_75 && one.completeness == Completeness::Complete);
    figures(&counted.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fund: u128, payer: &str, source: &str, kind: &str, (due, paid): (i64, i64)) -> Contributed {
        Contributed {
            borough: NamedBorough { slug: "salford".into(), gss: "E08000006".into(), name: "Salford".into() },
            fund: FundId(uuid::Uuid::from_u128(fund)),
            kind: kind.into(),
            section_75: kind == "pooled",
            source: source.into(),
            payer: RegionPayer { ods: None, kind: payer.into() },
            completeness: Completeness::Complete,
            planned: Pence(due),
            due: Pence(due),
            paid: Pence(paid),
        }
    }

    #[test]
    fn what_one_body_overpaid_is_not_what_another_is_owed() {
        let all = [of(1, "council", "council", "pooled", (100, 40)), of(1, "icb", "nhs", "pooled", (100, 190))];
        let rows = grouped(&all, &ByWhat { borough: true, ..ByWhat::default() }).expect("in range");
        assert_eq!((rows.len(), rows[0].1.overdue_pence), (1, Some(Pence(60))));
        assert_eq!(total(&all).expect("in range").overdue_pence, Some(Pence(60)));
        let funds = [of(1, "icb", "nhs", "pooled", (100, 150)), of(2, "icb", "nhs", "pooled", (100, 50))];
        assert_eq!(total(&funds).expect("in range").overdue_pence, Some(Pence(50)), "nor is one fund's another's");
    }

    #[test]
    fn what_a_body_owes_of_one_source_is_not_told_where_it_has_several() {
        let all = [
            of(1, "council", "council", "pooled", (100, 0)),
            of(1, "council", "grant", "pooled", (50, 0)),
            of(1, "council", "not_analysed", "pooled", (0, 120)),
            of(1, "icb", "nhs", "pooled", (100, 90)),
        ];
        let rows = grouped(&all, &ByWhat { source: true, ..ByWhat::default() }).expect("in range");
        let told: Vec<_> = rows.iter().map(|(columns, f)| (columns.source.as_deref(), f.overdue_pence)).collect();
        let ten = Some(Pence(10));
        assert_eq!(
            told,
            [(Some("council"), None), (Some("grant"), None), (Some("nhs"), ten), (Some("not_analysed"), None)]
        );
        assert_eq!(total(&all).expect("in range").overdue_pence, Some(Pence(40)));
    }

    #[test]
    fn rule_22_money_in_view_is_in_no_section_75_total() {
        let all = [of(1, "icb", "nhs", "pooled", (100, 0)), of(1, "icb", "nhs", "in_view", (70, 0))];
        assert_eq!(total(&all).expect("in range").planned_pence, Pence(100));
        assert_eq!(grouped(&all, &ByWhat { kind: true, ..ByWhat::default() }).expect("in range").len(), 2);
        assert_eq!(grouped(&all, &ByWhat::default()).expect("in range")[0].1.planned_pence, Pence(100));
    }
}
