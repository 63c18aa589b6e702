//! What becomes of somebody who signs in. No SQL, no HTTP, no clock.

use crate::{
    issuers::ClaimMapping,
    members::{MemberState, RoleFrom},
};

/// What is known of a person where they signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Nobody,
    /// They were removed, and not invited since.
    Left,
    Member(MemberState, RoleFrom),
}

/// What is done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// They act in the role they have.
    Act,
    /// They act in the role their claim says.
    ActAs(&'a ClaimMapping),
    /// They become a member in the role their claim says.
    Join(&'a ClaimMapping),
    /// They become a member where their invitation is good.
    Accept,
    /// Nothing.
    Refuse(&'static str),
}

/// Decides it.
pub(super) fn step<'a>(known: Known, mapped: Option<&'a ClaimMapping>, invited: bool) -> Step<'a> {
    match (known, mapped) {
        (Known::Member(MemberState::Suspended, _), _) => {
            Step::Refuse("You are suspended here. Ask an administrator of yours.")
        }
        (Known::Member(..), _) if invited => {
            Step::Refuse("You are a member here already; the invitation was not used. Sign in without it.")
        }
        (Known::Member(_, RoleFrom::Given), _) => Step::Act,
        (Known::Member(_, RoleFrom::Claim), Some(mapping)) => Step::ActAs(mapping),
        (Known::Member(_, RoleFrom::Claim), None) => Step::Refuse(
            "Your provider no longer says anything of you that stands for a role here. Ask whoever keeps its groups, or ask an \
             administrator of yours to give you a role.",
        ),
        (Known::Nobody | Known::Left, _) if invited => Step::Accept,
        (Known::Left, _) => Step::Refuse("You were removed here. Ask an administrator of yours for an invitation."),
        (Known::Nobody, Some(mapping)) => Step::Join(mapping),
        (Known::Nobody, None) => Step::Refuse(
            "Nobody here knows you yet. Ask an administrator of yours for an invitation, and sign in with it.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use auth::Role;

    use super::*;

    #[test]
    fn every_arrival_has_one_step() {
        use MemberState::{Active, Suspended};
        use RoleFrom::{Claim, Given};
        let mapping =
            ClaimMapping { claim: "groups".into(), value: "x".into(), role: Role::Finance, office: "Finance".into() };
        let (mapped, none) = (Some(&mapping), None);
        let refused = |known, mapped, invited, says: &str| {
            let step = step(known, mapped, invited);
            assert!(matches!(step, Step::Refuse(why) if why.contains(says)), "{known:?} {invited}: {step:?}");
        };
        assert_eq!(step(Known::Nobody, none, true), Step::Accept);
        assert_eq!(step(Known::Nobody, mapped, true), Step::Accept, "what an administrator says comes first");
        assert_eq!(step(Known::Nobody, mapped, false), Step::Join(&mapping));
        refused(Known::Nobody, none, false, "Nobody here knows you");
        assert_eq!(step(Known::Left, mapped, true), Step::Accept);
        refused(Known::Left, mapped, false, "removed");
        assert_eq!(step(Known::Member(Active, Given), mapped, false), Step::Act);
        assert_eq!(step(Known::Member(Active, Claim), mapped, false), Step::ActAs(&mapping));
        refused(Known::Member(Active, Claim), none, false, "no longer says");
        refused(Known::Member(Active, Given), none, true, "already");
        for from in [Claim, Given] {
            refused(Known::Member(Suspended, from), mapped, false, "suspended");
            refused(Known::Member(Suspended, from), mapped, true, "suspended");
        }
    }
}
