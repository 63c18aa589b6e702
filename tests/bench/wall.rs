//! Parts of the wall, and the statements that take them away in a copy of the database.

use sqlx::{AssertSqlSafe, Connection};

use crate::house::House;

/// What of the wall stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    /// Its name in the results.
    pub(crate) name: &'static str,
    /// The caller is proven by a token; else it is always the same.
    pub(crate) token: bool,
    /// Row-level security is on, and inserts ask it for the borough.
    pub(crate) row_level_security: bool,
    /// Each transaction is told its borough; else the login role always has it.
    pub(crate) context: bool,
}

/// All of it, none of it, and each part missing.
pub(crate) const WALLS: [Wall; 5] = [
    Wall { name: "all", token: true, row_level_security: true, context: true },
    Wall { name: "nothing", token: false, row_level_security: false, context: false },
    Wall { name: "without_token", token: false, row_level_security: true, context: true },
    Wall { name: "without_rls", token: true, row_level_security: false, context: true },
    Wall { name: "without_context", token: true, row_level_security: true, context: false },
];

/// Lifts row-level security, and turns every key round so that the borough comes last in it: without
/// policies no statement names the borough, and a key that began with it could not be used. A house
/// without the wall would have its keys so.
const LIFT: &str = r"
do $$
declare t record; k record;
begin
  for t in select c.oid::regclass as name from pg_class c
           where c.relnamespace in ('budgets'::regnamespace, 'platform'::regnamespace) and c.relkind in ('r', 'p') loop
    execute format('alter table %s disable row level security, no force row level security', t.name);
  end loop;
  create temporary table turned on commit drop as
    select conrelid::regclass as on_table, conname, contype = 'f' as refers,
           regexp_replace(pg_get_constraintdef(oid), '\(borough_id, ([^)]*)\)', '(\1, borough_id)', 'g') as definition
    from pg_constraint where connamespace in ('budgets'::regnamespace, 'platform'::regnamespace)
      and contype in ('p', 'u', 'f') and pg_get_constraintdef(oid) ~ '\(borough_id, ';
  for k in select * from turned order by refers desc loop
    execute format('alter table %s drop constraint %I', k.on_table, k.conname);
  end loop;
  for k in select * from turned order by refers loop
    execute format('alter table %s add constraint %I %s', k.on_table, k.conname, k.definition);
  end loop;
end $$";

impl Wall {
    /// A copy of the database with what is missing taken away.
    pub(crate) async fn database(self, house: &House) -> anyhow::Result<String> {
        let database = house.copy(&format!("wall_{}", self.name)).await?;
        let borough = house.borough.id.to_string();
        let mut statements = Vec::new();
        if !self.row_level_security {
            statements.push(LIFT.to_owned());
            statements.push(format!(
                "create or replace function platform.borough() returns uuid language sql stable parallel safe
                 return '{borough}'::uuid"
            ));
        } else if !self.context {
            statements
                .push(format!("alter role budgets_borough in database {database} set tenfold.borough = '{borough}'"));
        }
        statements.push("vacuum analyze".to_owned());
        let mut owner = house.owner(&database).await?;
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await?;
        }
        owner.close().await?;
        Ok(database)
    }
}
