//! cala-ledger: a journal a book, two accounts in each, one template.

use anyhow::Context;
use cala_ledger::{
    AccountId, CalaLedger, CalaLedgerConfig, JournalId, TransactionId,
    account::NewAccount,
    journal::NewJournal,
    tx_template::{
        NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType, Params,
    },
};
use rust_decimal::Decimal;

use crate::Engine;

struct Book {
    journal: JournalId,
    spent: AccountId,
    control: AccountId,
}

pub struct Cala {
    ledger: CalaLedger,
    books: Vec<Book>,
    /// Of this run alone: a database is run on more than once.
    template: String,
    _jobs: job::Jobs,
}

impl Cala {
    pub async fn open(url: &str, clients: usize, books: usize) -> anyhow::Result<Self> {
        let connections = u32::try_from(clients)?.clamp(4, 64);
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(connections).connect(url).await?;
        let config = CalaLedgerConfig::builder().pool(pool.clone()).exec_migrations(true).build()?;
        // Its jobs need their tables first: they come with its migrations.
        sqlx::query("select 1").execute(&pool).await?;
        let mut jobs = job::Jobs::init(job::JobSvcConfig::builder().pool(pool.clone()).build()?).await?;
        let ledger = CalaLedger::init(config, &mut jobs).await?;
        let mut made = Vec::new();
        for _ in 0..books {
            let journal = JournalId::from(uuid::Uuid::now_v7());
            ledger.journals().create(NewJournal::builder().id(journal).name("Book").build()).await?;
            let mut accounts = Vec::new();
            for name in ["Spent", "Control"] {
                let id = AccountId::from(uuid::Uuid::now_v7());
                let account = NewAccount::builder().id(id).name(name).code(format!("{name}-{id}")).build();
                ledger.accounts().create(account).await?;
                accounts.push(id);
            }
            made.push(Book { journal, spent: accounts[0], control: accounts[1] });
        }
        let template = format!("SPEND-{}", uuid::Uuid::now_v7());
        make_template(&ledger, &template).await?;
        Ok(Self { ledger, books: made, template, _jobs: jobs })
    }
}

async fn make_template(ledger: &CalaLedger, code: &str) -> anyhow::Result<()> {
    let mut params = Vec::new();
    for (name, kind) in [
        ("journal", ParamDataType::Uuid),
        ("spent", ParamDataType::Uuid),
        ("control", ParamDataType::Uuid),
        ("units", ParamDataType::Decimal),
    ] {
        params.push(NewParamDefinition::builder().name(name).r#type(kind).build()?);
    }
    let mut entries = Vec::new();
    for (entry, account, direction) in [("'SPENT'", "params.spent", "DEBIT"), ("'CONTROL'", "params.control", "CREDIT")]
    {
        entries.push(
            NewTxTemplateEntry::builder()
                .entry_type(entry)
                .account_id(account)
                .layer("SETTLED")
                .direction(direction)
                .units("params.units")
                .currency("'GBP'")
                .build()?,
        );
    }
    let transaction = NewTxTemplateTransaction::builder().effective("date()").journal_id("params.journal").build()?;
    let template = NewTxTemplate::builder()
        .id(uuid::Uuid::now_v7())
        .code(code)
        .params(params)
        .transaction(transaction)
        .entries(entries)
        .build();
    ledger.tx_templates().create(template).await?;
    Ok(())
}

impl Engine for Cala {
    async fn post(&self, book: usize, _number: u64) -> anyhow::Result<()> {
        let book = &self.books[book];
        let mut params = Params::new();
        params.insert("journal", book.journal);
        params.insert("spent", book.spent);
        params.insert("control", book.control);
        params.insert("units", Decimal::new(250, 2));
        self.ledger.post_transaction(TransactionId::from(uuid::Uuid::now_v7()), &self.template, params).await?;
        Ok(())
    }

    async fn pence(&self) -> anyhow::Result<i64> {
        let mut sum = Decimal::ZERO;
        for book in &self.books {
            let found = self.ledger.balances().find(book.journal, book.spent, "GBP".parse()?).await;
            if let Ok(balance) = found {
                sum += balance.settled();
            }
        }
        i64::try_from(sum.mantissa()).context("pence")
    }
}
