//! What an ID token is exchanged for, and everything it is not.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    TESTFORD,
    exchange::{ask, exchange, form, http, invited, joins, read, registered},
    stub::{Pair, Stub},
};
use crate::{
    running::{key, running, testford, write},
    world::World,
};

async fn testfords() -> (tenfold::client::Client, Stub) {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    (admin, stub)
}

#[tokio::test]
async fn somebody_who_was_invited_signs_in_and_acts_as_a_member() {
    let (admin, stub) = testfords().await;
    let url = &running().url;
    let invitation = invited(&admin, TESTFORD, "finance").await;
    let code = invitation["code"].as_str().unwrap();
    assert!(code.starts_with("tfl_invitation_"), "{invitation}");
    let more = [("invitation", code), ("audience", "testford")];
    let given = exchange(url, &stub.id_token("tenfold", "a person"), &more).await;
    assert_eq!(given.status, 200, "{}", given.body);
    assert_eq!(given.body["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    let (claims, member) = (given.claims(), given.member());
    assert!(member.starts_with("borough.testford.live.member-"), "{member}");
    assert_eq!((&claims["client_id"], &claims["role"]), (&json!(member), &json!("finance")));
    assert_eq!(claims["borough"]["slug"], "testford");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    let funds = ask(url, given.token(), Method::GET, &format!("{TESTFORD}/funds"), None).await;
    assert_eq!(funds.status, 200);
    let clients = ask(url, given.token(), Method::GET, &format!("{TESTFORD}/clients"), None).await;
    assert_eq!(clients.status, 403, "a finance officer is no administrator");
    // Later without the invitation, as the same member; with fewer scopes, if wanted.
    let again = exchange(url, &stub.id_token("tenfold", "a person"), &[("scope", "funds:read")]).await;
    assert_eq!((again.member(), &again.body["scope"]), (member.clone(), &json!("funds:read")));
    let wide = exchange(url, &stub.id_token("tenfold", "a person"), &[("scope", "clients:manage")]).await;
    assert_eq!(wide.refusal(), "400 invalid_scope");

    let found = read(&admin, &format!("{TESTFORD}/members/{member}")).await;
    assert_eq!((&found["office"], &found["role_from"]), (&invitation["office"], &json!("given")));
    assert!(found["last_signed_in_on"].is_string() && !found.to_string().contains("a person"), "{found}");
    let accepted = read(&admin, &format!("{TESTFORD}/invitations/{}", invitation["id"].as_str().unwrap())).await;
    assert_eq!((&accepted["state"], &accepted["accepted_by"]), (&json!("accepted"), &json!(member)));
    assert!(accepted["code"].is_null() && !accepted.to_string().contains(code), "{accepted}");
    let moves = read(&admin, &format!("{TESTFORD}/invitations/{}/transitions", accepted["id"].as_str().unwrap())).await;
    assert_eq!((&moves["data"][0]["to"], &moves["data"][0]["by"]), (&json!("accepted"), &json!(member)));
    // The trail names the member, not a person and not a service.
    let trail = audit(&admin, |entry| entry["action"] == "member.joined" && entry["by"] == member.as_str()).await;
    assert_eq!(trail["subject"], format!("members/{member}"));
}

/// The newest entry of a borough's trail that is as wanted; waits for it.
pub(crate) async fn audit(admin: &tenfold::client::Client, wanted: impl Fn(&Value) -> bool) -> Value {
    let slug = admin.credentials().client_id.split('.').nth(1).unwrap().to_owned();
    for _ in 0..100 {
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let more = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let page = read(admin, &format!("/v1/boroughs/{slug}/audit?limit=500{more}")).await;
            if let Some(found) = page["data"].as_array().unwrap().iter().find(|entry| wanted(entry)) {
                return found.clone();
            }
            next = page["next_cursor"].as_str().map(str::to_owned);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there is no such entry in the trail of {slug}");
}

#[tokio::test]
async fn an_id_token_is_exchanged_once_of_fifty_at_once() {
    let (admin, stub) = testfords().await;
    // Without the gateway, and so without Redis: the database decides.
    let url = &running().services[0];
    let person = joins(&admin, TESTFORD, &stub, "member").await;
    let token = stub.id_token("tenfold", &person.sub);
    let answers = join_all((0..50).map(|_| exchange(url, &token, &[]))).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let refused =
        answers.iter().filter(|a| a.refusal() == "400 invalid_request" && a.says().contains("exchanged before"));
    assert_eq!((taken, refused.count()), (1, 49));
    // Nor is it, with a signature that was made anew of the same.
    assert!(exchange(url, &stub.signs(&payload(&token)), &[]).await.says().contains("exchanged before"));
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_no_good_id_token_is_refused_in_words() {
    let (admin, stub) = testfords().await;
    let url = &running().services[0];
    let person = joins(&admin, TESTFORD, &stub, "member").await;
    let now = domain::Clock::System.now().timestamp();
    let with = |name: &str, value: Value| {
        let mut claims = stub.claims_at("tenfold", &person.sub, now);
        claims[name] = value;
        stub.signs(&claims)
    };
    let headed = |header: Value| {
        let claims = stub.claims_at("tenfold", &person.sub, now);
        auth::sign_assertion(&stub.pair.pem, &header, &claims).unwrap()
    };
    let good = stub.id_token("tenfold", &person.sub);
    let other = Stub { pair: Pair::new("one"), ..stub.clone() }.id_token("tenfold", &person.sub);
    let tampered = {
        let mut claims = payload(&good);
        claims["sub"] = "another".into();
        let parts: Vec<&str> = good.split('.').collect();
        format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
    };
    let twice = {
        let said = payload(&good).to_string().replacen('{', r#"{"sub":"admin","#, 1);
        let parts: Vec<&str> = good.split('.').collect();
        format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(said), parts[2])
    };
    let unsigned = headed(json!({"alg": "none"}));
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    for (token, says) in [
        (tampered, "not signed"),
        (twice, "no name twice"),
        (other, "not signed"),
        (unsigned, "alg is"),
        (headed(json!({"alg": "HS256", "kid": "one"})), "alg is"),
        (headed(json!({"alg": "RS256", "kid": "one"})), "not signed"),
        (headed(json!({"alg": "ES256", "crit": ["exp"]})), "crit"),
        (headed(json!({"alg": "ES256", "jwk": stub.pair.jwk})), "brings crit, or a key"),
        (headed(json!({"alg": "ES256", "kid": "one", "typ": "at+jwt"})), "access token"),
        (with("aud", json!("another app")), "No provider is registered"),
        (with("aud", json!(["tenfold", "another app"])), "azp"),
        (with("azp", json!("another app")), "another client"),
        (with("iss", json!("https://elsewhere.example")), "No provider is registered"),
        (with("exp", json!(now - 31)), "exp has passed"),
        (with("iat", json!(now - 700)), "10 minutes"),
        (with("iat", json!(now + 60)), "future"),
        (with("nbf", json!(now + 60)), "future"),
        (with("iss", json!("a\0b")), "iss"),
        (with("aud", json!("a\0b")), "aud"),
        (with("sub", json!("")), "sub"),
        (with("sub", json!(7)), "sub"),
        (person.token.clone(), "access token"),
        ("nonsense".to_owned(), "JWT"),
        ("x".repeat(9000), "JWT"),
    ] {
        let refused = exchange(url, &token, &[]).await;
        assert_eq!(refused.refusal(), "400 invalid_request", "{says}: {}", refused.body);
        assert!(refused.says().contains(says), "{says}: {}", refused.says());
    }
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    let kind = ("subject_token_type", auth::ID_TOKEN_TYPE);
    let subject = ("subject_token", good.as_str());
    for (fields, says) in [
        (vec![grant, subject], "subject_token_type"),
        (vec![grant, kind], "Send the subject_token"),
        (vec![grant, ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"), subject], "subject_token_type"),
        (vec![grant, kind, subject, ("requested_token_type", "urn:x")], "requested_token_type"),
        (vec![grant, kind, subject, ("actor_token", "x")], "actor_token"),
        (vec![grant, kind, subject, ("client_secret", "x")], "ID token alone"),
    ] {
        let refused = form(url, &fields).await;
        assert_eq!(refused.refusal(), "400 invalid_request", "{says}");
        assert!(refused.says().contains(says), "{says}: {}", refused.says());
    }
    // None of these spent it.
    assert_eq!(exchange(url, &good, &[]).await.status, 200);
}

#[tokio::test]
async fn a_provider_never_speaks_for_another_borough() {
    let (admin, stub) = testfords().await;
    let url = &running().url;
    let person = joins(&admin, TESTFORD, &stub, "finance").await;
    for audience in ["salford", "E08000006", "testshire", "TST", "platform", "nowhere", &"x".repeat(500), "a\0b"] {
        let refused = exchange(url, &stub.id_token("tenfold", &person.sub), &[("audience", audience)]).await;
        assert_eq!(refused.refusal(), "400 invalid_target", "{audience}: {}", refused.body);
        assert!(!refused.body.to_string().contains("testford"), "{}", refused.body);
    }
    // It is on record at both, and at neither is told who the other is.
    let own = audit(&admin, |e| e["action"] == "sign-in.refused" && e.to_string().contains("for another tenant")).await;
    assert_eq!(own["by"], "unknown");
    let salford = running().as_("salford-admin");
    let theirs =
        audit(&salford, |e| e["action"] == "sign-in.refused" && e.to_string().contains("another tenant's provider"))
            .await;
    assert!(!theirs.to_string().contains("testford"), "{theirs}");
    // The same issuer and audience are registered once, whosever they are.
    let draft = json!({"name": "Taken over", "issuer": stub.issuer, "audience": "tenfold"});
    for (client, home) in
        [(&salford, "/v1/boroughs/salford"), (&admin, TESTFORD), (&running().as_("testford-sandbox-admin"), TESTFORD)]
    {
        let refused = write(client, &format!("{home}/issuers"), &draft).await;
        assert_eq!((refused.status.as_u16(), refused.body["errors"][0]["pointer"].as_str()), (409, Some("/audience")));
        assert!(refused.body.to_string().contains("client id of its own"), "{}", refused.body);
    }
    // At a provider that several share each has a client id of its own, and speaks for its own.
    let draft = json!({"name": "Shared", "issuer": stub.issuer, "audience": format!("tenfold-salford-{}", key())});
    let shared = write(&salford, "/v1/boroughs/salford/issuers", &draft).await;
    assert_eq!(shared.status, 201, "{}", shared.body);
    let audience = draft["audience"].as_str().unwrap();
    let stranger = exchange(url, &stub.id_token(audience, &person.sub), &[]).await;
    assert!(stranger.says().contains("Nobody here knows you"), "{}", stranger.body);
    let invitation = invited(&salford, "/v1/boroughs/salford", "member").await;
    let code = [("invitation", invitation["code"].as_str().unwrap())];
    let elsewhere = exchange(url, &stub.id_token("tenfold", "somebody"), &code).await;
    assert_eq!(elsewhere.refusal(), "400 invalid_grant", "{}", elsewhere.body);
    let there = exchange(url, &stub.id_token(audience, &person.sub), &code).await;
    assert_eq!(there.claims()["borough"]["slug"], "salford");
    let at_home = ask(url, there.token(), Method::GET, &format!("{TESTFORD}/funds"), None).await;
    assert_eq!(at_home.status, 404);
}

#[tokio::test]
async fn a_claim_lets_people_in_and_out() {
    testford().await;
    let (admin, url) = (running().as_("testford-admin"), &running().url);
    let mapping = |value: &str, role: &str| json!({"claim": "groups", "value": value, "role": role, "office": format!("Office of {role}")});
    let mappings = json!([mapping("auditors", "auditor"), mapping("finance", "finance")]);
    let (stub, issuer) = registered(&admin, TESTFORD, mappings).await;
    let now = domain::Clock::System.now().timestamp();
    let with = |sub: &str, groups: Value| {
        let mut claims = stub.claims_at("tenfold", sub, now);
        claims["groups"] = groups;
        stub.signs(&claims)
    };
    // Many of one person at once make one member.
    let tokens: Vec<String> = (0..20).map(|_| with("one", json!(["everybody", "finance"]))).collect();
    let given = join_all(tokens.iter().map(|token| exchange(&running().services[0], token, &[]))).await;
    let members: std::collections::BTreeSet<String> = given.iter().map(super::exchange::Given::member).collect();
    assert_eq!(members.len(), 1);
    let member = format!("{TESTFORD}/members/{}", members.first().unwrap());
    let found = read(&admin, &member).await;
    assert_eq!(
        (&found["role"], &found["role_from"], &found["office"]),
        (&json!("finance"), &json!("claim"), &json!("Office of finance"))
    );
    // The first that fits counts, and the role follows the claim.
    let auditor = exchange(url, &with("one", json!(["finance", "auditors"])), &[]).await;
    assert_eq!(auditor.claims()["role"], "auditor");
    let gone = exchange(url, &with("one", json!(["everybody"])), &[]).await;
    assert!(gone.says().contains("no longer says"), "{}", gone.body);
    assert_eq!(gone.refusal(), "400 invalid_request");
    let unmapped = exchange(url, &with("two", json!("everybody")), &[]).await;
    assert!(unmapped.says().contains("Ask an administrator of yours for an invitation"), "{}", unmapped.body);
    // A role that an administrator gives stands, whatever the provider says.
    let tag = admin.get(&member).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
    let token = admin.token().await.unwrap();
    let change = json!({"role": "clerk"});
    let changed =
        super::exchange::ask_at(url, &token, Method::PATCH, &member, &[("if-match", &tag)], Some(&change)).await;
    assert_eq!((changed.status, &changed.body["role_from"]), (StatusCode::OK, &json!("given")), "{}", changed.body);
    // Its tokens of before are cut off up to this second and the next.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(exchange(url, &with("one", json!([])), &[]).await.claims()["role"], "clerk");
    // Removed, the claim does not bring them back; an invitation does, as another member.
    admin.transition(&member, &key(), "removed", "A test").await.unwrap();
    let back = exchange(url, &with("one", json!(["finance"])), &[]).await;
    assert!(back.says().contains("removed here"), "{}", back.body);
    let invitation = invited(&admin, TESTFORD, "member").await;
    let code = [("invitation", invitation["code"].as_str().unwrap())];
    let again = exchange(url, &with("one", json!(["finance"])), &code).await;
    assert!(again.status == 200 && again.member() != *members.first().unwrap(), "{}", again.body);
    // Without the mapping nobody is let in any more.
    let issuer = format!("{TESTFORD}/issuers/{}", issuer["id"].as_str().unwrap());
    let none = json!({"mappings": []});
    let changed =
        super::exchange::ask_at(url, &token, Method::PATCH, &issuer, &[("if-match", "\"1\"")], Some(&none)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert!(exchange(url, &with("three", json!(["finance"])), &[]).await.says().contains("Nobody here knows you"));
}

/// Fifty sign-ins before a process has seen any key: it asks once. Then with the provider away, and with keys that nobody has.
#[tokio::test]
async fn keys_are_asked_for_once_and_kept_while_the_provider_is_away() {
    let mut world = World::in_real_time(Duration::from_secs(60)).await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let stub = Stub::new();
    let mapping = json!({"claim": "department", "value": "Finance", "role": "finance", "office": "Finance"});
    let draft = json!({"name": "Sign-in", "issuer": stub.issuer, "audience": "tenfold", "mappings": [mapping]});
    world.done("wigan-admin", "/v1/boroughs/wigan/issuers", draft).await;
    let token = |sub: &str| {
        let mut claims = stub.claims_at("tenfold", sub, domain::Clock::System.now().timestamp());
        claims["department"] = "Finance".into();
        stub.signs(&claims)
    };
    // One that has seen no key, and cannot have any.
    let cold = started(&mut world).await;
    stub.says(super::stub::Lie::Down);
    let refused = exchange(&cold, &token("early"), &[]).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.says().contains("Try again"), "{}", refused.body);
    stub.tells_the_truth();
    // Another, asked by fifty at once.
    let other = started(&mut world).await;
    let before = stub.keys_asked();
    let tokens: Vec<String> = (0..50).map(|n| token(&format!("person {n}"))).collect();
    let answers = join_all(tokens.iter().map(|token| exchange(&other, token, &[]))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(stub.keys_asked() - before, 1);
    // What was fetched is good while the provider is away.
    stub.says(super::stub::Lie::Down);
    assert_eq!(exchange(&other, &token("person 1"), &[]).await.status, 200);
    // Keys that nobody has are asked for once in half a minute, however many name them.
    let before = stub.keys_asked();
    let unknown = Stub { pair: Pair::new("unheard of"), ..stub.clone() };
    let tokens: Vec<String> = (0..20).map(|n| unknown.id_token("tenfold", &format!("nobody {n}"))).collect();
    for answer in join_all(tokens.iter().map(|token| exchange(&other, token, &[]))).await {
        assert!(answer.says().contains("not signed"), "{} {}", answer.status, answer.body);
    }
    assert_eq!(stub.keys_asked() - before, 1);
}

/// Another tenants process, which answers.
async fn started(world: &mut World) -> String {
    let url = world.second_tenants().await;
    for _ in 0..100 {
        let ready = http().get(format!("{url}/health/ready")).send().await;
        if ready.is_ok_and(|answer| answer.status() == 200) {
            return url;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{url} does not answer");
}
