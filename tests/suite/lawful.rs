//! Whatever is asked for, in whatever order: no shadow committee binds, no inquorate or conflicted vote carries, no
//! decision takes effect inside its call-in, no money moves twice on one decision.
//!
//! Random calls against the API, checked against a small model that is told only what was answered.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use chrono::{Days, NaiveDate};
use domain::{Calendar, day_in_england};
use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    running::{key, send},
    world::World,
};

const PARENTS: [&str; 2] = ["Wigan Council", "NHS Greater Manchester"];
const SEQUENCES: u32 = 20;
const STEPS: usize = 90;

/// A committee's afternoon, as the model knows it.
struct Afternoon<'a> {
    committee: &'a Committee<'a>,
    live: bool,
    meeting: String,
    item: String,
    fund: String,
    /// Who is there: seat to stay.
    there: HashMap<usize, String>,
    /// Who declared an interest: seat to declaration, and whether a ruling lets them vote.
    declared: HashMap<usize, (String, bool)>,
    motions: Vec<String>,
    /// Those that were carried.
    passed: Vec<String>,
    /// The open vote: its motion, its path, and who could vote when it opened.
    open: Option<(String, String, HashSet<usize>)>,
    decisions: Vec<String>,
    called_in: HashSet<String>,
    confirmed: HashSet<String>,
    spent: HashMap<String, u32>,
    carried: usize,
    void: usize,
}

impl Afternoon<'_> {
    fn world(&self) -> &World {
        self.committee.world
    }

    fn today(&self) -> NaiveDate {
        day_in_england(self.world().clock.now())
    }

    async fn post(&self, path: &str, body: Value) -> (bool, Value) {
        let path = format!("{}/{path}", self.committee.here);
        let answer = self.world().post("wigan-clerk", &path, &body).await;
        assert!(answer.status.as_u16() < 500, "{path} {body}: {}", answer.body);
        (answer.status.is_success(), answer.body)
    }

    /// Those who count, by the model: there, and not conflicted.
    fn entitled(&self) -> HashSet<usize> {
        let conflicted = |seat: &usize| self.declared.get(seat).is_some_and(|(_, may)| !may);
        self.there.keys().copied().filter(|seat| !conflicted(seat)).collect()
    }

    fn quorate(entitled: &HashSet<usize>) -> bool {
        let council = entitled.iter().filter(|seat| **seat < 3).count();
        entitled.len() >= 4 && council >= 2 && entitled.len() - council >= 2
    }

    async fn step(&mut self, what: u8, which: usize, how: u8) {
        // Time goes on: nothing happens at the same instant as something else.
        self.world().clock.move_to(self.world().clock.now() + chrono::Duration::seconds(1));
        let seat = self.committee.seats[which % 6].clone();
        let number = which % 6;
        let motion = self.motions.get(which % self.motions.len().max(1)).cloned();
        let decision = self.decisions.get(which % self.decisions.len().max(1)).cloned();
        let meeting = self.meeting.clone();
        match what {
            0..=4 => {
                let body = json!({"person": seat.person, "seat": seat.id, "capacity": "member"});
                let (done, made) = self.post(&format!("meetings/{meeting}/attendances"), body).await;
                if done {
                    self.there.insert(number, made["id"].as_str().unwrap().to_owned());
                }
            }
            5 if how.is_multiple_of(2) => {
                if let Some(stay) = self.there.get(&number).cloned() {
                    let (done, _) =
                        self.post(&format!("meetings/{meeting}/attendances/{stay}/departures"), json!({})).await;
                    assert!(done);
                    self.there.remove(&number);
                }
            }
            6 if how.is_multiple_of(2) => {
                let body = json!({"item": self.item, "person": seat.person, "nature": "An interest", "action": "stay"});
                let (done, made) = self.post(&format!("meetings/{meeting}/declarations"), body).await;
                if done {
                    self.declared.insert(number, (made["id"].as_str().unwrap().to_owned(), false));
                }
            }
            7..=9 => {
                if let Some((declaration, _)) = self.declared.get(&number).cloned() {
                    let may = ["vote", "vote", "vote", "speak", "neither"][usize::from(how) % 5];
                    let body = json!({"kind": "chairs_ruling", "may": may, "by_whom": "The chair", "reason": "A test"});
                    let (done, _) =
                        self.post(&format!("meetings/{meeting}/declarations/{declaration}/rulings"), body).await;
                    assert!(done);
                    self.declared.insert(number, (declaration, may == "vote"));
                }
            }
            10 => self.moves_a_motion(&seat.person, how).await,
            11..=14 => {
                // Mostly a new motion; now and then one that may be settled, or being voted on.
                if !how.is_multiple_of(4) {
                    self.moves_a_motion(&seat.person, how).await;
                }
                let Some(motion) = (if how.is_multiple_of(4) { motion } else { self.motions.last().cloned() }) else {
                    return;
                };
                let (done, made) =
                    self.post(&format!("motions/{motion}/vote-events"), json!({"method": "roll_call"})).await;
                let entitled = self.entitled();
                if done {
                    assert!(Self::quorate(&entitled), "a vote was opened without a quorum: {entitled:?}");
                    let path = format!("motions/{motion}/vote-events/{}", made["id"].as_str().unwrap());
                    self.open = Some((motion, path, entitled));
                }
            }
            15..=18 => {
                let Some((_, _, at_open)) = self.open.clone() else { return };
                // Everybody entitled, mostly; and now and then whoever it is.
                let seats: Vec<usize> = if how < 200 { at_open.into_iter().collect() } else { vec![number] };
                self.votes(&seats, how).await;
            }
            19..=21 => {
                if let Some((_, _, at_open)) = self.open.clone().filter(|_| !how.is_multiple_of(4)) {
                    self.votes(&at_open.into_iter().collect::<Vec<_>>(), how).await;
                }
                self.close().await;
            }
            22..=24 => {
                let last = self.passed.last().cloned().filter(|_| !how.is_multiple_of(4));
                let Some(motion) = last.or(motion) else { return };
                self.decides(&motion).await;
            }
            25..=27 => {
                let all =
                    ["published", "published", "published", "effective", "implemented", "confirmed", "in_call_in"];
                let to = all[usize::from(how) % all.len()];
                if let Some(decision) = decision {
                    self.moves(&decision, to).await;
                }
            }
            28 => {
                let Some(decision) = decision else { return };
                let body = json!({"decision": decision, "requested_by": ["A", "B", "C"], "reason": "A test"});
                if self.post("call-ins", body).await.0 {
                    self.called_in.insert(decision);
                }
            }
            29 => {
                let Some(decision) = decision else { return };
                self.spend(&decision).await;
            }
            _ => {
                let hours = i64::from(how) % 12;
                let now = self.world().clock.now() + chrono::Duration::hours(hours);
                self.world().clock.move_to(now);
            }
        }
        self.check_decisions().await;
    }

    async fn moves_a_motion(&mut self, person: &str, how: u8) {
        let mut body = json!({"meeting": self.meeting, "agenda_item": self.item, "text": "A motion", "outcome": "approved",
            "mover": person});
        if !how.is_multiple_of(3) {
            body["money"] = json!({"fund": self.fund, "amount_pence": 1_000});
        }
        let (done, made) = self.post("motions", body).await;
        if done {
            self.motions.push(made["id"].as_str().unwrap().to_owned());
        }
    }

    async fn votes(&self, seats: &[usize], how: u8) {
        let Some((_, path, at_open)) = &self.open else { return };
        let choice =
            |seat: usize| ["for", "for", "for", "for", "for", "against", "abstain"][(usize::from(how) + seat) % 7];
        let votes: Vec<Value> =
            seats.iter().map(|seat| json!({"seat": self.committee.seats[*seat].id, "choice": choice(*seat)})).collect();
        let (done, body) = self.post(&format!("{path}/votes"), json!({"votes": votes})).await;
        assert_eq!(done, seats.iter().all(|seat| at_open.contains(seat)), "{body}");
    }

    async fn close(&mut self) {
        let Some((motion, path, at_open)) = self.open.clone() else { return };
        let full = format!("{}/{path}/closings", self.committee.here);
        let body = json!({"reason": "A test"});
        let answer = self.world().post_at("wigan-clerk", &full, "\"1\"", &body).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        self.open = None;
        let at_close = self.entitled();
        let counted: HashSet<usize> = answer.body["counted"]
            .as_array()
            .unwrap()
            .iter()
            .map(|vote| self.committee.seats.iter().position(|seat| vote["seat"] == json!(seat.id)).unwrap())
            .collect();
        let both: HashSet<usize> = at_open.intersection(&at_close).copied().collect();
        assert!(counted.is_subset(&both), "{counted:?} were counted of {both:?}");
        match answer.body["outcome"].as_str().unwrap() {
            "carried" => {
                assert!(Self::quorate(&at_open) && Self::quorate(&at_close), "carried without a quorum: {motion}");
                let total = &answer.body["total"];
                assert!(total["for"].as_u64() > total["against"].as_u64(), "{total}");
                self.carried += 1;
                self.passed.push(motion);
            }
            "void" => {
                assert!(!Self::quorate(&at_close));
                self.void += 1;
            }
            _ => {}
        }
    }

    async fn decides(&mut self, motion: &str) {
        let (done, made) = self.post("decisions", Committee::decision_of(motion)).await;
        if done {
            assert!(self.live, "a shadow committee bound somebody: {made}");
            self.decisions.push(made["id"].as_str().unwrap().to_owned());
        }
    }

    async fn moves(&mut self, decision: &str, to: &str) {
        let path = format!("{}/decisions/{decision}", self.committee.here);
        let answer = self.world().try_move("wigan-clerk", &path, to, "A test").await;
        assert!(answer.status.as_u16() < 500);
        if answer.status.is_success() && to == "confirmed" {
            self.confirmed.insert(decision.to_owned());
        }
    }

    async fn spend(&mut self, decision: &str) {
        let before = self.world().read("wigan-clerk", &format!("{}/decisions/{decision}", self.committee.here)).await;
        let day = self.today().to_string();
        let journal = json!({"effective_on": day, "period": 13, "narrative": "A test", "decision_id": decision, "postings": [
            {"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 1_000},
            {"account": "9000", "layer": "actual", "amount_pence": -1_000}]});
        let path = format!("{}/funds/{}/journals", self.committee.here, self.fund);
        let answer = self.world().post("wigan-finance", &path, &journal).await;
        assert!(answer.status.as_u16() < 500, "{}", answer.body);
        if answer.status.is_success() {
            assert!(["effective", "implemented"].iter().any(|s| before["state"] == *s), "moved by {before}");
            *self.spent.entry(decision.to_owned()).or_default() += 1;
        }
    }

    /// What is effective may be: its call-in is over, and whoever called it in has been answered.
    async fn check_decisions(&self) {
        let calendar = Calendar::england_and_wales();
        for decision in &self.decisions {
            let found =
                self.world().read("wigan-clerk", &format!("{}/decisions/{decision}", self.committee.here)).await;
            if found["state"] != "effective" && found["state"] != "implemented" {
                continue;
            }
            if self.called_in.contains(decision) {
                assert!(self.confirmed.contains(decision), "it was called in, and nobody confirmed it: {found}");
                continue;
            }
            let published: NaiveDate = found["published_on"].as_str().unwrap().parse().unwrap();
            let free = calendar.after(calendar.after(published, 5).unwrap(), 1).unwrap();
            assert!(self.today() >= free, "effective on {}, inside its call-in: {found}", self.today());
        }
        assert!(self.spent.values().all(|times| *times <= 1), "money moved twice on one decision");
    }
}

/// A fund with open years and accounts.
pub(crate) async fn fund(world: &World) -> String {
    let here = "/v1/boroughs/wigan";
    let host = world.until("wigan-finance", &format!("{here}/organisations"), |f| f["data"][0]["id"].is_string()).await;
    let draft = json!({"name": "A fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": host["data"][0]["id"], "source": "A test"});
    let mut made = world.post("wigan-finance", &format!("{here}/funds"), &draft).await;
    for _ in 0..100 {
        if made.status.is_success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        made = world.post("wigan-finance", &format!("{here}/funds"), &draft).await;
    }
    let fund = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("{here}/funds/{fund}");
    for year in ["2026-27", "2027-28"] {
        world.done("wigan-finance", &format!("{path}/years"), json!({"year": year})).await;
    }
    let scheme = json!({"code": "ICES", "name": "Equipment", "category": "community_health", "source": "nhs"});
    world.done("wigan-finance", &format!("{path}/schemes"), scheme).await;
    for (code, kind) in [("5100", "expenditure"), ("9000", "balance")] {
        world
            .done("wigan-finance", &format!("{path}/accounts"), json!({"code": code, "name": code, "kind": kind}))
            .await;
    }
    fund
}

#[test]
fn no_sequence_of_calls_is_unlawful() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut world = runtime.block_on(World::beginning("2026-04-13T09:00:00Z"));
    runtime.block_on(async {
        world.region("greater-manchester", "Greater Manchester").await;
        world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    });
    let world = &world;
    let (live, shadow, fund) = runtime.block_on(async {
        let mut made = Vec::new();
        for name in ["Live committee", "Shadow committee"] {
            let committee = Committee::new(world, "wigan", name, PARENTS, "2026-04-01").await;
            let mut rules = rules(&committee.parents);
            rules["call_in"]["applies_to"] = "all_decisions".into();
            committee.rules_from("2026-04-01", rules).await;
            world.moved("wigan-clerk", &committee.path(), "shadow", "A test").await;
            made.push(committee);
        }
        made[0].prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
        world.moved("wigan-clerk", &made[0].path(), "live", "A test").await;
        let shadow = made.pop().unwrap();
        (made.pop().unwrap(), shadow, fund(world).await)
    });
    // The same sequences each time, so that what fails can be looked at again.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: SEQUENCES, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let [carried, void, decided, moved] = [const { Cell::new(0) }; 4];
    let add = |to: &Cell<usize>, more: usize| to.set(to.get() + more);
    let steps = vec((0u8..31, any::<usize>(), any::<u8>()), STEPS);
    runner
        .run(&(0u8..4, steps), |(kind, steps)| {
            let of_live = kind > 0;
            let committee = if of_live { &live } else { &shadow };
            let told = runtime.block_on(async {
                let today = day_in_england(world.clock.now()) + Days::new(1);
                world.becomes(&format!("{today}T09:00:00Z"));
                let meeting = committee.meeting(&format!("{today}T09:00:00Z")).await;
                let item = committee.item(&meeting, json!({})).await;
                committee.brings(&meeting, &["notified", "in_session"]).await;
                let mut afternoon = Afternoon {
                    committee,
                    live: of_live,
                    meeting,
                    item,
                    fund: fund.clone(),
                    there: HashMap::new(),
                    declared: HashMap::new(),
                    motions: Vec::new(),
                    passed: Vec::new(),
                    open: None,
                    decisions: Vec::new(),
                    called_in: HashSet::new(),
                    confirmed: HashSet::new(),
                    spent: HashMap::new(),
                    carried: 0,
                    void: 0,
                };
                // Most have come before the first word is said.
                for seat in 0..6 {
                    afternoon.step(0, seat, 0).await;
                }
                for (what, which, how) in steps {
                    afternoon.step(what, which, how).await;
                }
                afternoon
            });
            add(&carried, told.carried);
            add(&void, told.void);
            // What is due after call-in takes effect once, and its money moves once however often it is asked for.
            runtime.block_on(async {
                let mut told = told;
                told.close().await;
                // Whatever was carried is recorded now, or has been, or cannot be.
                for motion in told.passed.clone() {
                    told.decides(&motion).await;
                }
                for decision in told.decisions.clone() {
                    told.moves(&decision, "published").await;
                }
                world.clock.move_to(world.clock.now() + chrono::Duration::days(16));
                for decision in told.decisions.clone() {
                    if told.called_in.contains(&decision) {
                        continue;
                    }
                    let path = format!("{}/decisions/{decision}", committee.here);
                    let done = |found: &Value| found["state"] == "effective" || found["state"] == "implemented";
                    world.until("wigan-clerk", &path, done).await;
                    let history = world.read("wigan-clerk", &format!("{path}/transitions")).await;
                    let times = history["data"].as_array().unwrap().iter().filter(|m| m["to"] == "effective").count();
                    assert_eq!(times, 1, "{history}");
                    for _ in 0..3 {
                        told.spend(&decision).await;
                    }
                }
                told.check_decisions().await;
                add(&decided, told.decisions.len());
                add(&moved, told.spent.len());
            });
            Ok(())
        })
        .unwrap();
    let [carried, void, decided, moved] = [carried, void, decided, moved].map(|count| count.get());
    println!(
        "{SEQUENCES} sequences of {STEPS} calls: {carried} carried, {void} void, {decided} decided, {moved} moved money"
    );
    assert!(carried > 5 && decided > 3 && moved > 0, "too little happened: {carried} {decided} {moved}");
}

/// Two closings, two decisions, and two call-ins at once: one of each.
#[tokio::test]
async fn what_is_asked_for_twice_at_once_is_done_once() {
    let mut world = World::beginning("2026-04-13T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    let committee = Committee::new(&world, "wigan", "A committee", PARENTS, "2026-04-01").await;
    let mut all = rules(&committee.parents);
    all["call_in"]["applies_to"] = "all_decisions".into();
    committee.rules_from("2026-04-01", all).await;
    world.moved("wigan-clerk", &committee.path(), "shadow", "A test").await;
    committee.prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
    world.moved("wigan-clerk", &committee.path(), "live", "A test").await;
    let meeting = committee.meeting("2026-04-13T09:00:00Z").await;
    let item = committee.item(&meeting, json!({})).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let motion = committee.motion(&meeting, &item, json!({})).await;
    let client = world.as_("wigan-clerk");
    let at_once = async |path: String, version: Option<&'static str>, body: Value| {
        let mut statuses = Vec::new();
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (client, path, body) = (client.clone(), path.clone(), body.clone());
            running.spawn(async move {
                let key = key();
                let mut headers = vec![("idempotency-key", key.as_str())];
                headers.extend(version.map(|version| ("if-match", version)));
                send(&client, Method::POST, &path, &headers, Some(&body)).await.status.as_u16()
            });
        }
        while let Some(status) = running.join_next().await {
            statuses.push(status.unwrap());
        }
        assert!(statuses.iter().all(|s| *s < 500), "{path}: {statuses:?}");
        statuses.iter().filter(|s| **s < 300).count()
    };
    let here = &committee.here;
    assert_eq!(at_once(format!("{here}/motions/{motion}/vote-events"), None, json!({"method": "roll_call"})).await, 1);
    let events = world.read("wigan-clerk", &format!("{here}/motions/{motion}/vote-events")).await;
    let event = format!("{here}/motions/{motion}/vote-events/{}", events["data"][0]["id"].as_str().unwrap());
    committee.votes(&event, &[(0, "for"), (1, "for"), (3, "for"), (4, "for")]).await;
    assert_eq!(at_once(format!("{event}/closings"), Some("\"1\""), json!({"reason": "A test"})).await, 1);
    assert_eq!(at_once(format!("{here}/decisions"), None, Committee::decision_of(&motion)).await, 1);
    let decisions = world.read("wigan-clerk", &format!("{here}/decisions")).await;
    let decision = decisions["data"][0]["id"].as_str().unwrap().to_owned();
    let moves = format!("{here}/decisions/{decision}/transitions");
    assert_eq!(at_once(moves, Some("\"1\""), json!({"to": "published", "reason": "A test"})).await, 1);
    let call_in = json!({"decision": decision, "requested_by": ["A", "B", "C"], "reason": "A test"});
    assert_eq!(at_once(format!("{here}/call-ins"), None, call_in).await, 1);
}
