//! What token, row-level security and context cost: the same handlers with all of the wall, with none of
//! it, and with each part missing, in turns, so that what else the machine does falls on all alike.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tenfold::tell::Step;

use crate::{
    figures::{median, per_cent_above_one, per_mille, quartiles},
    funds::YEAR,
    house::House,
    load::{Ask, Load, Outcome},
    serving::{Served, Serving},
    wall::{WALLS, Wall},
};

/// In so many turns is each figure measured.
const ROUNDS: u32 = 20;
/// The most the wall may cost, in thousandths.
const READ_AIM: u64 = 50;
const WRITE_AIM: u64 = 100;

struct Operation {
    name: &'static str,
    ask: Ask,
    aim: u64,
}

/// A database for each wall.
pub(crate) async fn databases(house: &House) -> anyhow::Result<Vec<(Wall, String)>> {
    let mut all = Vec::new();
    for wall in WALLS {
        all.push((wall, wall.database(house).await?));
    }
    Ok(all)
}

/// Measures reads and the journal post, at 1 and 16 clients.
pub(crate) async fn measure(house: &House, walls: Vec<(Wall, String)>, time: Duration) -> anyhow::Result<Value> {
    let mut served = Vec::new();
    for (wall, database) in walls {
        served.push((wall, Serving::behind(wall, house, &database)?.start().await?));
    }
    let fund = &house.funds.one;
    let operations = [
        Operation { name: "get_fund", ask: Ask::Read(fund.clone()), aim: READ_AIM },
        Operation { name: "get_position", ask: Ask::Read(format!("{fund}/years/{YEAR}/position")), aim: READ_AIM },
        Operation { name: "post_journal", ask: Ask::Post(house.funds.ten.clone()), aim: WRITE_AIM },
    ];
    let mut figures = Vec::new();
    for operation in &operations {
        for clients in [1, 16] {
            let rounds = rounds(house, &served, operation, clients, time).await?;
            figures.push(told(operation, clients, &rounds));
        }
    }
    for (_, served) in served {
        served.stop().await;
    }
    Ok(json!({
        "what": "Budgets service over HTTP, without a gateway. tax_per_cent is the median over the rounds of all the \
                 wall against none: of p50 at 1 client, of throughput at 16. Each part's is of all against all but it.",
        "rounds": ROUNDS,
        "figures": figures,
    }))
}

type Round = Vec<(Wall, Outcome)>;

async fn rounds(
    house: &House,
    served: &[(Wall, Served)],
    operation: &Operation,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Vec<Round>> {
    let step = Step::begin(&format!("{} at {clients}", operation.name), (ROUNDS + 1).into());
    let mut rounds = Vec::new();
    for number in 0..=ROUNDS {
        let token = house.token().await?;
        let mut round: Round = Vec::new();
        // Each goes first in its turn.
        for at in 0..served.len() {
            let (wall, served) = &served[(at + usize::try_from(number)?) % served.len()];
            let (base, ask) = (served.urls.budgets.clone(), operation.ask.clone());
            let load = Load { base, token: token.clone(), ask, clients };
            round.push((*wall, load.run(time / ROUNDS).await?));
        }
        step.advance();
        // The first opens connections and prepares statements.
        if number > 0 {
            rounds.push(round);
        }
    }
    step.end("measured");
    Ok(rounds)
}

/// The outcomes of a wall, round by round.
fn of<'a>(rounds: &'a [Round], name: &'a str) -> impl Iterator<Item = &'a Outcome> {
    rounds.iter().flat_map(move |round| round.iter().filter(move |(wall, _)| wall.name == name).map(|(_, o)| o))
}

/// What all of the wall costs against this much of it, in thousandths, round by round: 1000 is nothing.
fn costs(rounds: &[Round], name: &str, clients: usize) -> Vec<u64> {
    let pairs = of(rounds, "all").zip(of(rounds, name));
    let cost = |(all, less): (&Outcome, &Outcome)| {
        if clients == 1 { per_mille(all.p50(), less.p50()) } else { per_mille(less.per_second(), all.per_second()) }
    };
    pairs.map(cost).collect()
}

fn told(operation: &Operation, clients: usize, rounds: &[Round]) -> Value {
    let walls = WALLS.iter().map(|wall| {
        let p50 = median(of(rounds, wall.name).map(Outcome::p50).collect());
        let per_second = median(of(rounds, wall.name).map(Outcome::per_second).collect());
        (wall.name.to_owned(), json!({"p50_us": p50, "per_second": per_second}))
    });
    let taxes = costs(rounds, "nothing", clients);
    let tax = median(taxes.clone());
    let part = |name| per_cent_above_one(median(costs(rounds, name, clients)));
    json!({
        "operation": operation.name,
        "clients": clients,
        "tax_per_cent": per_cent_above_one(tax),
        "half_of_the_rounds_between": quartiles(taxes).map(per_cent_above_one),
        "aim_per_cent": operation.aim / 10,
        "within_aim": tax <= 1000 + operation.aim,
        "of_which_per_cent": {
            "token": part("without_token"), "rls": part("without_rls"), "context": part("without_context"),
        },
        "walls": walls.collect::<Map<_, _>>(),
    })
}
