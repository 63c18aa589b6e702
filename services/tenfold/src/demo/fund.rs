//! A borough's fund as the demonstration's stories build it up.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::{Loader, id_of, oldham::postings, organisation, salford::ACCOUNTS};
use crate::client::{Answer, Client};

/// A fund, who pays into it, and the finance officer who keeps it.
pub(super) struct Fund {
    pub(super) finance: Client,
    slug: String,
    /// The borough's council.
    pub(super) council: String,
    /// The clinical commissioning group.
    pub(super) group: String,
    id: String,
    /// How many requests there were: the same every time, so that each has a key of its own.
    requests: AtomicU32,
}

impl Fund {
    /// Sets a fund of a borough up, hosted by the council unless it says otherwise, with a chart of accounts.
    pub(super) async fn new(loader: &Loader<'_>, slug: &str, name: &str, mut fund: Value) -> anyhow::Result<Self> {
        let finance = loader.client(&format!("{slug}-finance"))?;
        let council = organisation(&finance, slug, "council").await?;
        let group = organisation(&finance, slug, "ccg").await?;
        fund["name"] = name.into();
        if fund["host"].is_null() {
            fund["host"] = council.clone().into();
        }
        let key = format!("demo-{slug}-{}", name.replace([' ', ','], "-"));
        let made = finance.post(&format!("/v1/boroughs/{slug}/funds"), &key, &fund).await?;
        let id = id_of(&made)?;
        let fund = Self { finance, slug: slug.to_owned(), council, group, id, requests: AtomicU32::new(0) };
        for (code, name, kind) in ACCOUNTS {
            fund.make("accounts", &json!({"code": code, "name": name, "kind": kind})).await?;
        }
        Ok(fund)
    }

    /// The path of the borough.
    pub(super) fn borough(&self) -> String {
        format!("/v1/boroughs/{}", self.slug)
    }

    /// The path of the fund.
    pub(super) fn path(&self) -> String {
        format!("{}/funds/{}", self.borough(), self.id)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// A key no request about the fund has used.
    pub(super) fn key(&self) -> String {
        format!("demo-{}-{}", self.id, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Posts below the fund.
    pub(super) async fn make(&self, below: &str, body: &Value) -> anyhow::Result<Answer> {
        self.finance.post(&format!("{}/{below}", self.path()), &self.key(), body).await
    }

    /// Sets up a scheme, and gives back where its schedule is.
    pub(super) async fn scheme(&self, scheme: &Value) -> anyhow::Result<String> {
        let id = id_of(&self.make("schemes", scheme).await?)?;
        Ok(format!("{}/schemes/{id}/schedule", self.path()))
    }

    /// Posts a scheme's budget, or what was spent on it, on a day of a period.
    pub(super) async fn post(
        &self,
        scheme: &str,
        (layer, pence): (&str, i64),
        (on, period): (&str, u8),
        (narrative, source): (&str, &str),
    ) -> anyhow::Result<()> {
        let journal = json!({"effective_on": on, "period": period, "narrative": narrative, "source": source,
            "postings": postings(scheme, layer, pence)});
        self.make("journals", &journal).await?;
        Ok(())
    }

    /// Soft-closes all months of a year.
    pub(super) async fn soft_close(&self, year: &str) -> anyhow::Result<()> {
        for period in 1..=12 {
            let path = format!("{}/years/{year}/periods/{period}", self.path());
            self.finance.transition(&path, &self.key(), "soft_closed", "The year is over").await?;
        }
        Ok(())
    }
}
