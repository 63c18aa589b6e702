//! Taking in what ModernGov holds, over HTTP.

use std::collections::BTreeMap;

use auth::can;
use serde::Deserialize;
use tenancy::{Act, Borough, DbError, Handled, InBorough, Tx};
use web::{Faults, Found, Problem, Sent};

use super::{
    import::{self, ImportBody, ImportKind, by_id},
    store::{self, NewMeeting},
    xml::{self, Record},
};
use crate::interchange::store::borough_name;

/// The longest file, in bytes.
const LONGEST: usize = 1_500_000;

/// An answer of ModernGov's web service, to be taken in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "members", "xml": "<councillorsbyward><wards><ward><councillors><councillor>\
    <councillorid>1801</councillorid><fullusername>Councillor A Example</fullusername></councillor></councillors></ward>\
    </wards></councillorsbyward>"}))]
pub(crate) struct ModernGovDraft {
    kind: ImportKind,
    /// The XML, as the web service answered it.
    #[schema(min_length = 1, max_length = 1_500_000)]
    xml: String,
}

/// Take in members, committees or meetings from ModernGov
///
/// Known by their ids there: the same file a second time changes nothing and says so. A committee of the same name is
/// taken for the same; a new one is recorded as proposed and advisory. Meetings come as drafts, of known committees only;
/// one that has been notified here is not moved from there.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/interchange/moderngov", operation_id = "importModernGov", tag = "interchange",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = ModernGovDraft,
    responses((status = 200, body = ImportBody)),
    security(("bearer" = ["governance:import"])),
)]
pub(crate) async fn import_moderngov(
    scope: InBorough<can::ImportGovernance>,
    Sent(draft, request): Sent<ModernGovDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.unless((1..=LONGEST).contains(&draft.xml.len()), "/xml", "It has 1 to 1,500,000 bytes: send it in parts.");
    faults.none()?;
    let records = xml::records(&draft.xml, draft.kind.element()).map_err(|why| Problem::invalid("/xml", why))?;
    let mut told = ImportBody::default();
    let records = by_id(draft.kind, records, &mut told);
    let mut tx = scope.write(&request).await?;
    let taken = match draft.kind {
        ImportKind::Members => members(&mut tx, &records, &mut told).await,
        ImportKind::Committees => committees(&mut tx, &records, &mut told, scope.borough().slug.as_str()).await,
        ImportKind::Meetings => meetings(&mut tx, &records, &mut told).await,
    };
    taken.map_err(|error| match error.constraint() {
        // Somebody took in the same file at the same time.
        Some("person_external" | "committee_external" | "committee_name" | "meeting_external") => {
            web::changed_meanwhile()
        }
        _ => error.into(),
    })?;
    let act = Act::new("moderngov.imported", "interchange/moderngov");
    let counts = (told.created, told.updated, told.unchanged, told.skipped.len());
    tx.record(act.after(serde_json::json!({"kind": draft.kind.element(), "created": counts.0, "updated": counts.1,
        "unchanged": counts.2, "skipped": counts.3})));
    Ok(tx.answer(Found::of(told)).await?)
}

async fn members(
    tx: &mut Tx<Borough>,
    records: &BTreeMap<String, Record>,
    told: &mut ImportBody,
) -> Result<(), DbError> {
    let known = store::people(tx).await?;
    for (id, record) in records {
        let Some(name) = import::text(record, "fullusername", 200) else {
            told.skip(id, "It has no fullusername of 1 to 200 characters.");
            continue;
        };
        match known.get(id) {
            None => {
                store::insert_person(tx, id, name).await?;
                told.created += 1;
            }
            Some((person, before)) if before != name => {
                store::rename_person(tx, *person, name).await?;
                told.updated += 1;
            }
            Some(_) => told.unchanged += 1,
        }
    }
    Ok(())
}

async fn committees(
    tx: &mut Tx<Borough>,
    records: &BTreeMap<String, Record>,
    told: &mut ImportBody,
    slug: &str,
) -> Result<(), DbError> {
    let mut known = store::committees(tx).await?;
    let parent = format!("{} Council", borough_name(tx).await?.unwrap_or_else(|| slug.to_owned()));
    for (id, record) in records {
        let name = match import::committee_name(record) {
            Ok(name) => name,
            Err(why) => {
                told.skip(id, why);
                continue;
            }
        };
        let same_name = |one: &store::KnownCommittee| one.name.to_lowercase() == name.to_lowercase();
        if let Some(there) = known.iter().find(|one| one.external_id.as_ref() == Some(id)) {
            if same_name(there) {
                told.unchanged += 1;
            } else {
                told.skip(id, "It has another name here, under which it decided: record the new one here.");
            }
        } else if let Some(there) = known.iter_mut().find(|one| same_name(one)) {
            if there.external_id.is_some() {
                told.skip(id, "A committee of this name has another id there already.");
                continue;
            }
            store::link_committee(tx, there.id, id).await?;
            there.external_id = Some(id.clone());
            told.updated += 1;
        } else {
            let made = store::insert_committee(tx, id, name, &parent).await?;
            known.push(store::KnownCommittee { id: made, name: name.to_owned(), external_id: Some(id.clone()) });
            crate::progress::note_committee(tx, made).await?;
            told.created += 1;
        }
    }
    Ok(())
}

async fn meetings(
    tx: &mut Tx<Borough>,
    records: &BTreeMap<String, Record>,
    told: &mut ImportBody,
) -> Result<(), DbError> {
    let committees = store::committees(tx).await?;
    let known = store::meetings(tx).await?;
    for (id, record) in records {
        let theirs = match import::meeting(record) {
            Ok(theirs) => theirs,
            Err(why) => {
                told.skip(id, why);
                continue;
            }
        };
        let Some(committee) = committees.iter().find(|one| one.external_id.as_ref() == Some(&theirs.committee)) else {
            told.skip(
                id,
                format!("Its committee {} is not known here: take in the committees first.", theirs.committee),
            );
            continue;
        };
        match known.get(id) {
            None if theirs.cancelled => told.skip(id, "It was cancelled before it was known here."),
            None => {
                let title = theirs.title.as_deref().unwrap_or(&committee.name);
                let (starts_at, place) = (theirs.starts_at, theirs.place.as_str());
                let meeting = NewMeeting { external_id: id, committee: committee.id, title, starts_at, place };
                store::insert_meeting(tx, &meeting).await?;
                told.created += 1;
            }
            Some(_) if theirs.cancelled => {
                told.skip(id, "It is cancelled there: cancel it here, where notice was given.")
            }
            Some(here) if here.starts_at == theirs.starts_at && here.place == theirs.place => told.unchanged += 1,
            Some(here) if here.state == "draft" => {
                if store::move_meeting(tx, here.id, theirs.starts_at, &theirs.place).await? {
                    told.updated += 1;
                } else {
                    told.skip(id, "It was notified meanwhile: move it here.");
                }
            }
            Some(_) => told.skip(id, "It is at another time or place there, and notified here: move it here."),
        }
    }
    Ok(())
}
