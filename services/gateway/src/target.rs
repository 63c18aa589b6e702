//! The path, checked before it is routed.
//!
//! Two readers that take one path differently are how a request for one thing passes as a request for
//! another. So a path that could be read in two ways is refused, and what passes is forwarded byte for byte.

use axum::http::{Uri, Version};
use web::{Problem, problems};

/// The longest path with its query, in bytes.
const LONGEST: usize = 8192;

/// Goes on only where the request target can be read in one way.
///
/// # Errors
/// 400, or 414 where it is too long.
pub(crate) fn check(uri: &Uri, version: Version) -> Result<(), Problem> {
    // HTTP/2 always names scheme and authority; in HTTP/1 that is a request to a proxy, which we are not.
    if version < Version::HTTP_2 && (uri.scheme().is_some() || uri.authority().is_some()) {
        return Err(refused("Send the path alone, not a whole address."));
    }
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    if target.len() > LONGEST {
        return Err(Problem::new(&problems::URI_TOO_LONG, "A path with its query may be up to 8,192 bytes."));
    }
    if let Some(query) = uri.query()
        && !query.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(refused("A query is written in visible ASCII characters, percent-encoded where need be."));
    }
    check_path(uri.path())
}

fn check_path(path: &str) -> Result<(), Problem> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(refused("A path begins with a slash."));
    };
    if rest.is_empty() {
        return Ok(());
    }
    for segment in rest.split('/') {
        if segment.is_empty() {
            return Err(refused("A path has no empty segments, and no slash at its end."));
        }
        if segment == "." || segment == ".." {
            return Err(refused("A path has no dot segments."));
        }
        check_segment(segment.as_bytes())?;
    }
    Ok(())
}

fn check_segment(segment: &[u8]) -> Result<(), Problem> {
    let mut rest = segment;
    while let [first, after @ ..] = rest {
        rest = match first {
            b'%' => {
                let [high, low, after @ ..] = after else {
                    return Err(refused("A percent sign is followed by two hexadecimal digits."));
                };
                let byte = hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low);
                match byte {
                    None => return Err(refused("A percent sign is followed by two hexadecimal digits.")),
                    Some(b'.' | b'/' | b'\\' | b'%' | 0) => {
                        return Err(refused("A path holds no encoded dot, slash, backslash, percent sign or NUL."));
                    }
                    Some(_) => after,
                }
            }
            // What RFC 3986 §3.3 allows in a segment, but for the semicolon, which some readers cut at.
            b if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(b) => after,
            _ => return Err(refused("A character of the path must be percent-encoded, or may not be there at all.")),
        };
    }
    Ok(())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn refused(detail: &str) -> Problem {
    Problem::new(&problems::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(target: &str) -> u16 {
        let Ok(uri) = target.parse::<Uri>() else { return 400 };
        check(&uri, Version::HTTP_11).map_or_else(|problem| problem.kind().status, |()| 200)
    }

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_refused() {
        for fine in ["/", "/v1/boroughs/wigan", "/v1/a%20b", "/x?q=%2e%2f%25;a//b", "/.well-known/jwks.json", "/a..b"] {
            assert_eq!(status(fine), 200, "{fine}");
        }
        let refused = [
            "/a/%2e%2e/b",
            "/%2E",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%00",
            "/a%252e",
            "/a%",
            "/a%4",
            "/a%zz",
            "/a\\b",
            "/a;b=c",
            "//a",
            "/a//b",
            "/a/",
            "/./a",
            "/a/..",
            "/a\"b",
            "/a{b}",
            "/a|b",
            "/é",
            "http://x/a",
            "x:80",
            "*",
        ];
        for wrong in refused {
            assert_eq!(status(wrong), 400, "{wrong}");
        }
        assert_eq!(status(&format!("/{}", "a".repeat(8191))), 200);
        assert_eq!(status(&format!("/{}", "a".repeat(8192))), 414);
    }

    /// Pieces attackers use, mixed with anything.
    fn target() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/".to_owned()),
            Just("..".to_owned()),
            Just("%2e".to_owned()),
            Just("%2F".to_owned()),
            Just("%5c".to_owned()),
            Just(";".to_owned()),
            Just("#x".to_owned()),
            Just("?".to_owned()),
            "[a-z0-9-]{1,6}",
            "%[0-9a-fA-F]{2}",
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn what_is_authorised_is_what_is_forwarded(sent in target()) {
            let Ok(uri) = sent.parse::<Uri>() else { return Ok(()) };
            if check(&uri, Version::HTTP_11).is_err() {
                return Ok(());
            }
            let there = axum::http::uri::Authority::from_static("127.0.0.1:1");
            let forwarded = crate::upstream::address(&there, &uri);
            // A fragment is not part of a target: hyper cuts it off before anybody reads it.
            let authorised = sent.split('#').next().unwrap_or_default();
            prop_assert_eq!(forwarded.path_and_query().map_or("", |p| p.as_str()), authorised);
            prop_assert_eq!(forwarded.path(), authorised.split('?').next().unwrap_or_default());
            // However often it is decoded, and whoever resolves its dots, it stays where it is.
            let decoded = uri.path().split('/').skip(1).map(|s| s.replace("%20", " "));
            for segment in decoded {
                prop_assert!(segment != ".." && segment != "." && !segment.contains(['\\', ';', '\0']));
            }
        }
    }
}
