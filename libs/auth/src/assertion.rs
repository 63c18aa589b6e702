//! The client assertion (RFC 7521, RFC 7523): a client that signs who it is, instead of telling a secret.
//!
//! Read strictly before anything is believed: the algorithm is the key's to say, not the header's; every claim that
//! binds the assertion to us and to now is required; a name said twice is refused.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::Value;

use crate::{ClientKey, strict_json::Strict};

/// What a request says it brings.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest an assertion may still live.
const LONGEST_LIFE_SECONDS: i64 = 300;
/// How far two clocks may be apart.
const LEEWAY_SECONDS: i64 = 30;
const LONGEST: usize = 8 * 1024;
const LONGEST_ID: usize = 128;

/// Why an assertion is refused, in words for whoever made it. Nothing of keys is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Not three base64url parts holding JSON objects, or too long.
    #[error(
        "The client assertion is not a JWT we can read: three parts, JSON objects that say no name twice, up to 8 KB."
    )]
    Malformed,
    /// A header we do not take.
    #[error("The header of the client assertion is not one we take: {0}.")]
    Header(&'static str),
    /// No key of the client's signed it, or there is no such client.
    #[error("There is no such client, or the assertion is not signed with one of its keys.")]
    Signature,
    /// A claim that is missing or wrong.
    #[error("The client assertion's {0}.")]
    Claim(String),
}

/// An assertion that has been read, and not been believed.
pub struct Assertion<'a> {
    token: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Value,
    client_id: String,
}

/// What a believed assertion leaves behind.
#[derive(Debug, Clone)]
pub struct Believed {
    /// The thumbprint of the key that signed it.
    pub thumbprint: String,
    /// Its id, to be used once.
    pub id: String,
    /// When it can no longer be used, in seconds since 1970.
    pub useless_from: i64,
}

impl<'a> Assertion<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is malformed, or its header or subject is nothing we take.
    pub fn read(token: &'a str) -> Result<Self, AssertionError> {
        if token.len() > LONGEST {
            return Err(AssertionError::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AssertionError::Malformed);
        };
        let (header, claims) = (object(header)?, object(claims)?);
        let algorithm = asymmetric(&header)
            .ok_or(AssertionError::Header("alg is ES256, ES384, PS256, RS256 or EdDSA, as the key has it"))?;
        let typ = header.get("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_lowercase());
        if !matches!(typ.as_deref(), None | Some("jwt" | "application/jwt" | "client-authentication+jwt")) {
            return Err(AssertionError::Header("typ is JWT or client-authentication+jwt, or left out"));
        }
        if brings_more(&header) {
            return Err(AssertionError::Header(
                "it brings crit, or a key or where to find one, which we do not look at",
            ));
        }
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) if (1..=LONGEST_ID).contains(&kid.len()) => Some(kid.clone()),
            Some(_) => return Err(AssertionError::Header("kid is 1 to 128 characters, or left out")),
        };
        let client_id = claims["sub"].as_str().unwrap_or_default().to_owned();
        if !(1..=LONGEST_ID).contains(&client_id.len()) || claims["iss"] != claims["sub"] {
            return Err(AssertionError::Claim("iss and sub are both the client_id".into()));
        }
        Ok(Self { token, algorithm, kid, claims, client_id })
    }

    /// Who it says it is.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Which key it says it is signed with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Believes it where one of `keys` signed it, it is meant for one of `audiences`, and its time is `now`.
    ///
    /// # Errors
    /// Why not; of its claims only where it was really signed by the client.
    pub fn believe(&self, keys: &[ClientKey], audiences: &[&str], now: i64) -> Result<Believed, AssertionError> {
        let kid = self.kid.as_deref();
        let key = signed_with(self.token, self.algorithm, kid, keys).ok_or(AssertionError::Signature)?;
        let useless_from = self.in_time(now)?;
        self.for_us(audiences)?;
        let id = self.claims["jti"].as_str().filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        let id =
            id.ok_or_else(|| AssertionError::Claim("jti is 1 to 128 characters, new for each assertion".into()))?;
        Ok(Believed { thumbprint: key.thumbprint.clone(), id: id.to_owned(), useless_from })
    }

    fn for_us(&self, audiences: &[&str]) -> Result<(), AssertionError> {
        let aud = match &self.claims["aud"] {
            Value::Array(several) => match &several[..] {
                [Value::String(one)] => Some(one.as_str()),
                _ => None,
            },
            one => one.as_str(),
        };
        if aud.is_some_and(|aud| audiences.contains(&aud)) {
            return Ok(());
        }
        Err(AssertionError::Claim(format!("aud is exactly {}", audiences.join(" or "))))
    }

    /// When it can no longer be used.
    fn in_time(&self, now: i64) -> Result<i64, AssertionError> {
        let wrong = |what: &str| AssertionError::Claim(format!("{what}; it is {now} here, in seconds since 1970"));
        let number = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(value) => {
                value.as_i64().map(Some).ok_or_else(|| wrong(&format!("{name} is a whole number of seconds")))
            }
        };
        let exp = number("exp")?.ok_or_else(|| wrong("exp is missing"))?;
        if exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(wrong("exp has passed"));
        }
        if exp.saturating_sub(now) > LONGEST_LIFE_SECONDS + LEEWAY_SECONDS {
            return Err(wrong("exp is more than 5 minutes ahead"));
        }
        for name in ["iat", "nbf"] {
            if number(name)?.is_some_and(|from| from.saturating_sub(now) > LEEWAY_SECONDS) {
                return Err(wrong(&format!("{name} lies in the future")));
            }
        }
        Ok(exp.saturating_add(LEEWAY_SECONDS))
    }
}

fn object(part: &str) -> Result<Value, AssertionError> {
    strict_object(part).ok_or(AssertionError::Malformed)
}

/// A part of a JWT: a JSON object that says no name twice.
pub(crate) fn strict_object(part: &str) -> Option<Value> {
    match serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?) {
        Ok(Strict(value @ Value::Object(_))) => Some(value),
        _ => None,
    }
}

/// The algorithm a header names, where it is one whose keys have a private half.
pub(crate) fn asymmetric(header: &Value) -> Option<Algorithm> {
    match header["alg"].as_str()? {
        "ES256" => Some(Algorithm::ES256),
        "ES384" => Some(Algorithm::ES384),
        "PS256" => Some(Algorithm::PS256),
        "RS256" => Some(Algorithm::RS256),
        "EdDSA" | "Ed25519" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// Whether a header brings a key of its own, says where to find one, or demands what we do not know.
pub(crate) fn brings_more(header: &Value) -> bool {
    ["crit", "jku", "jwk", "x5u", "x5c", "b64"].iter().any(|name| header.get(*name).is_some())
}

/// The key that signed a JWT, where one did. The algorithm is the key's to say.
pub(crate) fn signed_with<'k>(
    token: &str,
    algorithm: Algorithm,
    kid: Option<&str>,
    keys: &'k [ClientKey],
) -> Option<&'k ClientKey> {
    let mut signature_only = Validation::new(algorithm);
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    signature_only.required_spec_claims.clear();
    let named = |key: &&ClientKey| kid.is_none_or(|kid| kid == key.kid || kid == key.thumbprint);
    let signed = |key: &&ClientKey| {
        key.takes(algorithm) && jsonwebtoken::decode::<Value>(token, key.checking(), &signature_only).is_ok()
    };
    keys.iter().filter(named).find(signed)
}

/// Signs an assertion as a client would, with a P-256 key: for the command line and for tests.
///
/// # Errors
/// Where the key cannot sign.
pub fn sign_assertion(pem: &str, header: &Value, claims: &Value) -> Option<String> {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
    };
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(text).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()?;
    let coded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let said = format!("{}.{}", coded(header), coded(claims));
    let signature = pair.sign(&SystemRandom::new(), said.as_bytes()).ok()?;
    Some(format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Signer;

    const NOW: i64 = 1_780_000_000;
    const HERE: &str = "https://api.example.org";

    struct Signs {
        pem: String,
        key: ClientKey,
    }

    fn signs() -> Signs {
        let pem = Signer::new_pem();
        let public = Signer::from_pem(&pem).expect("ours").public().clone();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y, "kid": "one"});
        Signs { pem, key: ClientKey::read(&jwk).expect("a key") }
    }

    fn claims() -> Value {
        json!({"iss": "c", "sub": "c", "aud": HERE, "jti": "1", "iat": NOW, "exp": NOW + 60})
    }

    impl Signs {
        fn tried(&self, header: &Value, claims: &Value) -> Result<Believed, AssertionError> {
            let token = sign_assertion(&self.pem, header, claims).expect("signed");
            Assertion::read(&token)?.believe(std::slice::from_ref(&self.key), &[HERE], NOW)
        }
    }

    #[test]
    fn what_is_right_is_believed() {
        let signs = signs();
        for header in [
            json!({"alg": "ES256"}),
            json!({"alg": "ES256", "typ": "JWT", "kid": "one"}),
            json!({"alg": "ES256", "typ": "client-authentication+jwt", "kid": signs.key.thumbprint}),
        ] {
            let believed = signs.tried(&header, &claims()).expect("right");
            assert_eq!((believed.id.as_str(), believed.useless_from), ("1", NOW + 90));
        }
        let mut in_list = claims();
        in_list["aud"] = json!([HERE]);
        assert!(signs.tried(&json!({"alg": "ES256"}), &in_list).is_ok());
    }

    #[test]
    fn a_header_that_is_not_ours_is_refused() {
        let signs = signs();
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("es256")),
            ("alg", json!(null)),
            ("typ", json!("at+jwt")),
            ("typ", json!(1)),
            ("crit", json!(["exp"])),
            ("jku", json!("http://127.0.0.1/")),
            ("jwk", json!({})),
            ("kid", json!(7)),
        ] {
            let mut header = json!({"alg": "ES256"});
            header[name] = value.clone();
            let refused = signs.tried(&header, &claims());
            assert!(matches!(refused, Err(AssertionError::Header(_))), "{name} {value}");
        }
        // The algorithm is the key's to say.
        for other in ["RS256", "PS256", "EdDSA", "ES384"] {
            assert_eq!(signs.tried(&json!({"alg": other}), &claims()).unwrap_err(), AssertionError::Signature);
        }
        assert_eq!(
            signs.tried(&json!({"alg": "ES256", "kid": "two"}), &claims()).unwrap_err(),
            AssertionError::Signature
        );
    }

    #[test]
    fn a_claim_that_does_not_bind_it_to_us_and_now_is_refused() {
        let signs = signs();
        for (name, value, says) in [
            ("iss", json!("other"), "client_id"),
            ("sub", json!(null), "client_id"),
            ("aud", json!("https://elsewhere"), HERE),
            ("aud", json!([HERE, "https://elsewhere"]), HERE),
            ("aud", json!([]), HERE),
            ("aud", json!(null), HERE),
            ("exp", json!(null), "exp"),
            ("exp", json!(NOW - 31), "exp has passed"),
            ("exp", json!(NOW + 331), "5 minutes"),
            ("exp", json!(1.5), "whole number"),
            ("exp", json!(i64::MAX), "5 minutes"),
            ("iat", json!(NOW + 31), "future"),
            ("nbf", json!(NOW + 31), "future"),
            ("nbf", json!("soon"), "whole number"),
            ("jti", json!(null), "jti"),
            ("jti", json!(""), "jti"),
            ("jti", json!("x".repeat(129)), "jti"),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let refused = signs.tried(&json!({"alg": "ES256"}), &claims).expect_err(name).to_string();
            assert!(refused.contains(says), "{name} {value}: {refused}");
        }
        let mut late = claims();
        late["exp"] = json!(NOW - 29);
        assert!(signs.tried(&json!({"alg": "ES256"}), &late).is_ok(), "clocks may be 30 seconds apart");
    }

    #[test]
    fn what_is_no_assertion_is_refused() {
        let signs = signs();
        let token = sign_assertion(&signs.pem, &json!({"alg": "ES256"}), &claims()).expect("signed");
        let other = ClientKey::read(&super::tests::signs().key.jwk).expect("a key");
        let assertion = Assertion::read(&token).expect("read");
        assert_eq!(assertion.believe(&[other], &[HERE], NOW).unwrap_err(), AssertionError::Signature);
        assert_eq!(assertion.believe(&[], &[HERE], NOW).unwrap_err(), AssertionError::Signature);
        let twice = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iss":"c","sub":"c","sub":"d"}"#);
        let head = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        for nothing in [String::new(), "a.b".into(), "a.b.c.d".into(), format!("{head}.{twice}.x"), "x".repeat(9000)] {
            assert_eq!(Assertion::read(&nothing).err(), Some(AssertionError::Malformed));
        }
    }
}
