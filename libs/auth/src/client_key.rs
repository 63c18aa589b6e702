//! The public key of an API client (RFC 7517), as its owner uploads or publishes it: read strictly, kept in few words.

use aws_lc_rs::signature::{self, ParsedPublicKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The most keys in one set or one request.
pub const MOST_KEYS: usize = 10;
const LONGEST_KID: usize = 128;
/// NIST SP 800-131A: fewer bits are too weak; more cost every check too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// What only a private key has (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key is not taken. Says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClientKeyError(&'static str);

/// A public key that checks what a client signs.
#[derive(Clone)]
pub struct ClientKey {
    /// What its owner calls it; its thumbprint where it has no name.
    pub kid: String,
    /// Its RFC 7638 thumbprint: the same key has the same.
    pub thumbprint: String,
    /// Its public members, and nothing else that was sent.
    pub jwk: Value,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl ClientKey {
    /// Reads a JWK.
    ///
    /// # Errors
    /// Where it is not a public key we take: which is said.
    pub fn read(sent: &Value) -> Result<Self, ClientKeyError> {
        let no = |why| Err(ClientKeyError(why));
        if let Value::String(text) = sent {
            return no(if text.contains("PRIVATE KEY") {
                "This is a private key. Treat it as lost: make a new pair, and send only its public half, as a JWK."
            } else {
                "Send the key as a JWK, a JSON object, not as PEM."
            });
        }
        let Value::Object(jwk) = sent else { return no("A key is a JWK: a JSON object with kty and its members.") };
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("kty") == Some("oct") {
            return no("This is a shared secret (kty oct). Send the public half of a pair: EC, RSA or OKP.");
        }
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return no("This is a private key. Treat it as lost: make a new pair, and send only its public half.");
        }
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return no("The key is not for signing: its use is to be sig, or left out.");
        }
        if jwk.get("key_ops").is_some_and(|ops| !ops.as_array().is_some_and(|ops| ops.contains(&json!("verify")))) {
            return no("The key is not for verifying: its key_ops are to hold verify, or be left out.");
        }
        let (members, key, takes) = match text("kty") {
            Some("EC") => elliptic(jwk)?,
            Some("RSA") => rsa(jwk)?,
            Some("OKP") => edwards(jwk)?,
            _ => return no("The kty of a key is EC, RSA or OKP."),
        };
        let algorithms = match jwk.get("alg") {
            None => takes,
            Some(alg) => {
                let said = takes.into_iter().filter(|one| json!(one) == *alg).collect::<Vec<_>>();
                if said.is_empty() {
                    return no(
                        "The alg of a key is ES256 (P-256), ES384 (P-384), PS256 or RS256 (RSA), or EdDSA (Ed25519).",
                    );
                }
                said
            }
        };
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(Value::Object(members.clone()).to_string()));
        let kid = match jwk.get("kid") {
            None => thumbprint.clone(),
            Some(Value::String(kid)) if named(kid) => kid.clone(),
            Some(_) => return no("The kid of a key is 1 to 128 visible ASCII characters."),
        };
        let mut kept = members;
        kept.insert("kid".into(), kid.clone().into());
        if let [one] = algorithms[..] {
            kept.insert("alg".into(), json!(one));
        }
        Ok(Self { kid, thumbprint, jwk: kept.into(), algorithms, key })
    }

    /// Reads a published set (RFC 7517 §5). Keys of it that are not for us, as those for encryption, are left out; a
    /// private one makes the whole set unusable.
    ///
    /// # Errors
    /// Where it is no set, too large, or holds no key we take.
    pub fn read_set(bytes: &[u8]) -> Result<Vec<Self>, ClientKeyError> {
        let no = |why| Err(ClientKeyError(why));
        let Ok(crate::strict_json::Strict(set)) = serde_json::from_slice(bytes) else {
            return no("what lies there is not JSON, or says a name twice");
        };
        let Some(keys) = set.get("keys").and_then(Value::as_array) else {
            return no("what lies there is not a key set: a JSON object with a list of keys");
        };
        if keys.len() > MOST_KEYS {
            return no("the set holds more than 10 keys; publish those in use");
        }
        if keys.iter().any(|key| PRIVATE.iter().any(|name| key.get(*name).is_some())) {
            return no("the set holds a private or shared key. Treat it as lost, and publish only public ones");
        }
        let taken: Vec<Self> = keys.iter().filter_map(|key| Self::read(key).ok()).collect();
        if taken.is_empty() {
            return no("the set holds no key we take: EC P-256 or P-384, RSA of 2048 to 4096 bits, or Ed25519");
        }
        Ok(taken)
    }

    pub(crate) fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn checking(&self) -> &DecodingKey {
        &self.key
    }
}

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientKey({})", self.thumbprint)
    }
}

fn named(kid: &str) -> bool {
    (1..=LONGEST_KID).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic())
}

type Read = (Map<String, Value>, DecodingKey, Vec<Algorithm>);

fn decoded(jwk: &Map<String, Value>, name: &str) -> Option<(String, Vec<u8>)> {
    let text = jwk.get(name)?.as_str()?;
    Some((text.to_owned(), BASE64_URL_SAFE_NO_PAD.decode(text).ok()?))
}

/// The members of a thumbprint, in its order: by name (RFC 7638 §3.2).
fn members<const N: usize>(of: [(&str, &str); N]) -> Map<String, Value> {
    of.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

fn elliptic(jwk: &Map<String, Value>) -> Result<Read, ClientKeyError> {
    let unreadable = ClientKeyError(
        "The x and y of an EC key are the coordinates of a point on its curve, in base64url without padding.",
    );
    let (curve, size, algorithm, checks): (_, _, _, &'static dyn signature::VerificationAlgorithm) =
        match jwk.get("crv").and_then(Value::as_str) {
            Some("P-256") => ("P-256", 32, Algorithm::ES256, &signature::ECDSA_P256_SHA256_FIXED),
            Some("P-384") => ("P-384", 48, Algorithm::ES384, &signature::ECDSA_P384_SHA384_FIXED),
            _ => return Err(ClientKeyError("The crv of an EC key is P-256 or P-384.")),
        };
    let (Some((x, x_bytes)), Some((y, y_bytes))) = (decoded(jwk, "x"), decoded(jwk, "y")) else {
        return Err(unreadable);
    };
    let point = [&[4], &x_bytes[..], &y_bytes[..]].concat();
    if x_bytes.len() != size || y_bytes.len() != size || !is_public_key(checks, &point) {
        return Err(unreadable);
    }
    let key = DecodingKey::from_ec_components(&x, &y).map_err(|_| unreadable)?;
    Ok((members([("crv", curve), ("kty", "EC"), ("x", &x), ("y", &y)]), key, vec![algorithm]))
}

fn is_public_key(checks: &'static dyn signature::VerificationAlgorithm, bytes: &[u8]) -> bool {
    ParsedPublicKey::new(checks, bytes).is_ok()
}

fn rsa(jwk: &Map<String, Value>) -> Result<Read, ClientKeyError> {
    let unreadable = ClientKeyError("The n and e of an RSA key are its numbers, in base64url without padding.");
    let (Some((n, n_bytes)), Some((e, e_bytes))) = (decoded(jwk, "n"), decoded(jwk, "e")) else {
        return Err(unreadable);
    };
    let bits = match n_bytes.first() {
        None | Some(0) => return Err(unreadable),
        Some(first) => n_bytes.len() * 8 - first.leading_zeros() as usize,
    };
    if !RSA_BITS.contains(&bits) {
        return Err(ClientKeyError(
            "An RSA key has 2048 to 4096 bits. Make a new pair; P-256 (ES256) is shorter and as strong.",
        ));
    }
    // 65537, or another odd number of at least 17 bits (FIPS 186-5 §5.4).
    let exponent = e_bytes.iter().fold(0_u64, |all, byte| all.saturating_mul(256).saturating_add(u64::from(*byte)));
    if e_bytes.len() > 5 || exponent < 65_537 || exponent % 2 == 0 || n_bytes.last().is_some_and(|last| last % 2 == 0) {
        return Err(ClientKeyError("The exponent of an RSA key is 65537. Make a new pair."));
    }
    let key = DecodingKey::from_rsa_components(&n, &e).map_err(|_| unreadable)?;
    Ok((members([("e", &e), ("kty", "RSA"), ("n", &n)]), key, vec![Algorithm::PS256, Algorithm::RS256]))
}

fn edwards(jwk: &Map<String, Value>) -> Result<Read, ClientKeyError> {
    let unreadable = ClientKeyError("An OKP key has the crv Ed25519 and its x, 32 bytes in base64url without padding.");
    let Some((x, bytes)) = decoded(jwk, "x") else { return Err(unreadable) };
    if jwk.get("crv") != Some(&json!("Ed25519")) || bytes.len() != 32 || !is_public_key(&signature::ED25519, &bytes) {
        return Err(unreadable);
    }
    let key = DecodingKey::from_ed_components(&x).map_err(|_| unreadable)?;
    Ok((members([("crv", "Ed25519"), ("kty", "OKP"), ("x", &x)]), key, vec![Algorithm::EdDSA]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signer;

    fn ours() -> Value {
        let public = Signer::from_pem(&Signer::new_pem()).expect("ours").public().clone();
        json!({"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut jwk = ours();
        jwk[name] = value;
        jwk
    }

    fn refused(jwk: &Value) -> String {
        ClientKey::read(jwk).expect_err("not a key of ours").to_string()
    }

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // RFC 7638 §3.1.
        let jwk = json!({"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
        let key = ClientKey::read(&jwk).expect("a key");
        assert_eq!(key.thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!((key.kid.as_str(), &key.jwk["alg"]), ("2011-04-29", &json!("RS256")));
        assert!(key.takes(Algorithm::RS256) && !key.takes(Algorithm::PS256) && !key.takes(Algorithm::HS256));
    }

    #[test]
    fn a_key_is_public_strong_and_for_signing() {
        let key = ClientKey::read(&ours()).expect("a key");
        assert_eq!(key.kid, key.thumbprint);
        assert!(refused(&with("d", "x".into())).contains("private"));
        assert!(refused(&json!("-----BEGIN PRIVATE KEY-----")).contains("private"));
        assert!(refused(&json!("-----BEGIN PUBLIC KEY-----")).contains("JWK"));
        assert!(refused(&json!({"kty": "oct", "k": "AAAA"})).contains("shared secret"));
        assert!(refused(&with("use", "enc".into())).contains("signing"));
        assert!(refused(&with("key_ops", json!(["sign"]))).contains("verifying"));
        assert!(refused(&with("alg", "HS256".into())).contains("alg"));
        assert!(refused(&with("alg", "none".into())).contains("alg"));
        assert!(refused(&with("crv", "secp256k1".into())).contains("crv"));
        assert!(refused(&with("x", ours()["x"].clone())).contains("point"), "not on the curve");
        assert!(refused(&with("kid", "a b".into())).contains("kid"));
        let rsa = |bytes: usize, e: &str| {
            let mut n = vec![0xff; bytes];
            n[0] = 0x80;
            json!({"kty": "RSA", "n": BASE64_URL_SAFE_NO_PAD.encode(n), "e": e})
        };
        assert!(refused(&rsa(128, "AQAB")).contains("bits"));
        assert!(refused(&rsa(1024, "AQAB")).contains("bits"));
        assert!(refused(&rsa(256, "Aw")).contains("exponent"));
        assert!(ClientKey::read(&rsa(256, "AQAB")).is_ok());
        for nothing in [json!(1), json!({}), json!({"kty": "EC"}), json!({"kty": "OKP", "crv": "X25519", "x": "AA"})] {
            assert!(ClientKey::read(&nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_set_is_small_and_holds_no_private_key() {
        let set = |keys: Vec<Value>| serde_json::to_vec(&json!({"keys": keys})).expect("plain data");
        let kinds = set(vec![ours(), json!({"kty": "RSA", "use": "enc"})]);
        assert_eq!(ClientKey::read_set(&kinds).expect("one").len(), 1);
        assert!(ClientKey::read_set(&set(vec![ours(), with("d", "x".into())])).is_err());
        assert!(ClientKey::read_set(&set(vec![ours(); 11])).is_err());
        assert!(ClientKey::read_set(&set(Vec::new())).is_err());
        for nothing in [&b"<html>"[..], b"{}", br#"{"keys":[],"keys":[]}"#, b"[]"] {
            assert!(ClientKey::read_set(nothing).is_err());
        }
    }
}
