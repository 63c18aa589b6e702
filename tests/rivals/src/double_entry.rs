//! doubleentry: a ledger a book, each with its Merkle log.

use anyhow::Context;
use doubleentry::{
    prelude::*,
    store::{Postgres, SqlStore},
};

use crate::Engine;

pub struct Books(Vec<Ledger<SqlStore<Postgres>>>);

impl Books {
    /// A ledger in each database.
    pub async fn open(urls: &str) -> anyhow::Result<Self> {
        let run = uuid::Uuid::now_v7().simple().to_string();
        let mut made = Vec::new();
        for (book, url) in urls.split(',').enumerate() {
            let store = SqlStore::postgres(url).await?;
            let ledger = Ledger::new(store, LedgerId::new(&format!("example.com/{run}-{book}"))?).await?;
            ledger.declare_currency(GBP, 2, date!("2026-01-01")).await?;
            ledger.define_months(2026, 1..=12).await?;
            ledger.open("Expenses:Care", AccountKind::Expense, date!("2026-01-01")).await?;
            ledger.open("Liabilities:Control", AccountKind::Liability, date!("2026-01-01")).await?;
            made.push(ledger);
        }
        Ok(Self(made))
    }
}

impl Engine for Books {
    async fn post(&self, book: usize, number: u64) -> anyhow::Result<()> {
        let amount = amount!("2.50");
        let entry = Entry::new(format!("journal-{number}").as_str(), date!("2026-04-30"))
            .debit("Expenses:Care", amount, GBP)
            .credit("Liabilities:Control", amount, GBP);
        self.0[book].record(entry).await?;
        Ok(())
    }

    async fn pence(&self) -> anyhow::Result<i64> {
        let mut sum = 0i64;
        for ledger in &self.0 {
            let balance = ledger.balance("Expenses:Care", GBP, &BalanceQuery::all()).await?;
            let text = balance.net().to_string().replace('.', "");
            sum = sum.checked_add(text.parse::<i64>().context("pence")?).context("pence")?;
        }
        Ok(sum)
    }
}
