//! Refusals that belong on record: sign-ins that failed, and tokens of one tenant at another's door.
//!
//! Noted in memory by the request that is refused, written behind it, in a transaction of their own. Of identical ones
//! in a minute the first is written, and then how many more there were: whoever knocks all day fills no disk.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::BoroughId;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Act, Borough, Db, DbError, Platform, Tx,
    audit::{self, Actor},
    context::Context,
};

const EVERY: Duration = Duration::from_millis(500);
const COUNTED_FOR: Duration = Duration::from_secs(60);
/// More kinds of refusal than this are not told apart at once.
const KINDS_MAX: usize = 10_000;
/// How many addresses and subjects are named where there were many.
const NAMED_MAX: usize = 10;

/// Something that was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The borough whose trail it belongs in; none: the platform's own.
    pub borough: Option<BoroughId>,
    /// Who asked.
    pub client_id: String,
    /// As what.
    pub role: &'static str,
    /// The request.
    pub request_id: String,
    /// The network address it came from.
    pub address: String,
    /// What was refused: `sign-in.refused`.
    pub action: &'static str,
    /// What was asked for, as the API describes it: never what is another tenant's.
    pub subject: String,
    /// Why, in a few words of ours.
    pub why: &'static str,
}

type Kind = (Option<BoroughId>, String, &'static str, &'static str);

struct Counted {
    last: Refusal,
    since: Instant,
    written: bool,
    /// After the one that was written.
    more: u64,
    addresses: BTreeSet<String>,
    subjects: BTreeSet<String>,
}

/// What was refused and is not written yet.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Kind, Counted>>);

impl Refusals {
    pub(crate) fn note(&self, refusal: Refusal, now: Instant) {
        let kind = (refusal.borough, refusal.client_id.clone(), refusal.action, refusal.why);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = counted.get_mut(&kind) {
            known.more += 1;
            for (names, name) in [(&mut known.addresses, &refusal.address), (&mut known.subjects, &refusal.subject)] {
                if names.len() < NAMED_MAX {
                    names.insert(name.clone());
                }
            }
            known.last = refusal;
        } else if counted.len() < KINDS_MAX {
            let (addresses, subjects) = ([refusal.address.clone()].into(), [refusal.subject.clone()].into());
            let new = Counted { last: refusal, since: now, written: false, more: 0, addresses, subjects };
            counted.insert(kind, new);
        } else {
            tracing::warn!(action = refusal.action, "more kinds of refusal at once than are kept on record");
        }
    }

    /// What is to be written now; with `all`, as there will be no later.
    fn due(&self, now: Instant, all: bool) -> Vec<(Refusal, Value)> {
        let mut due = Vec::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, one| {
            if !one.written {
                due.push((one.last.clone(), json!({"why": one.last.why, "times": 1 + one.more})));
                (one.written, one.more) = (true, 0);
            }
            let over = all || now.saturating_duration_since(one.since) >= COUNTED_FOR;
            if over && one.more > 0 {
                let told = json!({"why": one.last.why, "times": one.more, "since": "the entry before this one",
                    "addresses": one.addresses, "subjects": one.subjects});
                due.push((one.last.clone(), told));
            }
            !over
        });
        due
    }
}

impl Db {
    /// Notes something refused, for the record. Costs the request that is refused nothing.
    pub fn note_refusal(&self, refusal: Refusal) {
        self.refusals().note(refusal, Instant::now());
    }
}

/// Writes what was refused until `stop`.
pub async fn keep_refusals(db: Db, stop: CancellationToken) {
    loop {
        let stopping = stop.is_cancelled();
        for (refusal, told) in db.refusals().due(Instant::now(), stopping) {
            if let Err(error) = write(&db, &refusal, told).await {
                tracing::warn!(%error, action = refusal.action, client.id = refusal.client_id,
                    "a refusal could not be kept on record");
            }
        }
        if stopping {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn write(db: &Db, refusal: &Refusal, told: Value) -> Result<(), DbError> {
    let by = Actor {
        client_id: &refusal.client_id,
        role: refusal.role,
        request_id: &refusal.request_id,
        address: &refusal.address,
    };
    let now = db.now();
    let act = Act::new(refusal.action, &*refusal.subject).after(told).changing_nothing();
    let rows = Value::Array(vec![act.row(refusal.borough, now)]);
    match refusal.borough {
        Some(borough) => {
            let mut tx = Tx::<Borough>::plain(db, &Context::Borough(borough), false).await?;
            audit::write(tx.connection(), &by, &rows, now).await?;
            tx.commit().await
        }
        None => {
            let mut tx = Tx::<Platform>::plain(db, &Context::None, false).await?;
            audit::write_office(tx.connection(), &by, &rows, now).await?;
            tx.commit().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(client: &str, address: &str) -> Refusal {
        Refusal {
            borough: None,
            client_id: client.into(),
            role: "unknown",
            request_id: "r".into(),
            address: address.into(),
            action: "sign-in.refused",
            subject: "oauth2/token".into(),
            why: "wrong secret",
        }
    }

    #[test]
    fn a_thousand_alike_are_two_entries_a_minute() {
        let (refusals, begin) = (Refusals::default(), Instant::now());
        refusals.note(refused("a", "192.0.2.1"), begin);
        let first = refusals.due(begin, false);
        assert_eq!((first.len(), &first[0].1["times"]), (1, &json!(1)));
        for at in 0..1_000 {
            refusals.note(refused("a", &format!("192.0.2.{}", at % 50)), begin);
        }
        refusals.note(refused("b", "192.0.2.9"), begin);
        assert_eq!(refusals.due(begin, false).len(), 1, "the other client's first");
        let minute = refusals.due(begin + COUNTED_FOR, false);
        assert_eq!((minute.len(), &minute[0].1["times"]), (1, &json!(1_000)));
        assert_eq!(minute[0].1["addresses"].as_array().map(Vec::len), Some(NAMED_MAX));
        assert!(refusals.due(begin + COUNTED_FOR * 2, true).is_empty());
    }

    #[test]
    fn what_is_counted_at_the_end_is_written_too() {
        let (refusals, begin) = (Refusals::default(), Instant::now());
        refusals.note(refused("a", "192.0.2.1"), begin);
        refusals.note(refused("a", "192.0.2.1"), begin);
        assert_eq!(refusals.due(begin, true)[0].1["times"], 2);
        for at in 0..KINDS_MAX + 5 {
            refusals.note(refused(&format!("client {at}"), "192.0.2.1"), begin);
        }
        assert_eq!(refusals.due(begin, true).len(), KINDS_MAX);
    }
}
