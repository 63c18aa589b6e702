//! The code lists of the Better Care Fund, by year.

pub(crate) mod code_list;
pub(crate) mod http;

/// The source that is a capital grant, in every year's list.
pub(crate) const DISABLED_FACILITIES_GRANT: &str = "dfg";
