//! What writers publish, and when: the present state of a meeting, decision, notice or minutes, made of public fields.
//!
//! A committee to whose papers no access regime applies has nothing published. Each function writes the copy anew, so
//! that calling it once too often does no harm.

use domain::MeetingId;
use tenancy::{Borough, Tx};
use web::Problem;

use crate::{
    agenda::{self, ItemBody},
    committees::{AccessRegime, CommitteeBody, find_committee},
    decisions::{ConflictRecorded, DecisionBody},
    forward_plan::PlanEntryBody,
    meetings::{MeetingState, find_meeting},
    minutes,
    papers::{self, PaperBody},
    published::{
        DecisionFacts, ExemptReason, PublicDecision, PublicItem, PublicMeeting, PublicMinutes, PublicPlanEntry,
        PublicRecord, Published, put,
    },
    votes,
    words::word,
};

/// The committee, where the law opens what it does.
async fn open(tx: &mut Tx<Borough>, committee: domain::CommitteeId) -> Result<Option<CommitteeBody>, Problem> {
    let committee = find_committee(tx, committee).await?;
    Ok((committee.access_regime != AccessRegime::None).then_some(committee))
}

/// A meeting with its agenda, once notice of it was given.
pub(crate) async fn meeting(tx: &mut Tx<Borough>, id: MeetingId) -> Result<(), Problem> {
    let meeting = find_meeting(tx, id).await?;
    // What was never notified is nobody's business, a draft that was cancelled included.
    if meeting.state == MeetingState::Draft || meeting.notified_at.is_none() {
        return Ok(());
    }
    let Some(committee) = open(tx, meeting.committee).await? else { return Ok(()) };
    let items = agenda::all_items(tx, id).await?;
    let papers = papers::open_papers(tx, id).await?;
    let titles = |item: Option<&ItemBody>| -> Vec<String> {
        let of_item = |paper: &&PaperBody| paper.item == item.map(|item| item.id);
        papers.iter().filter(of_item).map(|paper| paper.title.clone()).collect()
    };
    let public = PublicMeeting {
        id,
        committee_id: committee.id,
        committee: committee.name,
        title: meeting.title,
        starts_at: meeting.starts_at,
        place: meeting.place,
        state: word(meeting.state),
        agenda: items.iter().map(|item| public_item(item, &items, titles(Some(item)))).collect(),
        papers: titles(None),
    };
    Ok(put(tx, &Published::from(public)).await?)
}

/// A part of a private item is as private as the whole.
fn public_item(item: &ItemBody, all: &[ItemBody], papers: Vec<String>) -> PublicItem {
    let whole = all.iter().find(|one| item.parent == Some(one.id));
    match item.private.as_ref().or(whole.and_then(|whole| whole.private.as_ref())) {
        None => PublicItem::open(&item.label, &item.title, &word(item.purpose), papers),
        Some(private) => {
            let paragraph = i16::try_from(private.paragraph).unwrap_or_default();
            let public_interest_reason = private.public_interest_reason.clone();
            PublicItem::exempt(&item.label, ExemptReason { paragraph, public_interest_reason })
        }
    }
}

/// A decision, from its publication on.
pub(crate) async fn decision(tx: &mut Tx<Borough>, decision: &DecisionBody) -> Result<(), Problem> {
    let Some(published_on) = decision.published_on else { return Ok(()) };
    let Some(committee) = open(tx, decision.committee).await? else { return Ok(()) };
    let private = agenda::find_item(tx, decision.meeting, decision.agenda_item).await?.private;
    let votes = match private {
        None => votes::public_votes(tx, decision.motion).await?,
        Some(_) => None,
    };
    let facts = DecisionFacts {
        id: decision.id,
        committee_id: committee.id,
        committee: committee.name,
        meeting_id: decision.meeting,
        outcome: word(decision.outcome),
        key_decision: decision.key_decision,
        decided_on: decision.decided_on,
        published_on,
        call_in_ends_on: decision.call_in_ends_on,
        effective_on: decision.effective_on,
        state: word(decision.state),
        votes,
    };
    let public = match private {
        Some(private) => {
            let paragraph = i16::try_from(private.paragraph).unwrap_or_default();
            let public_interest_reason = private.public_interest_reason;
            PublicDecision::exempt(facts, ExemptReason { paragraph, public_interest_reason })
        }
        None => {
            let record = &decision.record;
            let lines = |all: Vec<String>| if all.is_empty() { "None.".to_owned() } else { all.join("\n") };
            let rulings = |c: &&ConflictRecorded| c.dispensation;
            let record = PublicRecord {
                resolution: record.resolution.clone(),
                reasons: record.reasons.clone(),
                options_rejected: lines(record.options_rejected.clone()),
                conflicts: lines(record.conflicts.iter().map(ConflictRecorded::in_words).collect()),
                call_in_waiver: record.call_in_waiver.as_ref().map(|w| format!("{}: {}", w.agreed_by, w.reason)),
                dispensations: lines(
                    record.conflicts.iter().filter(rulings).filter_map(|c| c.ruling.clone()).collect(),
                ),
            };
            PublicDecision::open(facts, &decision.title, record)
        }
    };
    Ok(put(tx, &Published::from(public)).await?)
}

/// The minutes of a meeting, once they are approved, with the corrections appended since.
pub(crate) async fn minutes(tx: &mut Tx<Borough>, id: MeetingId) -> Result<(), Problem> {
    let Some((text, corrections)) = minutes::approved(tx, id).await? else { return Ok(()) };
    let meeting = find_meeting(tx, id).await?;
    let Some(committee) = open(tx, meeting.committee).await? else { return Ok(()) };
    let public = PublicMinutes {
        meeting_id: id,
        committee_id: committee.id,
        committee: committee.name,
        held_on: meeting.day(),
        title: meeting.title,
        text,
        corrections,
    };
    Ok(put(tx, &Published::from(public)).await?)
}

/// The notice of a key decision, once it is published with all its particulars.
pub(crate) async fn notice(tx: &mut Tx<Borough>, entry: &PlanEntryBody) -> Result<(), Problem> {
    let Some(committee) = open(tx, entry.committee).await? else { return Ok(()) };
    let said = &entry.particulars;
    let public = PublicPlanEntry {
        id: entry.id,
        committee_id: committee.id,
        committee: committee.name,
        key_decision: said.key_decision,
        matter: entry.matter.clone(),
        members: said.decision_maker.as_ref().map(|maker| maker.members.clone()).unwrap_or_default(),
        decision_on: entry.decision_on,
        documents: said.documents.clone().unwrap_or_default(),
        copies_from: said.copies_from.clone().unwrap_or_default(),
        other_documents: said.others_may_follow,
        requests: said.how_to_ask.clone().unwrap_or_default(),
    };
    Ok(put(tx, &Published::from(public)).await?)
}
