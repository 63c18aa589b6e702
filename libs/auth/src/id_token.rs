//! The ID token of an OpenID provider (OpenID Connect Core 1.0 §2): what it says of a person, believed only in full.
//!
//! Read strictly before anything is believed, as a client's assertion is: the algorithm is the key's to say; a name said
//! twice is refused; so is every token that is of another kind, above all an access token, which was made for somebody else.

use jsonwebtoken::Algorithm;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    ClientKey,
    assertion::{asymmetric, brings_more, signed_with, strict_object},
};

/// What a request says it exchanges (RFC 8693 §3).
pub const ID_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:id_token";

/// How long after it was issued an ID token is exchanged. Some providers issue theirs five minutes back.
const LONGEST_AGE_SECONDS: i64 = 600;
/// How far two clocks may be apart.
const LEEWAY_SECONDS: i64 = 30;
const LONGEST: usize = 8 * 1024;
const LONGEST_KID: usize = 128;
const LONGEST_NAME: usize = 500;
/// OpenID Connect Core 1.0 §2: `sub` does not exceed 255 ASCII characters.
const LONGEST_SUBJECT: usize = 255;

/// Why an ID token is refused, in words for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Not three base64url parts holding JSON objects, or too long.
    #[error("The ID token is not a JWT we can read: three parts, JSON objects that say no name twice, up to 8 KB.")]
    Malformed,
    /// A header we do not take.
    #[error("The header of the ID token is not one we take: {0}.")]
    Header(&'static str),
    /// None of the provider's keys signed it.
    #[error("The ID token is not signed with one of the keys that its provider publishes.")]
    Signature,
    /// It is a token, but no ID token.
    #[error("This is no ID token: {0}. Send the id_token of the provider's answer.")]
    NoIdToken(&'static str),
    /// A claim that is missing or wrong.
    #[error("The ID token's {0}.")]
    Claim(String),
}

/// An ID token that has been read, and not been believed.
#[derive(Debug)]
pub struct IdToken<'a> {
    token: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Value,
    issuer: String,
    audience: String,
}

/// Who somebody is, as a provider says that was believed.
#[derive(Debug, Clone)]
pub struct Person {
    /// What is kept of the provider and the subject: the same person there has the same.
    pub subject_hash: Vec<u8>,
    /// What is kept of the token itself, so that it is exchanged once.
    pub digest: Vec<u8>,
    /// When it can no longer be exchanged, in seconds since 1970.
    pub useless_from: i64,
    claims: Value,
}

impl Person {
    /// Whether a claim is this text, or a list that holds it.
    #[must_use]
    pub fn claims(&self, name: &str, value: &str) -> bool {
        match &self.claims[name] {
            Value::String(said) => said == value,
            Value::Array(several) => several.iter().any(|one| one == value),
            _ => false,
        }
    }
}

impl<'a> IdToken<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is malformed, of another kind, or not for one audience.
    pub fn read(token: &'a str) -> Result<Self, IdTokenError> {
        if token.len() > LONGEST {
            return Err(IdTokenError::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdTokenError::Malformed);
        };
        let (Some(header), Some(claims)) = (strict_object(header), strict_object(claims)) else {
            return Err(IdTokenError::Malformed);
        };
        let algorithm = asymmetric(&header)
            .ok_or(IdTokenError::Header("alg is ES256, ES384, PS256, RS256 or EdDSA, as the provider's key has it"))?;
        match header.get("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_lowercase()).as_deref() {
            None | Some("jwt" | "application/jwt") => {}
            Some("at+jwt" | "application/at+jwt") => return Err(IdTokenError::NoIdToken("it is an access token")),
            Some(_) => return Err(IdTokenError::Header("typ is JWT, or left out")),
        }
        if brings_more(&header) {
            return Err(IdTokenError::Header("it brings crit, or a key or where to find one, which we do not look at"));
        }
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) if (1..=LONGEST_KID).contains(&kid.len()) => Some(kid.clone()),
            Some(_) => return Err(IdTokenError::Header("kid is 1 to 128 characters, or left out")),
        };
        // How Keycloak and its like mark their other tokens, and OpenID Connect a log-out.
        if claims.get("typ").is_some_and(|typ| typ != "ID") {
            return Err(IdTokenError::NoIdToken("its claim typ says it is another token"));
        }
        if claims.get("events").is_some() {
            return Err(IdTokenError::NoIdToken("it is a log-out token"));
        }
        let issuer = text(&claims, "iss").ok_or_else(|| IdTokenError::Claim("iss is missing, or no name".into()))?;
        let audience = audience(&claims)?;
        Ok(Self { token, algorithm, kid, claims, issuer, audience })
    }

    /// Which provider it says it is of.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom it is for: as what we are registered at the provider.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Which key it says it is signed with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Believes it where one of `keys`, its provider's, signed it, and its time is `now` (seconds since 1970).
    ///
    /// # Errors
    /// Why not; of its claims only where the provider really signed it.
    pub fn believe(self, keys: &[ClientKey], now: i64) -> Result<Person, IdTokenError> {
        signed_with(self.token, self.algorithm, self.kid(), keys).ok_or(IdTokenError::Signature)?;
        let useless_from = self.in_time(now)?;
        let sub = self.claims["sub"].as_str().filter(|sub| (1..=LONGEST_SUBJECT).contains(&sub.chars().count()));
        let sub = sub.ok_or_else(|| IdTokenError::Claim("sub is 1 to 255 characters".into()))?;
        let subject_hash =
            Sha256::new_with_prefix(&self.issuer).chain_update([0]).chain_update(sub).finalize().to_vec();
        // Of what was signed, not of the signature: another signature of the same could be made of it.
        let signed = self.token.rsplit_once('.').map_or(self.token, |(signed, _)| signed);
        let digest = Sha256::digest(signed).to_vec();
        Ok(Person { subject_hash, digest, useless_from, claims: self.claims })
    }

    /// When it can no longer be exchanged.
    fn in_time(&self, now: i64) -> Result<i64, IdTokenError> {
        let wrong = |what: &str| IdTokenError::Claim(format!("{what}; it is {now} here, in seconds since 1970"));
        let number = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(value) => {
                value.as_i64().map(Some).ok_or_else(|| wrong(&format!("{name} is a whole number of seconds")))
            }
        };
        let exp = number("exp")?.ok_or_else(|| wrong("exp is missing"))?;
        let iat = number("iat")?.ok_or_else(|| wrong("iat is missing"))?;
        if exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(wrong("exp has passed: sign in again"));
        }
        for (name, from) in [("iat", Some(iat)), ("nbf", number("nbf")?)] {
            if from.is_some_and(|from| from.saturating_sub(now) > LEEWAY_SECONDS) {
                return Err(wrong(&format!("{name} lies in the future")));
            }
        }
        let oldest = iat.saturating_add(LONGEST_AGE_SECONDS + LEEWAY_SECONDS);
        if oldest <= now {
            return Err(wrong("iat is more than 10 minutes ago: sign in again, and exchange the ID token at once"));
        }
        Ok(oldest.min(exp.saturating_add(LEEWAY_SECONDS)))
    }
}

fn text(claims: &Value, name: &str) -> Option<String> {
    claims[name].as_str().filter(|text| is_a_name(text)).map(str::to_owned)
}

/// Whether a provider or one of its clients may be called that.
fn is_a_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The one audience; of several the one it was issued to, which is `azp` (OpenID Connect Core 1.0 §3.1.3.7, 3 to 5).
fn audience(claims: &Value) -> Result<String, IdTokenError> {
    let wrong = |what: &str| IdTokenError::Claim(what.to_owned());
    let all: Vec<&str> = match &claims["aud"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let azp = match claims.get("azp") {
        None => None,
        Some(azp) => Some(azp.as_str().ok_or_else(|| wrong("azp is a text"))?),
    };
    let one = match (&all[..], azp) {
        ([one], None) => *one,
        ([one], Some(azp)) if *one == azp => azp,
        ([_, _, ..], Some(azp)) if all.contains(&azp) => azp,
        ([], _) => return Err(wrong("aud is missing")),
        ([_], Some(_)) => return Err(wrong("azp is not its aud: it was issued to another client")),
        _ => return Err(wrong("aud names several, and azp none of these")),
    };
    is_a_name(one).then(|| one.to_owned()).ok_or_else(|| wrong("aud is 1 to 500 visible characters"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Signer, sign_assertion};

    const NOW: i64 = 1_780_000_000;

    struct Provider {
        pem: String,
        key: ClientKey,
    }

    fn provider() -> Provider {
        let pem = Signer::new_pem();
        let public = Signer::from_pem(&pem).expect("ours").public().clone();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y, "kid": "one"});
        Provider { pem, key: ClientKey::read(&jwk).expect("a key") }
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example", "sub": "a person", "aud": "tenfold", "iat": NOW - 5, "exp": NOW + 300,
            "groups": ["finance", "all"], "department": "Finance"})
    }

    impl Provider {
        fn tried(&self, header: &Value, claims: &Value) -> Result<Person, IdTokenError> {
            let token = sign_assertion(&self.pem, header, claims).expect("signed");
            IdToken::read(&token)?.believe(std::slice::from_ref(&self.key), NOW)
        }

        fn with(&self, name: &str, value: Value) -> Result<Person, IdTokenError> {
            let mut claims = claims();
            claims[name] = value;
            self.tried(&json!({"alg": "ES256"}), &claims)
        }
    }

    #[test]
    fn what_is_right_is_believed() {
        let provider = provider();
        for header in [json!({"alg": "ES256"}), json!({"alg": "ES256", "typ": "JWT", "kid": "one", "x5t": "n"})] {
            let person = provider.tried(&header, &claims()).expect("right");
            assert!(person.claims("groups", "finance") && person.claims("department", "Finance"));
            assert!(!person.claims("groups", "fin") && !person.claims("nothing", "") && !person.claims("iat", "x"));
            assert_eq!(person.useless_from, NOW + 330);
        }
        let one = provider.with("aud", json!(["tenfold"])).expect("one in a list");
        let other = provider.with("sub", json!("another")).expect("another person");
        assert_ne!(one.subject_hash, other.subject_hash);
        assert_ne!(one.digest, other.digest);
        // As Entra ID has it: issued five minutes back.
        assert!(provider.with("iat", json!(NOW - 300)).is_ok());
    }

    #[test]
    fn several_audiences_need_the_one_it_was_issued_to() {
        let provider = provider();
        let with = |aud: Value, azp: Option<&str>| {
            let mut claims = claims();
            claims["aud"] = aud;
            if let Some(azp) = azp {
                claims["azp"] = azp.into();
            }
            let token = sign_assertion(&provider.pem, &json!({"alg": "ES256"}), &claims).expect("signed");
            IdToken::read(&token).map(|token| token.audience().to_owned())
        };
        assert_eq!(with(json!("tenfold"), Some("tenfold")), Ok("tenfold".into()));
        assert_eq!(with(json!(["other", "tenfold"]), Some("tenfold")), Ok("tenfold".into()));
        for (aud, azp) in [
            (json!(["other", "tenfold"]), None),
            (json!(["other", "tenfold"]), Some("third")),
            (json!("tenfold"), Some("other")),
            (json!([]), Some("tenfold")),
            (json!(""), None),
            (json!(7), None),
        ] {
            assert!(matches!(with(aud.clone(), azp), Err(IdTokenError::Claim(_))), "{aud} {azp:?}");
        }
    }

    #[test]
    fn a_header_that_is_not_a_providers_is_refused() {
        let provider = provider();
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!(null)),
            ("typ", json!("logout+jwt")),
            ("typ", json!(1)),
            ("crit", json!(["exp"])),
            ("jwk", json!({})),
            ("jku", json!("https://id.example/keys")),
            ("kid", json!(7)),
        ] {
            let mut header = json!({"alg": "ES256"});
            header[name] = value.clone();
            let refused = provider.tried(&header, &claims());
            assert!(matches!(refused, Err(IdTokenError::Header(_))), "{name} {value}: {refused:?}");
        }
        let access = provider.tried(&json!({"alg": "ES256", "typ": "at+jwt"}), &claims());
        assert!(matches!(access, Err(IdTokenError::NoIdToken(_))));
        for other in ["RS256", "PS256", "EdDSA", "ES384"] {
            assert_eq!(provider.tried(&json!({"alg": other}), &claims()).unwrap_err(), IdTokenError::Signature);
        }
        let unknown = provider.tried(&json!({"alg": "ES256", "kid": "two"}), &claims());
        assert_eq!(unknown.unwrap_err(), IdTokenError::Signature);
    }

    #[test]
    fn a_claim_that_does_not_bind_it_to_a_person_and_now_is_refused() {
        let provider = provider();
        for (name, value, says) in [
            ("iss", json!(null), "iss"),
            ("iss", json!("a\u{0}b"), "iss"),
            ("aud", json!("a\u{0}b"), "aud"),
            ("sub", json!(null), "sub"),
            ("sub", json!(""), "sub"),
            ("sub", json!("x".repeat(256)), "sub"),
            ("exp", json!(null), "exp"),
            ("exp", json!(NOW - 30), "exp has passed"),
            ("exp", json!("soon"), "whole number"),
            ("iat", json!(null), "iat"),
            ("iat", json!(NOW + 31), "future"),
            ("iat", json!(NOW - 630), "10 minutes"),
            ("iat", json!(i64::MIN), "10 minutes"),
            ("nbf", json!(NOW + 31), "future"),
            ("typ", json!("Bearer"), "another token"),
            ("events", json!({}), "log-out"),
        ] {
            let refused = provider.with(name, value.clone()).unwrap_err();
            assert!(refused.to_string().contains(says), "{name} {value}: {refused}");
        }
        for fine in
            [("exp", json!(NOW - 29)), ("iat", json!(NOW + 30)), ("iat", json!(NOW - 629)), ("typ", json!("ID"))]
        {
            assert!(provider.with(fine.0, fine.1.clone()).is_ok(), "{fine:?}");
        }
    }

    #[test]
    fn a_name_said_twice_and_nonsense_are_refused() {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
        let coded = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let twice = format!("{}.{}.AA", coded(r#"{"alg":"ES256"}"#), coded(r#"{"sub":"a","sub":"b"}"#));
        for token in [twice.as_str(), "", "a.b.c", "a.b", &"x".repeat(9000), "e30.e30.e30.e30"] {
            assert_eq!(IdToken::read(token).unwrap_err(), IdTokenError::Malformed);
        }
    }
}
