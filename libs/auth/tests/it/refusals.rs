//! Refusals 1 to 6: each beside a good token that is taken, so that none passes for want of one.

use auth::{Epoch, EpochFeed};
use serde_json::json;
use tokio::net::TcpListener;

use crate::forge::{ISSUER, Workshop, claims, coded, hmac_signed, now};

#[tokio::test]
async fn a_good_token_is_taken_again_and_again() {
    let shop = Workshop::open();
    let token = shop.with(|_| {});
    assert_eq!((shop.status(&token).await, shop.status(&token).await), (200, 200));
    assert_eq!(shop.status(&shop.headed(|h| h["typ"] = json!("application/at+jwt"))).await, 200);
}

#[tokio::test]
async fn refusal_1_algorithms_that_are_not_ours() {
    let shop = Workshop::open();
    for alg in ["none", "None", "nOnE", "NONE", "ES384", "RS256", "PS256", "EdDSA", "HS256", "unknown", ""] {
        assert_eq!(shop.status(&shop.headed(|h| h["alg"] = json!(alg))).await, 401, "{alg}");
        let unsigned = format!(
            "{}.{}.",
            coded(json!({"alg": alg, "typ": "at+jwt", "kid": shop.signer.public().kid}).to_string()),
            coded(claims().to_string())
        );
        assert_eq!(shop.status(&unsigned).await, 401, "{alg}, unsigned");
    }
    // The public key as the secret of an HMAC, in each form it can be had.
    let public = shop.signer.public();
    let jwk = serde_json::to_string(public).unwrap();
    let point = format!("{}{}", public.x, public.y);
    for secret in [shop.pem.as_bytes(), jwk.as_bytes(), point.as_bytes(), public.x.as_bytes()] {
        let mut header = shop.header();
        header["alg"] = json!("HS256");
        assert_eq!(shop.status(&hmac_signed(&header, secret)).await, 401);
        assert_eq!(shop.status(&hmac_signed(&shop.header(), secret)).await, 401, "said to be ES256");
    }
    assert_eq!(shop.status(&shop.headed(|h| drop(h.as_object_mut().unwrap().remove("alg")))).await, 401);
}

#[tokio::test]
async fn refusal_2_names_of_keys_that_are_not_ours() {
    let shop = Workshop::open();
    for kid in [
        json!("../x"),
        json!("' or 1=1 --"),
        json!("k".repeat(1024)),
        json!(""),
        json!("unknown"),
        json!(null),
        json!(1),
        json!(["a"]),
    ] {
        assert_eq!(shop.status(&shop.headed(|h| h["kid"] = kid.clone())).await, 401, "{kid}");
    }
    assert_eq!(shop.status(&shop.headed(|h| drop(h.as_object_mut().unwrap().remove("kid")))).await, 401);
    // Another key under our key's name.
    let other = Workshop::open();
    let mut header = other.header();
    header["kid"] = shop.header()["kid"].clone();
    assert_eq!(shop.status(&other.sign(&header, &claims().to_string())).await, 401);
}

#[tokio::test]
async fn refusal_3_keys_that_come_with_the_token() {
    let (shop, forger) = (Workshop::open(), Workshop::open());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    let jwk = serde_json::to_value(forger.signer.public()).unwrap();
    for (field, value) in
        [("jku", json!(address)), ("x5u", json!(address)), ("jwk", jwk), ("x5c", json!([coded("a certificate")]))]
    {
        // Signed by the forger with the key it offers, and by us with one we do not need.
        assert_eq!(shop.status(&forger.headed(|h| h[field] = value.clone())).await, 401, "{field}");
        assert_eq!(shop.status(&shop.headed(|h| h[field] = value.clone())).await, 401, "{field}, our own signature");
    }
    let touched = tokio::time::timeout(std::time::Duration::from_millis(300), listener.accept()).await;
    assert!(touched.is_err(), "nobody asked at the address in the token");
}

#[tokio::test]
async fn refusal_4_headers_and_claims_that_are_not_quite_ours() {
    let shop = Workshop::open();
    assert_eq!(shop.status(&shop.headed(|h| h["crit"] = json!(["exp"]))).await, 401);
    for typ in [json!("JWT"), json!("jwt"), json!("id+jwt"), json!(null), json!("")] {
        assert_eq!(shop.status(&shop.headed(|h| h["typ"] = typ.clone())).await, 401, "{typ}");
    }
    for claim in ["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "role", "borough"] {
        let without = shop.with(|c| drop(c.as_object_mut().unwrap().remove(claim)));
        assert_eq!(shop.status(&without).await, 401, "without {claim}");
    }
    let at = now().timestamp();
    for (claim, value) in [
        ("iss", json!([ISSUER])),
        ("iss", json!("https://another.example")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("aud", json!([ISSUER])),
        ("aud", json!("https://another.example")),
        ("sub", json!("somebody else")),
        ("jti", json!("")),
        ("role", json!("officer")),
        ("role", json!("king")),
        ("scope", json!("everything")),
        ("exp", json!(at - 10 + 3601)),
        ("exp", json!(at - 20)),
        ("exp", json!("soon")),
        ("exp", json!(1e12)),
        ("exp", json!(i64::MAX)),
        ("iat", json!(i64::MIN)),
        ("nbf", json!(at + 31)),
        ("platform", json!(true)),
        ("partner", json!({"ods": "QOP"})),
        ("admin", json!(true)),
    ] {
        assert_eq!(shop.status(&shop.with(|c| c[claim] = value.clone())).await, 401, "{claim}: {value}");
    }
    // Two clocks may be half a minute apart.
    for (iat, exp, wanted) in [(-600, -29, 200), (-600, -31, 401), (29, 600, 200), (31, 600, 401)] {
        let token = shop.with(|c| {
            c["iat"] = json!(at + iat);
            c["exp"] = json!(at + exp);
        });
        assert_eq!(shop.status(&token).await, wanted, "iat {iat:+}, exp {exp:+}");
    }
    assert_eq!(shop.status(&shop.with(|c| c["nbf"] = json!(at + 29))).await, 200);
}

#[tokio::test]
async fn refusal_5_tokens_that_are_for_something_else() {
    let shop = Workshop::open();
    let id_token = shop.headed(|h| h["typ"] = json!("JWT"));
    let assertion = {
        let at = now().timestamp();
        let payload = json!({"iss": "borough.salford.live.0123456789", "sub": "borough.salford.live.0123456789",
            "aud": format!("{ISSUER}/oauth2/token"), "iat": at, "exp": at + 60, "jti": "x"});
        shop.sign(&shop.header(), &payload.to_string())
    };
    let another_issuer = Workshop::open().with(|_| {});
    for (what, token) in
        [("an ID token", id_token), ("a client assertion", assertion), ("another issuer's key", another_issuer)]
    {
        assert_eq!(shop.status(&token).await, 401, "{what}");
    }
}

#[tokio::test]
async fn refusal_6_tokens_said_twice_too_long_or_broken() {
    let shop = Workshop::open();
    let good = claims().to_string();
    let twice = good.replacen('{', r#"{"role":"admin","#, 1);
    assert_eq!(shop.status(&shop.sign(&shop.header(), &twice)).await, 401, "a claim said twice");
    let nested = good.replace(r#""slug":"salford""#, r#""slug":"oldham","slug":"salford""#);
    assert_ne!(nested, good);
    assert_eq!(shop.status(&shop.sign(&shop.header(), &nested)).await, 401, "and within a claim");
    let token = shop.with(|_| {});
    assert_eq!(shop.status(&shop.with(|c| c["jti"] = json!("j".repeat(8 * 1024)))).await, 401, "over 8 KB");
    let flipped = |at: usize| {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    for at in [5, token.find('.').unwrap() + 5, token.rfind('.').unwrap() + 5] {
        assert_eq!(shop.status(&flipped(at)).await, 401, "one letter changed at {at}");
    }
    for broken in [
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        format!("{token}."),
        format!("{token}.x"),
        token.replace('.', ""),
    ] {
        assert_eq!(shop.status(&broken).await, 401, "{broken}");
    }
    let padded = format!("{token}=");
    assert_eq!(shop.status(&padded).await, 401, "padding");
}

#[tokio::test]
async fn a_token_is_forgotten_when_it_ends() {
    let shop = Workshop::open();
    let token = shop.with(|_| {});
    assert_eq!(shop.status(&token).await, 200);
    shop.clock.move_to(now() + chrono::Duration::seconds(590 + 31));
    assert_eq!(shop.status(&token).await, 401, "remembered, and refused all the same");
}

#[tokio::test]
async fn an_epoch_cuts_off_what_was_issued_up_to_it() {
    let shop = Workshop::open();
    let token = shop.with(|_| {});
    let issued = now().timestamp() - 10;
    let cut = |client: Option<&str>, borough: Option<&str>, at: i64| EpochFeed {
        epochs: vec![Epoch {
            client_id: client.map(Into::into),
            borough_id: borough.map(|b| b.parse().unwrap()),
            not_before: at,
        }],
        ..EpochFeed::default()
    };
    let handed_back =
        |id: &str| EpochFeed { revoked: vec![auth::RevokedToken { token_id: id.into() }], ..EpochFeed::default() };
    let (client, borough) = ("borough.salford.live.0123456789", "01890a5d-ac96-774b-bcce-b302099a8057");
    for (feed, wanted) in [
        (cut(Some(client), None, issued - 1), 200),
        (cut(Some(client), None, issued), 401),
        (cut(None, Some(borough), issued), 401),
        (cut(Some("another"), None, issued + 99), 200),
        (cut(None, Some("01890a5d-ac96-774b-bcce-b302099a8058"), issued + 99), 200),
        (handed_back("another"), 200),
        (handed_back("a-token"), 401),
    ] {
        shop.epochs.hear(feed);
        assert_eq!(shop.status(&token).await, wanted);
    }
    let deaf = Workshop::open();
    let never_heard = auth::Epochs::default();
    assert!(!never_heard.fresh() && deaf.epochs.fresh());
}
