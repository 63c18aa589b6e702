//! Copying settings over HTTP.

use std::collections::BTreeMap;

use auth::can;
use axum::extract::State;
use domain::SecurityContactId;
use serde_json::json;
use tenancy::{Act, Db, Handled, InBorough};
use web::{Created, Problem, SentOnce};

use super::{
    copied::{LeftThere, SettingsCopyBody, SettingsCopyDraft, contact_stays, only_to_live, stays, there_already},
    store,
};
use crate::{organisations, security_contacts};

/// Copy settings from the sandbox
///
/// To the live borough, what was set up in its sandbox and is not there yet: bodies with who followed whom and their other
/// names, and the security contact. What is made up stays in the sandbox, and so does all money: funds, ledger sources and
/// committees are set up in each. All of it is copied, or nothing.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/settings-copies", operation_id = "copySettings", tag = "boroughs",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), web::Keyed),
    request_body = SettingsCopyDraft,
    responses((status = 201, body = SettingsCopyBody)),
    security(("bearer" = ["organisations:write"])),
)]
pub(crate) async fn copy_settings(
    scope: InBorough<can::WriteOrganisations>,
    State(db): State<Db>,
    SentOnce(asked, request): SentOnce<SettingsCopyDraft>,
) -> Handled {
    let SettingsCopyDraft {} = asked;
    only_to_live(scope.borough().mode)?;
    let mut tx = db.issuer().await?;
    let sandbox = store::sandbox_of(&mut tx, scope.borough().slug.as_str()).await?;
    tx.commit().await?;
    let sandbox = sandbox.ok_or_else(|| Problem::not_found("sandbox"))?;
    // Read and let go before anything is written: one borough a transaction.
    let mut there = db.reading_in(sandbox).await?;
    let mut bodies = organisations::all(&mut there).await?;
    let contact = security_contacts::newest(&mut there).await?;
    drop(there);
    // Whoever follows begins after the one it follows.
    bodies.sort_by_key(|body| body.valid_from);

    let mut tx = scope.write(&request).await?;
    let live = organisations::all(&mut tx).await?;
    let mut told = SettingsCopyBody::default();
    let mut known = BTreeMap::new();
    for body in &bodies {
        if let Some(why) = stays(body, &live) {
            told.left.push(LeftThere { name: body.name.clone(), why });
            known.extend(there_already(body, &live).map(|here| (body.id, here.id)));
            continue;
        }
        let copy = organisations::copy(&mut tx, scope.borough().id, body, &known, &scope.caller().client_id).await?;
        known.insert(body.id, copy.id);
        told.aliases += copy.aliases.len();
        told.organisations.push(copy.name);
    }
    if let Some(contact) = contact {
        let named = security_contacts::newest(&mut tx).await?.is_some();
        if let Some(why) = contact_stays(&contact, named) {
            told.left.push(LeftThere { name: contact.office, why });
        } else {
            let id = SecurityContactId::at(scope.now());
            let (recorded_at, recorded_by) = (scope.now(), scope.caller().client_id.clone());
            let copy = security_contacts::SecurityContactBody { id, recorded_at, recorded_by, ..contact };
            security_contacts::insert(&mut tx, &copy).await?;
            let act = Act::new("security-contact.recorded", format!("security-contacts/{id}"));
            tx.record(act.after(json!({"office": copy.office})));
            told.security_contact = true;
        }
    }
    let location = format!("/v1/boroughs/{}/organisations", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body: told }).await?)
}
