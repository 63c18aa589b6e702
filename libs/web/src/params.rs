//! Headers and query parameters that many operations share, for the API description.

use utoipa::IntoParams;

/// Asking for a page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "described here, read by PageRequest")]
pub struct Paging {
    /// How many rows at most: 1 to 500.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Naming a thing to be done once, where that is required.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "described here, read by SentOnce")]
pub struct Keyed {
    /// Your name for what you mean to do once. Sending it again with the same body gives the first answer again.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 128, example = "4b1c7c3a-post-p12")]
    key: String,
}

/// Naming the version that is meant to change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "described here, read by IfMatch")]
pub struct Versioned {
    /// The ETag that was read.
    #[param(rename = "If-Match", max_length = 200, example = "\"1\"")]
    version: String,
}
