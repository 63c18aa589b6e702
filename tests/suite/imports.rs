//! Files of ledgers: what spreadsheets do to them, what is sent twice, cut, called off or killed, and to the penny what is
//! in the ledger afterwards.

use serde_json::{Value, json};
use tenfold::client::Client;

use crate::{
    import_recipes::{announce, ended, mapping, send_file, source},
    running::{key, new_fund, refusal, running, testford, write},
    world::World,
};

const HEAD: &str = "Date,Amount,Code,Document,Supplier,Description\n";

/// A fund of Testford, the finance officer, and a ledger source of the fund.
struct Desk {
    finance: Client,
    fund: String,
    source: String,
}

impl Desk {
    async fn new() -> Self {
        let fund = new_fund("testford", &testford().await.council, &format!("For files {}", key())).await;
        let (finance, fund) = (running().as_("testford-finance"), format!("/v1/boroughs/testford/funds/{fund}"));
        let source = source(&finance, &fund).await;
        Self { finance, fund, source }
    }

    async fn announce(&self, mode: &str) -> String {
        format!("{}/imports/{}", self.fund, announce(&self.finance, &self.fund, &self.source, mode).await)
    }

    /// Takes a file in, and gives back what came of it.
    async fn import(&self, mode: &str, text: &str) -> Value {
        let import = self.announce(mode).await;
        let sent = send_file(&running().url, &self.finance, &import, ("\"1\"", "text/csv"), text.into()).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        let at = sent.headers["location"].to_str().unwrap();
        assert_eq!(at, format!("/v1/boroughs/testford/budgets/operations/{}", sent.body["id"].as_str().unwrap()));
        let mut found = ended(&self.finance, &import).await;
        found["operation_is"] = self.finance.get(at).await.unwrap().body;
        found["path"] = import.into();
        found
    }

    /// What the scheme has spent up to September, in pence.
    async fn spent(&self) -> i64 {
        spent(&self.finance, &self.fund).await
    }

    async fn rows(&self, import: &Value, state: &str) -> Vec<Value> {
        let path = format!("{}/rows?state={state}&limit=500", import["path"].as_str().unwrap());
        self.finance.get(&path).await.unwrap().body["data"].as_array().unwrap().clone()
    }
}

/// What the scheme of a fund has spent, as its journals have it: each of them balances.
async fn spent(client: &Client, fund: &str) -> i64 {
    let (mut sum, mut cursor) = (0, String::new());
    loop {
        let page = client.get(&format!("{fund}/journals?limit=100{cursor}")).await.unwrap().body;
        for journal in page["data"].as_array().unwrap() {
            let id = journal["id"].as_str().unwrap();
            let whole = client.get(&format!("{fund}/journals/{id}")).await.unwrap().body;
            let lines = whole["postings"].as_array().unwrap();
            let pence = |line: &Value| line["amount_pence"].as_i64().unwrap();
            assert_eq!(lines.iter().map(pence).sum::<i64>(), 0, "{whole}");
            sum += lines.iter().filter(|line| line["account"] == "5100").map(pence).sum::<i64>();
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return sum,
        }
    }
}

#[tokio::test]
async fn a_file_as_spreadsheets_write_it_is_in_the_ledger_to_the_penny() {
    let desk = Desk::new().await;
    let text = "\u{feff} date ;AMOUNT;Code;document;SUPPLIER;Description\r\n\
        01/09/2026;\"£1,234.56\";AS1;1;A firm;Care\r\n\
        1/9/26;(34.56);AS2;2;A firm;Care\r\n;;;;;\r\n\
        02-Sep-2026;100.00-;as1;3;A firm;Care\r\n\
        2026-09-30;1,000 CR;AS1;4;A firm;Care\r\n\
        30/09/2026 00:00:00;5.5;AS1;5;\"A, firm\";\"Two\nlines\"\r\n\
        30/09/2026;0.00;AS1;6;;\r\n";
    let found = desk.import("all_or_nothing", text).await;
    assert_eq!(found["state"], "posted", "{found}");
    let of = |name: &str| found[name].as_i64().unwrap();
    assert_eq!((of("rows"), of("posted"), of("faulty"), of("left_out")), (6, 5, 0, 1));
    assert_eq!(of("posted_pence"), 123_456 - 3_456 - 10_000 - 100_000 + 550);
    assert_eq!(desk.spent().await, of("posted_pence"));
    let operation = &found["operation_is"];
    assert_eq!(
        (&operation["state"], &operation["progress"]["done"]),
        (&json!("done"), &operation["progress"]["total"])
    );
    assert_eq!(operation["result"], found["path"]);
    // Each line leads to its posting, and its journal names the ledger and the file.
    let ready = desk.rows(&found, "ready").await;
    let journal = ready[0]["journal"].as_str().unwrap();
    let journal = desk.finance.get(&format!("{}/journals/{journal}", desk.fund)).await.unwrap().body;
    let at = ready[0]["posting_line"].as_u64().unwrap() as usize - 1;
    assert_eq!(journal["postings"][at]["amount_pence"], 123_456);
    assert!(journal["narrative"].as_str().unwrap().contains("september.csv"), "{journal}");
    assert!(journal["source"].as_str().unwrap().contains(found["sha256"].as_str().unwrap()));
    // So has what stands: the account of the lines, and the one against them.
    let balance = desk.finance.get(&format!("{}/years/2026-27/trial-balance", desk.fund)).await.unwrap().body;
    let stands = |code: &str| {
        let found = balance["data"].as_array().unwrap().iter().find(|account| account["account"] == code).unwrap();
        found["actual_pence"].as_i64().unwrap()
    };
    assert_eq!((stands("5100"), stands("9000")), (of("posted_pence"), -of("posted_pence")));
}

#[tokio::test]
async fn objects_a_line_are_taken_as_rows_are() {
    let desk = Desk::new().await;
    let import = desk.announce("all_or_nothing").await;
    let text = "{\"Date\":\"2026-09-01\",\"Amount\":1234.56,\"Code\":\"AS1\",\"Supplier\":\"A firm\",\"Description\":\"Care\"}\n{\"Date\":\"2026-09-02\",\"Amount\":\"-34.56\",\"Code\":\"AS1\"}\n";
    let kind = ("\"1\"", "application/x-ndjson");
    assert_eq!(send_file(&running().url, &desk.finance, &import, kind, text.into()).await.status, 202);
    assert_eq!(ended(&desk.finance, &import).await["posted_pence"], 120_000);
}

#[tokio::test]
async fn what_is_sent_again_and_longer_is_posted_as_far_as_it_is_new() {
    let desk = Desk::new().await;
    let lines = "05/09/2026,10.00,AS1,77,A firm,Care\n05/09/2026,10.00,AS1,77,A firm,Care\n06/09/2026,3.00,AS1,78,A firm,Care\n";
    let first = desk.import("all_or_nothing", &format!("{HEAD}{lines}")).await;
    assert_eq!((&first["posted"], &first["posted_pence"]), (&json!(3), &json!(2_300)), "split lines are kept: {first}");
    let more = "05/09/2026,10.00,AS1,77,A firm,Care\n09/09/2026,1.00,AS1,79,A firm,Care\n";
    let second = desk.import("all_or_nothing", &format!("{HEAD}{lines}{more}")).await;
    assert_eq!((&second["posted"], &second["posted_pence"]), (&json!(2), &json!(1_100)), "{second}");
    assert_eq!((&second["duplicates"], &second["duplicates_pence"]), (&json!(3), &json!(2_300)));
    assert_eq!(desk.spent().await, 3_400);
    // The same content again, byte for byte, is told by the import that has it.
    let import = desk.announce("all_or_nothing").await;
    let again =
        send_file(&running().url, &desk.finance, &import, ("\"1\"", "text/csv"), format!("{HEAD}{lines}").into()).await;
    assert_eq!((refusal(&again), &again.body["import"]), ("409 conflict".into(), &first["id"]));
    // What was taken back is new again.
    let journal = desk.rows(&first, "ready").await[2]["journal"].as_str().unwrap().to_owned();
    let back = json!({"effective_on": "2026-09-06", "period": 6, "narrative": "A test"});
    let path = format!("{}/journals/{journal}/reversals", desk.fund);
    let reversed = write(&desk.finance, &path, &back).await;
    assert_eq!(reversed.status, 201, "{}", reversed.body);
    let third = desk.import("all_or_nothing", &format!("{HEAD}{lines}{more}\n")).await;
    assert_eq!((&third["posted"], &third["posted_pence"]), (&json!(1), &json!(300)), "{third}");
    assert_eq!(desk.spent().await, 3_400);
}

#[tokio::test]
async fn many_lines_sent_again_are_found_at_once() {
    let desk = Desk::new().await;
    let lines: String = (0..20_000).map(|n| format!("05/09/2026,1.00,AS1,{n},A firm,Care\n")).collect();
    assert_eq!(desk.import("all_or_nothing", &format!("{HEAD}{lines}")).await["posted"], 20_000);
    let again = desk.import("all_or_nothing", &format!("{HEAD}{lines}06/09/2026,2.00,AS1,1,A firm,Care\n")).await;
    assert_eq!((&again["posted"], &again["duplicates"]), (&json!(1), &json!(20_000)), "{again}");
    assert_eq!(desk.spent().await, 2_000_200);
}

#[tokio::test]
async fn one_faulty_line_stops_all_or_is_reported() {
    let desk = Desk::new().await;
    let text = format!(
        "{HEAD}05/09/2026,10.00,AS1,1,A firm,Care\n05/09/2026,1.005,AS1,2,A firm,Care\n31/08/2026,1,AS1,3,,\n05/09/2026,1,X9,4,,\n"
    );
    let all = desk.import("all_or_nothing", &text).await;
    assert_eq!(
        (&all["state"], &all["problem"]["type"]),
        (&json!("refused"), &json!("/problems/content-invalid")),
        "{all}"
    );
    assert_eq!((&all["posted"], &all["faulty"], desk.spent().await), (&json!(0), &json!(3), 0));
    // Refused content may be sent again.
    let rows = desk.import("per_row", &text).await;
    assert_eq!(
        (&rows["state"], &rows["posted_pence"], &rows["faulty"]),
        (&json!("posted"), &json!(1_000), &json!(3)),
        "{rows}"
    );
    assert_eq!((&rows["posted_bp"], &rows["faulty_bp"]), (&json!(2_500), &json!(7_500)));
    let faulty = desk.rows(&rows, "faulty").await;
    let told: Vec<_> = faulty.iter().map(|row| (&row["row"], row["column"].as_str().unwrap(), &row["rule"])).collect();
    let (two, three, four) = (json!(2), json!(3), json!(4));
    assert_eq!(told, [(&two, "Amount", &json!(59)), (&three, "Date", &json!(59)), (&four, "Code", &Value::Null)]);
    let path = format!("{}{}/rows?state=faulty", running().url, rows["path"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let report = http.get(path).bearer_auth(desk.finance.token().await.unwrap()).header("accept", "text/csv");
    let report = report.send().await.unwrap().text().await.unwrap();
    assert!(report.starts_with("row,line,state,column,fault,remedy") && report.lines().count() == 4, "{report}");
}

#[tokio::test]
async fn rule_59_a_file_that_is_cut_leaves_the_ledger_as_it_was() {
    let desk = Desk::new().await;
    let good = "05/09/2026,10.00,AS1,1,A firm,Care\n";
    for cut in
        [format!("{HEAD}{good}05/09/2026,1"), format!("{HEAD}{good}05/09/2026,1,AS1,1,\"A fi"), "Date,Amount\n".into()]
    {
        let found = desk.import("per_row", &cut).await;
        assert_eq!((&found["state"], &found["problem"]["rule"]), (&json!("refused"), &json!(59)), "{found}");
        assert_eq!(found["operation_is"]["state"], "failed");
    }
    assert_eq!(desk.spent().await, 0);
}

#[tokio::test]
async fn rule_58_an_individual_is_named_nowhere_in_a_file_taken_in() {
    let desk = Desk::new().await;
    let text = format!(
        "{HEAD}05/09/2026,900.00,AS5291,1,Hidden Name,Hidden Name's care\n05/09/2026,900.00,AS1,2,Mrs Hidden Name,Care\n05/09/2026,x,AS529,3,Hidden Name,Hidden Name\n"
    );
    let found = desk.import("per_row", &text).await;
    assert_eq!(found["posted"], 2, "{found}");
    let dump = running().database.owner();
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect_with(&dump).await.unwrap();
    for table in ["import_line", "posting", "journal", "import", "operation"] {
        let sql =
            sqlx::AssertSqlSafe(format!("select count(*) from budgets.{table} t where t::text like '%Hidden Name%'"));
        let named: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(named, 0, "{table}");
    }
}

#[tokio::test]
async fn the_same_file_twice_at_once_is_taken_once() {
    let desk = Desk::new().await;
    let (one, other) = (desk.announce("per_row").await, desk.announce("per_row").await);
    let text = format!("{HEAD}05/09/2026,10.00,AS1,1,A firm,Care\n");
    let put = |import: String| {
        let (finance, text) = (desk.finance.clone(), text.clone());
        async move { send_file(&running().url, &finance, &import, ("\"1\"", "text/csv"), text.into()).await }
    };
    let (first, second) = tokio::join!(put(one.clone()), put(other.clone()));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{} {}", first.body, second.body);
    let taken = if first.status == 202 { one } else { other };
    assert_eq!(ended(&desk.finance, &taken).await["state"], "posted");
    assert_eq!(desk.spent().await, 1_000);
    // Nor may two files of one ledger that overlap be posted side by side.
    let (a, b) = (desk.announce("per_row").await, desk.announce("per_row").await);
    let overlapping = |more: &str| format!("{HEAD}07/09/2026,20.00,AS1,9,A firm,Care\n{more}");
    let (x, y) = (overlapping("08/09/2026,1,AS1,10,,\n"), overlapping("08/09/2026,2,AS1,11,,\n"));
    let sent = |import: String, text: String| {
        let finance = desk.finance.clone();
        async move { send_file(&running().url, &finance, &import, ("\"1\"", "text/csv"), text.into()).await.status }
    };
    let both = tokio::join!(sent(a.clone(), x), sent(b.clone(), y));
    assert_eq!((both.0.as_u16(), both.1.as_u16()), (202, 202));
    let (a, b) = (ended(&desk.finance, &a).await, ended(&desk.finance, &b).await);
    let duplicates = a["duplicates"].as_i64().unwrap() + b["duplicates"].as_i64().unwrap();
    assert_eq!((duplicates, desk.spent().await), (1, 1_000 + 2_000 + 300));
}

#[tokio::test]
async fn a_cancelled_import_leaves_the_ledger_as_it_was_and_its_content_free() {
    let desk = Desk::new().await;
    let import = desk.announce("per_row").await;
    desk.finance.transition(&import, &key(), "cancelled", "The wrong month").await.unwrap();
    let text = format!("{HEAD}05/09/2026,10.00,AS1,1,A firm,Care\n");
    let late = send_file(&running().url, &desk.finance, &import, ("\"2\"", "text/csv"), text.clone().into()).await;
    assert_eq!(refusal(&late), "409 conflict");
    let moves = desk.finance.get(&format!("{import}/transitions")).await.unwrap().body;
    assert_eq!(
        (&moves["state"], &moves["allowed"], &moves["data"][0]["reason"]),
        (&json!("cancelled"), &json!([]), &json!("The wrong month"))
    );
    // One that is being read: wherever the call finds it, all of it is posted or nothing.
    let import = desk.announce("per_row").await;
    let long: String = (0..30_000).map(|n| format!("05/09/2026,1.00,AS1,{n},A firm,Care\n")).collect();
    let long = format!("{HEAD}{long}");
    assert_eq!(send_file(&running().url, &desk.finance, &import, ("\"1\"", "text/csv"), long.into()).await.status, 202);
    let called_off = desk.finance.transition(&import, &key(), "cancelled", "The wrong month").await;
    let found = ended(&desk.finance, &import).await;
    match called_off {
        Ok(_) => {
            assert_eq!((&found["state"], &found["posted"], desk.spent().await), (&json!("cancelled"), &json!(0), 0))
        }
        Err(_) => assert_eq!((&found["state"], desk.spent().await), (&json!("posted"), 3_000_000)),
    }
    assert_eq!(desk.import("per_row", &text).await["state"], "posted");
}

#[tokio::test]
async fn rule_54_a_document_above_the_limit_is_left_to_a_journal() {
    let mut world = World::beginning("2026-09-30T09:00:00Z").await;
    let fund = fund_of(&mut world).await;
    let limit = json!({"role": "finance", "limit_pence": 100_000, "in_force_from": "2026-04-01", "source": "A test"});
    let made = world.post("wigan-clerk", "/v1/boroughs/wigan/delegations", &limit).await;
    assert!(made.status.is_success(), "{}", made.body);
    let finance = world.as_("wigan-finance");
    let source = source(&finance, &fund).await;
    let text = format!(
        "{HEAD}05/09/2026,600.00,AS1,1,A firm,Care\n06/09/2026,600.00,AS1,1,A firm,Care\n06/09/2026,900.00,AS1,2,A firm,Care\n07/09/2026,900.00,AS1,,A firm,Care\n08/09/2026,900.00,AS1,,A firm,Care\n"
    );
    // The limit reaches the budgets as an event.
    let mut found = Value::Null;
    for nth in 0..50 {
        let import = format!("{fund}/imports/{}", announce(&finance, &fund, &source, "per_row").await);
        let text = format!("{text}09/09/2026,0,AS1,{nth},,\n");
        send_file(&world.url, &finance, &import, ("\"1\"", "text/csv"), text.into()).await;
        found = ended(&finance, &import).await;
        found["path"] = import.into();
        if found["faulty"] != 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let faulty = finance.get(&format!("{}/rows?state=faulty", found["path"].as_str().unwrap())).await.unwrap().body;
    let rows = faulty["data"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["document_number"] == "1" && row["rule"] == 54), "{faulty}");
}

/// A borough with a fund whose year 2026-27 is open; the fund's path.
async fn fund_of(world: &mut World) -> String {
    world.region("gm", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "gm").await;
    let council = json!({"kind": "council", "name": "Wigan Council", "gss": "E08000010", "valid_from": "1974-04-01", "source": "A test"});
    let council = world.done("wigan-admin", "/v1/boroughs/wigan/organisations", council).await["id"].clone();
    let body =
        json!({"name": "A fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": council, "source": "A test"});
    let made = world.as_("wigan-finance").post("/v1/boroughs/wigan/funds", &key(), &body).await.unwrap().body;
    let fund = format!("/v1/boroughs/wigan/funds/{}", made["id"].as_str().unwrap());
    world.done("wigan-finance", &format!("{fund}/years"), json!({"year": "2026-27"})).await;
    let scheme = json!({"code": "ICES", "name": "Equipment", "category": "community_health", "source": "nhs"});
    world.done("wigan-finance", &format!("{fund}/schemes"), scheme).await;
    for (code, kind) in [("5100", "expenditure"), ("9000", "balance")] {
        let account = json!({"code": code, "name": code, "kind": kind});
        world.done("wigan-finance", &format!("{fund}/accounts"), account).await;
    }
    fund
}

/// 40,000 lines of a penny more each, and what they come to.
fn long_file() -> (String, i64) {
    let lines: String = (1..=40_000)
        .map(|n| format!("{:02}/09/2026,{}.{:02},AS1,{n},A firm,Care\n", n % 30 + 1, n / 100, n % 100))
        .collect();
    (format!("{HEAD}{lines}"), (1..=40_000).sum())
}

async fn progress(world: &World, import: &str) -> (String, i64) {
    // A stack that was killed leaves the database short of connections for a moment: it is asked again.
    for _ in 0..300 {
        if let Ok(found) = world.as_("wigan-finance").get(import).await {
            return (found.body["state"].as_str().unwrap().to_owned(), found.body["rows"].as_i64().unwrap());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{import} is not answered")
}

#[tokio::test]
async fn a_reading_that_is_killed_goes_on_where_it_stood_and_posts_everything_once() {
    let mut world = World::beginning("2026-09-30T09:00:00Z").await;
    let fund = fund_of(&mut world).await;
    let source = source(&world.as_("wigan-finance"), &fund).await;
    let (text, sum) = long_file();
    let import =
        format!("{fund}/imports/{}", announce(&world.as_("wigan-finance"), &fund, &source, "all_or_nothing").await);
    let sent =
        send_file(&world.url, &world.as_("wigan-finance"), &import, ("\"1\"", "text/csv"), text.clone().into()).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    // Killed as soon as something is read, and again further on, wherever that is.
    for least in [1, 15_000, 30_000] {
        while let (state, rows) = progress(&world, &import).await
            && state == "reading"
            && rows < least
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.killed(|_| ()).await;
    }
    let found = ended(&world.as_("wigan-finance"), &import).await;
    assert_eq!(
        (&found["state"], &found["rows"], &found["posted"]),
        (&json!("posted"), &json!(40_000), &json!(40_000)),
        "{found}"
    );
    assert_eq!((found["posted_pence"].as_i64(), spent(&world.as_("wigan-finance"), &fund).await), (Some(sum), sum));
    // The region is told the same, once the month is closed softly.
    let period = format!("{fund}/years/2026-27/periods/6");
    world.as_("wigan-finance").transition(&period, &key(), "soft_closed", "Month end").await.unwrap();
    let region = world.as_("gm-analyst").get("/v1/regions/gm/positions?year=2026-27&period=6").await.unwrap().body;
    assert!(region.to_string().contains(&format!("\"actual_pence\":{sum}")), "{region}");
}

#[tokio::test]
async fn a_reading_whose_file_is_lost_waits_for_the_same_file() {
    let mut world = World::beginning("2026-09-30T09:00:00Z").await;
    let fund = fund_of(&mut world).await;
    let source = source(&world.as_("wigan-finance"), &fund).await;
    let (text, sum) = long_file();
    let import =
        format!("{fund}/imports/{}", announce(&world.as_("wigan-finance"), &fund, &source, "all_or_nothing").await);
    send_file(&world.url, &world.as_("wigan-finance"), &import, ("\"1\"", "text/csv"), text.clone().into()).await;
    while let (state, rows) = progress(&world, &import).await
        && state == "reading"
        && rows == 0
    {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    world
        .killed(|folder| {
            for file in std::fs::read_dir(folder).unwrap().flatten().filter(|file| file.file_name() != "folder-id") {
                std::fs::remove_file(file.path()).unwrap();
            }
        })
        .await;
    let finance = world.as_("wigan-finance");
    let (mut state, mut before) = progress(&world, &import).await;
    while state == "reading" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        (state, before) = progress(&world, &import).await;
    }
    // Where all of it was read before the end, the file is not needed any more.
    if state == "waiting" {
        assert!((1..40_000).contains(&before) && before % 2_000 == 0, "{before}");
        let tag = finance.get(&import).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
        let other = send_file(&world.url, &finance, &import, (&tag, "text/csv"), format!("{HEAD}\n").into()).await;
        assert_eq!(refusal(&other), "422 content-invalid", "another file");
        let same = send_file(&world.url, &finance, &import, (&tag, "text/csv"), text.into()).await;
        assert_eq!(same.status, 202, "{}", same.body);
    }
    let found = ended(&finance, &import).await;
    assert_eq!((&found["state"], &found["posted"]), (&json!("posted"), &json!(40_000)), "{found}");
    assert_eq!(spent(&finance, &fund).await, sum);
}

#[tokio::test]
async fn rule_30_a_period_that_is_closed_before_a_file_is_posted_takes_nothing_of_it() {
    let desk = Desk::new().await;
    let import = desk.announce("per_row").await;
    let period = format!("{}/years/2026-27/periods/6", desk.fund);
    desk.finance.transition(&period, &key(), "soft_closed", "Month end").await.unwrap();
    let text = format!("{HEAD}05/09/2026,10.00,AS1,1,A firm,Care\n");
    assert_eq!(send_file(&running().url, &desk.finance, &import, ("\"1\"", "text/csv"), text.into()).await.status, 202);
    let found = ended(&desk.finance, &import).await;
    assert_eq!((&found["state"], &found["problem"]["rule"]), (&json!("refused"), &json!(30)), "{found}");
    assert_eq!((&found["problem"]["type"], desk.spent().await), (&json!("/problems/period-closed"), 0));
}

#[tokio::test]
async fn bad_input_is_told_and_never_falls_over() {
    let desk = Desk::new().await;
    let refused = |change: fn(&mut Value)| {
        let mut body = json!({"name": format!("Ledger {}", key()), "mapping": mapping()});
        change(&mut body);
        let (finance, path) = (desk.finance.clone(), format!("{}/ledger-sources", desk.fund));
        async move { refusal(&write(&finance, &path, &body).await) }
    };
    for change in [
        (|b: &mut Value| b["mapping"]["contra"] = "5100".into()) as fn(&mut Value),
        |b| b["mapping"]["codes"][0]["account"] = "1".into(),
        |b| b["mapping"]["codes"][0]["scheme"] = "NONE".into(),
        |b| b["mapping"]["codes"][0]["scheme"] = Value::Null,
        |b| b["mapping"]["columns"]["debit"] = "Amount".into(),
        |b| b["name"] = "".into(),
        |b| b["mapping"]["codes"] = json!(vec![json!({"code": "A", "account": "5100", "scheme": "ICES"}); 5_001]),
    ] {
        assert_eq!(refused(change).await, "422 content-invalid");
    }
    let announced = |change: fn(&mut Value)| {
        let mut body =
            json!({"source": desk.source, "year": "2026-27", "period": 6, "mode": "per_row", "file_name": "a"});
        change(&mut body);
        let (finance, path) = (desk.finance.clone(), format!("{}/imports", desk.fund));
        async move { refusal(&write(&finance, &path, &body).await) }
    };
    assert_eq!(announced(|b| b["year"] = "2025-26".into()).await, "422 wrong-year");
    assert_eq!(announced(|b| b["period"] = 14.into()).await, "422 content-invalid");
    assert_eq!(announced(|b| b["file_name"] = "a\u{1}".into()).await, "422 content-invalid");
    assert_eq!(
        announced(|b| b["source"] = "01890a5d-ac96-774b-bcce-b302099a8057".into()).await,
        "422 unknown-reference"
    );
    let import = desk.announce("per_row").await;
    for (kind, bytes, told) in
        [("text/html", b"<".to_vec(), "415 media-type"), ("text/csv", Vec::new(), "422 content-invalid")]
    {
        assert_eq!(refusal(&send_file(&running().url, &desk.finance, &import, ("\"1\"", kind), bytes).await), told);
    }
    // More than a row may have, far more than one file may move, and no line at all.
    for (text, rule) in [
        (format!("{HEAD}05/09/2026,1,AS1,1,{}\n", "x".repeat(3 * 1024 * 1024)), 59),
        (HEAD.to_owned(), 59),
        (vec!["c"; 5_000].join(","), 59),
    ] {
        let found = desk.import("per_row", &text).await;
        assert_eq!(
            (&found["state"], &found["problem"]["rule"]),
            (&json!("refused"), &json!(rule)),
            "{}",
            found["problem"]
        );
    }
    let line = "05/09/2026,60000000000.00,AS1,1,A firm,Care\n";
    let found = desk.import("per_row", &format!("{HEAD}{line}{line}{line}")).await;
    assert_eq!((&found["posted"], &found["faulty"]), (&json!(1), &json!(2)), "{found}");
}
