//! The SQL of declarations and rulings.

use domain::{DeclarationId, InterestId, ItemId, MeetingId, PersonId, RulingId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::declaration::{DeclarationBody, RulingBody};
use crate::words::{read, word};

/// All declarations at a meeting in the order they were made, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    one: Option<DeclarationId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeclarationBody>, DbError> {
    let mut rulings = rulings(tx, meeting, one).await?;
    let rows = sqlx::query!(
        "select d.declaration_id, d.item_id, d.person_id, p.name, d.interest_id, d.nature, d.action, d.declared_at
         from governance.declaration d join governance.person p on p.person_id = d.person_id
         where d.meeting_id = $1 and ($2::uuid is null or d.declaration_id = $2)
           and ($3::uuid is null or d.declaration_id > $3)
         order by d.declaration_id limit $4",
        meeting.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let declarations = rows.into_iter().map(|row| {
        let id = DeclarationId(row.declaration_id);
        let on_it = rulings.extract_if(.., |(of, _)| *of == id).map(|(_, ruling)| ruling).collect();
        let declaration = DeclarationBody {
            id,
            meeting,
            item: ItemId(row.item_id),
            person: PersonId(row.person_id),
            name: row.name,
            interest: row.interest_id.map(InterestId),
            nature: row.nature,
            action: read(&row.action),
            declared_at: row.declared_at,
            rulings: Vec::new(),
            in_force: None,
            may: None,
        };
        declaration.ruled(on_it)
    });
    Ok(declarations.collect())
}

async fn rulings(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    on: Option<DeclarationId>,
) -> Result<Vec<(DeclarationId, RulingBody)>, DbError> {
    let rows = sqlx::query!(
        "select declaration_id, ruling_id, kind, may, by_whom, reason, ruled_at from governance.ruling
         where meeting_id = $1 and ($2::uuid is null or declaration_id = $2) order by ruling_id",
        meeting.0,
        on.map(|id| id.0)
    )
    .fetch_all(tx.connection())
    .await?;
    let all = rows.into_iter().map(|row| {
        let ruling = RulingBody {
            id: RulingId(row.ruling_id),
            kind: read(&row.kind),
            may: read(&row.may),
            by_whom: row.by_whom,
            reason: row.reason,
            ruled_at: row.ruled_at,
        };
        (DeclarationId(row.declaration_id), ruling)
    });
    Ok(all.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, declaration: &DeclarationBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.declaration
           (borough_id, meeting_id, declaration_id, item_id, person_id, interest_id, nature, action, declared_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        declaration.meeting.0,
        declaration.id.0,
        declaration.item.0,
        declaration.person.0,
        declaration.interest.map(|id| id.0),
        declaration.nature,
        word(declaration.action),
        declaration.declared_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn rule(tx: &mut Tx<Borough>, on: &DeclarationBody, ruling: &RulingBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.ruling
           (borough_id, meeting_id, declaration_id, ruling_id, kind, may, by_whom, reason, ruled_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        on.meeting.0,
        on.id.0,
        ruling.id.0,
        word(ruling.kind),
        word(ruling.may),
        ruling.by_whom,
        ruling.reason,
        ruling.ruled_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether a declaration is of a registered disclosable pecuniary interest (Localism Act 2011 s30).
pub(super) async fn is_pecuniary(tx: &mut Tx<Borough>, declaration: &DeclarationBody) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from governance.interest
                          where person_id = $1 and interest_id = $2 and kind = 'disclosable_pecuniary') as "found!""#,
        declaration.person.0,
        declaration.interest.map(|id| id.0)
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(found)
}
