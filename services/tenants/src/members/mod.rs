//! Who holds which office of an owner, and in which role. Never a name: of the person at the provider only a hash is kept.

mod acts;
pub(crate) mod http;
mod member;
mod store;

pub(crate) use member::{MemberState, RoleFrom, is_member};
