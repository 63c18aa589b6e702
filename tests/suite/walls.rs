//! A service that finds the wall broken does not serve.

use domain::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::{Db, refuse_unless_walled, self_check};

use crate::running::postgres;

#[tokio::test]
async fn a_service_refuses_to_serve_behind_a_broken_wall() {
    for (breaks, says) in [
        ("alter table budgets.fund no force row level security", "forced on budgets.fund"),
        ("alter table budgets.posting disable row level security", "forced on budgets.posting"),
        (
            "create table budgets.extra (id int); grant select on budgets.extra to budgets_borough",
            "forced on budgets.extra",
        ),
        ("grant truncate on budgets.journal to budgets_borough", "truncate"),
        ("grant references (fund_id) on budgets.fund to budgets_borough", "reference"),
        ("grant create on schema budgets to budgets_borough", "create in the schema budgets"),
        (
            "create view budgets.peep as select * from budgets.fund; grant select on budgets.peep to budgets_borough",
            "does not ask as its caller",
        ),
        (
            "create function budgets.act() returns int language sql security definer as 'select 1'; grant execute on function budgets.act() to budgets_borough",
            "security-definer",
        ),
        ("grant execute on function pg_catalog.set_config(text, text, boolean) to public", "set_config"),
        ("alter table budgets.receipt owner to budgets_borough", "owns"),
        (
            "create or replace function platform.borough() returns uuid language sql stable return '01890a5d-ac96-774b-bcce-b302099a8057'::uuid",
            "without a borough is not refused",
        ),
    ] {
        let database = postgres().database().await;
        let db = Db::open(budgets_roles(), &database.access(), Clock::System).unwrap();
        refuse_unless_walled(&db, true).await.expect("the wall stands");
        let mut owner = PgConnection::connect_with(&database.owner()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(breaks)).execute(&mut owner).await.unwrap();
        let refused = refuse_unless_walled(&db, true).await.expect_err(breaks).to_string();
        assert!(refused.contains(says), "{breaks}: {refused}");
        db.close().await;
        owner.close().await.ok();
    }
}

#[tokio::test]
async fn a_public_that_could_write_is_not_served() {
    let database = postgres().database().await;
    let db = Db::open(governance::ROLES, &database.access(), Clock::System).unwrap();
    refuse_unless_walled(&db, true).await.expect("the wall stands");
    let mut owner = PgConnection::connect_with(&database.owner()).await.unwrap();
    sqlx::raw_sql("grant update (title) on governance.published to governance_public")
        .execute(&mut owner)
        .await
        .unwrap();
    let refused = refuse_unless_walled(&db, true).await.expect_err("it may write").to_string();
    assert!(refused.contains("the public may change governance.published"), "{refused}");
}

fn budgets_roles() -> tenancy::ServiceRoles {
    use tenancy::Kind;
    tenancy::ServiceRoles { service: "budgets", kinds: &[Kind::Borough, Kind::Region, Kind::Work] }
}

#[tokio::test]
async fn where_the_cluster_is_not_ours_a_callable_set_config_is_told_not_fatal() {
    let database = postgres().database().await;
    let mut owner = PgConnection::connect_with(&database.owner()).await.unwrap();
    sqlx::raw_sql("grant execute on function pg_catalog.set_config(text, text, boolean) to public")
        .execute(&mut owner)
        .await
        .unwrap();
    let db = Db::open(budgets_roles(), &database.access(), Clock::System).unwrap();
    let found = self_check(&db, false).await.unwrap();
    assert_eq!(found.len(), 3, "one for each login role: {found:?}");
    assert!(found.iter().all(|finding| !finding.fatal));
    refuse_unless_walled(&db, false).await.expect("it serves, and says so");
}
