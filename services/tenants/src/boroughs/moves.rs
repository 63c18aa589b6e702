//! What a move brings with it: the checks before, and afterwards tokens that are cut, an export, a day, the sandbox.

use auth::OwnerKind;
use chrono::{DateTime, Utc};
use tenancy::{Act, Db, KindOf, Platform, Tx};
use web::{IfMatch, MoveDraft, Problem, move_refused};

use super::{
    BoroughBody, BoroughState,
    life::{may_be_purged, record_taken, retained_until, second_person},
    store,
};
use crate::{
    exports,
    onboarding::{facts, unmet},
};

/// Moves a borough, where the move is allowed; as it is then.
pub(super) async fn moved<K: KindOf>(
    tx: &mut Tx<K>,
    borough: &BoroughBody,
    by: OwnerKind,
    version: &IfMatch,
    draft: &MoveDraft<BoroughState>,
    client_id: &str,
) -> Result<BoroughBody, Problem> {
    version.holds(borough.version)?;
    let allowed = borough.state.allowed(by);
    if !allowed.contains(&draft.to) {
        return Err(move_refused(&borough.state, &draft.to, allowed));
    }
    step(tx, borough, draft.to, draft.reason.trim(), client_id).await
}

async fn step<K: KindOf>(
    tx: &mut Tx<K>,
    borough: &BoroughBody,
    to: BoroughState,
    reason: &str,
    client_id: &str,
) -> Result<BoroughBody, Problem> {
    if !store::move_to(tx, borough, to, reason, client_id).await? {
        return Err(web::changed_meanwhile());
    }
    let act = Act::new("borough.moved", format!("boroughs/{}", borough.slug)).concerning(borough.id);
    tx.record(act.before(borough.state.as_str()).after(to.as_str()));
    Ok(BoroughBody { state: to, version: borough.version + 1, ..borough.clone() })
}

/// A move that the platform asks for.
pub(super) struct PlatformMove<'a> {
    pub(super) borough: &'a BoroughBody,
    pub(super) version: &'a IfMatch,
    pub(super) draft: &'a MoveDraft<BoroughState>,
    pub(super) client_id: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl PlatformMove<'_> {
    /// Does it, with all that belongs to it.
    pub(super) async fn make(&self, db: &Db, tx: &mut Tx<Platform>) -> Result<BoroughBody, Problem> {
        let (borough, to) = (self.borough, self.draft.to);
        // What is refused for its state is refused before anything is asked of it.
        self.version.holds(borough.version)?;
        if borough.state.allowed(OwnerKind::Platform).contains(&to) {
            self.check(db, tx).await?;
        }
        let mut after = moved(tx, borough, OwnerKind::Platform, self.version, self.draft, self.client_id).await?;
        self.follow(tx, borough, to).await?;
        if to == BoroughState::Closed {
            let until = retained_until(domain::day_in_england(self.now));
            store::retain(tx, borough.id, until).await?;
            after.retained_until = Some(until);
        }
        if to == BoroughState::Offboarding {
            let reason = "Everything of a borough that leaves";
            let export = exports::ask_on_platform(tx, borough.id, reason, self.client_id).await?;
            let act = Act::new("export.asked", format!("exports/{export}")).concerning(borough.id);
            tx.record(act.after(serde_json::json!({"reason": reason})).changing_nothing());
        }
        self.take_sandbox_along(tx).await?;
        Ok(after)
    }

    async fn check(&self, db: &Db, tx: &mut Tx<Platform>) -> Result<(), Problem> {
        let borough = self.borough;
        let today = domain::day_in_england(self.now);
        match (borough.state, self.draft.to) {
            (BoroughState::InReview, BoroughState::Live) => {
                let asked_for_by = store::asked_for_by(tx, borough.id).await?;
                let detail =
                    "You brought this borough on board, so another officer has to look at it and bring it live.";
                second_person(asked_for_by.as_deref(), self.client_id, detail)?;
                unmet(&facts(&mut db.reading_in(borough.id).await?, &borough.gss, today).await?)
            }
            (BoroughState::Offboarding, BoroughState::Closed) => {
                let began = store::last_moved_to(tx, borough.id, BoroughState::Offboarding).await?;
                let Some((_, since)) = began else { return Ok(()) };
                record_taken(exports::made_since(tx, borough.id, since).await?)
            }
            (BoroughState::Closed, BoroughState::Purged) => {
                may_be_purged(borough.retained_until, today)?;
                let closed = store::last_moved_to(tx, borough.id, BoroughState::Closed).await?;
                let detail = "You closed this borough, so another officer has to order that its record be destroyed.";
                second_person(closed.as_ref().map(|(by, _)| by.as_str()), self.client_id, detail)
            }
            _ => Ok(()),
        }
    }

    async fn follow(&self, tx: &mut Tx<Platform>, moved: &BoroughBody, to: BoroughState) -> Result<(), Problem> {
        if moved.state.is_open() && !to.is_open() {
            store::cut_off(tx, moved.id, self.draft.reason.trim()).await?;
        }
        if to == BoroughState::Purged {
            store::order_purge(tx, moved.id).await?;
        }
        Ok(())
    }

    /// The sandbox is of the same borough: it closes, opens and ends with it.
    async fn take_sandbox_along(&self, tx: &mut Tx<Platform>) -> Result<(), Problem> {
        let Some(to) = self.draft.to.of_sandbox() else { return Ok(()) };
        let Some(sandbox) = store::sandbox_of(tx, self.borough.slug.as_str()).await? else { return Ok(()) };
        if sandbox.state != to {
            step(tx, &sandbox, to, self.draft.reason.trim(), self.client_id).await?;
            self.follow(tx, &sandbox, to).await?;
        }
        Ok(())
    }
}
