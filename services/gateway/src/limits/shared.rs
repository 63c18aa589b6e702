//! The count all gateways share, in Redis: one script, one round trip, one slot a tenant.
//!
//! A failure takes Redis out of the way at once; it is tried again two seconds later, by nobody's request.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use arc_swap::ArcSwapOption;
use auth::{Caller, Owner};
use redis::{AsyncConnectionConfig, Client, Script, aio::MultiplexedConnection};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use web::telemetry::measures;

use super::{Left, Whose};
use crate::settings::{Rates, Settings};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// GCRA over one or two keys, all or none, by the server's clock.
///
/// Answers which key refused (0: none), how long to wait in microseconds, and what is left of each.
const GCRA: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local arrivals, answer = {}, {0, 0}
for i, key in ipairs(KEYS) do
  local every, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local arrival = math.max(tonumber(redis.call('GET', key) or '0'), now) + every
  local early = arrival - now - burst * every
  if early > 0 and answer[1] == 0 then answer[1] = i; answer[2] = early end
  arrivals[i] = arrival
  answer[2 + i] = math.max(math.floor(-early / every), 0)
end
if answer[1] == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000) + 1000)
  end
end
return answer
";

struct Link {
    connection: ArcSwapOption<MultiplexedConnection>,
    broken: Notify,
}

pub(super) struct Shared {
    link: Arc<Link>,
    script: Script,
    rates: Rates,
    answers_within: Duration,
}

impl Shared {
    /// The count kept at `url`: `redis://host:port`, or `redis+unix:///path`.
    pub(super) fn at(url: &str, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<Self> {
        let client = Client::open(url)
            .context("TENFOLD_REDIS_URL is not an address of Redis (redis://host:port, or unix:///socket)")?;
        let link = Arc::new(Link { connection: ArcSwapOption::empty(), broken: Notify::new() });
        let answers_within = settings.redis_answers_within;
        tokio::spawn(keep_linked(client, link.clone(), answers_within, stop.clone()));
        Ok(Self { link, script: Script::new(GCRA), rates: settings.rates, answers_within })
    }

    /// Whether Redis is there just now.
    pub(super) fn is_linked(&self) -> bool {
        self.link.connection.load().is_some()
    }

    /// As `Local::take`; `None` where Redis did not say.
    pub(super) async fn take(&self, caller: &Caller) -> Option<[Option<(Whose, Left)>; 2]> {
        let held = self.link.connection.load_full()?;
        let mut connection = MultiplexedConnection::clone(&held);
        let tenant = tenant(&caller.owner);
        let mut ask = self.script.prepare_invoke();
        ask.key(format!("tenfold:{{{tenant}}}:rate:client:{}", caller.client_id));
        ask.arg(1_000_000 / self.rates.client.per_second).arg(self.rates.client.burst.get());
        let is_borough = matches!(caller.owner, Owner::Borough(_));
        if is_borough {
            ask.key(format!("tenfold:{{{tenant}}}:rate:borough"));
            ask.arg(1_000_000 / self.rates.borough.per_second).arg(self.rates.borough.burst.get());
        }
        let asked = tokio::time::timeout(self.answers_within, ask.invoke_async::<Vec<i64>>(&mut connection)).await;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return self.broke(&held, &error.to_string()),
            Err(_) => return self.broke(&held, "it did not answer in time"),
        };
        let [refused, wait, client, rest @ ..] = answer.as_slice() else {
            return self.broke(&held, "it answered something else");
        };
        let left = |remaining: i64, index: i64| Left {
            remaining: u32::try_from(remaining).unwrap_or_default(),
            wait: (*refused == index).then(|| Duration::from_micros(wait.unsigned_abs())),
        };
        let borough = rest.first().map(|remaining| (Whose::Borough, left(*remaining, 2)));
        Some([Some((Whose::Client, left(*client, 1))), borough])
    }

    /// Takes the link away that failed, unless another is there already.
    fn broke<T>(&self, held: &Arc<MultiplexedConnection>, why: &str) -> Option<T> {
        let before = self.link.connection.compare_and_swap(held, None);
        if before.as_ref().is_some_and(|b| Arc::ptr_eq(b, held)) {
            tracing::warn!(why, "Redis does not keep the limits just now; each gateway counts alone");
            self.link.broken.notify_one();
        }
        None
    }
}

/// A tenant's keys share a slot: its name stands in braces.
fn tenant(owner: &Owner) -> String {
    match owner {
        Owner::Borough(own) => own.id.to_string(),
        Owner::Partner(own) => format!("partner:{}", own.ods),
        Owner::Region(own) => format!("region:{}", own.slug),
        Owner::Platform => "platform".to_owned(),
    }
}

async fn keep_linked(client: Client, link: Arc<Link>, answers_within: Duration, stop: CancellationToken) {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(answers_within));
    let keep = async {
        loop {
            match client.get_multiplexed_async_connection_with_config(&config).await {
                Ok(connection) => {
                    tracing::info!("Redis keeps the limits");
                    link.connection.store(Some(Arc::new(connection)));
                    measures::redis_up(true);
                    link.broken.notified().await;
                    measures::redis_up(false);
                }
                Err(error) => {
                    measures::redis_up(false);
                    tracing::debug!(%error, "Redis is out of reach");
                }
            }
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep => {}
    }
}
