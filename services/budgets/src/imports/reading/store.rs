//! The SQL of reading: what lines may be posted to, and the lines themselves.

use chrono::NaiveDate;
use domain::{AccountId, FinancialYear, FundId, ImportId, JournalId, OrganisationId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{Account, Body, Chart, Line};

/// What a fund has in a year for lines to be posted to.
pub(crate) async fn chart(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Chart, DbError> {
    let accounts = sqlx::query!(
        r#"select a.code, a.account_id, a.kind, coalesce(v.requires, '{}') as "requires!", coalesce(v.closed, false) as "closed!"
           from budgets.account a left join lateral (
             select requires, closed from budgets.account_version
             where fund_id = a.fund_id and account_id = a.account_id and from_year <= $2
             order by from_year desc limit 1) v on true
           where a.fund_id = $1"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    let schemes = sqlx::query!(
        r#"select s.code, s.scheme_id, c.runs_to as "runs_to?"
           from budgets.scheme s left join budgets.scheme_schedule c on c.fund_id = s.fund_id and c.scheme_id = s.scheme_id
           where s.fund_id = $1"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    let bodies = sqlx::query!(
        "select organisation_id, name, valid_from, valid_to, aliases from budgets.party order by valid_from"
    )
    .fetch_all(tx.connection())
    .await?;
    let account = |row: (Uuid, String, Vec<String>, bool)| Account {
        id: AccountId(row.0),
        kind: read(&row.1),
        requires: row.2,
        closed: row.3,
    };
    let accounts =
        accounts.into_iter().map(|row| (row.code, account((row.account_id, row.kind, row.requires, row.closed))));
    let mut chart = Chart {
        accounts: accounts.collect(),
        schemes: schemes.into_iter().map(|row| (row.code, (SchemeId(row.scheme_id), row.runs_to))).collect(),
        bodies: std::collections::HashMap::new(),
    };
    for row in bodies {
        let body = Body {
            id: OrganisationId(row.organisation_id),
            name: row.name,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        };
        for name in row.aliases.iter().chain([&body.name]) {
            chart.bodies.entry(name.to_lowercase()).or_default().push(body.clone());
        }
    }
    Ok(chart)
}

/// The last place given to a line of each day.
pub(crate) async fn last_places(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
) -> Result<Vec<(NaiveDate, JournalId, i16)>, DbError> {
    let rows = sqlx::query!(
        r#"select distinct on (effective_on) effective_on as "day!", journal_id as "journal!", posting_line as "line!"
           from budgets.import_line where fund_id = $1 and import_id = $2 and journal_id is not null
           order by effective_on, row desc"#,
        fund.0,
        import.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, JournalId(row.journal), row.line)).collect())
}

/// Keeps lines, numbered on from `after`, each at its place.
pub(crate) async fn keep(
    tx: &mut Tx<Borough>,
    (fund, import): (FundId, ImportId),
    after: i64,
    lines: &[Line],
    places: &[Option<(JournalId, i16)>],
) -> Result<(), DbError> {
    let texts = |of: fn(&Line) -> Option<String>| lines.iter().map(of).collect::<Vec<Option<String>>>();
    let ids = |of: fn(&Line) -> Option<Uuid>| lines.iter().map(of).collect::<Vec<Option<Uuid>>>();
    let file_lines: Vec<i64> = lines.iter().map(|line| i64::try_from(line.file_line).unwrap_or(i64::MAX)).collect();
    let states: Vec<String> = lines.iter().map(|line| word(line.state)).collect();
    let days: Vec<Option<NaiveDate>> = lines.iter().map(|line| line.effective_on).collect();
    let amounts: Vec<Option<i64>> = lines.iter().map(|line| line.amount.map(|amount| amount.0)).collect();
    let rules: Vec<Option<i16>> = lines.iter().map(|line| line.fault.as_ref()?.rule.map(i16::from)).collect();
    let journals: Vec<Option<Uuid>> = places.iter().map(|place| place.map(|(journal, _)| journal.0)).collect();
    let numbers: Vec<Option<i16>> = places.iter().map(|place| place.map(|(_, line)| line)).collect();
    sqlx::query!(
        "insert into budgets.import_line (borough_id, fund_id, import_id, row, file_line, state, effective_on, amount_pence,
           code, document_number, supplier, description, department, merchant_category, account_id, scheme_id, party_id,
           content_key, journal_id, posting_line, fault_column, fault, remedy, rule)
         select platform.borough(), $1, $2, $3 + number, file_line, state, day, amount, code, document, supplier, description,
           department, category, account, scheme, party, content_key, journal, line, fault_column, fault, remedy, rule
         from unnest($4::bigint[], $5::text[], $6::date[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[],
             $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::uuid[], $17::uuid[], $18::uuid[], $19::smallint[],
             $20::text[], $21::text[], $22::text[], $23::smallint[]) with ordinality
           as l (file_line, state, day, amount, code, document, supplier, description, department, category, account, scheme,
             party, content_key, journal, line, fault_column, fault, remedy, rule, number)",
        fund.0,
        import.0,
        after,
        &file_lines,
        &states,
        &days as &[Option<NaiveDate>],
        &amounts as &[Option<i64>],
        &texts(|line| line.code.clone()) as &[Option<String>],
        &texts(|line| line.document_number.clone()) as &[Option<String>],
        &texts(|line| line.supplier.clone()) as &[Option<String>],
        &texts(|line| line.description.clone()) as &[Option<String>],
        &texts(|line| line.department.clone()) as &[Option<String>],
        &texts(|line| line.merchant_category.clone()) as &[Option<String>],
        &ids(|line| line.account.map(|id| id.0)) as &[Option<Uuid>],
        &ids(|line| line.scheme.map(|id| id.0)) as &[Option<Uuid>],
        &ids(|line| line.party.map(|id| id.0)) as &[Option<Uuid>],
        &ids(|line| line.key) as &[Option<Uuid>],
        &journals as &[Option<Uuid>],
        &numbers as &[Option<i16>],
        &texts(|line| line.fault.as_ref().map(|fault| fault.column.clone())) as &[Option<String>],
        &texts(|line| line.fault.as_ref().map(|fault| fault.fault.clone())) as &[Option<String>],
        &texts(|line| line.fault.as_ref().map(|fault| fault.remedy.clone())) as &[Option<String>],
        &rules as &[Option<i16>]
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
