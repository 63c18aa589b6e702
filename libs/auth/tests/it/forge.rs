//! A workshop for tokens nobody should take.

use std::sync::Arc;

use auth::{
    Authenticate, BoroughClaim, Caller, Claims, EpochFeed, Epochs, JwkSet, KeySet, Mode, Owner, Role, Signer, Trust,
    Verifier,
};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use domain::{BoroughId, Clock};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://tenfold.example";

/// A real key, a verifier that trusts it, and a clock that stands still.
pub(crate) struct Workshop {
    pub(crate) pem: String,
    pub(crate) signer: Signer,
    pub(crate) clock: Clock,
    pub(crate) epochs: Arc<Epochs>,
    pub(crate) verifier: Verifier,
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

impl Workshop {
    pub(crate) fn open() -> Self {
        let pem = Signer::new_pem();
        let signer = Signer::from_pem(&pem).unwrap();
        let keys = Arc::new(KeySet::of(&JwkSet { keys: vec![signer.public().clone()] }));
        let clock = Clock::set_to(now());
        let epochs = Arc::new(Epochs::default());
        epochs.hear(EpochFeed::default());
        let trust = Trust { issuer: ISSUER.into(), audience: ISSUER.into() };
        let verifier = Verifier::new(trust, keys, epochs.clone(), clock.clone());
        Self { pem, signer, clock, epochs, verifier }
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "at+jwt", "kid": self.signer.public().kid})
    }

    /// Signs whatever it is given, with the real key.
    pub(crate) fn sign(&self, header: &Value, payload: &str) -> String {
        let der: String = self.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &BASE64_STANDARD.decode(der).unwrap()).unwrap();
        let input = format!("{}.{}", coded(header.to_string()), coded(payload));
        let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", coded(signature.as_ref()))
    }

    /// A token whose claims were changed before it was signed.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.sign(&self.header(), &claims.to_string())
    }

    /// A token whose header was changed before it was signed.
    pub(crate) fn headed(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header();
        change(&mut header);
        self.sign(&header, &claims().to_string())
    }

    /// The status a token is answered with; 200 where it is taken.
    pub(crate) async fn status(&self, token: &str) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        match self.verifier.caller(&headers).await {
            Ok(_) => 200,
            Err(problem) => problem.status().as_u16(),
        }
    }
}

pub(crate) fn coded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// HS256 with whatever is at hand as the secret.
pub(crate) fn hmac_signed(header: &Value, secret: &[u8]) -> String {
    let input = format!("{}.{}", coded(header.to_string()), coded(claims().to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", coded(tag.as_ref()))
}

/// The claims of a good token of Salford's.
pub(crate) fn claims() -> Value {
    let claim = BoroughClaim {
        id: BoroughId("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()),
        slug: "salford".parse().unwrap(),
        gss: "E08000006".parse().unwrap(),
        mode: Mode::Live,
    };
    let caller = Caller {
        client_id: "borough.salford.live.0123456789".into(),
        owner: Owner::Borough(claim),
        role: Role::Finance,
        scopes: Role::Finance.scopes(),
        token_id: "a-token".into(),
        issued_at: now().timestamp() - 10,
        expires_at: now().timestamp() + 590,
    };
    let trust = Trust { issuer: ISSUER.into(), audience: ISSUER.into() };
    serde_json::to_value(Claims::of(&caller, &trust, "a-token".into())).unwrap()
}
