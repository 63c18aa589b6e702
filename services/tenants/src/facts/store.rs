//! The SQL of facts.

use events::set_up::StepTaken;
use tenancy::{Borough, DbError, Tx};

/// Keeps when a step was first taken.
pub(super) async fn put_step(tx: &mut Tx<Borough>, taken: &StepTaken) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.set_up_step (borough_id, step, path, taken_at) values (platform.borough(), $1, $2, $3)
         on conflict (borough_id, step) do nothing",
        taken.step.as_str(),
        taken.path,
        taken.taken_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
