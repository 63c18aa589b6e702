//! A load: so many clients, each with a connection of its own, each asking again as soon as it is answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Barrier;

use crate::{
    figures::{median, p99, per_second},
    funds::{IN_A_BULK, Ledger, bulk, one},
    wire::Wire,
};

/// What is asked.
#[derive(Clone)]
pub(crate) enum Ask {
    /// A path, read.
    Read(String),
    /// A journal, posted to each of these funds in turn.
    Post(Vec<String>),
    /// Bulks of journals, posted to each of these funds in turn.
    Bulk(Vec<String>),
}

/// Who asks, and where.
#[derive(Clone)]
pub(crate) struct Load {
    /// `http://host:port`.
    pub(crate) base: String,
    /// The access token.
    pub(crate) token: String,
    /// What is asked.
    pub(crate) ask: Ask,
    /// How many ask at once.
    pub(crate) clients: usize,
}

/// What came of a load.
#[derive(Default, Clone)]
pub(crate) struct Outcome {
    latencies: Vec<u64>,
    micros: u64,
    /// What was acknowledged, before the clock ran too.
    pub(crate) posted: Ledger,
}

impl Outcome {
    pub(crate) fn p50(&self) -> u64 {
        median(self.latencies.clone())
    }

    pub(crate) fn p99(&self) -> u64 {
        p99(self.latencies.clone())
    }

    pub(crate) fn per_second(&self) -> u64 {
        per_second(self.latencies.len() as u64, self.micros)
    }
}

/// Every load's posts have keys of their own.
static LOADS: AtomicU64 = AtomicU64::new(0);

/// Asks before the clock runs, so that connections are there.
const UNTIMED: u64 = 3;

impl Load {
    /// Runs it, on a thread of its own.
    pub(crate) async fn run(self, time: Duration) -> anyhow::Result<Outcome> {
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.all(time))
        })
        .await?
    }

    async fn all(self, time: Duration) -> anyhow::Result<Outcome> {
        let load = LOADS.fetch_add(1, Ordering::Relaxed);
        let ready = Arc::new(Barrier::new(self.clients));
        let clients: Vec<_> = (0..self.clients)
            .map(|number| {
                let client = Client { load: self.clone(), key: format!("load-{load:06}-{number:03}"), turn: number };
                tokio::spawn(client.run(time, ready.clone()))
            })
            .collect();
        let mut whole = Outcome::default();
        for client in clients {
            let own = client.await??;
            whole.latencies.extend(own.latencies);
            whole.micros = whole.micros.max(own.micros);
            whole.posted.add(own.posted);
        }
        Ok(whole)
    }
}

struct Client {
    load: Load,
    key: String,
    turn: usize,
}

impl Client {
    async fn run(self, time: Duration, ready: Arc<Barrier>) -> anyhow::Result<Outcome> {
        let mut wire = Wire::connect(&self.load.base).await?;
        let mut own = Outcome::default();
        let mut request = Vec::with_capacity(4096);
        for n in 0..UNTIMED {
            self.once(n, &mut wire, &mut request, &mut own.posted).await?;
        }
        ready.wait().await;
        let began = Instant::now();
        let mut n = UNTIMED;
        while began.elapsed() < time {
            let sent = Instant::now();
            self.once(n, &mut wire, &mut request, &mut own.posted).await?;
            own.latencies.push(micros(sent.elapsed()));
            n += 1;
        }
        own.micros = micros(began.elapsed());
        Ok(own)
    }

    async fn once(&self, n: u64, wire: &mut Wire, request: &mut Vec<u8>, posted: &mut Ledger) -> anyhow::Result<()> {
        use std::io::Write;
        let token = &self.load.token;
        request.clear();
        match &self.load.ask {
            Ask::Read(path) => {
                write!(request, "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n")?;
                wire.ask(request, 200).await
            }
            Ask::Post(funds) | Ask::Bulk(funds) => {
                let fund = &funds[(self.turn + usize::try_from(n)?) % funds.len()];
                let pence = 1 + i64::try_from(n % 997)?;
                let (below, body, made, status) = match &self.load.ask {
                    Ask::Bulk(_) => ("journals/bulk", bulk(pence), IN_A_BULK, 200),
                    _ => ("journals", one(pence), 1, 201),
                };
                let key = &self.key;
                write!(
                    request,
                    "POST {fund}/{below} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
                     content-type: application/json\r\nidempotency-key: {key}-{n:09}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )?;
                wire.ask(request, status).await?;
                posted.add(Ledger { journals: made, pence: made * pence });
                Ok(())
            }
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
