//! The rules of a notice of a key decision: SI 2012/2089 reg 9(1), (a) to (h). No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, PlanEntryId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// Whether one person decides or a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MakerKind {
    Individual,
    Body,
}

/// Who is to decide: a person by name and title, or a body by name and members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionMaker {
    pub(super) kind: MakerKind,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    /// Of an individual, where they have one.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) title: Option<String>,
    /// Of a body: each of its members. Of an individual: none.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) members: Vec<String>,
}

/// What a notice says beside the matter and the day. A draft may leave things out; a published notice has all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Particulars {
    /// (a) That a key decision is to be made.
    #[serde(default)]
    pub(crate) key_decision: bool,
    /// (c) Who decides.
    #[serde(default)]
    pub(crate) decision_maker: Option<DecisionMaker>,
    /// (d) The last day of the period, where it is a period that begins on `decision_on`.
    #[serde(default)]
    pub(super) decision_by: Option<NaiveDate>,
    /// (e) The documents submitted for consideration; an empty list says that there are none.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) documents: Option<Vec<String>>,
    /// (f) Where copies are to be had.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(crate) copies_from: Option<String>,
    /// (g) That other relevant documents may be submitted.
    #[serde(default)]
    pub(crate) others_may_follow: bool,
    /// (h) How to ask for those.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) how_to_ask: Option<String>,
}

/// An entry of the forward plan to record, or to put in place of a draft.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"committee": "01890a5d-ac96-774b-bcce-b302099a8057", "matter": "Community equipment contract",
    "decision_on": "2027-01-14", "particulars": {"key_decision": true, "decision_maker": {"kind": "body",
    "name": "Integrated Commissioning Committee", "members": ["A councillor", "A clinician"]},
    "documents": ["Business case"], "copies_from": "Town Hall, Library Street", "others_may_follow": true,
    "how_to_ask": "Write to the clerk"}}))]
pub(crate) struct PlanEntryDraft {
    pub(super) committee: CommitteeId,
    /// (b) The matter.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) matter: String,
    /// (d) The day of the decision, or the first of the period in which it is to be made.
    pub(super) decision_on: NaiveDate,
    #[serde(default)]
    pub(super) particulars: Particulars,
}

impl PlanEntryDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/matter", &self.matter, 500);
        drafts::day(&mut faults, "/decision_on", self.decision_on);
        let said = &self.particulars;
        if let Some(maker) = &said.decision_maker {
            faults.text("/particulars/decision_maker/name", &maker.name, 200);
            faults.optional_text("/particulars/decision_maker/title", maker.title.as_deref(), 200);
            texts(&mut faults, "/particulars/decision_maker/members", &maker.members);
            let fits = maker.kind == MakerKind::Body || maker.members.is_empty();
            faults.unless(fits, "/particulars/decision_maker/members", "An individual has no members.");
        }
        if let Some(by) = said.decision_by {
            drafts::day(&mut faults, "/particulars/decision_by", by);
            faults.unless(by >= self.decision_on, "/particulars/decision_by", "A period ends after it begins.");
        }
        texts(&mut faults, "/particulars/documents", said.documents.as_deref().unwrap_or_default());
        faults.optional_text("/particulars/copies_from", said.copies_from.as_deref(), 500);
        faults.optional_text("/particulars/how_to_ask", said.how_to_ask.as_deref(), 1000);
        faults.none()
    }
}

fn texts(faults: &mut Faults, pointer: &str, all: &[String]) {
    faults.unless(all.len() <= 100, pointer, "At most 100.");
    for (at, text) in all.iter().enumerate() {
        faults.text(format!("{pointer}/{at}"), text, 300);
    }
}

/// The publication of a notice.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct PublicationDraft {
    /// The day it is published, which is today; it may be left out.
    #[serde(default)]
    pub(super) published_on: Option<NaiveDate>,
}

impl PublicationDraft {
    /// The day of publication.
    pub(super) fn day(&self, today: NaiveDate) -> Result<NaiveDate, Problem> {
        let mut faults = Faults::default();
        let on = self.published_on.unwrap_or(today);
        drafts::day(&mut faults, "/published_on", on);
        faults.unless(on == today, "/published_on", "A notice is published when it is published here: today.");
        faults.none().map(|()| on)
    }
}

/// A particular a notice lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Missing {
    /// Its letter in SI 2012/2089 reg 9(1).
    #[schema(example = "h")]
    pub(super) letter: char,
    /// What is to be said there.
    #[schema(example = "how to ask for documents that follow")]
    pub(super) what: &'static str,
    /// Where it goes in the entry.
    #[serde(skip)]
    pub(super) pointer: &'static str,
}

/// What a notice still lacks (rule 42).
pub(super) fn missing(matter: &str, said: &Particulars) -> Vec<Missing> {
    let maker = said.decision_maker.as_ref();
    let named = maker.is_some_and(|maker| maker.kind == MakerKind::Individual || !maker.members.is_empty());
    let all = [
        ('a', "that a key decision is to be made", "/particulars/key_decision", said.key_decision),
        ('b', "the matter", "/matter", !matter.trim().is_empty()),
        ('c', "who decides: name and title, or name and members", "/particulars/decision_maker", named),
        // The day is never left out: `decision_on` is a date.
        ('e', "the documents submitted for consideration", "/particulars/documents", said.documents.is_some()),
        ('f', "the address copies are to be had from", "/particulars/copies_from", said.copies_from.is_some()),
        ('g', "that other documents may be submitted", "/particulars/others_may_follow", said.others_may_follow),
        ('h', "how to ask for documents that follow", "/particulars/how_to_ask", said.how_to_ask.is_some()),
    ];
    let lacking = all.into_iter().filter(|(.., there)| !there);
    lacking.map(|(letter, what, pointer, _)| Missing { letter, what, pointer }).collect()
}

/// An entry of the forward plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanEntryBody {
    pub(crate) id: PlanEntryId,
    pub(crate) committee: CommitteeId,
    #[schema(example = "Community equipment contract")]
    pub(crate) matter: String,
    pub(crate) decision_on: NaiveDate,
    pub(crate) particulars: Particulars,
    /// The particulars it lacks; one that lacks any is not published.
    pub(crate) missing: Vec<Missing>,
    /// The day the notice was published.
    pub(crate) published_on: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl PlanEntryBody {
    /// The day its notice was published, where it is a notice of a decision on that day.
    pub(crate) fn published_for(&self, day: NaiveDate) -> Option<NaiveDate> {
        let last = self.particulars.decision_by.unwrap_or(self.decision_on);
        self.published_on.filter(|_| self.decision_on <= day && day <= last)
    }

    /// Whether it may be published: nothing is missing (rule 42).
    pub(super) fn complete(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        for Missing { letter, what, pointer } in &self.missing {
            faults.unless(false, *pointer, format_args!("({letter}) is missing: {what}."));
        }
        faults.none()
    }
}

impl Row for PlanEntryBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "committee", "matter", "decision_on", "published_on", "created_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Particulars {
        Particulars {
            key_decision: true,
            decision_maker: Some(DecisionMaker {
                kind: MakerKind::Body,
                name: "A committee".into(),
                title: None,
                members: vec!["A member".into()],
            }),
            decision_by: None,
            documents: Some(Vec::new()),
            copies_from: Some("Town Hall".into()),
            others_may_follow: true,
            how_to_ask: Some("Write to the clerk".into()),
        }
    }

    fn letters(matter: &str, said: &Particulars) -> String {
        missing(matter, said).iter().map(|one| one.letter).collect()
    }

    #[test]
    fn rule_42_a_notice_has_all_eight_particulars() {
        assert_eq!(letters("A matter", &whole()), "");
        assert_eq!(letters(" ", &Particulars::default()), "abcefgh", "(d) is a date that every entry has");
        assert_eq!(letters("A matter", &Particulars { how_to_ask: None, ..whole() }), "h");
        let mut memberless = whole();
        if let Some(maker) = &mut memberless.decision_maker {
            maker.members.clear();
        }
        assert_eq!(letters("A matter", &memberless), "c", "a body is named with its members");
    }

    #[test]
    fn a_notice_is_not_published_ahead_of_its_day() {
        let today = "2026-12-16".parse().expect("a day");
        assert_eq!(PublicationDraft { published_on: None }.day(today).ok(), Some(today));
        assert!(PublicationDraft { published_on: today.succ_opt() }.day(today).is_err());
        assert!(PublicationDraft { published_on: today.pred_opt() }.day(today).is_err(), "before it was there");
    }
}
