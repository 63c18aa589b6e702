//! Interchange over HTTP: our committees in other systems' shapes.

use auth::can;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use uuid::Uuid;
use web::{Page, PageRequest, Paging, Problem, WithCsv};

use super::{
    oparl::{self, Addresses, OparlObject},
    popolo::{self, PopoloObject},
    store::{self, Wanted},
};
use crate::App;

/// Which objects of OParl.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OparlType {
    /// The borough's council, which says where the others are.
    #[default]
    Body,
    /// Committees.
    Organization,
    /// Their members.
    Person,
    /// Meetings of which notice was given, with their agendas.
    Meeting,
    /// Open papers.
    Paper,
}

/// Which objects.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OparlFilters {
    /// Of this type; the body when left out.
    #[param(inline)]
    r#type: Option<OparlType>,
    /// Only this one.
    id: Option<Uuid>,
}

/// A page of OParl objects.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlPage {
    data: Vec<OparlObject>,
    /// Empty: OParl asks for the object and for nothing in it.
    pagination: NoCounts,
    links: OparlLinks,
    next_cursor: Option<String>,
}

/// Lists are not counted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NoCounts {}

/// Where the next page is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Get committees, members, meetings and papers in the shapes of OParl 1.1
///
/// Of an exempt item there is its number; of exempt papers nothing.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/interchange/oparl", operation_id = "getOparl", tag = "interchange",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), OparlFilters, Paging),
    responses((status = 200, body = OparlPage)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_oparl(
    State(app): State<App>,
    scope: InBorough<can::ReadCommittees>,
    page: PageRequest<OparlFilters>,
) -> Result<WithCsv<OparlPage, OparlObject>, Problem> {
    let slug = scope.borough().slug.as_str();
    let here = format!("{}/v1/boroughs/{slug}/interchange/oparl", app.public_url);
    let at = Addresses(&here);
    let wanted = Wanted { one: page.filters.id, after: page.after::<Uuid>()?, limit: page.rows_wanted() };
    let mut tx = scope.read().await?;
    let kind = page.filters.r#type.unwrap_or_default();
    let Page { data, next_cursor } = match kind {
        OparlType::Body => {
            let name = store::borough_name(&mut tx).await?.unwrap_or_else(|| slug.to_owned());
            Page::whole(vec![oparl::body(&at, slug, &name)])
        }
        OparlType::Organization => {
            let rows = page.page(store::organizations(&mut tx, wanted).await?, |row| row.committee_id);
            let ids: Vec<Uuid> = rows.data.iter().map(|row| row.committee_id).collect();
            let memberships = store::memberships_of(&mut tx, &ids, &[]).await?;
            mapped(rows, |row| oparl::organization(&at, row, &memberships))
        }
        OparlType::Person => {
            let rows = page.page(store::people(&mut tx, wanted).await?, |row| row.person_id);
            let ids: Vec<Uuid> = rows.data.iter().map(|row| row.person_id).collect();
            let memberships = store::memberships_of(&mut tx, &[], &ids).await?;
            mapped(rows, |row| oparl::person(&at, row, &memberships))
        }
        OparlType::Meeting => {
            let rows = page.page(store::meetings(&mut tx, wanted).await?, |row| row.meeting_id);
            let ids: Vec<Uuid> = rows.data.iter().map(|row| row.meeting_id).collect();
            let items = store::items(&mut tx, &ids).await?;
            mapped(rows, |row| oparl::meeting(&at, row, &items))
        }
        OparlType::Paper => {
            let rows = page.page(store::papers(&mut tx, wanted).await?, |row| row.paper_id);
            mapped(rows, |row| oparl::paper(&at, row))
        }
    };
    let next = next_cursor.as_ref().map(|cursor| format!("{here}?type={}&cursor={cursor}", crate::words::word(kind)));
    let body = OparlPage { data: data.clone(), pagination: NoCounts {}, links: OparlLinks { next }, next_cursor };
    Ok(WithCsv { body, rows: data })
}

/// The same page of something else.
fn mapped<A, B>(page: Page<A>, of: impl Fn(A) -> B) -> Page<B> {
    Page { data: page.data.into_iter().map(of).collect(), next_cursor: page.next_cursor }
}

/// Which objects of Popolo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PopoloType {
    /// Committees.
    #[default]
    Organization,
    /// Seats.
    Post,
    /// People in seats, for a time.
    Membership,
    /// Members.
    Person,
    /// Motions.
    Motion,
    /// Votes on motions.
    VoteEvent,
}

/// Which objects.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PopoloFilters {
    /// Of this type; organizations when left out.
    #[param(inline)]
    r#type: Option<PopoloType>,
    /// Only this one.
    id: Option<Uuid>,
}

/// Get committees, seats, members, motions and votes in the shapes of Popolo
///
/// Of a motion on an exempt item there is no text. Who voted how is said of a closed roll call only.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/interchange/popolo", operation_id = "getPopolo", tag = "interchange",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PopoloFilters, Paging),
    responses((status = 200, body = Page<PopoloObject>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_popolo(
    scope: InBorough<can::ReadCommittees>,
    page: PageRequest<PopoloFilters>,
) -> Result<Page<PopoloObject>, Problem> {
    let wanted = Wanted { one: page.filters.id, after: page.after::<Uuid>()?, limit: page.rows_wanted() };
    let mut tx = scope.read().await?;
    let objects: Vec<PopoloObject> = match page.filters.r#type.unwrap_or_default() {
        PopoloType::Organization => {
            store::organizations(&mut tx, wanted).await?.into_iter().map(popolo::organization).collect()
        }
        PopoloType::Post => store::seats(&mut tx, wanted).await?.into_iter().map(popolo::post).collect(),
        PopoloType::Membership => store::memberships(&mut tx, wanted).await?.iter().map(popolo::membership).collect(),
        PopoloType::Person => store::people(&mut tx, wanted).await?.into_iter().map(popolo::person).collect(),
        PopoloType::Motion => store::motions(&mut tx, wanted).await?.into_iter().map(popolo::motion).collect(),
        PopoloType::VoteEvent => {
            let events = store::vote_events(&mut tx, wanted).await?;
            let ids: Vec<Uuid> = events.iter().map(|event| event.vote_event_id).collect();
            let votes = store::votes(&mut tx, &ids).await?;
            events.into_iter().map(|event| popolo::vote_event(event, &votes)).collect()
        }
    };
    Ok(page.page(objects, PopoloObject::id))
}
