//! What imports need to be asked for: a ledger source of a fund, a file, lines that were read.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use crate::{
    recipes::Operation,
    running::{key, new_fund, running, testford, write},
};

const HERE: &str = "/v1/boroughs/testford";

/// How the files of these tests are read.
pub(crate) fn mapping() -> Value {
    json!({"columns": {"date": "Date", "amount": "Amount", "code": "Code", "document_number": "Document",
            "supplier": "Supplier", "description": "Description"},
        "codes": [{"code": "AS*", "account": "5100", "scheme": "ICES"}], "contra": "9000",
        "individuals": {"codes": ["AS529*"]}})
}

/// A ledger source of a fund. `here` is the fund's path.
pub(crate) async fn source(client: &Client, here: &str) -> String {
    let body = json!({"name": format!("Ledger {}", key()), "mapping": mapping()});
    let made = write(client, &format!("{here}/ledger-sources"), &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// An import of a month of 2026-27, announced.
pub(crate) async fn announce(client: &Client, here: &str, source: &str, mode: &str) -> String {
    let body = json!({"source": source, "year": "2026-27", "period": 6, "mode": mode, "file_name": "september.csv"});
    let made = write(client, &format!("{here}/imports"), &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Sends a file, whatever the answer.
pub(crate) async fn send_file(
    url: &str,
    client: &Client,
    import: &str,
    (version, kind): (&str, &str),
    bytes: Vec<u8>,
) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = http.put(format!("{url}{import}/file")).bearer_auth(client.token().await.unwrap());
    let sent = sent.header("if-match", version).header("content-type", kind).body(bytes).send().await.unwrap();
    let (status, headers) = (sent.status(), sent.headers().clone());
    Answer { status, headers, body: sent.json().await.unwrap_or_default() }
}

/// Waits until nothing more comes of an import, and gives it back.
pub(crate) async fn ended(client: &Client, import: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..4_800 {
        let Ok(found) = client.get(import).await.map(|found| found.body) else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        if !["waiting", "reading", "checked"].contains(&found["state"].as_str().unwrap()) {
            return found;
        }
        last = found;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{import} does not end: {last}");
}

/// Fills in what these operations need: the path, the body, and the content where that is no JSON.
pub(crate) async fn fill(
    operation: &Operation,
    path: String,
    body: &mut Option<Value>,
    content: Option<Vec<u8>>,
) -> (String, Option<Vec<u8>>) {
    let ours = ["/imports", "/ledger-sources/{source}", "/budgets/operations/{operation}"];
    if !ours.iter().any(|one| operation.template.contains(one)) || operation.template.contains("receipts") {
        return (path, content);
    }
    let fund = new_fund("testford", &testford().await.council, &format!("For imports {}", key())).await;
    let (finance, here) = (running().as_("testford-finance"), format!("{HERE}/funds/{fund}"));
    let source = source(&finance, &here).await;
    if operation.id == "announceImport" {
        body.as_mut().unwrap()["source"] = source.clone().into();
    }
    let import = announce(&finance, &here, &source, "per_row").await;
    let found = finance.get(&format!("{here}/imports/{import}")).await.unwrap().body;
    let path = path
        .replace("{fund}", &fund)
        .replace("{source}", &source)
        .replace("{import}", &import)
        .replace("{operation}", found["operation"].as_str().unwrap());
    let file = operation.method == Method::PUT && operation.id == "sendImportFile";
    let file =
        file.then(|| b"Date,Amount,Code,Document,Supplier,Description\n05/09/2026,5.00,AS1,1,A firm,Care\n".to_vec());
    (path, file.or(content))
}
