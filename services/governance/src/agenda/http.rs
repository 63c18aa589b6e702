//! Agendas over HTTP.

use auth::can;
use domain::{ExceptionId, ItemId, MeetingId, day_in_england};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems};

use super::item::{ItemBody, ItemDraft};
use super::notice::{ExceptionBody, ExceptionDraft, NoticeStanding};
use super::{find_item, named_item, store};
use crate::{
    drafts::trimmed,
    forward_plan::named_entry,
    meetings::{find_meeting, hold, http::MeetingPath},
    publishing,
};

/// An item in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ItemPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
    /// The item.
    item: ItemId,
}

/// List a meeting's agenda, in the order it was drawn up
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/agenda-items", operation_id = "listAgendaItems",
    tag = "agenda-items",
    params(MeetingPath, Paging),
    responses((status = 200, body = Page<ItemBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_agenda_items(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
    page: PageRequest,
) -> Result<Page<ItemBody>, Problem> {
    let mut tx = scope.read().await?;
    find_meeting(&mut tx, path.meeting).await?;
    let rows = store::list(&mut tx, path.meeting, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    let role = scope.caller().role;
    let rows = rows.into_iter().map(|item| item.for_reader(role)).collect();
    Ok(page.page(rows, |item: &ItemBody| item.id))
}

/// Put an item on the agenda
///
/// After the agenda has gone out and was due, only with the reason why it cannot wait.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/agenda-items", operation_id = "addAgendaItem",
    tag = "agenda-items",
    params(MeetingPath),
    request_body = ItemDraft,
    responses((status = 201, body = ItemBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn add_agenda_item(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    Sent(mut draft, request): Sent<ItemDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    meeting.not_over()?;
    draft.explains_lateness(meeting.agenda_is_late_on(day_in_england(scope.now())))?;
    if let Some(parent) = draft.parent {
        named_item(&mut tx, meeting.id, parent, "/parent").await?;
    }
    let mut published_on = None;
    if let Some(entry) = draft.plan_entry {
        let entry = named_entry(&mut tx, entry, "/plan_entry").await?;
        if entry.committee != meeting.committee {
            return Err(Problem::invalid("/plan_entry", "That notice is of another committee's decision.").into());
        }
        published_on = entry.published_for(meeting.day());
    }
    let body = ItemBody {
        id: ItemId::at(scope.now()),
        meeting: meeting.id,
        parent: draft.parent,
        private: draft.take_private(),
        label: draft.label.trim().to_owned(),
        title: draft.title.trim().to_owned(),
        purpose: draft.purpose,
        verbal: draft.verbal,
        late_reason: trimmed(draft.late_reason),
        key_decision: draft.key_decision,
        plan_entry: draft.plan_entry,
        notice: NoticeStanding::of(draft.key_decision, meeting.day(), published_on, &[]),
        exceptions: Vec::new(),
        exempt: draft.exempt_text.is_some(),
        exempt_text: draft.exempt_text,
        created_at: scope.now(),
    };
    store::insert(&mut tx, &body).await.map_err(|error| match error.constraint() {
        Some("item_labelled") => {
            Problem::of_fault(&problems::CONFLICT, "/label", "The agenda has an item of this label already.")
        }
        Some("notice_once_a_meeting") => {
            Problem::of_fault(&problems::CONFLICT, "/plan_entry", "That notice is of another item of this meeting.")
        }
        _ => error.into(),
    })?;
    publishing::meeting(&mut tx, meeting.id).await?;
    let subject = format!("meetings/{}/agenda-items/{}", meeting.id, body.id);
    // The trail is read by more people than exempt text is.
    let told = json!(ItemBody { exempt_text: None, ..body.clone() });
    tx.record(Act::new("agenda.added", &*subject).after(told));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body: body.for_reader(scope.caller().role) }).await?)
}

/// Get an agenda item
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/agenda-items/{item}", operation_id = "getAgendaItem",
    tag = "agenda-items",
    params(ItemPath),
    responses((status = 200, body = ItemBody)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn get_agenda_item(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<ItemPath>,
) -> Result<Found<ItemBody>, Problem> {
    let item = find_item(&mut scope.read().await?, path.meeting, path.item).await?;
    Ok(Found::of(item.for_reader(scope.caller().role)))
}

/// Record what stands in for notice of a key decision
///
/// A general exception holds where scrutiny was told five clear working days before the meeting; special urgency
/// where its chair agreed by the day of the meeting. `notice` then says which.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/agenda-items/{item}/exceptions",
    operation_id = "recordNoticeException", tag = "agenda-items",
    params(ItemPath),
    request_body = ExceptionDraft,
    responses((status = 201, body = ItemBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_notice_exception(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<ItemPath>,
    Sent(draft, request): Sent<ExceptionDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    let item = find_item(&mut tx, path.meeting, path.item).await?;
    draft.check(meeting.day(), day_in_england(scope.now()))?;
    meeting.not_over()?;
    if !item.key_decision {
        return Err(Problem::new(&problems::CONFLICT, "The item is no key decision: it needs no notice.").into());
    }
    let exception = ExceptionBody {
        id: ExceptionId::at(scope.now()),
        kind: draft.kind,
        told: draft.told.trim().to_owned(),
        told_on: draft.told_on,
        reason: draft.reason.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::except(&mut tx, meeting.id, item.id, &exception).await?;
    let subject = format!("meetings/{}/agenda-items/{}", meeting.id, item.id);
    let told = json!({"kind": exception.kind, "told": exception.told, "told_on": exception.told_on});
    tx.record(Act::new("notice.excepted", &*subject).after(told));
    let body = find_item(&mut tx, meeting.id, item.id).await?.for_reader(scope.caller().role);
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
