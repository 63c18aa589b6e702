//! The access token (RFC 9068): signed here, and read here, with more distrust than the library has.
//!
//! `jsonwebtoken` is the only signature code; it is asked last. Told an issuer and an audience it would still
//! take a token without either, an issuer that is a list, any `typ`, an unknown `crit`. So the token is read
//! by us first, strictly, and only then checked.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    BoroughClaim, Caller, Owner, PartnerClaim, PublicKey, RegionClaim, Role, Scopes, Signer, strict_json::Strict,
};

/// How long our tokens live.
pub const LIFETIME_SECONDS: i64 = 600;
/// A token that says it lives longer than this was not issued by us.
const LONGEST_LIFE_SECONDS: i64 = 3600;
/// How far two clocks may be apart.
const LEEWAY_SECONDS: i64 = 30;
const LONGEST_TOKEN: usize = 8 * 1024;

/// Why a token was refused. For the log; the caller is told less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three base64url parts, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// Not the algorithm, type or key name we issue, or something we do not understand.
    #[error("the token's header is not one of ours: {0}")]
    Header(&'static str),
    /// No such key.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing, of the wrong shape, or not ours.
    #[error("the token's claims are not ours: {0}")]
    Claims(&'static str),
    /// Over.
    #[error("the token has expired")]
    Expired,
    /// Not yet begun, or from the future.
    #[error("the token is not valid yet")]
    Early,
}

/// Whose tokens we take, and for whom they must be.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The one issuer: the base of our public address.
    pub issuer: String,
    /// The one audience.
    pub audience: String,
}

/// The claims of an access token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// The subject: the client itself.
    pub sub: String,
    /// The audience.
    pub aud: String,
    /// The client.
    pub client_id: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Ends at, seconds since 1970.
    pub exp: i64,
    /// Not before, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token's own id.
    pub jti: String,
    /// What it allows.
    pub scope: String,
    /// The role.
    pub role: String,
    /// One of four: a borough,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borough: Option<BoroughClaim>,
    /// a partner,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerClaim>,
    /// a region,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionClaim>,
    /// or the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<bool>,
}

impl Claims {
    /// The claims that say who `caller` is.
    #[must_use]
    pub fn of(caller: &Caller, trust: &Trust, jti: String) -> Self {
        let (mut borough, mut partner, mut region, mut platform) = (None, None, None, None);
        match caller.owner.clone() {
            Owner::Borough(own) => borough = Some(own),
            Owner::Partner(own) => partner = Some(own),
            Owner::Region(own) => region = Some(own),
            Owner::Platform => platform = Some(true),
        }
        Self {
            iss: trust.issuer.clone(),
            sub: caller.client_id.clone(),
            aud: trust.audience.clone(),
            client_id: caller.client_id.clone(),
            iat: caller.issued_at,
            exp: caller.expires_at,
            nbf: None,
            jti,
            scope: caller.scopes.to_string(),
            role: caller.role.as_str().to_owned(),
            borough,
            partner,
            region,
            platform,
        }
    }

    fn into_caller(self) -> Result<Caller, TokenError> {
        let owner = match (self.borough, self.partner, self.region, self.platform) {
            (Some(own), None, None, None) => Owner::Borough(own),
            (None, Some(own), None, None) => Owner::Partner(own),
            (None, None, Some(own), None) => Owner::Region(own),
            (None, None, None, Some(true)) => Owner::Platform,
            _ => return Err(TokenError::Claims("it speaks for nobody, or for several")),
        };
        let role: Role = self.role.parse().map_err(|_| TokenError::Claims("role"))?;
        if role.owner_kind() != owner.kind() {
            return Err(TokenError::Claims("the role is not of that owner"));
        }
        let scopes: Scopes = self.scope.parse().map_err(|_| TokenError::Claims("scope"))?;
        Ok(Caller {
            client_id: self.client_id,
            owner,
            role,
            scopes: scopes.and(role.scopes()),
            token_id: self.jti,
            issued_at: self.iat,
            expires_at: self.exp,
        })
    }
}

pub(crate) struct SigningKey {
    key: EncodingKey,
    header: Header,
}

impl SigningKey {
    pub(crate) fn new(pkcs8: &[u8], kid: &str) -> Self {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(kid.to_owned());
        Self { key: EncodingKey::from_ec_der(pkcs8), header }
    }
}

impl Signer {
    /// Signs a token.
    ///
    /// # Errors
    /// When the key cannot sign, which a key that was read does.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::encode(&self.signing().header, claims, &self.signing().key)
    }
}

#[derive(Clone)]
pub(crate) struct CheckingKey(DecodingKey);

impl CheckingKey {
    pub(crate) fn new(public: &PublicKey) -> Option<Self> {
        let ours = public.kty == "EC" && public.crv == "P-256" && public.alg == "ES256";
        ours.then(|| DecodingKey::from_ec_components(&public.x, &public.y).ok()).flatten().map(Self)
    }
}

/// A token whose shape and header are ours, not yet checked.
pub(crate) struct Unchecked<'a> {
    token: &'a str,
    payload: Value,
    pub(crate) kid: String,
}

impl<'a> Unchecked<'a> {
    /// Reads the token without trusting it.
    pub(crate) fn read(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let header = object(header)?;
        let name = |field: &str| header.get(field).and_then(Value::as_str);
        if name("alg") != Some("ES256") {
            return Err(TokenError::Header("alg"));
        }
        let typ = name("typ").unwrap_or_default().to_ascii_lowercase();
        if typ != "at+jwt" && typ != "application/at+jwt" {
            return Err(TokenError::Header("typ"));
        }
        if header.as_object().is_some_and(|h| h.keys().any(|field| !["alg", "typ", "kid"].contains(&field.as_str()))) {
            return Err(TokenError::Header("it says more than alg, typ and kid"));
        }
        let kid = name("kid").unwrap_or_default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=64).contains(&kid.len()) || !kid.bytes().all(plain) {
            return Err(TokenError::Header("kid"));
        }
        let kid = kid.to_owned();
        Ok(Self { token, payload: object(payload)?, kid })
    }

    /// Checks the signature, then every claim, at `now` (seconds since 1970).
    pub(crate) fn check(self, key: &CheckingKey, trust: &Trust, now: i64) -> Result<Caller, TokenError> {
        let mut signature_only = Validation::new(Algorithm::ES256);
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        jsonwebtoken::decode::<Value>(self.token, &key.0, &signature_only).map_err(|_| TokenError::Signature)?;

        let claims: Claims = serde_json::from_value(self.payload).map_err(|_| TokenError::Claims("shape"))?;
        if claims.iss != trust.issuer {
            return Err(TokenError::Claims("iss"));
        }
        if claims.aud != trust.audience {
            return Err(TokenError::Claims("aud"));
        }
        if claims.sub != claims.client_id || claims.sub.is_empty() || !(1..=64).contains(&claims.jti.len()) {
            return Err(TokenError::Claims("sub"));
        }
        let life = claims.exp.checked_sub(claims.iat).ok_or(TokenError::Claims("exp"))?;
        if !(1..=LONGEST_LIFE_SECONDS).contains(&life) {
            return Err(TokenError::Claims("exp"));
        }
        if now.saturating_sub(claims.exp) >= LEEWAY_SECONDS {
            return Err(TokenError::Expired);
        }
        let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if begins.saturating_sub(now) > LEEWAY_SECONDS {
            return Err(TokenError::Early);
        }
        claims.into_caller()
    }
}

fn object(part: &str) -> Result<Value, TokenError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    match serde_json::from_slice(&bytes) {
        Ok(Strict(value @ Value::Object(_))) => Ok(value),
        _ => Err(TokenError::Malformed),
    }
}
