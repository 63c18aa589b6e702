//! The SQL of invitations: the same for a borough, which sees its own, and the platform, which sees those of offices.

use auth::ClientSecret;
use chrono::{DateTime, Utc};
use domain::InvitationId;
use tenancy::{DbError, KindOf, Tx};
use uuid::Uuid;

use super::invitation::{InvitationBody, InvitationTimes};
use crate::clients::{ClientOwner, borough_of, named};

struct InvitationRow {
    invitation_id: Uuid,
    office: String,
    role: String,
    hint: String,
    invited_by: String,
    invited_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    accepted_by: Option<String>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_by: Option<String>,
    reason: Option<String>,
    version: i64,
}

impl InvitationRow {
    fn at(self, now: DateTime<Utc>) -> InvitationBody {
        let times = InvitationTimes {
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
            withdrawn_at: self.withdrawn_at,
        };
        InvitationBody {
            id: InvitationId(self.invitation_id),
            office: self.office,
            role: self.role,
            state: times.state(now),
            hint: self.hint,
            invited_at: self.invited_at,
            invited_by: self.invited_by,
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
            accepted_by: self.accepted_by,
            withdrawn_at: self.withdrawn_at,
            withdrawn_by: self.withdrawn_by,
            reason: self.reason,
            version: self.version,
        }
    }
}

/// An owner's own, all or one.
pub(super) async fn list<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    one: Option<InvitationId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<InvitationBody>, DbError> {
    let (region, ods) = named(owner);
    let now = tx.now();
    let rows = sqlx::query_as!(
        InvitationRow,
        "select invitation_id, office, role, hint, invited_by, invited_at, expires_at, accepted_at, accepted_by,
           withdrawn_at, withdrawn_by, reason, version
         from tenants.invitation
         where owner_kind = $1 and region is not distinct from $2 and ods is not distinct from $3
           and ($4::uuid is null or invitation_id = $4) and ($5::uuid is null or invitation_id > $5)
         order by invitation_id limit $6",
        owner.kind().as_str(),
        region,
        ods,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

pub(super) async fn insert<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    invitation: &InvitationBody,
    code: &ClientSecret,
) -> Result<(), DbError> {
    let (region, ods) = named(owner);
    sqlx::query!(
        "insert into tenants.invitation (invitation_id, owner_kind, borough_id, region, ods, office, role, code_hash, hint,
           invited_by, invited_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        invitation.id.0,
        owner.kind().as_str(),
        borough_of(owner),
        region,
        ods,
        invitation.office,
        invitation.role,
        code.hash(),
        invitation.hint,
        invitation.invited_by,
        invitation.invited_at,
        invitation.expires_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes it back. False where it has moved on.
pub(super) async fn withdraw<K: KindOf>(
    tx: &mut Tx<K>,
    invitation: &InvitationBody,
    (by, reason): (&str, &str),
) -> Result<bool, DbError> {
    let now = tx.now();
    let withdrawn = sqlx::query!(
        "update tenants.invitation set withdrawn_at = $3, withdrawn_by = $4, reason = $5, version = version + 1
         where invitation_id = $1 and version = $2 and accepted_at is null and withdrawn_at is null",
        invitation.id.0,
        invitation.version,
        now,
        by,
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(withdrawn.rows_affected() == 1)
}
