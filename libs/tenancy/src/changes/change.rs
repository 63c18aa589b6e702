//! What a change is, and what it bumps. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::AuditId;
use serde::Serialize;
use web::Row;

/// A committed change of one thing. It says what changed and not to what: read the thing for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Change {
    /// Its place among the changes of the borough in this service: 1, 2, 3, … without a gap.
    #[schema(example = 4711)]
    pub number: i64,
    /// The path of the thing, below the borough.
    #[schema(example = "funds/01890a5d-ac96-774b-bcce-b302099a8057/journals/01890a5d-ac96-774b-bcce-b302099a8058")]
    pub subject: String,
    /// The kind of thing.
    #[schema(example = "journal")]
    pub kind: String,
    /// What was done to it.
    #[schema(example = "posted")]
    pub action: String,
    /// It was withdrawn or revoked, and counts no longer.
    pub deleted: bool,
    /// When it was done. What was committed late has a higher number and an earlier time.
    pub at: DateTime<Utc>,
    /// What changed with it: the things it is part of, outermost first, and then others, such as the journal that this
    /// one reverses.
    #[schema(example = json!(["funds/01890a5d-ac96-774b-bcce-b302099a8057"]))]
    pub touched: Vec<String>,
    /// Its entry in the audit trail.
    pub audit_id: AuditId,
}

impl Row for Change {
    const COLUMNS: &'static [&'static str] =
        &["number", "subject", "kind", "action", "deleted", "at", "touched", "audit_id"];
}

/// An act's name taken apart: `journal.posted` is `posted`, done to a `journal`.
pub(super) fn kind_and_action(act: &str) -> (String, String) {
    let (kind, action) = act.split_once('.').unwrap_or(("", act));
    (kind.to_owned(), action.to_owned())
}

/// Parts of a path that name one thing by themselves, and have others below them.
const SINGLE: [&str; 2] = ["reconciliation", "risk-share"];

/// The things above a path, outermost first: a collection and what is named in it, or what stands by itself.
fn parents(subject: &str) -> Vec<String> {
    let parts: Vec<&str> = subject.split('/').collect();
    let (mut above, mut at) = (Vec::new(), 0);
    loop {
        at += if SINGLE.contains(&parts[at]) { 1 } else { 2 };
        if at >= parts.len() {
            return above;
        }
        above.push(parts[..at].join("/"));
    }
}

/// What changed with a thing: what it is part of, and what its act says beside that.
pub(super) fn touched(subject: &str, bumps: Vec<String>) -> Vec<String> {
    let mut all = parents(subject);
    for path in bumps {
        if path != subject && !all.contains(&path) {
            all.push(path);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_child_bumps_everything_it_is_part_of() {
        assert_eq!(parents("funds/1"), [""; 0]);
        assert_eq!(parents("funds/1/journals/2"), ["funds/1"]);
        assert_eq!(parents("funds/1/years/2026-27/budget"), ["funds/1", "funds/1/years/2026-27"]);
        assert_eq!(
            parents("funds/1/years/2026-27/contributions/3"),
            ["funds/1", "funds/1/years/2026-27"],
            "a thing is not above itself"
        );
        assert_eq!(parents("funds/1/years/2026-27/receipts"), ["funds/1", "funds/1/years/2026-27"]);
        let year = "funds/1/years/2026-27";
        let matches = format!("{year}/reconciliation/matches/3");
        assert_eq!(parents(&matches), ["funds/1", year, "funds/1/years/2026-27/reconciliation"]);
        assert_eq!(parents(""), [""; 0]);
    }

    #[test]
    fn what_changed_beside_it_is_named_once() {
        let bumps = ["funds/1/journals/1", "funds/1", "funds/1/journals/1", "funds/1/journals/2"].map(str::to_owned);
        assert_eq!(touched("funds/1/journals/2", bumps.into()), ["funds/1", "funds/1/journals/1"]);
    }

    #[test]
    fn an_act_says_what_was_done_to_what() {
        assert_eq!(kind_and_action("journal.posted"), ("journal".into(), "posted".into()));
        assert_eq!(kind_and_action("receipt.match-withdrawn"), ("receipt".into(), "match-withdrawn".into()));
        assert_eq!(kind_and_action("posted"), (String::new(), "posted".into()));
    }
}
