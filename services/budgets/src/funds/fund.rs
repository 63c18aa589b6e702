//! What a fund is. No SQL, no HTTP, no clock.

use domain::{OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Fault, Problem};

/// Whose money it is, once it is in the fund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FundKind {
    /// Money loses partner identity; the host accounts; overspends are shared (SI 2000/617 reg 7).
    Pooled,
    /// Planned and reported jointly; each partner keeps its ledger and its variance.
    Aligned,
    /// Reported only.
    InView,
}

impl FundKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::Aligned => "aligned",
            Self::InView => "in_view",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "aligned" => Self::Aligned,
            "in_view" => Self::InView,
            _ => Self::Pooled,
        }
    }
}

/// The power a fund stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LegalBasis {
    /// Pooled fund: NHS Act 2006 s75, SI 2000/617 reg 7.
    S75Reg7,
    /// Exercise by a council of NHS functions: SI 2000/617 reg 8.
    S75Reg8,
    /// Exercise by an NHS body of council functions: SI 2000/617 reg 9.
    S75Reg9,
    /// Joint working of NHS bodies with councils: NHS Act 2006 ss65Z5–65Z6, a separate power.
    S65z5,
    /// A memorandum, or nothing.
    None,
}

impl LegalBasis {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::S75Reg7 => "s75_reg7",
            Self::S75Reg8 => "s75_reg8",
            Self::S75Reg9 => "s75_reg9",
            Self::S65z5 => "s65z5",
            Self::None => "none",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "s75_reg7" => Self::S75Reg7,
            "s75_reg8" => Self::S75Reg8,
            "s75_reg9" => Self::S75Reg9,
            "s65z5" => Self::S65z5,
            _ => Self::None,
        }
    }

    /// Whether its money counts in a section 75 total (rule 22): in-view money never, aligned money only with a
    /// section 75 basis.
    pub(crate) fn counts_as_section_75(self, kind: FundKind) -> bool {
        kind != FundKind::InView && matches!(self, Self::S75Reg7 | Self::S75Reg8 | Self::S75Reg9)
    }
}

/// A fund to set up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Integrated community equipment fund", "kind": "pooled", "legal_basis": "s75_reg7",
    "host": "01890a5d-ac96-774b-bcce-b302099a8057", "source": "Section 75 agreement, schedule 1"}))]
pub(crate) struct FundDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// What the borough calls this kind of fund, where it has a word of its own.
    #[serde(default)]
    #[schema(example = "Pooled Aligned", max_length = 100)]
    pub(crate) local_label: Option<String>,
    pub(crate) kind: FundKind,
    pub(crate) legal_basis: LegalBasis,
    /// The body that hosts it (SI 2000/617 reg 7(4)): an organisation this borough has recorded.
    pub(crate) host: OrganisationId,
    /// An estimate of its size, shown as such; never part of a position. In pence.
    #[serde(default)]
    pub(crate) indicative_pence: Option<Pence>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) source: String,
    /// Made up, to show how things work: stays out of every total.
    #[serde(default)]
    pub(crate) illustrative: bool,
}

impl FundDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, detail: &str| {
            faults.push(Fault { pointer: pointer.into(), detail: detail.into() });
        };
        if !(1..=200).contains(&self.name.trim().chars().count()) {
            fault("/name", "A name has 1 to 200 characters.");
        }
        if self.local_label.as_ref().is_some_and(|label| !(1..=100).contains(&label.trim().chars().count())) {
            fault("/local_label", "A label has 1 to 100 characters.");
        }
        if !(1..=500).contains(&self.source.trim().chars().count()) {
            fault("/source", "Say in 1 to 500 characters where this is known from.");
        }
        if self.indicative_pence.is_some_and(|sum| sum.0 < 0) {
            fault("/indicative_pence", "An estimate of a fund's size is not negative.");
        }
        if self.kind == FundKind::Pooled && matches!(self.legal_basis, LegalBasis::None) {
            fault("/legal_basis", "A pooled fund stands on an agreement (NHS Act 2006 s75 or ss65Z5–65Z6).");
        }
        if self.kind == FundKind::InView && !matches!(self.legal_basis, LegalBasis::None) {
            fault("/legal_basis", "In-view money is reported only; it stands on no agreement.");
        }
        Problem::unless_none(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_22_in_view_and_unfounded_aligned_money_is_no_section_75_money() {
        assert!(LegalBasis::S75Reg7.counts_as_section_75(FundKind::Pooled));
        assert!(LegalBasis::S75Reg9.counts_as_section_75(FundKind::Aligned));
        assert!(!LegalBasis::None.counts_as_section_75(FundKind::Aligned));
        assert!(!LegalBasis::S75Reg7.counts_as_section_75(FundKind::InView));
        assert!(!LegalBasis::S65z5.counts_as_section_75(FundKind::Pooled), "a separate power");
    }
}
