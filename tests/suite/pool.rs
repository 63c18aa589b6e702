//! A pooled fund of a borough in a world of its own: what the section 75 stories are told with.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::Answer;

use crate::{
    running::{key, refusal, send},
    world::World,
};

/// A borough's fund, with its council and its NHS partner.
pub(crate) struct Pool<'w> {
    pub(crate) world: &'w World,
    pub(crate) borough: String,
    pub(crate) council: String,
    pub(crate) partner: String,
    pub(crate) fund: String,
}

impl<'w> Pool<'w> {
    /// A fund hosted by the council, with one year open, the accounts 5000, 9000 and 4000, and no scheme.
    pub(crate) async fn of(world: &'w World, borough: &str, partner: &Value, year: &str) -> Self {
        let here = format!("/v1/boroughs/{borough}");
        let partner = world.done(&format!("{borough}-admin"), &format!("{here}/organisations"), partner.clone()).await;
        let all = world.read(&format!("{borough}-admin"), &format!("{here}/organisations")).await;
        let council = all["data"].as_array().unwrap().iter().find(|one| one["kind"] == "council").unwrap();
        let mut pool = Self {
            world,
            borough: borough.to_owned(),
            council: council["id"].as_str().unwrap().to_owned(),
            partner: partner["id"].as_str().unwrap().to_owned(),
            fund: String::new(),
        };
        let fund = json!({"name": format!("Pooled fund of {borough}"), "kind": "pooled", "legal_basis": "s75_reg7",
            "host": pool.council, "source": "A test"});
        pool.fund = pool.made("funds", &fund).await["id"].as_str().unwrap().to_owned();
        pool.year(year).await;
        for (code, kind) in [("5000", "expenditure"), ("9000", "balance"), ("4000", "income")] {
            pool.made_in_fund("accounts", &json!({"code": code, "name": code, "kind": kind})).await;
        }
        pool
    }

    pub(crate) fn path(&self) -> String {
        format!("/v1/boroughs/{}/funds/{}", self.borough, self.fund)
    }

    pub(crate) fn finance(&self) -> String {
        format!("{}-finance", self.borough)
    }

    /// Posts below the borough, waiting for what another service tells.
    pub(crate) async fn made(&self, below: &str, body: &Value) -> Value {
        let path = format!("/v1/boroughs/{}/{below}", self.borough);
        for _ in 0..100 {
            let answer = self.world.post(&self.finance(), &path, body).await;
            if answer.status.is_success() {
                return answer.body;
            }
            assert_eq!(refusal(&answer), "409 reference-pending", "{below} {body}: {}", answer.body);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{below}: what it refers to never arrived");
    }

    pub(crate) async fn made_in_fund(&self, below: &str, body: &Value) -> Value {
        self.made(&format!("funds/{}/{below}", self.fund), body).await
    }

    /// Opens a year.
    pub(crate) async fn year(&self, year: &str) {
        self.made_in_fund("years", &json!({"year": year})).await;
    }

    /// Sets up a scheme, and gives back its id.
    pub(crate) async fn scheme(&self, code: &str, category: &str, source: &str) -> String {
        let scheme = json!({"code": code, "name": code, "category": category, "source": source});
        self.made_in_fund("schemes", &scheme).await["id"].as_str().unwrap().to_owned()
    }

    /// Sends a PUT at a version, whatever the answer.
    pub(crate) async fn put(&self, below: &str, version: &str, body: &Value) -> Answer {
        let (key, path) = (key(), format!("{}/{below}", self.path()));
        let headers = [("idempotency-key", key.as_str()), ("if-match", version)];
        send(&self.world.as_(&self.finance()), Method::PUT, &path, &headers, Some(body)).await
    }

    /// Sets a scheme's schedule for the first time, whatever the answer.
    pub(crate) async fn schedule(&self, scheme: &str, change: &Value) -> Answer {
        let mut body = json!({"kind": "pooled", "functions": [{"function": "adult_social_care", "owner": self.council}],
            "client_group": "Adults", "services": "Community services", "lead": self.council, "delivering": self.council,
            "accounting_treatment": "joint_operation", "capital": false, "recurrent": true});
        for (field, value) in change.as_object().unwrap() {
            body[field] = value.clone();
        }
        self.put(&format!("schemes/{scheme}/schedule"), "\"0\"", &body).await
    }

    /// Posts to a scheme, in a layer.
    pub(crate) async fn posts(&self, scheme: &str, layer: &str, pence: i64, on: &str, period: u8) {
        let journal = json!({"effective_on": on, "period": period, "narrative": format!("{layer} of {scheme}"), "postings": [
            {"account": "5000", "scheme": scheme, "layer": layer, "amount_pence": pence},
            {"account": "9000", "layer": layer, "amount_pence": -pence}]});
        self.made_in_fund("journals", &journal).await;
    }

    /// A draft agreement of both partners with every statutory item, which governs the fund.
    pub(crate) async fn agreement(&self, title: &str, starts_on: &str, ends_on: &str) -> String {
        let body = json!({"title": title, "legal_basis": "s75_reg7", "flexibilities": ["pooled_fund", "lead_commissioning"],
            "starts_on": starts_on, "ends_on": ends_on, "parties": [self.council, self.partner],
            "terms": crate::agreement_recipes::terms(&self.council, &self.partner), "source": "A test"});
        let id = self.made("agreements", &body).await["id"].as_str().unwrap().to_owned();
        self.made(&format!("agreements/{id}/funds"), &json!({"fund": self.fund})).await;
        id
    }

    pub(crate) async fn read(&self, below: &str) -> Value {
        self.world.read(&format!("{}-auditor", self.borough), &format!("{}/{below}", self.path())).await
    }
}

/// A clinical commissioning group.
pub(crate) fn group(name: &str, ods: &str) -> Value {
    json!({"kind": "ccg", "name": name, "ods": ods, "valid_from": "2013-04-01", "valid_to": "2022-06-30", "source": "A test"})
}
