//! Invitations to hold an office: a code that is shown once, and that makes whoever signs in with it a member, once.

mod acts;
pub(crate) mod http;
mod invitation;
mod store;

pub(crate) use invitation::{Answer, InvitationTimes};
