//! Headers on their way through.
//!
//! A header that speaks for the connection ends here, in both directions. A header that could pass as our own
//! word about the caller never leaves here, however it is spelt.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Version, header, uri::Authority};
use web::{Problem, problems};

/// The address the request came from, for the services.
pub(crate) const ADDRESS: HeaderName = HeaderName::from_static("x-tenfold-address");
/// The id of the request, for the services and the caller.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of the connection, not of the message (RFC 9110 §7.6.1).
const OF_THE_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// What a `Connection` header may not take away.
const NOT_OF_THE_CONNECTION: [&str; 9] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
];

/// What only we may say.
const OURS_TO_SAY: [&str; 9] = [
    "forwarded",
    "proxy-",
    "x-forwarded-",
    "x-http-method",
    "x-method-override",
    "x-original-",
    "x-real-ip",
    "x-rewrite-",
    "x-tenfold-",
];

/// Goes on only where the headers can be read in one way.
///
/// # Errors
/// 400 where `Host`, `Connection` or `Transfer-Encoding` is not as it should be; 415 where the body is encoded.
pub(crate) fn check(headers: &HeaderMap, version: Version) -> Result<(), Problem> {
    let refused = |detail: &str| Err(Problem::new(&problems::BAD_REQUEST, detail));
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() || (first.is_none() && version == Version::HTTP_11) {
        return refused("Send the Host header once.");
    }
    if headers.get(header::TRANSFER_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        || headers.get_all(header::TRANSFER_ENCODING).iter().count() > 1
    {
        return refused("The only Transfer-Encoding read here is chunked.");
    }
    if listed(headers).any(|name| NOT_OF_THE_CONNECTION.iter().any(|kept| name.eq_ignore_ascii_case(kept))) {
        return refused("A Connection header lists only headers of the connection.");
    }
    if headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(Problem::new(&problems::MEDIA_TYPE, "Send the body as it is, not compressed."));
    }
    Ok(())
}

/// Makes a request's headers ours to send: to the service at `there`, from `address`.
pub(crate) fn prepare(headers: &mut HeaderMap, there: &HeaderValue, address: IpAddr, id: &HeaderValue) {
    end_here(headers);
    let posing: Vec<HeaderName> = headers.keys().filter(|name| poses(name.as_str())).cloned().collect();
    for name in posing {
        headers.remove(name);
    }
    headers.remove(header::EXPECT);
    headers.insert(header::HOST, there.clone());
    headers.insert(REQUEST_ID, id.clone());
    if let Ok(address) = HeaderValue::try_from(address.to_string()) {
        headers.insert(ADDRESS, address);
    }
}

/// Takes away the headers of the connection, and every header they list.
pub(crate) fn end_here(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = listed(headers).filter_map(|name| name.parse().ok()).collect();
    for name in OF_THE_CONNECTION.iter().chain(&listed) {
        headers.remove(name);
    }
    let proxies: Vec<HeaderName> = headers.keys().filter(|n| n.as_str().starts_with("proxy-")).cloned().collect();
    for name in proxies {
        headers.remove(name);
    }
}

/// The names a `Connection` header lists.
fn listed(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::CONNECTION).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).filter(|name| !name.is_empty())
}

/// Servers that make variables of headers read `_` as `-`: a name with one could pass as another.
fn poses(name: &str) -> bool {
    name.contains('_') || OURS_TO_SAY.iter().any(|ours| name.starts_with(ours))
}

/// What to call a service by, as a `Host` header.
pub(crate) fn host(there: &Authority) -> HeaderValue {
    HeaderValue::try_from(there.as_str()).unwrap_or_else(|_| HeaderValue::from_static("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value"))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn nobody_speaks_for_us_or_for_the_connection() {
        let mut headers = map(&[
            ("x-tenfold-address", "6.6.6.6"),
            ("x_tenfold_address", "6.6.6.6"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x_forwarded-for", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("x-original-url", "/x"),
            ("x-rewrite-url", "/x"),
            ("x-http-method-override", "DELETE"),
            ("x-method-override", "DELETE"),
            ("connection", "close, x-spoof"),
            ("x-spoof", "1"),
            ("keep-alive", "1"),
            ("proxy-authorization", "x"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("trailer", "x"),
            ("authorization", "Bearer x"),
            ("accept", "text/csv"),
            ("idempotency_key", "1"),
            ("expect", "100-continue"),
        ]);
        let id = HeaderValue::from_static("id");
        prepare(&mut headers, &HeaderValue::from_static("there"), IpAddr::from([127, 0, 0, 1]), &id);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "authorization", "host", "x-request-id", "x-tenfold-address"]);
        assert_eq!(headers["x-tenfold-address"], "127.0.0.1");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let status =
            |pairs: &[(&str, &str)]| check(&map(pairs), Version::HTTP_11).map_or_else(|p| p.kind().status, |()| 200);
        assert_eq!(status(&[("host", "a")]), 200);
        assert_eq!(status(&[]), 400);
        assert_eq!(status(&[("host", "a"), ("host", "a")]), 400);
        assert_eq!(status(&[("host", "a"), ("connection", "Authorization")]), 400);
        assert_eq!(status(&[("host", "a"), ("connection", "close, x")]), 200);
        assert_eq!(status(&[("host", "a"), ("transfer-encoding", "gzip, chunked")]), 400);
        assert_eq!(status(&[("host", "a"), ("content-encoding", "gzip")]), 415);
    }
}
