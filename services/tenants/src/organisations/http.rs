//! Organisations over HTTP.

use auth::can;
use chrono::NaiveDate;
use domain::{BoroughId, OrganisationId};
use events::tenants::OrganisationRecorded;
use serde::{Deserialize, Serialize};
use tenancy::{Act, AsPartner, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Row, Sent, problems};

use super::{
    organisation::{AliasDraft, BodyEndingDraft, Link, OrganisationBody, OrganisationDraft, OrganisationKind},
    store,
};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OrganisationPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The organisation.
    organisation: OrganisationId,
}

/// List the bodies a borough works with
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/organisations", operation_id = "listOrganisations", tag = "organisations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<OrganisationBody>)),
    security(("bearer" = ["organisations:read"])),
)]
pub(crate) async fn list_organisations(
    scope: InBorough<can::ReadOrganisations>,
    page: PageRequest,
) -> Result<Page<OrganisationBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |row| row.id))
}

/// Record a body
///
/// A body that follows others names them as `predecessors`: each must have ended on the day before.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/organisations", operation_id = "recordOrganisation", tag = "organisations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = OrganisationDraft,
    responses((status = 201, body = OrganisationBody)),
    security(("bearer" = ["organisations:write"])),
)]
pub(crate) async fn record_organisation(
    scope: InBorough<can::WriteOrganisations>,
    Sent(draft, request): Sent<OrganisationDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let mut predecessors = Vec::new();
    for (index, id) in draft.predecessors.iter().enumerate() {
        let found = store::list(&mut tx, Some(*id), None, 1).await?.pop().ok_or_else(|| {
            let pointer = format!("/predecessors/{index}");
            Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer, "This borough has recorded no such body.")
        })?;
        draft.check_predecessor(index, found.valid_to)?;
        if predecessors.iter().any(|before: &OrganisationBody| before.id == found.id) {
            return Err(Problem::invalid(format!("/predecessors/{index}"), "It is named twice.").into());
        }
        predecessors.push(found);
    }
    if store::recorded_already(&mut tx, &draft).await? {
        let detail = "The borough has recorded a body of this kind and code for some of these days already.";
        return Err(Problem::of_fault(&problems::CONFLICT, "/ods", detail).into());
    }
    let id = OrganisationId::at(scope.now());
    store::insert(&mut tx, id, &draft).await?;
    for predecessor in &predecessors {
        store::insert_succession(&mut tx, id, &draft, predecessor).await?;
    }
    let body = find(&mut tx, id).await?;
    tx.record(Act::new("organisation.recorded", format!("organisations/{id}")).after(serde_json::json!(body)));
    tell(&mut tx, scope.borough().id, &body);
    let location = format!("/v1/boroughs/{}/organisations/{id}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Tells other services of a body as it is now.
pub(super) fn tell(tx: &mut Tx<Borough>, borough: BoroughId, body: &OrganisationBody) {
    let recorded = OrganisationRecorded {
        organisation_id: body.id,
        kind: body.kind.as_str().to_owned(),
        name: body.name.clone(),
        ods: body.ods.clone(),
        gss: body.gss.clone(),
        valid_from: body.valid_from,
        valid_to: body.valid_to,
        aliases: body.aliases.clone(),
    };
    events::tell(tx, borough, &recorded);
}

pub(super) async fn find(tx: &mut Tx<Borough>, id: OrganisationId) -> Result<OrganisationBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("organisation"))
}

/// Record a body's last day
///
/// Of a body that stood so far, and once. Whoever follows it is recorded from the next day on, naming it among its
/// `predecessors`. From then on nothing is posted against it but run-off.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/organisations/{organisation}/endings", operation_id = "endOrganisation",
    tag = "organisations",
    params(OrganisationPath),
    request_body = BodyEndingDraft,
    responses((status = 201, body = OrganisationBody)),
    security(("bearer" = ["organisations:write"])),
)]
pub(crate) async fn end_organisation(
    scope: InBorough<can::WriteOrganisations>,
    At(path): At<OrganisationPath>,
    Sent(draft, request): Sent<BodyEndingDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let body = find(&mut tx, path.organisation).await?;
    draft.check(&body)?;
    if !store::end(&mut tx, body.id, draft.last_day).await? {
        let last = body.valid_to.map_or_else(String::new, |last| format!(": {last}"));
        return Err(Problem::new(&problems::CONFLICT, format_args!("Its last day is recorded already{last}.")).into());
    }
    let body = OrganisationBody { valid_to: Some(draft.last_day), ..body };
    let act = Act::new("organisation.ended", format!("organisations/{}", body.id));
    tx.record(act.after(serde_json::json!({"last_day": draft.last_day, "source": draft.source.trim()})));
    tell(&mut tx, scope.borough().id, &body);
    let location = format!("/v1/boroughs/{}/organisations/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Record another name a body is printed under
///
/// A ledger may print a body's old or short name for years; files that are imported are read with it, on the days on which
/// the body existed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/organisations/{organisation}/aliases", operation_id = "nameOrganisation",
    tag = "organisations",
    params(OrganisationPath),
    request_body = AliasDraft,
    responses((status = 201, body = OrganisationBody)),
    security(("bearer" = ["organisations:write"])),
)]
pub(crate) async fn name_organisation(
    scope: InBorough<can::WriteOrganisations>,
    At(path): At<OrganisationPath>,
    Sent(draft, request): Sent<AliasDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let body = find(&mut tx, path.organisation).await?;
    draft.check(&body)?;
    let client_id = &scope.caller().client_id;
    store::insert_alias(&mut tx, body.id, &draft, client_id)
        .await
        .on_constraint("organisation_alias_pkey", web::changed_meanwhile)?;
    let body = find(&mut tx, path.organisation).await?;
    let act = Act::new("organisation.named", format!("organisations/{}", body.id));
    tx.record(act.after(serde_json::json!({"name": draft.name.trim(), "source": draft.source.trim()})));
    tell(&mut tx, scope.borough().id, &body);
    let location = format!("/v1/boroughs/{}/organisations/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a body
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/organisations/{organisation}", operation_id = "getOrganisation", tag = "organisations",
    params(OrganisationPath),
    responses((status = 200, body = OrganisationBody)),
    security(("bearer" = ["organisations:read"])),
)]
pub(crate) async fn get_organisation(
    scope: InBorough<can::ReadOrganisations>,
    At(path): At<OrganisationPath>,
) -> Result<Found<OrganisationBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, path.organisation).await?))
}

/// A borough, by its names.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct NamedBorough {
    #[schema(example = "salford")]
    pub(super) slug: String,
    #[schema(example = "E08000006")]
    pub(super) gss: String,
    #[schema(example = "Salford")]
    pub(super) name: String,
}

/// An organisation's own record in one borough.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerRecord {
    pub(super) borough: NamedBorough,
    pub(super) id: OrganisationId,
    pub(super) kind: OrganisationKind,
    pub(super) name: String,
    #[schema(example = "QOP")]
    pub(super) ods: Option<String>,
    #[schema(example = "E54000057")]
    pub(super) gss: Option<String>,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
    /// The bodies it followed in this borough.
    pub(super) predecessors: Vec<Link>,
}

impl Row for PartnerRecord {
    const COLUMNS: &'static [&'static str] =
        &["borough.slug", "borough.gss", "borough.name", "id", "kind", "name", "ods", "gss", "valid_from", "valid_to"];
}

/// List one organisation's own record in every borough
///
/// An organisation sees what is recorded under its own code, and whom it followed; nothing of its predecessors' records.
#[utoipa::path(
    get, path = "/v1/partners/{ods}/organisations", operation_id = "listPartnerOrganisations", tag = "partners",
    params(("ods" = String, Path, description = "The organisation's own ODS code", example = "QOP"), Paging),
    responses((status = 200, body = Page<PartnerRecord>)),
    security(("bearer" = ["partner-organisations:read"])),
)]
pub(crate) async fn list_partner_organisations(
    scope: AsPartner<can::ReadOwnRecords>,
    page: PageRequest,
) -> Result<Page<PartnerRecord>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list_as_partner(&mut tx, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |row| (row.borough.slug.clone(), row.id)))
}
