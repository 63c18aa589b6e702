//! Copying what was set up in a borough's sandbox to the live borough: bodies with their other names, and the security contact.

mod copied;
pub(crate) mod http;
mod store;
