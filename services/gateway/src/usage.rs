//! What boroughs' clients ask for, counted by client and day: the tenants service keeps it, and says who has used up a day's
//! quota.
//!
//! Counting waits for nobody. What cannot be told is told later; a gateway that is killed takes a few seconds' count with it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use auth::{Caller, Owner};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderName, Request, header},
    response::Response,
};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, Clock, day_in_england};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use web::{Problem, problems};

/// How often what was counted is told.
const EVERY: Duration = Duration::from_secs(2);
const WITHIN: Duration = Duration::from_secs(5);
/// The most clients and days that wait to be told; beyond it the newest are lost.
const WAITING_MAX: usize = 50_000;
/// The most that is told at once.
const BATCH: usize = 1_000;
/// The most the tenants service answers, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;
const ROWS: HeaderName = HeaderName::from_static("x-row-count");

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose {
    borough: BoroughId,
    client: String,
    day: NaiveDate,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    calls: u64,
    rows: u64,
    errors: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.rows += other.rows;
        self.errors += other.errors;
    }
}

/// How a borough stands with its day's quota, as the tenants service told last.
#[derive(Debug, Clone, Copy)]
struct Standing {
    day: NaiveDate,
    used: u64,
    allowed: u64,
    /// What this gateway has counted since.
    since: u64,
}

#[derive(Default)]
struct Counted {
    waiting: HashMap<Whose, Counts>,
    standing: HashMap<BoroughId, Standing>,
}

/// The count.
pub(crate) struct Usage {
    counted: Mutex<Counted>,
    clock: Clock,
}

/// A line of what is told.
#[derive(Serialize)]
struct Line<'a> {
    borough: BoroughId,
    client: &'a str,
    day: NaiveDate,
    calls: u64,
    rows: u64,
    errors: u64,
}

/// What is answered of a borough.
#[derive(Deserialize)]
struct Told {
    borough: BoroughId,
    day: NaiveDate,
    used: u64,
    allowed: u64,
}

impl Usage {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { counted: Mutex::default(), clock }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on where the caller's borough has not used up its day's quota.
    ///
    /// # Errors
    /// 429, until the day is over in England.
    pub(crate) fn within_quota(&self, caller: &Caller) -> Result<(), Problem> {
        let Owner::Borough(borough) = &caller.owner else { return Ok(()) };
        let now = self.clock.now();
        let standing = self.held().standing.get(&borough.id).copied();
        match standing {
            Some(standing)
                if standing.day == day_in_england(now) && standing.used + standing.since >= standing.allowed =>
            {
                let detail = format!(
                    "Your borough has used up its quota of {} calls for today. It begins anew at midnight; ask the platform \
                     for more.",
                    standing.allowed
                );
                Err(Problem::new(&problems::RATE_LIMITED, detail).retry_after(until_midnight(now)))
            }
            _ => Ok(()),
        }
    }

    /// Counts a call of a known caller, by its answer.
    pub(crate) fn count(&self, caller: &Caller, response: &Response) {
        let Owner::Borough(borough) = &caller.owner else { return };
        let rows = response.headers().get(ROWS).and_then(|rows| rows.to_str().ok()?.parse().ok()).unwrap_or(0);
        let errors = u64::from(response.status().is_client_error() || response.status().is_server_error());
        let whose =
            Whose { borough: borough.id, client: caller.client_id.clone(), day: day_in_england(self.clock.now()) };
        let mut counted = self.held();
        if let Some(standing) = counted.standing.get_mut(&borough.id) {
            standing.since += 1;
        }
        if counted.waiting.len() < WAITING_MAX || counted.waiting.contains_key(&whose) {
            counted.waiting.entry(whose).or_default().add(Counts { calls: 1, rows, errors });
        }
    }

    fn taken(&self) -> Vec<(Whose, Counts)> {
        let mut counted = self.held();
        let some: Vec<Whose> = counted.waiting.keys().take(BATCH).cloned().collect();
        some.into_iter().filter_map(|whose| counted.waiting.remove_entry(&whose)).collect()
    }

    fn put_back(&self, untold: Vec<(Whose, Counts)>) {
        let mut counted = self.held();
        for (whose, counts) in untold {
            counted.waiting.entry(whose).or_default().add(counts);
        }
    }

    fn hear(&self, told: Vec<Told>, calls: &HashMap<BoroughId, u64>) {
        let mut counted = self.held();
        for one in told {
            let before = counted.standing.get(&one.borough).map_or(0, |standing| standing.since);
            let since = before.saturating_sub(calls.get(&one.borough).copied().unwrap_or(0));
            let standing = Standing { day: one.day, used: one.used, allowed: one.allowed, since };
            counted.standing.insert(one.borough, standing);
        }
        let yesterday = day_in_england(self.clock.now()).pred_opt();
        counted.standing.retain(|_, standing| Some(standing.day) >= yesterday);
    }

    /// Tells the tenants service what was counted, until `stop`, and then what is left.
    pub(crate) async fn keep_telling(&self, tenants_url: &str, stop: CancellationToken) {
        let client: Client<HttpConnector, Body> =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
        let address = format!("{tenants_url}/internal/usage");
        loop {
            let stopped = tokio::time::timeout(EVERY, stop.cancelled()).await.is_ok();
            loop {
                let taken = self.taken();
                if taken.is_empty() {
                    break;
                }
                let full = taken.len() == BATCH;
                if let Err(why) = self.tell(&client, &address, &taken).await {
                    tracing::warn!(why, "what was counted could not be told to the tenants service; trying again");
                    self.put_back(taken);
                    break;
                }
                if !full {
                    break;
                }
            }
            if stopped {
                return;
            }
        }
    }

    async fn tell(
        &self,
        client: &Client<HttpConnector, Body>,
        address: &str,
        taken: &[(Whose, Counts)],
    ) -> Result<(), String> {
        let mut calls: HashMap<BoroughId, u64> = HashMap::new();
        let lines: Vec<Line<'_>> = taken
            .iter()
            .map(|(whose, counts)| {
                *calls.entry(whose.borough).or_default() += counts.calls;
                let Counts { calls, rows, errors } = *counts;
                Line { borough: whose.borough, client: &whose.client, day: whose.day, calls, rows, errors }
            })
            .collect();
        let body = serde_json::to_vec(&lines).map_err(|error| error.to_string())?;
        let request = Request::post(address).header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        let request = request.map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(WITHIN, client.request(request)).await;
        let answer = answer.map_err(|_| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(answer.status().to_string());
        }
        let bytes = to_bytes(Body::new(answer.into_body()), ANSWER_MAX).await.map_err(|error| error.to_string())?;
        let told: Vec<Told> = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        self.hear(told, &calls);
        Ok(())
    }
}

/// Seconds until the next day begins in England; an hour where that cannot be told.
fn until_midnight(now: DateTime<Utc>) -> u64 {
    let today = day_in_england(now);
    // The clocks change at one in the morning: of the coming hours, the first that is of another day.
    let minutes = (1..=25 * 60).find(|minutes| day_in_england(now + chrono::Duration::minutes(*minutes)) != today);
    minutes.and_then(|minutes| u64::try_from(minutes * 60).ok()).unwrap_or(3_600)
}

#[cfg(test)]
mod tests {
    use auth::{BoroughClaim, Mode, Role, Scopes};
    use uuid::Uuid;

    use super::*;

    fn caller() -> Caller {
        Caller {
            client_id: "borough.wigan.live.1".into(),
            owner: Owner::Borough(BoroughClaim {
                id: BoroughId(Uuid::nil()),
                slug: "wigan".parse().expect("a slug"),
                gss: "E08000010".parse().expect("a code"),
                mode: Mode::Live,
            }),
            role: Role::System,
            scopes: Scopes::default(),
            token_id: String::new(),
            issued_at: 0,
            expires_at: 0,
        }
    }

    fn answer(status: u16, rows: Option<&str>) -> Response {
        let mut response = Response::builder().status(status);
        if let Some(rows) = rows {
            response = response.header(ROWS, rows);
        }
        response.body(Body::empty()).expect("a response")
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn what_is_counted_is_told_once_and_kept_where_it_could_not_be() {
        let usage = Usage::new(Clock::set_to(at("2026-11-22T23:30:00Z")));
        usage.count(&caller(), &answer(200, Some("17")));
        usage.count(&caller(), &answer(422, None));
        let taken = usage.taken();
        assert_eq!(taken[0].1, Counts { calls: 2, rows: 17, errors: 1 });
        assert!(usage.taken().is_empty());
        usage.count(&caller(), &answer(503, None));
        usage.put_back(taken);
        assert_eq!(usage.taken()[0].1, Counts { calls: 3, rows: 17, errors: 2 });
    }

    #[test]
    fn a_quota_that_is_used_up_holds_until_the_day_is_over() {
        let clock = Clock::set_to(at("2026-06-30T22:30:00Z"));
        let usage = Usage::new(clock.clone());
        let today = "2026-06-30".parse().expect("a day");
        let told = |used| vec![Told { borough: BoroughId(Uuid::nil()), day: today, used, allowed: 10 }];
        assert!(usage.within_quota(&caller()).is_ok(), "nothing is known yet");
        usage.hear(told(8), &HashMap::new());
        assert!(usage.within_quota(&caller()).is_ok());
        usage.count(&caller(), &answer(200, None));
        usage.count(&caller(), &answer(200, None));
        let over = usage.within_quota(&caller()).expect_err("8 told and 2 since");
        assert_eq!(over.status(), 429);
        // What is told is no longer since.
        usage.hear(told(9), &[(BoroughId(Uuid::nil()), 2)].into());
        assert!(usage.within_quota(&caller()).is_ok());
        usage.hear(told(10), &HashMap::new());
        assert!(usage.within_quota(&caller()).is_err());
        assert_eq!(until_midnight(clock.now()), 1_800, "midnight in England, in summer");
        clock.move_to(at("2026-06-30T23:00:00Z"));
        assert!(usage.within_quota(&caller()).is_ok(), "another day");
    }
}
