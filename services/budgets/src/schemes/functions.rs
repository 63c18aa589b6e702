//! Health-related functions: whose they are, and which of them cannot be pooled. No SQL, no HTTP, no clock.

use domain::OrganisationId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

use crate::rules;

/// Whose a function is in law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Nhs,
    LocalAuthority,
}

/// A function as a schedule names it: of the NHS (SI 2000/617 reg 5) or of a local authority (reg 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Function {
    HospitalServices,
    CommunityHealth,
    MentalHealth,
    ContinuingHealthcare,
    PrimaryCare,
    Prescribing,
    Rehabilitation,
    OtherNhs,
    /// Excluded.
    Surgery,
    /// Excluded.
    Radiotherapy,
    /// Excluded.
    TerminationOfPregnancies,
    /// Excluded.
    Endoscopy,
    /// Excluded.
    #[serde(rename = "class_4_laser")]
    Class4Laser,
    /// Excluded.
    OtherInvasiveTreatment,
    /// Excluded.
    EmergencyAmbulance,
    AdultSocialCare,
    ChildrensSocialCare,
    PublicHealth,
    Housing,
    DisabledFacilities,
    OtherLocalAuthority,
}

impl Function {
    pub(crate) fn side(self) -> Side {
        match self {
            Self::AdultSocialCare
            | Self::ChildrensSocialCare
            | Self::PublicHealth
            | Self::Housing
            | Self::DisabledFacilities
            | Self::OtherLocalAuthority => Side::LocalAuthority,
            _ => Side::Nhs,
        }
    }

    /// Whether the partners may not delegate or pool it (SI 2000/617 reg 5, exceptions).
    pub(crate) fn excluded(self) -> bool {
        matches!(
            self,
            Self::Surgery
                | Self::Radiotherapy
                | Self::TerminationOfPregnancies
                | Self::Endoscopy
                | Self::Class4Laser
                | Self::OtherInvasiveTreatment
                | Self::EmergencyAmbulance
        )
    }
}

/// A function, who owns it, and who exercises it. Delegating leaves the owner liable (NHS Act 2006 s75(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedFunction {
    pub(crate) function: Function,
    /// The body whose function it is in law.
    pub(crate) owner: OrganisationId,
    /// The body that exercises it; the owner where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exercised_by: Option<OrganisationId>,
}

/// Which side a body of that kind is on; none for a body that owns no function.
pub(crate) fn side_of(kind: &str) -> Option<Side> {
    match kind {
        "council" => Some(Side::LocalAuthority),
        "ccg" | "icb" | "nhs_trust" => Some(Side::Nhs),
        _ => None,
    }
}

/// The most functions a schedule or an agreement names.
pub(crate) const FUNCTIONS_MAX: usize = 50;

/// Holds named functions to rules 8 and 9. `side` says which side a body is on.
pub(crate) fn check_functions(
    functions: &[NamedFunction],
    pooled: bool,
    side: impl Fn(OrganisationId) -> Option<Side>,
) -> Result<(), Problem> {
    if functions.is_empty() {
        return Err(rules::NAMED_FUNCTION.broken("/functions", "Name at least one function and the body that owns it."));
    }
    let mut faults = Faults::default();
    let few = functions.len() <= FUNCTIONS_MAX;
    faults.unless(few, "/functions", format_args!("At most {FUNCTIONS_MAX} functions."));
    faults.none()?;
    for (at, named) in functions.iter().enumerate() {
        if pooled && named.function.excluded() {
            let detail = "The partners may not pool this function. Take it out, or make the scheme aligned or in view.";
            return Err(rules::EXCLUDED_FUNCTION.broken(format!("/functions/{at}/function"), detail));
        }
        if side(named.owner) != Some(named.function.side()) {
            let whose = match named.function.side() {
                Side::Nhs => "an NHS body",
                Side::LocalAuthority => "a council",
            };
            let detail = format!("This function belongs to {whose}; its owner is not one.");
            return Err(rules::NAMED_FUNCTION.broken(format!("/functions/{at}/owner"), detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const COUNCIL: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const BOARD: OrganisationId = OrganisationId(Uuid::from_u128(2));

    fn sides(id: OrganisationId) -> Option<Side> {
        [(COUNCIL, Side::LocalAuthority), (BOARD, Side::Nhs)].into_iter().find(|(o, _)| *o == id).map(|(_, side)| side)
    }

    fn named(function: Function, owner: OrganisationId) -> NamedFunction {
        NamedFunction { function, owner, exercised_by: None }
    }

    fn refused(functions: &[NamedFunction], pooled: bool) -> Option<&'static str> {
        check_functions(functions, pooled, sides).err().map(|problem| problem.kind().slug)
    }

    #[test]
    fn rule_08_an_excluded_function_is_not_pooled_but_may_be_aligned() {
        let excluded = [
            Function::Surgery,
            Function::Radiotherapy,
            Function::TerminationOfPregnancies,
            Function::Endoscopy,
            Function::Class4Laser,
            Function::OtherInvasiveTreatment,
            Function::EmergencyAmbulance,
        ];
        for function in excluded {
            assert!(function.excluded());
            assert_eq!(refused(&[named(function, BOARD)], true), Some("rule-broken"), "{function:?}");
            assert_eq!(refused(&[named(function, BOARD)], false), None, "{function:?}");
        }
        assert_eq!(refused(&[named(Function::MentalHealth, BOARD)], true), None);
    }

    #[test]
    fn rule_09_a_scheme_names_a_function_and_the_body_that_owns_it() {
        assert_eq!(refused(&[], false), Some("rule-broken"));
        assert_eq!(refused(&[named(Function::AdultSocialCare, COUNCIL)], true), None);
        assert_eq!(refused(&[named(Function::AdultSocialCare, BOARD)], true), Some("rule-broken"));
        assert_eq!(refused(&[named(Function::Prescribing, COUNCIL)], true), Some("rule-broken"));
        assert_eq!(refused(&[named(Function::Prescribing, OrganisationId(Uuid::nil()))], true), Some("rule-broken"));
    }
}
