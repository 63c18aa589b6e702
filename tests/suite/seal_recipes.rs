//! What operations on seals need to be asked for: a period that is closed and sealed.

use serde_json::Value;

use crate::{
    recipes::Operation,
    running::{journal, key, new_fund, running, testford, write},
};

/// A fund of Testford whose period 6 of 2026-27 is sealed, with one journal in it.
pub(crate) async fn sealed_fund() -> &'static str {
    static FUND: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    FUND.get_or_init(|| async {
        let (running, council) = (running(), &testford().await.council);
        let fund = new_fund("testford", council, &format!("Sealed {}", key())).await;
        let path = format!("/v1/boroughs/testford/funds/{fund}");
        let posted = write(&running.as_("testford-finance"), &format!("{path}/journals"), &journal(1_000)).await;
        assert_eq!(posted.status, 201, "{}", posted.body);
        let (manager, period) = (running.as_("testford-pool-manager"), format!("{path}/years/2026-27/periods/6"));
        for to in ["soft_closed", "closed"] {
            manager.transition(&period, &key(), to, "A test").await.unwrap();
        }
        for _ in 0..200 {
            if manager.get(&period).await.unwrap().body["seal"] == "sealed" {
                return fund;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the period was never sealed");
    })
    .await
}

pub(crate) async fn fill(operation: &Operation, path: String, _: &mut Option<Value>) -> String {
    match operation.id.as_str() {
        "getSeal" => path.replace("{fund}", sealed_fund().await),
        "proveAccount" => path.replace("{fund}", sealed_fund().await) + "?account=5100",
        _ => path,
    }
}
