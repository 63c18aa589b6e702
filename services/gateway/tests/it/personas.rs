//! Callers of every kind, and their tokens.

use auth::{BoroughClaim, Caller, Claims, Mode, Owner, PartnerClaim, RegionClaim, Role, Signer, Trust};
use domain::{BoroughId, Clock};

/// The issuer and audience of all tokens here.
pub(crate) const PUBLIC_URL: &str = "http://gateway.test";

fn caller(client_id: &str, owner: Owner, role: Role) -> Caller {
    let now = Clock::System.now().timestamp();
    Caller {
        client_id: client_id.into(),
        owner,
        role,
        scopes: role.scopes(),
        token_id: "a-token".into(),
        issued_at: now,
        expires_at: now + auth::LIFETIME_SECONDS,
    }
}

pub(crate) fn wigan() -> Caller {
    borough("wigan-system", "wigan", "E08000010", 1)
}

pub(crate) fn salford() -> Caller {
    borough("salford-system", "salford", "E08000006", 2)
}

pub(crate) fn borough(client_id: &str, slug: &str, gss: &str, id: u128) -> Caller {
    let claim = BoroughClaim {
        id: BoroughId(uuid::Uuid::from_u128(id)),
        slug: slug.parse().unwrap(),
        gss: gss.parse().unwrap(),
        mode: Mode::Live,
    };
    caller(client_id, Owner::Borough(claim), Role::Finance)
}

pub(crate) fn analyst() -> Caller {
    let slug = "greater-manchester".parse().unwrap();
    caller("gm-analyst", Owner::Region(RegionClaim { slug }), Role::Analyst)
}

pub(crate) fn icb() -> Caller {
    caller("icb-finance", Owner::Partner(PartnerClaim { ods: "QOP".parse().unwrap() }), Role::PartnerFinance)
}

pub(crate) fn officer() -> Caller {
    caller("platform-officer", Owner::Platform, Role::Officer)
}

/// A token for a caller.
pub(crate) fn token(signer: &Signer, caller: &Caller) -> String {
    let trust = Trust { issuer: PUBLIC_URL.into(), audience: PUBLIC_URL.into() };
    signer.sign(&Claims::of(caller, &trust, format!("jti-{}", caller.client_id))).unwrap()
}
