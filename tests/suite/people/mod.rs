//! People: providers, sign-ins, members and invitations, and who administers.

mod administrators;
pub(crate) mod exchange;
mod issuers;
mod members;
mod offices;
mod provider;
mod real;
mod sign_ins;
pub(crate) mod stub;

const TESTFORD: &str = "/v1/boroughs/testford";
