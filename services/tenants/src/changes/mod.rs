//! What changed in the tenants service; what is answered is made in the crate `tenancy`.

pub(crate) mod http;
