//! What codes there are in which year, and where that is known from. No SQL, no HTTP, no clock.
//!
//! The national template changes its lists between years, so a code is one only together with its year.

use domain::FinancialYear;
use serde::{Deserialize, Serialize};
use web::Problem;

use crate::rules;

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeListKind {
    /// The type of a scheme, from 2025-26 its activity.
    Activity,
    /// Where the money comes from.
    Source,
    /// The area of spend.
    AreaOfSpend,
    /// The type of provider.
    ProviderType,
    /// What is measured.
    Metric,
}

impl CodeListKind {
    const ALL: [Self; 5] = [Self::Activity, Self::Source, Self::AreaOfSpend, Self::ProviderType, Self::Metric];

    fn what(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Source => "source",
            Self::AreaOfSpend => "area of spend",
            Self::ProviderType => "type of provider",
            Self::Metric => "metric",
        }
    }
}

/// A list of codes and the years it is for.
#[derive(Debug)]
pub(crate) struct CodeList {
    pub(crate) kind: CodeListKind,
    /// The first and the last year it is for, by the calendar year each starts in.
    years: (i16, i16),
    pub(crate) source: &'static str,
    pub(crate) names: &'static [&'static str],
}

/// The year whose template could not be had: the list of the year before stands in for it.
const STANDS_IN_FROM: i16 = 2026;
const FIRST_TEMPLATE: &str = "Better Care Fund planning template 2023 to 2025 (NHS England)";
const SECOND_TEMPLATE: &str = "Better Care Fund planning template 2025 to 2026 (NHS England)";

static LISTS: &[CodeList] = &[
    CodeList {
        kind: CodeListKind::Activity,
        years: (2023, 2024),
        source: FIRST_TEMPLATE,
        names: &[
            "Assistive Technologies and Equipment",
            "Care Act Implementation Related Duties",
            "Carers Services",
            "Community Based Schemes",
            "DFG Related Schemes",
            "Enablers for Integration",
            "High Impact Change Model for Managing Transfer of Care",
            "Home Care or Domiciliary Care",
            "Housing Related Schemes",
            "Integrated Care Planning and Navigation",
            "Bed based intermediate Care Services (Reablement, rehabilitation, wider short-term services supporting recovery)",
            "Home-based intermediate care services",
            "Urgent Community Response",
            "Personalised Budgeting and Commissioning",
            "Personalised Care at Home",
            "Prevention / Early Intervention",
            "Residential Placements",
            "Workforce recruitment and retention",
            "Other",
        ],
    },
    CodeList {
        kind: CodeListKind::Activity,
        years: (2025, 2026),
        source: SECOND_TEMPLATE,
        names: &[
            "Assistive technologies and equipment",
            "Housing related schemes",
            "DFG related schemes",
            "Wider support to promote prevention and independence",
            "Home-based intermediate care (short-term home-based rehabilitation, reablement and recovery services)",
            "Short-term home-based social care (excluding rehabilitation, reablement and recovery services)",
            "Long-term home-based social care services",
            "Long-term home-based community health services",
            "Bed-based intermediate care (short-term bed-based rehabilitation, reablement or recovery)",
            "Long-term residential or nursing home care",
            "Discharge support and infrastructure",
            "End of life care",
            "Support to carers, including unpaid carers",
            "Evaluation and enabling integration",
            "Urgent community response",
            "Personalised budgeting and commissioning",
            "Other",
        ],
    },
    CodeList {
        kind: CodeListKind::Source,
        years: (2023, 2024),
        source: FIRST_TEMPLATE,
        names: &[
            "DFG",
            "iBCF",
            "Minimum NHS Contribution",
            "Additional LA Contribution",
            "Additional NHS Contribution",
            "Local Authority Discharge Funding",
            "ICB Discharge Funding",
        ],
    },
    CodeList {
        kind: CodeListKind::Source,
        years: (2025, 2026),
        source: SECOND_TEMPLATE,
        names: &[
            "DFG",
            "Local Authority Better Care Grant",
            "NHS Minimum Contribution",
            "Additional LA Contribution",
            "Additional NHS Contribution",
        ],
    },
    CodeList {
        kind: CodeListKind::AreaOfSpend,
        years: (2023, 2026),
        source: FIRST_TEMPLATE,
        names: &[
            "Acute",
            "Mental Health",
            "Community Health",
            "Continuing Care",
            "Primary Care",
            "Social Care",
            "Other",
        ],
    },
    CodeList {
        kind: CodeListKind::ProviderType,
        years: (2023, 2026),
        source: FIRST_TEMPLATE,
        names: &[
            "Local Authority",
            "Charity / Voluntary Sector",
            "NHS",
            "NHS Acute Provider",
            "NHS Community Provider",
            "NHS Mental Health Provider",
            "Private Sector",
        ],
    },
    CodeList {
        kind: CodeListKind::Metric,
        years: (2023, 2024),
        source: FIRST_TEMPLATE,
        names: &[
            "Unplanned hospitalisation for chronic ambulatory care sensitive conditions",
            "Emergency admissions due to falls 65+",
            "Discharge to usual place of residence",
            "Permanent admissions to residential care 65+ per 100k",
            "Reablement: at home after 91 days",
        ],
    },
    CodeList {
        kind: CodeListKind::Metric,
        years: (2025, 2026),
        source: SECOND_TEMPLATE,
        names: &[
            "Emergency admissions 65+ per 100k",
            "Average length of discharge delay (acute adult)",
            "Long-term admissions to residential/nursing care 65+ per 100k",
        ],
    },
];

impl CodeList {
    fn is_of(&self, year: FinancialYear) -> bool {
        (self.years.0..=self.years.1).contains(&year.start())
    }

    fn has(&self, code: &str) -> bool {
        self.names.iter().any(|name| code_of(name) == code)
    }

    /// The years it is for, as people say it.
    pub(crate) fn years(&self) -> String {
        let year = |start| FinancialYear::starting_in(start).map(|year| year.to_string()).unwrap_or_default();
        match self.years {
            (one, last) if one == last => year(one),
            (first, last) => format!("{} to {}", year(first), year(last)),
        }
    }
}

/// The code of a name: its words before any bracket, small, with hyphens between.
pub(crate) fn code_of(name: &str) -> String {
    let name = name.split('(').next().unwrap_or_default().to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Whether the lists of the year were compared with the year's published template. None was: they are to be checked
/// against it before anything is filed.
pub(crate) fn status(year: FinancialYear) -> &'static str {
    if year.start() >= STANDS_IN_FROM {
        "not confirmed: the year's template was not to be had, and the list of 2025-26 stands in for it"
    } else {
        "not confirmed: compare it with the year's template before a return is filed"
    }
}

/// The lists of a year; none where no template of that year is known.
pub(crate) fn of_year(year: FinancialYear) -> impl Iterator<Item = &'static CodeList> {
    let of = move |kind| LISTS.iter().find(move |list: &&CodeList| list.kind == kind && list.is_of(year));
    CodeListKind::ALL.into_iter().filter_map(of)
}

/// What is wrong with a code in a year (rule 39); none where it is of the year's list.
pub(crate) fn fault(kind: CodeListKind, code: &str, year: FinancialYear) -> Option<String> {
    let what = kind.what();
    let Some(list) = of_year(year).find(|list| list.kind == kind) else {
        return Some(format!(
            "No list of that year is known: lists are known from 2023-24 to 2026-27, not for {year}."
        ));
    };
    if list.has(code) {
        return None;
    }
    let other = LISTS.iter().find(|other| other.kind == kind && other.has(code));
    Some(match other {
        Some(other) => {
            format!("`{code}` is a code of the {what} list of {}, and not of that of {}.", other.years(), list.years())
        }
        None => format!("`{code}` is no code of the {what} list of {}.", list.years()),
    })
}

/// Refuses a code that is not of the year's list (rule 39).
pub(crate) fn check(pointer: &str, kind: CodeListKind, code: &str, year: FinancialYear) -> Result<(), Problem> {
    fault(kind, code, year).map_or(Ok(()), |fault| Err(rules::CODES_OF_THE_YEAR.broken(pointer, fault)))
}

/// The source that is the NHS's minimum contribution in a year (rule 36).
pub(crate) fn nhs_minimum(year: FinancialYear) -> &'static str {
    if year.start() < 2025 { "minimum-nhs-contribution" } else { "nhs-minimum-contribution" }
}

/// The name of a code in a year; the code itself where it is none.
pub(crate) fn name_of(kind: CodeListKind, code: &str, year: FinancialYear) -> String {
    let list = of_year(year).find(|list| list.kind == kind);
    let name = list.and_then(|list| list.names.iter().find(|name| code_of(name) == code));
    name.map_or_else(|| code.to_owned(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn year(start: i16) -> FinancialYear {
        FinancialYear::starting_in(start).expect("a year")
    }

    #[test]
    fn the_lists_are_as_long_as_the_templates_and_no_code_stands_twice() {
        for (start, lengths) in [(2023, [19, 7, 7, 7, 5]), (2024, [19, 7, 7, 7, 5]), (2025, [17, 5, 7, 7, 3])] {
            let there: Vec<usize> = of_year(year(start)).map(|list| list.names.len()).collect();
            assert_eq!(there, lengths, "{start}");
        }
        assert_eq!(of_year(year(2026)).count(), 5, "the list of the year before stands in");
        assert_eq!(of_year(year(2022)).count() + of_year(year(2027)).count(), 0);
        for list in LISTS {
            let codes: BTreeSet<String> = list.names.iter().map(|name| code_of(name)).collect();
            assert_eq!(codes.len(), list.names.len(), "{:?}", list.kind);
        }
    }

    #[test]
    fn rule_39_a_code_belongs_to_the_list_of_its_year() {
        assert_eq!(fault(CodeListKind::Source, "ibcf", year(2024)), None);
        let later = fault(CodeListKind::Source, "ibcf", year(2025)).expect("it was absorbed");
        assert!(later.contains("2023-24 to 2024-25") && later.contains("2025-26 to 2026-27"), "{later}");
        assert_eq!(fault(CodeListKind::Source, "nhs-minimum-contribution", year(2025)), None);
        assert!(fault(CodeListKind::Source, "nhs-minimum-contribution", year(2023)).is_some());
        assert!(fault(CodeListKind::Activity, "carers-services", year(2025)).is_some());
        assert!(fault(CodeListKind::Activity, "made-up", year(2025)).expect("none").contains("no code"));
        assert!(fault(CodeListKind::Source, "dfg", year(2019)).expect("no list").contains("2019-20"));
        for start in [2023, 2025] {
            assert_eq!(fault(CodeListKind::Source, nhs_minimum(year(start)), year(start)), None);
        }
    }

    #[test]
    fn a_code_is_the_words_of_its_name() {
        assert_eq!(code_of("Support to carers, including unpaid carers"), "support-to-carers-including-unpaid-carers");
        assert_eq!(code_of("Prevention / Early Intervention"), "prevention-early-intervention");
        assert_eq!(name_of(CodeListKind::AreaOfSpend, "mental-health", year(2025)), "Mental Health");
    }
}
