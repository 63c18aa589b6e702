//! Declarations of interest over HTTP.

use auth::can;
use domain::{DeclarationId, MeetingId, RulingId};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::declaration::{DeclarationBody, DeclarationDraft, RulingBody, RulingDraft};
use super::store;
use crate::{
    agenda::named_item,
    attendances::stays,
    interests::named_interest,
    meetings::{find_meeting, hold, http::MeetingPath},
    people::named_person,
};

/// A declaration in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeclarationPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
    /// The declaration.
    declaration: DeclarationId,
}

/// List the declarations of interest at a meeting, in the order they were made
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/declarations", operation_id = "listDeclarations",
    tag = "declarations",
    params(MeetingPath, Paging),
    responses((status = 200, body = Page<DeclarationBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_declarations(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
    page: PageRequest,
) -> Result<Page<DeclarationBody>, Problem> {
    let mut tx = scope.read().await?;
    find_meeting(&mut tx, path.meeting).await?;
    let rows = store::list(&mut tx, path.meeting, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |declaration| declaration.id))
}

/// Record a declaration of interest
///
/// Of somebody who is at the meeting, on one item. It bars them from that vote unless a ruling lets them.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/declarations", operation_id = "declareInterest",
    tag = "declarations",
    params(MeetingPath),
    request_body = DeclarationDraft,
    responses((status = 201, body = DeclarationBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn declare_interest(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    Sent(draft, request): Sent<DeclarationDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    meeting.takes_people()?;
    named_item(&mut tx, meeting.id, draft.item, "/item").await?;
    let person = named_person(&mut tx, draft.person, "/person").await?;
    if !stays(&mut tx, meeting.id).await?.iter().any(|stay| stay.person == person.id) {
        return Err(Problem::invalid("/person", "They are not at the meeting: record their arrival first.").into());
    }
    if let Some(interest) = draft.interest {
        named_interest(&mut tx, person.id, interest, "/interest").await?;
    }
    let body = DeclarationBody {
        id: DeclarationId::at(scope.now()),
        meeting: meeting.id,
        item: draft.item,
        person: person.id,
        name: person.name,
        interest: draft.interest,
        nature: draft.nature.trim().to_owned(),
        action: draft.action,
        declared_at: scope.now(),
        rulings: Vec::new(),
        in_force: None,
        may: None,
    };
    store::insert(&mut tx, &body).await.on_constraint("declared_once", || {
        Problem::of_fault(&problems::CONFLICT, "/person", "They have declared an interest in this item already.")
    })?;
    let subject = format!("meetings/{}/declarations/{}", meeting.id, body.id);
    let told = json!({"item": body.item, "person": body.person, "interest": body.interest, "action": body.action});
    tx.record(Act::new("interest.declared", subject).after(told));
    let location = format!("/v1/boroughs/{}/meetings/{}/declarations", scope.borough().slug, meeting.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Record a ruling on a declaration
///
/// The chair's, or a dispensation (Localism Act 2011 s33). The last one holds.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/declarations/{declaration}/rulings",
    operation_id = "recordRuling", tag = "declarations",
    params(DeclarationPath),
    request_body = RulingDraft,
    responses((status = 201, body = DeclarationBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_ruling(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<DeclarationPath>,
    Sent(draft, request): Sent<RulingDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    let found = store::list(&mut tx, path.meeting, Some(path.declaration), None, 1).await?.pop();
    let declaration = found.ok_or_else(|| Problem::not_found("declaration"))?;
    meeting.takes_people()?;
    if draft.frees_to_vote_by_the_chair() && store::is_pecuniary(&mut tx, &declaration).await? {
        let detail = "A disclosable pecuniary interest bars from voting; only a dispensation lifts that (Localism Act 2011 ss31, 33).";
        return Err(Problem::of_fault(&problems::CONFLICT, "/kind", detail).into());
    }
    let ruling = RulingBody {
        id: RulingId::at(scope.now()),
        kind: draft.kind,
        may: draft.may,
        by_whom: draft.by_whom.trim().to_owned(),
        reason: draft.reason.trim().to_owned(),
        ruled_at: scope.now(),
    };
    store::rule(&mut tx, &declaration, &ruling).await?;
    let subject = format!("meetings/{}/declarations/{}", meeting.id, declaration.id);
    let told = json!({"kind": ruling.kind, "may": ruling.may, "by_whom": ruling.by_whom});
    tx.record(Act::new("declaration.ruled", subject).before(json!(declaration.may)).after(told));
    let location = format!("/v1/boroughs/{}/meetings/{}/declarations", scope.borough().slug, meeting.id);
    let rulings = declaration.rulings.iter().cloned().chain([ruling]).collect();
    Ok(tx.answer(Created { location, version: None, body: declaration.ruled(rulings) }).await?)
}
