//! What changed in the budgets service; what is answered is made in the crate `tenancy`.

pub(crate) mod http;
