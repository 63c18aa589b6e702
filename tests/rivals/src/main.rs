//! How many journals of two lines a second other ledgers' engines post, called in process: no HTTP, no tokens, no
//! row-level security, no audit. `rivals ENGINE DATABASE_URL CLIENTS SECONDS BOOKS` prints one JSON document.

mod cala;
mod double_entry;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::json;

/// An engine with so many books to post to.
trait Engine: Send + Sync + 'static {
    /// Posts £2.50 to a book, as the journal of that number.
    fn post(&self, book: usize, number: u64) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// What its books come to, in pence.
    fn pence(&self) -> impl Future<Output = anyhow::Result<i64>> + Send;
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let mut word = |name: &str| words.next().with_context(|| format!("{name} is missing"));
    let (engine, url) = (word("the engine")?, word("the database's address")?);
    let (clients, seconds, books) =
        (word("how many clients")?.parse()?, word("how many seconds")?.parse()?, word("how many books")?.parse()?);
    match engine.as_str() {
        "cala-ledger" => {
            measure(
                cala::Cala::open(url.split(',').next().unwrap_or_default(), clients, books).await?,
                &engine,
                clients,
                seconds,
                books,
            )
            .await
        }
        "doubleentry" => measure(double_entry::Books::open(&url).await?, &engine, clients, seconds, books).await,
        other => bail!("{other} is no engine known here"),
    }
}

async fn measure<E: Engine>(engine: E, name: &str, clients: usize, seconds: u64, books: usize) -> anyhow::Result<()> {
    let before = engine.pence().await?;
    let (engine, number) = (Arc::new(engine), Arc::new(AtomicU64::new(0)));
    // Connections are opened and statements prepared before the clock runs.
    run(&engine, &number, clients, books, Duration::from_millis(500)).await?;
    let (posted, refused, took) = run(&engine, &number, clients, books, Duration::from_secs(seconds)).await?;
    let written = engine.pence().await? - before;
    let all = i64::try_from(number.load(Ordering::SeqCst))?;
    anyhow::ensure!(written <= all * 250, "more was written than was asked for");
    println!(
        "{}",
        json!({"engine": name, "clients": clients, "books": books, "posted": posted, "refused": refused,
            "per_second": u64::try_from(u128::from(posted) * 1_000_000 / took.as_micros().max(1))?})
    );
    Ok(())
}

async fn run<E: Engine>(
    engine: &Arc<E>,
    number: &Arc<AtomicU64>,
    clients: usize,
    books: usize,
    time: Duration,
) -> anyhow::Result<(u64, u64, Duration)> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (engine, number) = (engine.clone(), number.clone());
            tokio::spawn(async move {
                let (mut posted, mut refused, mut book) = (0u64, 0u64, client);
                while began.elapsed() < time {
                    book = (book + 1) % books;
                    match engine.post(book, number.fetch_add(1, Ordering::SeqCst)).await {
                        Ok(()) => posted += 1,
                        // Engines that leave conflicts between writers to their caller.
                        Err(error) if refused < 1_000_000 => {
                            if refused == 0 && posted == 0 {
                                eprintln!("{error:#}");
                            }
                            refused += 1;
                        }
                        Err(error) => return Err(error),
                    }
                }
                Ok((posted, refused))
            })
        })
        .collect();
    let (mut posted, mut refused) = (0, 0);
    for task in tasks {
        let (done, not) = task.await??;
        posted += done;
        refused += not;
    }
    Ok((posted, refused, began.elapsed()))
}
