//! What the gateway adds: the same read through it and past it, in turns.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tenfold::tell::Step;

use crate::{
    figures::median,
    house::House,
    load::{Ask, Load, Outcome},
    serving::Served,
};

const ROUNDS: u32 = 20;
/// The most it may add to the middle answer.
const AIM_US: u64 = 150;

/// Measures it at one client.
pub(crate) async fn measure(house: &House, served: &Served, time: Duration) -> anyhow::Result<Value> {
    let gateway = served.urls.gateway.as_ref().context("a gateway was asked for")?;
    let step = Step::begin("gateway at 1", (ROUNDS + 1).into());
    let mut rounds: Vec<(Outcome, Outcome)> = Vec::new();
    for number in 0..=ROUNDS {
        let token = house.token().await?;
        let ask = Ask::Read(house.funds.one.clone());
        let load = |base: &String| Load { base: base.clone(), token: token.clone(), ask: ask.clone(), clients: 1 };
        let slice = time * 2 / ROUNDS;
        let direct = load(&served.urls.budgets).run(slice).await?;
        let through = load(gateway).run(slice).await?;
        step.advance();
        if number > 0 {
            rounds.push((direct, through));
        }
    }
    step.end("measured");
    let added = |of: fn(&Outcome) -> u64| {
        median(rounds.iter().map(|(direct, through)| of(through).saturating_sub(of(direct))).collect())
    };
    let each = |of: fn(&Outcome) -> u64, through: bool| {
        median(rounds.iter().map(|round| of(if through { &round.1 } else { &round.0 })).collect())
    };
    Ok(json!({
        "what": "GET of a fund, 1 client, one kept-alive connection, in turns; service and gateway in one process. \
                 Added is the median over the rounds.",
        "rounds": ROUNDS,
        "added_p50_us": added(Outcome::p50),
        "aim_us": AIM_US,
        "within_aim": added(Outcome::p50) <= AIM_US,
        "direct": {"p50_us": each(Outcome::p50, false), "p99_us": each(Outcome::p99, false)},
        "through_gateway": {"p50_us": each(Outcome::p50, true), "p99_us": each(Outcome::p99, true)},
    }))
}
