//! The people of regions, partners and the platform, whom the platform's officers keep.

use reqwest::Method;
use serde_json::json;

use super::exchange::{ask, exchange, joins, read, registered};
use crate::running::{refusal, running, send, testford, write};

#[tokio::test]
async fn the_people_of_offices_sign_in_as_those_of_boroughs_do() {
    testford().await;
    let (officer, url) = (running().as_("platform-officer"), &running().url);
    for (home, role, owner, own) in [
        ("/v1/regions/testshire", "analyst", "region", "/v1/regions/testshire/boroughs"),
        ("/v1/partners/TST", "partner_finance", "partner", "/v1/partners/TST/organisations"),
        ("/v1/platform", "officer", "platform", "/v1/boroughs"),
    ] {
        let (stub, made) = registered(&officer, home, json!([])).await;
        let person = joins(&officer, home, &stub, role).await;
        let given = exchange(url, &stub.id_token("tenfold", &person.sub), &[]).await;
        assert!(given.member().contains("member-") && !given.claims()[owner].is_null(), "{}", given.claims());
        let seen = ask(url, given.token(), Method::GET, own, None).await;
        assert_eq!(seen.status, 200, "{own}: {}", seen.body);
        let elsewhere = ask(url, given.token(), Method::GET, "/v1/boroughs/testford/funds", None).await;
        assert_eq!(elsewhere.status, 404, "{home}");
        let found = read(&officer, &format!("{home}/members/{}", person.id)).await;
        assert_eq!(found["role"], role);
        // One office's things are not another's.
        for other in ["/v1/regions/greater-manchester", "/v1/partners/QOP", "/v1/platform"] {
            if other != home {
                for (list, id) in [("members", person.id.as_str()), ("issuers", made["id"].as_str().unwrap())] {
                    let path = format!("{other}/{list}/{id}");
                    assert_eq!(send(&officer, Method::GET, &path, &[], None).await.status, 404, "{path}");
                }
            }
        }
        let wrong = write(&officer, &format!("{home}/invitations"), &json!({"office": "X", "role": "finance"})).await;
        assert_eq!(refusal(&wrong), "422 content-invalid");
    }
    let nowhere = write(&officer, "/v1/regions/nowhere/invitations", &json!({"office": "X", "role": "analyst"})).await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn the_platform_sees_none_of_a_boroughs_people() {
    testford().await;
    let officer = running().as_("platform-officer");
    for list in ["issuers", "members", "invitations"] {
        let answer = send(&officer, Method::GET, &format!("/v1/boroughs/testford/{list}"), &[], None).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{list}: {}", answer.status);
        let auditor = running().as_("testford-auditor");
        let seen = send(&auditor, Method::GET, &format!("/v1/boroughs/testford/{list}"), &[], None).await;
        assert_eq!(seen.status, 200, "{list}");
        let finance = running().as_("testford-finance");
        let unseen = send(&finance, Method::GET, &format!("/v1/boroughs/testford/{list}"), &[], None).await;
        assert_eq!(unseen.status, 403, "{list}");
    }
}
