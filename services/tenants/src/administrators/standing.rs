//! The rule of administrators. No SQL, no HTTP, no clock.

use auth::{OwnerKind, Role};
use domain::{ClientKeyId, IssuerId};
use web::{Problem, problems};

use crate::boroughs::BoroughState;

/// What is to be taken away.
pub(crate) enum Without<'a> {
    /// An API client.
    Client(&'a str),
    /// One of the keys of a client.
    Key(&'a str, ClientKeyId),
    /// A member, or the role it has.
    Member(&'a str),
    /// A provider, and with it all who sign in there.
    Issuer(IssuerId),
}

/// The role that administers an owner of that kind, and the scope without which a client does not.
pub(crate) fn administers(owner: OwnerKind) -> Option<(Role, &'static str)> {
    match owner {
        OwnerKind::Borough => Some((Role::Admin, "clients:manage")),
        OwnerKind::Platform => Some((Role::Officer, "office-clients:manage")),
        OwnerKind::Region | OwnerKind::Partner => None,
    }
}

/// How many administrators there are, and would be left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) there: i64,
    pub(crate) left: i64,
    /// Of a borough.
    pub(crate) state: Option<BoroughState>,
}

impl Standing {
    fn least(self, owner: OwnerKind) -> i64 {
        match (owner, self.state) {
            (OwnerKind::Borough, Some(BoroughState::Live | BoroughState::Suspended | BoroughState::Offboarding)) => 2,
            (OwnerKind::Borough | OwnerKind::Platform, _) => 1,
            (OwnerKind::Region | OwnerKind::Partner, _) => 0,
        }
    }

    /// Goes on where nothing is taken from the administrators, or enough of them are left.
    pub(crate) fn check(self, owner: OwnerKind) -> Result<(), Problem> {
        let least = self.least(owner);
        if self.left >= self.there || self.left >= least {
            return Ok(());
        }
        Err(Problem::new(
            &problems::CONFLICT,
            match (owner, least) {
                (OwnerKind::Platform, _) => {
                    "This is the last platform officer that works, person or client. Make another's client first, and use it once."
                }
                (_, 2) => {
                    "A live borough has two administrators that work, people or clients, never fewer. Invite another or make \
                     another's client first; after an incident revoke all clients at once (/clients/revocations)."
                }
                _ => {
                    "This is the borough's last administrator that works, person or client. Make another administrator's first, \
                     or revoke all clients at once (/clients/revocations), which gives you a new one."
                }
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_borough_keeps_two_and_every_other_one() {
        let fits = |owner, state, there, left| Standing { there, left, state }.check(owner).is_ok();
        let (borough, live) = (OwnerKind::Borough, Some(BoroughState::Live));
        assert!(fits(borough, live, 3, 2) && !fits(borough, live, 2, 1) && !fits(borough, live, 1, 0));
        assert!(!fits(borough, Some(BoroughState::Suspended), 2, 1));
        for state in [BoroughState::InSetup, BoroughState::InReview] {
            assert!(fits(borough, Some(state), 2, 1) && !fits(borough, Some(state), 1, 0));
        }
        assert!(fits(OwnerKind::Platform, None, 2, 1) && !fits(OwnerKind::Platform, None, 1, 0));
        assert!(fits(OwnerKind::Region, None, 1, 0) && fits(OwnerKind::Partner, None, 1, 0));
    }

    #[test]
    fn what_is_no_working_administrator_may_go() {
        for there in 0..3 {
            let standing = Standing { there, left: there, state: Some(BoroughState::Live) };
            assert!(standing.check(OwnerKind::Borough).is_ok(), "{there}");
        }
    }
}
