//! The audit trail: everything that was done has its place, what was altered is found, and refusals are on record.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    running::{running, send, testford},
    world::World,
};

const TRAIL: &str = "/v1/boroughs/ford/audit";

/// A borough that did a few things, all of which have their place.
async fn ford() -> World {
    let mut world = World::beginning("2026-10-05T09:00:00Z").await;
    world.region("shire", "A shire").await;
    world.borough("ford", "E08999991", "Ford", "shire").await;
    placed(&world).await;
    world
}

async fn placed(world: &World) -> Vec<Value> {
    let path = format!("{TRAIL}?limit=500");
    let all = |trail: &Value| trail["data"].as_array().unwrap().clone();
    all(&world.until("ford-auditor", &path, |trail| all(trail).iter().all(|entry| entry["position"].is_i64())).await)
}

async fn owner(world: &World) -> PgConnection {
    PgConnection::connect_with(&world.database.owner()).await.unwrap()
}

/// Does something as the owner of the database, past every trigger.
async fn tamper(world: &World, statement: &str) {
    let mut owner = owner(world).await;
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut owner).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut owner).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement} touched nothing");
}

async fn proof(world: &World) -> Value {
    world.read("ford-auditor", &format!("{TRAIL}/proof")).await
}

/// What disagrees, and at which place.
fn found(proof: &Value) -> Vec<(&str, Option<i64>)> {
    let findings = proof["findings"].as_array().unwrap().iter();
    findings.map(|one| (one["fault"].as_str().unwrap(), one["position"].as_i64())).collect()
}

async fn files(world: &World) -> (String, String, String) {
    let (headers, export) = world.text("ford-auditor", &format!("{TRAIL}/entries.ndjson")).await;
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let heads = world.read("ford-auditor", &format!("{TRAIL}/heads?limit=500")).await.to_string();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let keys = http.get(format!("{}/v1/public/audit-keys", world.url)).send().await.unwrap().text().await.unwrap();
    (export, heads, keys)
}

/// What an export disagrees in, from files alone.
fn disagrees(export: &str, heads: &str, keys: &str) -> Vec<String> {
    tenants::verify_audit(export.as_bytes(), &[heads.to_owned()], Some(keys)).unwrap().disagrees
}

#[tokio::test]
async fn everything_done_has_its_place_and_the_chain_is_verified_here_and_from_files() {
    let world = ford().await;
    let entries = placed(&world).await;
    let places: BTreeSet<i64> = entries.iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
    let count = i64::try_from(entries.len()).unwrap();
    assert_eq!(places, (1..=count).collect(), "every place once");
    let proof = proof(&world).await;
    assert_eq!(
        (&proof["verified"], &proof["entries"], &proof["next_after"]),
        (&json!(true), &json!(count), &Value::Null)
    );
    assert_eq!(proof["signed"]["position"], count);
    let (export, heads, keys) = files(&world).await;
    assert_eq!(export.lines().count(), entries.len());
    assert_eq!(disagrees(&export, &heads, &keys), [""; 0]);
    let altered = export.replacen("client.created", "client.revoked", 1);
    assert!(disagrees(&altered, &heads, &keys)[0].contains("is not what was given its place"));
    let cut: String = export.lines().take(entries.len() - 1).map(|line| format!("{line}\n")).collect();
    assert!(disagrees(&cut, &heads, &keys)[0].contains("its end was cut off"));
    let (headers, csv) = world.text("ford-auditor", &format!("{TRAIL}/entries.csv?first=2&last=3")).await;
    assert_eq!((csv.lines().count(), headers["content-type"].to_str().unwrap()), (3, "text/csv; charset=utf-8"));

    // One entry by itself, up to a signed head, and nothing of the others.
    let one = &entries[entries.len() / 2];
    let path = format!("{TRAIL}/proof/{}", one["id"].as_str().unwrap());
    let shown = world.read("ford-auditor", &path).await;
    assert_eq!(shown["entry"]["action"], one["action"]);
    let links = shown["links"].as_array().unwrap();
    assert_eq!((&links[0]["id"], &links[links.len() - 1]["head"]), (&one["id"], &shown["signed"]["head"]));

    // The platform's own acts are a chain too.
    let office = world
        .until("officer", "/v1/platform/audit?limit=500", |trail| {
            trail["data"].as_array().unwrap().iter().all(|entry| entry["position"].is_i64())
        })
        .await;
    assert!(office["data"].as_array().unwrap().iter().any(|entry| entry["action"] == "region.created"), "{office}");
    let office = world.read("officer", "/v1/platform/audit/proof").await;
    assert_eq!((&office["verified"], office["entries"].as_i64() > Some(0)), (&json!(true), true), "{office}");
}

#[tokio::test]
async fn the_trail_is_searched() {
    let world = ford().await;
    let count = async |query: &str| {
        let found = world.read("ford-auditor", &format!("{TRAIL}?limit=500&{query}")).await;
        found["data"].as_array().unwrap().len()
    };
    let all = placed(&world).await;
    let (clients, one) = (count("action=client.").await, &all[0]);
    assert!(clients >= 5 && clients < all.len());
    assert_eq!(count("action=clien").await, clients);
    assert_eq!(count("action=client.&outcome=refused").await, 0);
    assert_eq!(count(&format!("request_id={}", one["request_id"].as_str().unwrap())).await, 1);
    assert_eq!(count("subject=organisations/").await, 1);
    assert_eq!(count("role=officer").await + count("role=admin").await, all.len());
    assert_eq!(count("from=2026-10-05T09:00:00Z&until=2026-10-05T09:00:01Z").await, all.len());
    assert_eq!(count("until=2026-10-05T09:00:00Z").await, 0);
    let by = one["by"].as_str().unwrap();
    assert!(count(&format!("client={by}")).await >= 5);
    let wrong = send(&world.as_("ford-auditor"), Method::GET, &format!("{TRAIL}?outcome=maybe"), &[], None).await;
    assert_eq!(wrong.status, 400);
    let first = world.read("ford-auditor", &format!("{TRAIL}?action=client.&limit=1")).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = world.read("ford-auditor", &format!("{TRAIL}?action=client.&limit=1&cursor={cursor}")).await;
    assert_ne!(first["data"][0]["id"], next["data"][0]["id"]);
}

#[tokio::test]
async fn tampering_by_the_owner_of_the_database_is_found_and_named() {
    let world = ford().await;
    let entries = placed(&world).await;
    let at = |place: i64| entries.iter().find(|entry| entry["position"] == place).unwrap()["id"].as_str().unwrap();
    assert_eq!(proof(&world).await["verified"], true);
    // Each is done, found, and undone.
    let alter = format!("update platform.audit set subject = subject || 'x' where audit_id = '{}'", at(3));
    tamper(&world, &alter).await;
    let found_now = proof(&world).await;
    assert_eq!((found(&found_now), &found_now["findings"][0]["id"]), (vec![("entry_altered", Some(3))], &json!(at(3))));
    tamper(&world, &alter.replace("subject || 'x'", "left(subject, -1)")).await;
    assert_eq!(proof(&world).await["verified"], true, "as it was");

    let swap = format!(
        "update platform.audit a set action = b.action, subject = b.subject, after = b.after, request_id = b.request_id
         from platform.audit b where a.borough_id = b.borough_id
           and (a.audit_id, b.audit_id) in (('{one}', '{other}'), ('{other}', '{one}'))",
        one = at(2),
        other = at(4)
    );
    tamper(&world, &swap).await;
    assert_eq!(found(&proof(&world).await), [("entry_altered", Some(2)), ("entry_altered", Some(4))]);
    tamper(&world, &swap).await;

    tamper(&world, "update platform.audit_link set head = sha256(head) where position = 4").await;
    let told = proof(&world).await;
    assert!(found(&told).contains(&("link_altered", Some(4))), "{told}");
    let insert =
        "insert into platform.audit select borough_id, gen_random_uuid(), at, client_id, role, request_id, address,
        action, 'funds/forged', before, after from platform.audit where audit_id = ";
    tamper(&world, &format!("{insert}'{}'", at(1))).await;
    assert!(found(&proof(&world).await).contains(&("entry_unplaced", None)));
    tamper(&world, "delete from platform.audit where subject = 'funds/forged'").await;

    tamper(&world, &format!("delete from platform.audit where audit_id = '{}'", at(5))).await;
    assert!(found(&proof(&world).await).contains(&("entry_missing", Some(5))));

    // The end cut off: what was signed of it tells, though the trail goes on.
    let last = i64::try_from(entries.len()).unwrap();
    tamper(&world, &format!("delete from platform.audit_link where position = {last}")).await;
    assert!(found(&proof(&world).await).contains(&("end_cut", Some(last))));
    let client = json!({"name": "after the cut", "role": "member"});
    world.done("ford-admin", "/v1/boroughs/ford/clients", client).await;
    let goes_on = |trail: &Value| {
        let placed = trail["data"].as_array().unwrap().iter().filter_map(|entry| entry["position"].as_i64());
        placed.max() > Some(last)
    };
    world.until("ford-auditor", TRAIL, goes_on).await;
    let told = proof(&world).await;
    assert!(found(&told).contains(&("link_missing", Some(last))), "{told}");
}

#[tokio::test]
async fn who_kept_a_head_sees_a_chain_that_was_cut_whole() {
    let world = ford().await;
    let cut = proof(&world).await["position"].as_i64().unwrap();
    world.done("ford-admin", "/v1/boroughs/ford/clients", json!({"name": "later", "role": "member"})).await;
    placed(&world).await;
    let before = proof(&world).await;
    let (place, head) = (before["position"].as_i64().unwrap(), before["head"].as_str().unwrap());
    let kept = format!("{TRAIL}/proof?kept_position={place}&kept_head={head}");
    assert_eq!(world.read("ford-auditor", &kept).await["verified"], true);
    // Entries, links and signed heads after a place: by itself, the rest holds.
    tamper(
        &world,
        &format!(
            "delete from platform.audit a using platform.audit_link l
        where l.borough_id = a.borough_id and l.audit_id = a.audit_id and l.position > {cut}
          and a.borough_id in (select borough_id from tenants.borough where slug = 'ford')"
        ),
    )
    .await;
    tamper(&world, &format!("delete from platform.audit_link where position > {cut}")).await;
    tamper(&world, &format!("delete from platform.audit_checkpoint where position > {cut}")).await;
    assert_eq!(found(&world.read("ford-auditor", &kept).await), [("head_disagrees", Some(place))]);
}

#[tokio::test]
async fn refusals_are_on_record_and_counted() {
    let mut world = ford().await;
    world.borough("ham", "E08999992", "Ham", "shire").await;
    // A wrong secret, a revoked client, a client there is not.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let made =
        world.done("ford-admin", "/v1/boroughs/ford/clients", json!({"name": "guessed at", "role": "member"})).await;
    let id = made["id"].as_str().unwrap();
    let ask = async |client: &str| {
        let form = [("grant_type", "client_credentials")];
        let sent = http.post(format!("{}/oauth2/token", world.url)).basic_auth(client, Some("tfl_live_wrong"));
        let body = form.iter().map(|(name, value)| format!("{name}={value}")).collect::<String>();
        let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(body);
        assert_eq!(sent.send().await.unwrap().status(), 401);
    };
    for _ in 0..5 {
        ask(id).await;
    }
    ask("borough.ford.live.nobody").await;
    let refused = |trail: &Value| !trail["data"].as_array().unwrap().is_empty();
    let trail = world.until("ford-auditor", &format!("{TRAIL}?outcome=refused&action=sign-in"), refused).await;
    let entry = &trail["data"][0];
    assert_eq!((&entry["by"], &entry["after"]["why"]), (&json!(id), &json!("that is no secret of it that works")));
    assert_eq!((&entry["address"], &entry["role"]), (&json!("127.0.0.1"), &json!("member")));
    assert_eq!(trail["data"].as_array().unwrap().len(), 1, "the others of the minute are counted: {trail}");
    let office = world.until("officer", "/v1/platform/audit?action=sign-in.refused", refused).await;
    assert_eq!(office["data"][0]["by"], "unknown");
    assert!(!office.to_string().contains("nobody"), "a name of somebody's own is not written");

    // At another borough's door, through the gateway and at the service itself.
    let path = "/v1/boroughs/ham/clients";
    let answer = send(&world.as_("ford-clerk"), Method::GET, path, &[], None).await;
    assert_eq!(answer.status, 404);
    let claims = format!("{TRAIL}?action=access.refused");
    let trail = world.until("ford-auditor", &claims, refused).await;
    let entry = &trail["data"][0];
    assert_eq!((&entry["subject"], &entry["role"]), (&json!("GET /v1/boroughs/{borough}/clients"), &json!("clerk")));
    assert_eq!(entry["address"], "127.0.0.1");
    assert!(!trail.to_string().contains("ham"), "nothing of the other borough");
    let token = world.as_("ford-member").token().await.unwrap();
    let straight = http.get(format!("{}{path}", world.tenants())).bearer_auth(token).send().await.unwrap();
    assert_eq!(straight.status(), 404);
    let two = |trail: &Value| trail["data"].as_array().unwrap().len() == 2;
    world.until("ford-auditor", &claims, two).await;
    let theirs = world.read("ham-auditor", "/v1/boroughs/ham/audit?outcome=refused").await;
    assert_eq!(theirs["data"], json!([]), "and nothing in the other's trail");
    // They are no changes of anything.
    let changes = world.read("ford-auditor", "/v1/boroughs/ford/tenants/changes?limit=500").await;
    assert!(!changes.to_string().contains("refused"));
}

#[tokio::test]
async fn nobody_changes_what_is_chained_and_only_this_service_chains() {
    testford().await;
    for role in ["tenants_borough", "tenants_platform", "tenants_work", "budgets_borough", "governance_borough"] {
        let mut login = PgConnection::connect_with(&running().database.login(role)).await.unwrap();
        for statement in [
            "update platform.audit set role = role",
            "delete from platform.audit",
            "update platform.audit_link set head = head",
            "delete from platform.audit_link",
            "delete from platform.audit_checkpoint",
        ] {
            let said = sqlx::query(statement).execute(&mut login).await.expect_err("refused").to_string();
            assert!(said.contains("permission denied"), "{role}: {statement}: {said}");
        }
    }
    for role in ["budgets_borough", "governance_borough", "tenants_work"] {
        let mut login = PgConnection::connect_with(&running().database.login(role)).await.unwrap();
        let read = "select entry_hash from platform.audit_link";
        let said = sqlx::query(read).execute(&mut login).await.expect_err("refused").to_string();
        assert!(said.contains("permission denied"), "{role}: {said}");
    }
}

#[tokio::test]
async fn a_killed_sealer_leaves_no_gap_and_places_nothing_twice() {
    let mut world = ford().await;
    for round in 0..3 {
        for one in 0..5 {
            let client = json!({"name": format!("client {round} {one}"), "role": "member"});
            world.done("ford-admin", "/v1/boroughs/ford/clients", client).await;
        }
        world.killed(|_| {}).await;
    }
    let entries = placed(&world).await;
    let proof = proof(&world).await;
    assert_eq!((&proof["verified"], &proof["entries"]), (&json!(true), &json!(entries.len())), "{proof}");
}

/// Everything that the demonstration and the recipes leave in the trails: no secret and no key is in it.
#[tokio::test]
async fn no_secret_and_no_person_is_in_any_trail() {
    testford().await;
    let mut owner = PgConnection::connect_with(&running().database.owner()).await.unwrap();
    let shapes = "tfl_(live|sandbox)_[A-Za-z0-9_-]{30}|eyJ[A-Za-z0-9_-]{10,}\\.|-----BEGIN|whsec_[A-Za-z0-9+/=]{10}";
    for table in ["platform.audit", "platform.office_audit"] {
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select action || ' ' || subject from {table} a where a::text ~ '{shapes}'"
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert!(found.is_empty(), "{table}: {found:?}");
        let many: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert!(many > 0);
    }
    let named =
        "select a.action || ' ' || p.name from platform.audit a join governance.person p on p.borough_id = a.borough_id
        where strpos(coalesce(a.before::text, '') || coalesce(a.after::text, '') || a.subject, p.name) > 0";
    let named: Vec<String> = sqlx::query_scalar(named).fetch_all(&mut owner).await.unwrap();
    assert!(named.is_empty(), "people are named: {named:?}");
}
