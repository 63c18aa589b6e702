//! Asking an address that a caller gave us: only where anybody could ask it, and never longer or more than we chose.
//!
//! Such an address could point back inside: at a service of ours, a database, a cloud's metadata. So the rules are
//! held where it counts, at the addresses that are really connected to: a name is looked up by us, what is not public is
//! taken out of the answer, and only what is left is handed to the connector. Redirects are answers, not followed.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::http::HeaderMap;
use reqwest::{
    Method, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

/// How long one answer may take, from the first look-up to its last byte.
pub const LONGEST: Duration = Duration::from_secs(5);
const LONGEST_ADDRESS: usize = 2000;

/// Why an address was not asked, or did not answer. Says what whoever gave it can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// It is no address we would ever ask.
    #[error("{0}")]
    Address(&'static str),
    /// It leads to us, or to a network of somebody's own.
    #[error("it leads to an address that is not public")]
    NotPublic,
    /// Nothing answers, or not in TLS that we trust.
    #[error("it cannot be reached: check its name, its port and its certificate")]
    Unreachable,
    /// It takes too long.
    #[error("it did not answer in time")]
    TimedOut,
    /// It points elsewhere.
    #[error("it redirects; give the address it leads to")]
    Redirected,
    /// It says something else than yes.
    #[error("it answered {0}")]
    Status(u16),
    /// It says too much.
    #[error("it answered more than {0} bytes")]
    TooLarge(usize),
    /// It stopped in the middle.
    #[error("it broke off in the middle of its answer")]
    BrokeOff,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct OutboundAnswer {
    /// The status: for a `get` always a success.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// The way out.
#[derive(Clone)]
pub struct Outbound {
    /// None where there are no certificates to trust: then nothing can be asked.
    http: Option<reqwest::Client>,
    public_only: bool,
    within: Duration,
}

impl Outbound {
    /// `public_only` is what production wants. Without it plain HTTP and private addresses are asked too: for a
    /// network where that is meant, a demonstration, or a test.
    #[must_use]
    pub fn new(public_only: bool) -> Self {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(LONGEST)
            // A proxy would connect for us, where we cannot see whereto.
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(Guard { public_only }))
            .pool_max_idle_per_host(0)
            .user_agent("tenfold")
            .build();
        if let Err(error) = &http {
            tracing::warn!(%error, "nothing outside can be asked");
        }
        Self { http: http.ok(), public_only, within: LONGEST }
    }

    /// The same, which waits so long for an answer.
    #[must_use]
    pub fn answering_within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// Whether the address is one we would ask, as far as its text says.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, address: &str) -> Result<(), OutboundError> {
        self.read(address).map(drop)
    }

    fn read(&self, address: &str) -> Result<Url, OutboundError> {
        let refuse = |why| Err(OutboundError::Address(why));
        if address.len() > LONGEST_ADDRESS {
            return refuse("it is longer than 2,000 characters");
        }
        let Ok(url) = address.parse::<Url>() else { return refuse("it is not an address (https://host/path)") };
        if url.scheme() != "https" && (self.public_only || url.scheme() != "http") {
            return refuse("it does not begin with https://");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return refuse("it holds a name, a password or a fragment; leave these out");
        }
        // A number is connected to as it is, without a look-up.
        let number = url.host_str().map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
        match number {
            None => refuse("it names no host"),
            Some(Ok(ip)) if self.public_only && !is_public(ip) => Err(OutboundError::NotPublic),
            Some(_) => Ok(url),
        }
    }

    /// Reads what lies at an address, up to `limit` bytes.
    ///
    /// # Errors
    /// Where it may not be asked, or does not answer with success.
    pub async fn get(&self, address: &str, limit: usize) -> Result<OutboundAnswer, OutboundError> {
        let answer = self.ask(Method::GET, address, &[], Vec::new(), limit).await?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(OutboundError::Status(answer.status)) }
    }

    /// Sends something to an address, and reads up to `limit` bytes of what it answers, whatever its status.
    ///
    /// # Errors
    /// Where it may not be asked, or gives no answer.
    pub async fn post(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        limit: usize,
    ) -> Result<OutboundAnswer, OutboundError> {
        self.ask(Method::POST, address, headers, body, limit).await
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        limit: usize,
    ) -> Result<OutboundAnswer, OutboundError> {
        let url = self.read(address)?;
        let http = self.http.as_ref().ok_or(OutboundError::Unreachable)?;
        let mut request = http.request(method, url).timeout(self.within).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send().await.map_err(|error| why(&error))?;
        if answer.status().is_redirection() {
            return Err(OutboundError::Redirected);
        }
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| broke_off(&error))? {
            if body.len() + piece.len() > limit {
                return Err(OutboundError::TooLarge(limit));
            }
            body.extend_from_slice(&piece);
        }
        Ok(OutboundAnswer { status, headers, body })
    }
}

fn broke_off(error: &reqwest::Error) -> OutboundError {
    if error.is_timeout() { OutboundError::TimedOut } else { OutboundError::BrokeOff }
}

fn why(error: &reqwest::Error) -> OutboundError {
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        if error.is::<NotPublic>() {
            return OutboundError::NotPublic;
        }
        next = error.source();
    }
    if error.is_timeout() { OutboundError::TimedOut } else { OutboundError::Unreachable }
}

/// Looks names up, and takes out what may not be connected to.
struct Guard {
    public_only: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let public_only = self.public_only;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let there = !found.is_empty();
            let left: Vec<_> = found.into_iter().filter(|at| !public_only || is_public(at.ip())).collect();
            if there && left.is_empty() {
                return Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(left.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to no public address")
    }
}

impl Error for NotPublic {}

/// Whether anybody on the internet could reach this address: not ourselves, no private network, no group of hosts, none
/// of the blocks kept for documents, tests and transitions (the IANA special-purpose registries).
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    );
    !special
}

/// Only global unicast, 2000::/3, and of that not what stands for an IPv4 address or for nothing. What maps or embeds
/// an IPv4 address (::ffff:0:0/96, 64:ff9b::/96) lies outside.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let special = matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff));
    (0x2000..=0x3fff).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[test]
    fn only_what_anybody_could_reach_is_public() {
        for public in
            ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1", "2a00::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for ours in [
            "127.0.0.1",
            "127.255.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(ours.parse().unwrap()), "{ours}");
        }
    }

    #[test]
    fn an_address_is_judged_before_it_is_asked() {
        let strict = Outbound::new(true);
        assert_eq!(strict.check("https://keys.example.org/jwks.json"), Ok(()));
        // However a number is written, it is the number that counts.
        for ours in [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert_eq!(strict.check(ours), Err(OutboundError::NotPublic), "{ours}");
        }
        for wrong in [
            "http://keys.example.org/",
            "ftp://x/",
            "file:///etc/passwd",
            "keys",
            "https://a:b@example.org/",
            "https://x/#y",
            "",
        ] {
            assert!(matches!(strict.check(wrong), Err(OutboundError::Address(_))), "{wrong}");
        }
        assert!(strict.check(&format!("https://x/{}", "a".repeat(2000))).is_err());
        let loose = Outbound::new(false);
        assert_eq!(loose.check("http://127.0.0.1:1/"), Ok(()));
        assert!(loose.check("file:///etc/passwd").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        assert_eq!(Outbound::new(true).get("https://localhost/", 10).await.unwrap_err(), OutboundError::NotPublic);
    }

    async fn answering(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 1024];
                if stream.read(&mut asked).await.is_ok_and(|read| read > 0) {
                    stream.write_all(answer).await.ok();
                }
            }
        });
        at
    }

    #[tokio::test]
    async fn an_answer_is_taken_up_to_its_limit_and_no_redirect_is_followed() {
        let loose = Outbound::new(false);
        let at = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        assert_eq!(loose.get(&at, 5).await.unwrap().body, b"hello");
        assert_eq!(loose.get(&at, 4).await.unwrap_err(), OutboundError::TooLarge(4));
        let posted = loose.post(&at, &[("webhook-id", "x")], b"{}".to_vec(), 100).await.unwrap();
        assert_eq!((posted.status, posted.body.as_slice()), (200, &b"hello"[..]));
        let away = answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(loose.get(&away, 5).await.unwrap_err(), OutboundError::Redirected);
        let gone = answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(loose.get(&gone, 5).await.unwrap_err(), OutboundError::Status(404));
        let broken = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        assert_eq!(loose.get(&broken, 100).await.unwrap_err(), OutboundError::BrokeOff);
        assert_eq!(loose.get("http://127.0.0.1:1/", 5).await.unwrap_err(), OutboundError::Unreachable);
    }
}
