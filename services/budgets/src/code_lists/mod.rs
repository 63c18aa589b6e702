//! The code lists of the Better Care Fund, by year.

pub(crate) mod code_list;
pub(crate) mod http;
