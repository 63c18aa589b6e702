//! Long work under way, for whoever waits for it.

pub(crate) mod http;
mod operation;
mod store;

pub(crate) use operation::{OperationBody, OperationKind, OperationState};
pub(crate) use store::{begin, find, tell};
