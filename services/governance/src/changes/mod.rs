//! What changed in the governance service; what is answered is made in the crate `tenancy`.

pub(crate) mod http;
