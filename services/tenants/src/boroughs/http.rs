//! Boroughs over HTTP.

use auth::{ClientSecret, Mode, OwnerKind, Role, can};
use axum::extract::State;
use domain::BoroughId;
use events::tenants::BoroughPlaced;
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, BoroughInPath, Db, Either, Handled, InBorough, KindOf, OnPlatform, Tx};
use web::{
    Created, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions, Versioned,
    problems,
};

use super::{
    BoroughState,
    borough::{BoroughBody, BoroughChange, BoroughDraft, FirstAdministrator, OnboardedBody},
    moves::{PlatformMove, moved},
    store,
};
use crate::clients::{self, ClientOwner, NewClient};

/// Which boroughs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoroughFilters {
    /// Live ones, which is the default, or sandboxes.
    mode: Option<Mode>,
}

/// List boroughs
///
/// A borough's token sees its own; the platform sees all, live ones unless it asks for sandboxes.
#[utoipa::path(
    get, path = "/v1/boroughs", operation_id = "listBoroughs", tag = "boroughs",
    params(BoroughFilters, Paging),
    responses((status = 200, body = Page<BoroughBody>)),
    security(("bearer" = ["borough:read"]), ("bearer" = ["boroughs:read"])),
)]
pub(crate) async fn list_boroughs(
    scope: Either<InBorough<can::ReadBorough>, OnPlatform<can::ReadBoroughs>>,
    page: PageRequest<BoroughFilters>,
) -> Result<Page<BoroughBody>, Problem> {
    match scope {
        Either::One(own) => {
            let mut tx = own.read().await?;
            Ok(Page::whole(vec![store::own(&mut tx).await?]))
        }
        Either::Other(platform) => {
            let mut tx = platform.read().await?;
            let mode = page.filters.mode.unwrap_or(Mode::Live);
            let rows = store::list(&mut tx, mode, page.after()?, page.rows_wanted()).await?;
            Ok(page.page(rows, |borough| borough.slug.to_string()))
        }
    }
}

/// Bring a borough on board
///
/// Creates the live borough and its sandbox, both in setup, and the first administrator's API client of each.
/// The secrets are in this answer and never again. With `draft` both are only named for now.
#[utoipa::path(
    post, path = "/v1/boroughs", operation_id = "createBorough", tag = "boroughs",
    params(web::Keyed),
    request_body = BoroughDraft,
    responses((status = 201, body = OnboardedBody)),
    security(("bearer" = ["boroughs:onboard"])),
)]
pub(crate) async fn create_borough(
    scope: OnPlatform<can::OnboardBoroughs>,
    SentOnce(draft, request): SentOnce<BoroughDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    if !store::region_exists(&mut tx, draft.region.as_str()).await? {
        return Err(Problem::of_fault(
            &problems::UNKNOWN_REFERENCE,
            "/region",
            "There is no such region. Create it first.",
        )
        .into());
    }
    let now = scope.now();
    let mut made = Vec::new();
    let mut administrators = Vec::new();
    for mode in [Mode::Live, Mode::Sandbox] {
        let asked_for_by = &scope.caller().client_id;
        let made_as = store::insert(&mut tx, BoroughId::at(now), &draft, mode, asked_for_by).await;
        let borough = made_as.map_err(|error| match error.constraint() {
            Some("borough_slug_mode") => taken("slug"),
            Some("borough_gss_mode") => taken("gss"),
            _ => error.into(),
        })?;
        let secret = ClientSecret::new(mode);
        let owner = ClientOwner::Borough { id: borough.id, slug: draft.slug.clone(), mode };
        let client = NewClient::new(owner, Role::Admin, "First administrator", Role::Admin.scopes(), &secret, now);
        clients::insert_first(&mut tx, &client).await?;
        administrators.push(FirstAdministrator {
            mode,
            client_id: client.client_id,
            client_secret: Some(secret.reveal().to_owned()),
        });
        tx.record(Act::new("borough.created", format!("boroughs/{}", draft.slug)).concerning(borough.id));
        let region = (mode == Mode::Live).then(|| draft.region.clone());
        let placed = BoroughPlaced {
            borough_id: borough.id,
            slug: borough.slug.clone(),
            gss: borough.gss.clone(),
            name: borough.name.clone(),
            region_from: region.is_some().then_some(draft.expected_from),
            region,
        };
        events::tell(&mut tx, borough.id, &placed);
        if mode == Mode::Sandbox {
            store::have_filled(&mut tx, &borough).await?;
        }
        made.push(borough);
    }
    let (Some(sandbox), Some(live)) = (made.pop(), made.pop()) else {
        return Err(Problem::internal("two boroughs were not made").into());
    };
    let body = OnboardedBody { live, sandbox, administrators };
    let mut kept = body.clone();
    kept.administrators.iter_mut().for_each(|one| one.client_secret = None);
    let location = format!("/v1/boroughs/{}", draft.slug);
    Ok(tx.answer_once(Created { location, version: Some(1), body }, &kept).await?)
}

fn taken(field: &str) -> Problem {
    Problem::of_fault(
        &problems::CONFLICT,
        format!("/{field}"),
        format_args!("There is a borough with this {field} already."),
    )
}

/// Get a borough
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}", operation_id = "getBorough", tag = "boroughs",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    responses((status = 200, body = BoroughBody)),
    security(("bearer" = ["borough:read"]), ("bearer" = ["boroughs:read"])),
)]
pub(crate) async fn get_borough(
    scope: Either<InBorough<can::ReadBorough>, OnPlatform<can::ReadBoroughs>>,
    BoroughInPath(named): BoroughInPath,
) -> Result<Found<BoroughBody>, Problem> {
    let borough = match scope {
        Either::One(own) => store::own(&mut own.read().await?).await?,
        Either::Other(platform) => live(&mut platform.read().await?, &named).await?,
    };
    Ok(Found::at(borough.version, borough))
}

/// The live borough of a path, as the platform names it.
pub(crate) async fn live(tx: &mut Tx<tenancy::Platform>, named: &str) -> Result<BoroughBody, Problem> {
    store::find_live(tx, named).await?.ok_or_else(|| Problem::not_found("borough"))
}

/// Get a borough's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/transitions", operation_id = "getBoroughTransitions", tag = "boroughs",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    responses((status = 200, body = Transitions<BoroughState>)),
    security(("bearer" = ["borough:read"]), ("bearer" = ["boroughs:read"])),
)]
pub(crate) async fn get_borough_transitions(
    scope: Either<InBorough<can::ReadBorough>, OnPlatform<can::ReadBoroughs>>,
    BoroughInPath(named): BoroughInPath,
) -> Result<Found<Transitions<BoroughState>>, Problem> {
    match scope {
        Either::One(own) => {
            let mut tx = own.read().await?;
            let borough = store::own(&mut tx).await?;
            told(&mut tx, borough, OwnerKind::Borough).await
        }
        Either::Other(platform) => {
            let mut tx = platform.read().await?;
            let borough = live(&mut tx, &named).await?;
            told(&mut tx, borough, OwnerKind::Platform).await
        }
    }
}

async fn told<K: KindOf>(
    tx: &mut Tx<K>,
    borough: BoroughBody,
    by: OwnerKind,
) -> Result<Found<Transitions<BoroughState>>, Problem> {
    let data = store::history(tx, borough.id).await?;
    let allowed = borough.state.allowed(by).to_vec();
    Ok(Found::at(borough.version, Transitions { state: borough.state, allowed, data, next_cursor: None }))
}

/// Move a borough
///
/// A borough hands itself in for review and takes itself back; the platform opens it, brings it live, suspends and resumes
/// it. It goes live once every task of its checklist is done or waived, and not by the officer who asked for it. Suspension
/// cuts off every token of the borough within a minute and changes no data. One that leaves (`offboarding`) gets an export
/// of everything; once that is made it can be closed, which cuts off its tokens for good. Its record is kept for six
/// financial years more, and then destroyed (`purged`), by another officer than the one who closed it. Its sandbox closes,
/// opens and ends with it.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/transitions", operation_id = "moveBorough", tag = "boroughs",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Versioned),
    request_body(content = MoveDraft<BoroughState>, example = json!({"to": "in_review", "reason": "All is filled in"})),
    responses((status = 200, body = Transitions<BoroughState>)),
    security(("bearer" = ["borough:submit"]), ("bearer" = ["boroughs:onboard"])),
)]
pub(crate) async fn move_borough(
    scope: Either<InBorough<can::RequestReview>, OnPlatform<can::OnboardBoroughs>>,
    BoroughInPath(named): BoroughInPath,
    State(db): State<Db>,
    version: IfMatch,
    Sent(draft, request): Sent<MoveDraft<BoroughState>>,
) -> Handled {
    draft.check()?;
    match scope {
        Either::One(own) => {
            let mut tx = own.write(&request).await?;
            let borough = store::own(&mut tx).await?;
            let client_id = own.caller().client_id.clone();
            let after = moved(&mut tx, &borough, OwnerKind::Borough, &version, &draft, &client_id).await?;
            let told = told(&mut tx, after, OwnerKind::Borough).await?;
            Ok(tx.answer(told).await?)
        }
        Either::Other(platform) => {
            let mut tx = platform.write(&request).await?;
            let borough = live(&mut tx, &named).await?;
            let client_id = &platform.caller().client_id;
            let asked =
                PlatformMove { borough: &borough, version: &version, draft: &draft, client_id, now: platform.now() };
            let after = asked.make(&db, &mut tx).await?;
            let told = told(&mut tx, after, OwnerKind::Platform).await?;
            Ok(tx.answer(told).await?)
        }
    }
}

/// Change a borough
///
/// Its name, as when a council is given the style of a city: every service hears of it. How many calls a day its clients
/// have. Its slug and its code never change.
#[utoipa::path(
    patch, path = "/v1/boroughs/{borough}", operation_id = "changeBorough", tag = "boroughs",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Versioned),
    request_body = BoroughChange,
    responses((status = 200, body = BoroughBody)),
    security(("bearer" = ["boroughs:onboard"])),
)]
pub(crate) async fn change_borough(
    scope: OnPlatform<can::OnboardBoroughs>,
    BoroughInPath(named): BoroughInPath,
    version: IfMatch,
    Sent(change, request): Sent<BoroughChange>,
) -> Handled {
    change.check()?;
    let mut tx = scope.write(&request).await?;
    let borough = live(&mut tx, &named).await?;
    version.holds(borough.version)?;
    let name = change.name.as_deref().map_or(borough.name.as_str(), str::trim);
    if !store::change(&mut tx, &borough, name, change.calls_a_day).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("borough.changed", format!("boroughs/{}", borough.slug)).concerning(borough.id);
    let before = json!({"name": borough.name});
    tx.record(act.before(before).after(json!({"name": name, "calls_a_day": change.calls_a_day})));
    if name != borough.name {
        renamed(&mut tx, &borough, name).await?;
    }
    let after = BoroughBody { name: name.to_owned(), version: borough.version + 1, ..borough };
    Ok(tx.answer(Found::at(after.version, after)).await?)
}

/// Every service hears of it, and the sandbox is called the same.
async fn renamed(tx: &mut Tx<tenancy::Platform>, borough: &BoroughBody, name: &str) -> Result<(), Problem> {
    let sandbox = store::sandbox_of(tx, borough.slug.as_str()).await?;
    if let Some(sandbox) = &sandbox {
        store::change(tx, sandbox, name, None).await?;
    }
    for one in std::iter::once(borough).chain(&sandbox) {
        let (region, region_from) = store::expected_by(tx, one.id).await?.unzip();
        let placed = BoroughPlaced {
            borough_id: one.id,
            slug: one.slug.clone(),
            gss: one.gss.clone(),
            name: name.to_owned(),
            region,
            region_from,
        };
        events::tell(tx, one.id, &placed);
    }
    Ok(())
}
