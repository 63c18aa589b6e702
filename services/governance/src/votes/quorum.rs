//! Whether an item has a quorum: per item, per class and per partner, after conflicted members have left (rule 47).

use serde_json::json;

use super::{
    explain::{Step, listed},
    standing::{SeatStanding, Standing},
};
use crate::constitutions::{Fewest, Quorum};

/// Whether there is a quorum, and the steps that say why.
pub(crate) fn quorum(rules: &Quorum, seats: &[SeatStanding]) -> (bool, Vec<Step>) {
    let voting: Vec<&SeatStanding> = seats.iter().filter(|seat| seat.is_voting()).collect();
    let of =
        |standing: Standing| voting.iter().filter(|s| s.standing == standing).map(|s| s.called()).collect::<Vec<_>>();
    let told = |standing: Standing, otherwise: &str| listed(of(standing).iter().map(String::as_str), otherwise);
    let mut steps = vec![
        Step::told(
            "seats",
            format!("The committee has {} voting seats.", voting.len()),
            json!({"voting": voting.len(), "non_voting": seats.len() - voting.len()}),
        ),
        Step::told(
            "conflicts",
            match of(Standing::Conflicted).len() {
                0 => "Nobody with a vote is conflicted on the item.".to_owned(),
                _ => format!("Conflicted, so neither counted nor voting: {}.", told(Standing::Conflicted, "")),
            },
            json!({"seats": of(Standing::Conflicted)}),
        ),
        Step::told(
            "presence",
            format!(
                "There and counted: {}; not there: {}.",
                told(Standing::Entitled, "nobody"),
                told(Standing::Absent, "nobody")
            ),
            json!({
                "entitled": voting.iter().filter(|s| s.is_entitled()).map(|s| json!({
                    "seat": s.title, "class": s.class, "partner": s.partner, "capacity": s.capacity, "name": s.name,
                })).collect::<Vec<_>>(),
                "absent": of(Standing::Absent),
                "not_counted": of(Standing::NotCounted),
            }),
        ),
    ];
    let mut met = true;
    let mut test = |rule: &str, of: &str, fewest: Fewest, group: Vec<&SeatStanding>| {
        let conflicted = group.iter().filter(|s| s.standing == Standing::Conflicted).count();
        let base = if rules.conflicted_seats_leave_base { group.len() - conflicted } else { group.len() };
        let (needed, there) = (fewest.of(base), group.iter().filter(|s| s.is_entitled()).count());
        let holds = there >= needed;
        met &= holds;
        steps.push(Step::tested(
            rule,
            holds,
            format!("{there} of {} voting seats{of} count; {} is needed: {needed}.", group.len(), fewest.in_words()),
            json!({"present": there, "needed": needed, "base": base, "seats": group.len(), "conflicted": conflicted,
                "rule": fewest, "conflicted_seats_leave_base": rules.conflicted_seats_leave_base}),
        ));
    };
    test("quorum.total", "", rules.total, voting.clone());
    for one in &rules.by_class {
        let group = voting.iter().copied().filter(|s| s.class == one.class).collect();
        test("quorum.class", &format!(" of the class {}", one.class.as_str()), one.fewest, group);
    }
    for one in &rules.by_partner {
        let group = voting.iter().copied().filter(|s| s.partner == one.partner).collect();
        test("quorum.partner", &format!(" of {}", one.partner), one.fewest, group);
    }
    // Whatever the rules say, nobody at all decides nothing.
    if !voting.iter().any(|s| s.is_entitled()) {
        met = false;
        steps.push(Step::tested("quorum.total", false, "Nobody is there who may vote.", json!({"present": 0})));
    }
    (met, steps)
}
