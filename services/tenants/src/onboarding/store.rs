//! The SQL of the checklist.

use chrono::NaiveDate;
use domain::{BoroughId, Gss};
use tenancy::{Borough, DbError, Platform, Tx};
use web::words::{read, word};

use super::{checklist::Facts, waiver::WaiverBody};
use crate::administrators;

/// What is known of the borough today.
pub(crate) async fn facts(tx: &mut Tx<Borough>, gss: &Gss, today: NaiveDate) -> Result<Facts, DbError> {
    let now = tx.now();
    let row = sqlx::query!(
        r#"with working as (
             select c.client_id, c.role from tenants.client c
             where c.revoked_at is null and (c.expires_at is null or c.expires_at > $3)
               and (c.jwks_uri is not null or exists (
                 select from tenants.client_key k where k.client_id = c.client_id and k.starts_at <= $3
                   and k.revoked_at is null and (k.retires_at is null or k.retires_at > $3)))
           )
           select
             exists (select from tenants.organisation o where o.kind = 'council' and o.gss = $1
               and $2 between o.valid_from and coalesce(o.valid_to, $2)) as "council!",
             exists (select from tenants.organisation o where o.kind in ('ccg', 'icb') and o.ods is not null
               and $2 between o.valid_from and coalesce(o.valid_to, $2)) as "nhs_body!",
             (select count(*) from working c where c.role = 'system') as "systems!",
             (select max(k.last_used_on) from working c join tenants.client_key k on k.client_id = c.client_id
              where c.role = 'system') as called_on,
             (select w.url from tenants.webhook_delivery d
                join tenants.webhook w on w.borough_id = d.borough_id and w.webhook_id = d.webhook_id
              where d.state = 'delivered' and w.state = 'active' limit 1) as webhook,
             (select c.office from tenants.security_contact c order by c.contact_id desc limit 1) as security_contact,
             (select 'Version ' || d.version || ', signed by ' || d.signed_by || ' on ' || d.signed_on
              from tenants.data_sharing_agreement d order by d.agreement_id desc limit 1) as data_sharing,
             (select s.path from tenants.set_up_step s where s.step = 'agreement') as agreement,
             (select s.path from tenants.set_up_step s where s.step = 'constitution') as constitution,
             (select s.path from tenants.set_up_step s where s.step = 'scheme_codes') as scheme_codes,
             (select s.path from tenants.set_up_step s where s.step = 'reconciliation') as reconciliation"#,
        gss.as_str(),
        today,
        now
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Facts {
        council: row.council,
        nhs_body: row.nhs_body,
        administrators: administrators::count(tx).await?,
        security_contact: row.security_contact,
        data_sharing: row.data_sharing,
        systems: row.systems,
        called_on: row.called_on,
        agreement: row.agreement,
        constitution: row.constitution,
        scheme_codes: row.scheme_codes,
        reconciliation: row.reconciliation,
        webhook: row.webhook,
        waivers: waivers(tx).await?,
    })
}

async fn waivers(tx: &mut Tx<Borough>) -> Result<Vec<WaiverBody>, DbError> {
    let rows =
        sqlx::query!("select task, reason, illustrative, client_id, waived_at from tenants.waiver order by task")
            .fetch_all(tx.connection())
            .await?;
    let waivers = rows.into_iter().map(|row| WaiverBody {
        task: read(&row.task),
        reason: row.reason,
        illustrative: row.illustrative,
        waived_by: row.client_id,
        waived_at: row.waived_at,
    });
    Ok(waivers.collect())
}

pub(super) async fn waive(tx: &mut Tx<Platform>, borough: BoroughId, waiver: &WaiverBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.waiver (borough_id, task, reason, illustrative, client_id, waived_at)
         values ($1, $2, $3, $4, $5, $6)",
        borough.0,
        word(&waiver.task),
        waiver.reason,
        waiver.illustrative,
        waiver.waived_by,
        waiver.waived_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
