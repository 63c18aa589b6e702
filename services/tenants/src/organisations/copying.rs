//! A body of a sandbox, recorded in the live borough as it was there.

use std::collections::BTreeMap;

use domain::{BoroughId, OrganisationId};
use tenancy::{Act, Borough, DbError, Tx};
use web::Problem;

use super::{
    http::{find, tell},
    organisation::{AliasDraft, OrganisationBody, OrganisationDraft},
    store,
};

/// Every body that a borough has recorded.
pub(crate) async fn all(tx: &mut Tx<Borough>) -> Result<Vec<OrganisationBody>, DbError> {
    store::list(tx, None, None, i64::MAX).await
}

/// Records a body of the sandbox. `known` has the bodies of the sandbox that are here, and as what.
pub(crate) async fn copy(
    tx: &mut Tx<Borough>,
    borough: BoroughId,
    body: &OrganisationBody,
    known: &BTreeMap<OrganisationId, OrganisationId>,
    client_id: &str,
) -> Result<OrganisationBody, Problem> {
    let followed: Vec<OrganisationId> =
        body.predecessors.iter().filter_map(|link| known.get(&link.id).copied()).collect();
    let draft = OrganisationDraft {
        kind: body.kind,
        name: body.name.clone(),
        ods: body.ods.clone(),
        gss: body.gss.clone(),
        valid_from: body.valid_from,
        valid_to: body.valid_to,
        predecessors: followed,
        source: body.source.clone(),
    };
    draft.check()?;
    let id = OrganisationId::at(tx.now());
    store::insert(tx, id, &draft).await?;
    for (index, predecessor) in draft.predecessors.iter().enumerate() {
        let before = find(tx, *predecessor).await?;
        draft.check_predecessor(index, before.valid_to)?;
        store::insert_succession(tx, id, &draft, &before).await?;
    }
    for name in &body.aliases {
        let alias = AliasDraft { name: name.clone(), source: body.source.clone() };
        store::insert_alias(tx, id, &alias, client_id).await?;
    }
    let recorded = find(tx, id).await?;
    tx.record(Act::new("organisation.recorded", format!("organisations/{id}")).after(serde_json::json!(recorded)));
    tell(tx, borough, &recorded);
    Ok(recorded)
}
