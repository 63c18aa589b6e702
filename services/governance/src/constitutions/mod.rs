//! Constitutions: a committee's rules in versions, the one in force on a day being the latest that began by then.

mod constitution;
pub(crate) mod http;
mod rules;
mod store;

pub(crate) use constitution::ConstitutionBody;
pub(crate) use http::find;
pub(crate) use rules::{
    Base, CallInApplies, CastingVote, ChairRule, Counted, Fewest, NoticeRule, Operator, Quorum, Rules, Voting,
};
#[cfg(test)]
pub(crate) use rules::{ClassQuorum, PartnerQuorum, Rounding, Share, example};
pub(crate) use store::in_force;
