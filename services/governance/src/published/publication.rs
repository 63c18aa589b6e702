//! The shapes of what is published, each made of plain values.
//!
//! Nothing here is made from a row: a caller names each public field, so a column added to a table one day is not
//! published by itself. What is exempt has a shape of its own, with a reason and no text.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, DecisionId, MeetingId, PlanEntryId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What stands where the title of an exempt matter would.
const EXEMPT: &str = "Exempt item";

/// Why the public is shut out: Local Government Act 1972, Schedule 12A Part 1, and the public-interest test (rule 45).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExemptReason {
    /// The paragraph of Schedule 12A Part 1.
    #[schema(minimum = 1, maximum = 7, example = 3)]
    pub paragraph: i16,
    /// Why the public interest in keeping it back outweighs that in disclosing it.
    pub public_interest_reason: String,
}

/// An item of a published agenda.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicItem {
    #[schema(example = "6")]
    label: String,
    /// `Exempt item` where the item is exempt.
    title: String,
    /// What it is for: `decision`, `recommendation`, `discussion` or `noting`. Null for an exempt item.
    purpose: Option<String>,
    /// Why it is exempt; null where it is open.
    exempt: Option<ExemptReason>,
    /// The titles of its open papers.
    papers: Vec<String>,
}

impl std::fmt::Display for PublicItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}. {}", self.label, self.title)
    }
}

impl PublicItem {
    /// An open item, with the titles of those of its papers that are not exempt.
    #[must_use]
    pub fn open(label: &str, title: &str, purpose: &str, open_papers: Vec<String>) -> Self {
        Self {
            label: label.to_owned(),
            title: title.to_owned(),
            purpose: Some(purpose.to_owned()),
            exempt: None,
            papers: open_papers,
        }
    }

    /// An exempt item: its label, and why. There is nowhere to put its title.
    #[must_use]
    pub fn exempt(label: &str, why: ExemptReason) -> Self {
        Self { label: label.to_owned(), title: EXEMPT.to_owned(), purpose: None, exempt: Some(why), papers: Vec::new() }
    }
}

/// A meeting of which notice was given.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicMeeting {
    /// The meeting.
    pub id: MeetingId,
    /// Its committee.
    pub committee_id: CommitteeId,
    /// The committee's name.
    #[schema(example = "Integrated Commissioning Committee")]
    pub committee: String,
    /// What it is called.
    pub title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Where it is held.
    #[schema(example = "Town Hall, committee room 2")]
    pub place: String,
    /// Its state: `notified`, `in_session`, `adjourned`, `closed`, `cancelled` or `inquorate`.
    #[schema(example = "notified")]
    pub state: String,
    /// Its agenda.
    pub agenda: Vec<PublicItem>,
    /// The titles of its open papers that belong to no item.
    pub papers: Vec<String>,
}

/// What is public of every decision, open or private.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DecisionFacts {
    /// The decision.
    pub id: DecisionId,
    /// Who decided.
    pub committee_id: CommitteeId,
    /// The committee's name.
    #[schema(example = "Integrated Commissioning Committee")]
    pub committee: String,
    /// The meeting at which it was made.
    pub meeting_id: MeetingId,
    /// `approved`, `noted`, `recommended`, `deferred` or `referred`.
    #[schema(example = "approved")]
    pub outcome: String,
    /// Whether it was a key decision (SI 2012/2089 reg 8).
    pub key_decision: bool,
    /// The day it was made.
    pub decided_on: NaiveDate,
    /// The day its record was published.
    pub published_on: NaiveDate,
    /// The last day to call it in, where that may be done.
    pub call_in_ends_on: Option<NaiveDate>,
    /// The first day it has effect, once that is known.
    pub effective_on: Option<NaiveDate>,
    /// How far it has come: `published`, `in_call_in`, `called_in`, `confirmed`, `referred_back`, `effective` or
    /// `implemented`.
    #[schema(example = "in_call_in")]
    pub state: String,
    /// How the votes fell, where there was one.
    pub votes: Option<PublicVotes>,
}

/// How the votes on a decision fell.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicVotes {
    /// For it.
    #[serde(rename = "for")]
    pub in_favour: i32,
    /// Against it.
    pub against: i32,
    /// Abstaining.
    pub abstain: i32,
    /// Who voted how, of a roll call only; empty otherwise.
    pub roll_call: Vec<PublicVote>,
}

/// A vote of a roll call.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicVote {
    /// The member.
    pub name: String,
    /// `for`, `against` or `abstain`.
    #[schema(example = "for")]
    pub choice: String,
}

/// The record of an open decision (SI 2012/2089 reg 12).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicRecord {
    /// The resolution, in its own words.
    pub resolution: String,
    /// The reasons.
    pub reasons: String,
    /// The options that were considered and rejected.
    pub options_rejected: String,
    /// Conflicts of interest that were declared.
    pub conflicts: String,
    /// Dispensations granted.
    pub dispensations: String,
    /// Who agreed that it could not wait for call-in, and why; null where nobody had to.
    pub call_in_waiver: Option<String>,
}

/// A published decision: its record where it is open, and why it is exempt where it is not.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicDecision {
    #[serde(flatten)]
    facts: DecisionFacts,
    /// `Exempt item` where it was taken in private.
    title: String,
    /// Null where it was taken in private.
    record: Option<PublicRecord>,
    /// Why it was taken in private; null where it is open.
    exempt: Option<ExemptReason>,
}

impl PublicDecision {
    /// A decision taken in public.
    #[must_use]
    pub fn open(facts: DecisionFacts, title: &str, record: PublicRecord) -> Self {
        Self { facts, title: title.to_owned(), record: Some(record), exempt: None }
    }

    /// A decision taken in private. There is nowhere to put its title, resolution or reasons.
    #[must_use]
    pub fn exempt(facts: DecisionFacts, why: ExemptReason) -> Self {
        Self { facts, title: EXEMPT.to_owned(), record: None, exempt: Some(why) }
    }

    pub(super) fn id(&self) -> DecisionId {
        self.facts.id
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn facts(&self) -> &DecisionFacts {
        &self.facts
    }

    pub(super) fn record(&self) -> Option<&PublicRecord> {
        self.record.as_ref()
    }
}

/// The approved minutes of the public part of a meeting.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicMinutes {
    /// The meeting they are of.
    pub meeting_id: MeetingId,
    /// Its committee.
    pub committee_id: CommitteeId,
    /// The committee's name.
    #[schema(example = "Integrated Commissioning Committee")]
    pub committee: String,
    /// What the meeting was called.
    pub title: String,
    /// The day it was held.
    pub held_on: NaiveDate,
    /// The text that was approved, of the public part.
    pub text: String,
    /// Corrections approved since, oldest first.
    pub corrections: Vec<String>,
}

/// An entry of the forward plan: the notice of a key decision, with its eight particulars (SI 2012/2089 reg 9(1)).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicPlanEntry {
    /// The entry.
    pub id: PlanEntryId,
    /// Who is to decide.
    pub committee_id: CommitteeId,
    /// The committee's name: particular (c).
    #[schema(example = "Integrated Commissioning Committee")]
    pub committee: String,
    /// That a key decision is to be made: particular (a).
    pub key_decision: bool,
    /// The matter: particular (b).
    pub matter: String,
    /// The members of the body that decides: particular (c).
    pub members: Vec<String>,
    /// When it is to be made: particular (d).
    pub decision_on: NaiveDate,
    /// The documents submitted for consideration: particular (e).
    pub documents: Vec<String>,
    /// The address from which copies can be had: particular (f).
    pub copies_from: String,
    /// Whether other documents may be submitted: particular (g).
    pub other_documents: bool,
    /// How details of those are asked for: particular (h).
    pub requests: String,
}

/// The kinds of what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedKind {
    /// A meeting and its agenda.
    Meeting,
    /// A decision.
    Decision,
    /// Minutes of a meeting, under the meeting's id.
    Minutes,
    /// An entry of the forward plan.
    PlanEntry,
}

impl PublishedKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Meeting => "meeting",
            Self::Decision => "decision",
            Self::Minutes => "minutes",
            Self::PlanEntry => "plan_entry",
        }
    }
}

/// One thing to publish. Made of one of the shapes above, and of nothing else.
#[derive(Debug, Clone)]
pub struct Published {
    pub(super) kind: PublishedKind,
    pub(super) subject_id: Uuid,
    pub(super) committee_id: CommitteeId,
    pub(super) committee: String,
    pub(super) title: String,
    pub(super) on: NaiveDate,
    pub(super) starts_at: Option<DateTime<Utc>>,
    pub(super) body: Value,
}

impl From<PublicMeeting> for Published {
    fn from(meeting: PublicMeeting) -> Self {
        Self {
            kind: PublishedKind::Meeting,
            subject_id: meeting.id.0,
            committee_id: meeting.committee_id,
            committee: meeting.committee.clone(),
            title: meeting.title.clone(),
            on: domain::day_in_england(meeting.starts_at),
            starts_at: Some(meeting.starts_at),
            body: serde_json::json!(meeting),
        }
    }
}

impl From<PublicDecision> for Published {
    fn from(decision: PublicDecision) -> Self {
        Self {
            kind: PublishedKind::Decision,
            subject_id: decision.facts.id.0,
            committee_id: decision.facts.committee_id,
            committee: decision.facts.committee.clone(),
            title: decision.title.clone(),
            on: decision.facts.decided_on,
            starts_at: None,
            body: serde_json::json!(decision),
        }
    }
}

impl From<PublicMinutes> for Published {
    fn from(minutes: PublicMinutes) -> Self {
        Self {
            kind: PublishedKind::Minutes,
            subject_id: minutes.meeting_id.0,
            committee_id: minutes.committee_id,
            committee: minutes.committee.clone(),
            title: minutes.title.clone(),
            on: minutes.held_on,
            starts_at: None,
            body: serde_json::json!(minutes),
        }
    }
}

impl From<PublicPlanEntry> for Published {
    fn from(entry: PublicPlanEntry) -> Self {
        Self {
            kind: PublishedKind::PlanEntry,
            subject_id: entry.id.0,
            committee_id: entry.committee_id,
            committee: entry.committee.clone(),
            title: entry.matter.clone(),
            on: entry.decision_on,
            starts_at: None,
            body: serde_json::json!(entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_46_an_exempt_item_has_a_label_a_reason_and_no_title() {
        let why = ExemptReason { paragraph: 3, public_interest_reason: "It would weaken our hand in a tender.".into() };
        let item = serde_json::json!(PublicItem::exempt("7", why.clone()));
        assert_eq!((&item["label"], &item["title"]), (&"7".into(), &"Exempt item".into()));
        assert_eq!((&item["purpose"], &item["exempt"]["paragraph"]), (&Value::Null, &3.into()));
        let facts = DecisionFacts {
            id: DecisionId::at(DateTime::UNIX_EPOCH),
            committee_id: CommitteeId::at(DateTime::UNIX_EPOCH),
            committee: "Integrated Commissioning Committee".into(),
            meeting_id: MeetingId::at(DateTime::UNIX_EPOCH),
            outcome: "approved".into(),
            key_decision: true,
            decided_on: NaiveDate::default(),
            published_on: NaiveDate::default(),
            call_in_ends_on: None,
            effective_on: None,
            state: "effective".into(),
            votes: None,
        };
        let decision = Published::from(PublicDecision::exempt(facts, why));
        assert_eq!((decision.title.as_str(), &decision.body["record"]), ("Exempt item", &Value::Null));
    }
}
