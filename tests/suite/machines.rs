//! The state machines of governance, walked exhaustively: from every state every move is tried, and what is allowed is
//! what the thing itself says is allowed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    recipes::document,
    running::refusal,
    world::World,
};

const PARENTS: [&str; 2] = ["Wigan Council", "NHS Greater Manchester"];

/// Every word of a state, as the API description lists them.
fn states(schema: &str) -> Vec<String> {
    let document = document();
    let schema = &document["components"]["schemas"][schema];
    let one = |v: &Value| v["const"].as_str().or(v["enum"][0].as_str()).map(str::to_owned);
    match schema["enum"].as_array() {
        Some(words) => words.iter().map(|w| w.as_str().unwrap().to_owned()).collect(),
        None => schema["oneOf"].as_array().unwrap().iter().filter_map(one).collect(),
    }
}

/// A machine: how a new thing is made, and how each state is reached from there.
struct Machine<'a> {
    world: &'a World,
    schema: &'a str,
    /// By state: the moves that lead there, and the moves allowed there.
    routes: BTreeMap<&'a str, (Vec<&'a str>, Vec<&'a str>)>,
}

impl Machine<'_> {
    /// `make` gives back the path of a new thing; `reach` does what no move does, where a route names it.
    async fn walk(&self, make: impl AsyncFn() -> String, reach: impl AsyncFn(&str, &str)) {
        for state in states(self.schema) {
            assert!(self.routes.contains_key(state.as_str()), "{}: nothing is said of {state}", self.schema);
        }
        self.walk_some(make, reach).await;
    }

    /// As [`Machine::walk`], of the states that have a route.
    async fn walk_some(&self, make: impl AsyncFn() -> String, reach: impl AsyncFn(&str, &str)) {
        let states = states(self.schema);
        for (state, (route, allowed)) in &self.routes {
            let bring = async || {
                let thing = make().await;
                for step in route {
                    if states.iter().any(|state| state == step) {
                        self.world.moved("wigan-clerk", &thing, step, "A test").await;
                    } else {
                        reach(&thing, step).await;
                    }
                }
                thing
            };
            let thing = bring().await;
            let told = self.world.read("wigan-clerk", &format!("{thing}/transitions")).await;
            assert_eq!((&told["state"], &told["allowed"]), (&json!(state), &json!(allowed)), "{}", self.schema);
            for to in &states {
                if allowed.contains(&to.as_str()) {
                    let moved = self.world.moved("wigan-clerk", &bring().await, to, "A test").await;
                    let last = moved["data"].as_array().unwrap().last().unwrap().clone();
                    assert_eq!(last["from"], json!(state), "{} {state} to {to}", self.schema);
                } else {
                    let refused = self.world.try_move("wigan-clerk", &thing, to, "A test").await;
                    assert_eq!(refusal(&refused), "409 transition-refused", "{} {state} to {to}", self.schema);
                    assert_eq!(refused.body["allowed"], json!(allowed), "{} {state} to {to}", self.schema);
                }
            }
        }
    }
}

#[tokio::test]
async fn every_state_allows_what_it_says_and_nothing_else() {
    let mut world = World::beginning("2026-04-13T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    let world = &world;
    let here = "/v1/boroughs/wigan";
    let live = Committee::new(world, "wigan", "A live committee", PARENTS, "2026-04-01").await;
    let mut all = rules(&live.parents);
    all["call_in"]["applies_to"] = "all_decisions".into();
    live.rules_from("2026-04-01", all).await;
    world.moved("wigan-clerk", &live.path(), "shadow", "A test").await;
    live.prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
    world.moved("wigan-clerk", &live.path(), "live", "A test").await;

    let number = std::sync::atomic::AtomicU32::new(0);
    let next = || number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let committees = Machine {
        world,
        schema: "Phase",
        routes: BTreeMap::from([
            ("proposed", (vec![], vec!["shadow", "dissolved"])),
            ("shadow", (vec!["shadow"], vec!["live", "dissolved"])),
            ("live", (vec!["shadow", "live"], vec!["dissolved"])),
            ("dissolved", (vec!["dissolved"], vec![])),
        ]),
    };
    let ready = async || {
        let name = format!("Committee {}", next());
        let committee = Committee::new(world, "wigan", &name, PARENTS, "2026-04-01").await;
        committee.rules_from("2026-04-01", rules(&committee.parents)).await;
        committee.prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
        committee.path()
    };
    committees.walk(ready, async |_, step| unreachable!("{step}")).await;

    let meetings = Machine {
        world,
        schema: "MeetingState",
        routes: BTreeMap::from([
            ("draft", (vec![], vec!["notified", "cancelled"])),
            ("notified", (vec!["notified"], vec!["in_session", "cancelled", "inquorate"])),
            ("in_session", (vec!["notified", "in_session"], vec!["adjourned", "closed", "inquorate"])),
            ("adjourned", (vec!["notified", "in_session", "adjourned"], vec!["in_session", "closed"])),
            ("closed", (vec!["notified", "in_session", "closed"], vec![])),
            ("cancelled", (vec!["cancelled"], vec![])),
            ("inquorate", (vec!["notified", "inquorate"], vec![])),
        ]),
    };
    let meeting = async || format!("{here}/meetings/{}", live.meeting("2026-04-13T09:00:00Z").await);
    meetings.walk(meeting, async |_, step| unreachable!("{step}")).await;

    let room = live.meeting("2026-04-13T09:00:00Z").await;
    let item = live.item(&room, json!({})).await;
    live.brings(&room, &["notified", "in_session"]).await;
    live.come(&room, &[0, 1, 3, 4]).await;
    let decisions = Machine {
        world,
        schema: "DecisionState",
        routes: BTreeMap::from([
            ("recorded", (vec![], vec!["published"])),
            // Waived, so that publishing it does not open it to call-in.
            ("published", (vec!["waived", "published"], vec!["effective"])),
            ("in_call_in", (vec!["published"], vec![])),
            ("called_in", (vec!["published", "called in"], vec!["confirmed", "referred_back"])),
            ("confirmed", (vec!["published", "called in", "confirmed"], vec!["effective"])),
            ("referred_back", (vec!["published", "called in", "referred_back"], vec![])),
            ("effective", (vec!["waived", "published", "effective"], vec!["implemented"])),
            ("implemented", (vec!["waived", "published", "effective", "implemented"], vec![])),
        ]),
    };
    for state in states("DecisionState") {
        assert!(decisions.routes.contains_key(state.as_str()), "nothing is said of {state}");
    }
    for (waived, of) in [
        (false, ["recorded", "in_call_in", "called_in", "confirmed", "referred_back"].as_slice()),
        (true, ["published", "effective", "implemented"].as_slice()),
    ] {
        let decision = async || {
            let motion = live.motion(&room, &item, json!({})).await;
            live.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "for")]).await;
            let mut body = Committee::decision_of(&motion);
            if waived {
                body["call_in_waiver"] = json!({"agreed_by": "Chair of scrutiny", "reason": "It lapses tomorrow"});
            }
            format!("{here}/decisions/{}", live.made("decisions", body).await)
        };
        let reach = async |thing: &str, step: &str| {
            if step == "called in" {
                let id = thing.rsplit('/').next().unwrap();
                live.made("call-ins", json!({"decision": id, "requested_by": ["A", "B", "C"], "reason": "A test"}))
                    .await;
            }
        };
        let routes = decisions.routes.iter().filter(|(state, _)| of.contains(state)).map(|(s, r)| (*s, r.clone()));
        let some = Machine { world, schema: "DecisionState", routes: routes.collect() };
        some.walk_some(decision, reach).await;
    }

    let risks = Machine {
        world,
        schema: "DueDiligenceState",
        routes: BTreeMap::from([
            ("open", (vec![], vec!["accepted", "mitigated", "closed"])),
            ("accepted", (vec!["accepted"], vec!["closed"])),
            ("mitigated", (vec!["mitigated"], vec!["closed"])),
            ("closed", (vec!["closed"], vec![])),
        ]),
    };
    let risk = async || {
        let body = json!({"subject": "A benefit", "kind": "benefit", "description": "A test", "owner": "An officer"});
        format!("{here}/due-diligence/{}", live.made("due-diligence", body).await)
    };
    risks.walk(risk, async |_, step| unreachable!("{step}")).await;

    let actions = Machine {
        world,
        schema: "ActionState",
        routes: BTreeMap::from([
            ("open", (vec![], vec!["done", "dropped"])),
            ("done", (vec!["done"], vec![])),
            ("dropped", (vec!["dropped"], vec![])),
        ]),
    };
    let action = async || {
        let body = json!({"text": "Do it", "owner": "An officer", "due_on": "2026-05-01"});
        format!("{here}/actions/{}", live.made("actions", body).await)
    };
    actions.walk(action, async |_, step| unreachable!("{step}")).await;
}
