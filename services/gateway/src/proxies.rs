//! Whose address a request came from, where proxies of ours stand before the gateway.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// What each proxy adds to: the address that asked it, last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More hops than this nobody has; what lies before them is not read.
const HOPS_MAX: usize = 16;

/// The networks of proxies that are believed. None: nobody is, and the address is whoever connects.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Those in these networks: `10.0.0.0/8`, or one address.
    ///
    /// # Errors
    /// When one is no network.
    pub fn of(networks: &[String]) -> anyhow::Result<Self> {
        let read = |text: &String| {
            let text = text.trim();
            let one = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            one.with_context(|| format!("TENFOLD_TRUSTED_PROXIES: `{text}` is no network such as 10.0.0.0/8"))
        };
        Ok(Self(networks.iter().filter(|text| !text.trim().is_empty()).map(read).collect::<Result<_, _>>()?))
    }

    /// Who asked: from the connection backwards, the first that is no proxy of ours.
    ///
    /// What stands further back is what that one claims, and is not believed.
    pub(crate) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut at = peer.to_canonical();
        if !self.trusts(at) {
            return at;
        }
        let lists = headers.get_all(FORWARDED_FOR);
        let told: Vec<&str> = lists.iter().filter_map(|list| list.to_str().ok()).flat_map(|l| l.split(',')).collect();
        for text in told.into_iter().rev().take(HOPS_MAX) {
            let Some(before) = address_in(text.trim()) else { return at };
            at = before;
            if !self.trusts(at) {
                return at;
            }
        }
        at
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: with a port or without, one of IPv6 in brackets or not.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let read = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|one| one.ip()))?;
    Some(read.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(networks: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks: Vec<String> = networks.iter().map(|one| (*one).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for list in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(list).expect("a value"));
        }
        let proxies = Proxies::of(&networks).expect("networks");
        proxies.address(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_they_are_named() {
        assert_eq!(asked(&[], "10.0.0.1", &["6.6.6.6"]), "10.0.0.1");
        assert_eq!(asked(&["10.0.0.0/8"], "192.0.2.1", &["6.6.6.6"]), "192.0.2.1");
        assert_eq!(asked(&["", " "], "10.0.0.1", &["6.6.6.6"]), "10.0.0.1");
    }

    #[test]
    fn a_proxy_is_believed_about_who_asked_it_and_no_further() {
        let ours = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(asked(&ours, "10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(asked(&ours, "10.0.0.1", &["6.6.6.6, 203.0.113.7"]), "203.0.113.7", "what the caller claims");
        assert_eq!(
            asked(&ours, "10.0.0.1", &["6.6.6.6", "203.0.113.7, 10.0.0.2"]),
            "203.0.113.7",
            "two proxies of ours"
        );
        assert_eq!(asked(&ours, "2001:db8::1", &["[2001:470::7]:4711"]), "2001:470::7");
        assert_eq!(asked(&ours, "::ffff:10.0.0.1", &["203.0.113.7:80"]), "203.0.113.7");
        assert_eq!(asked(&ours, "10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(
            asked(&ours, "10.0.0.1", &["6.6.6.6, unknown, 10.0.0.9"]),
            "10.0.0.9",
            "no further than can be read"
        );
        assert_eq!(asked(&ours, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(asked(&["10.0.0.1"], "10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        let many = ["10.0.0.3"; 200].join(",");
        assert_eq!(asked(&ours, "10.0.0.1", &[&format!("6.6.6.6,{many}")]), "10.0.0.3");
    }

    #[test]
    fn what_is_no_network_is_refused_in_words() {
        let refused = Proxies::of(&["10.0.0.0/33".into()]).expect_err("no network").to_string();
        assert!(refused.contains("TENFOLD_TRUSTED_PROXIES") && refused.contains("10.0.0.0/33"), "{refused}");
    }
}
