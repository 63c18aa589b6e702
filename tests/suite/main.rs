//! One binary, many modules: suites across services, against the running stack. Postgres is spoken to as the
//! login roles, never as the owner, but where the catalogue itself is read or something is broken on purpose.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement_recipes;
mod at_once;
mod bad_input;
mod commitments;
mod committee;
mod compactor;
mod contribution_recipes;
mod contributions;
mod decided_money;
mod every_operation;
mod flows;
mod golden;
mod house;
mod import_recipes;
mod imports;
mod injection;
mod interchange;
mod isolation;
mod journals;
mod lawful;
mod ledger;
mod ledger_recipes;
mod machines;
mod manners;
mod meeting_recipes;
mod meetings;
mod permissions;
mod pool;
mod progress;
mod public;
mod recipes;
mod reconciling;
mod registers;
mod return_recipes;
mod returns;
mod running;
mod schema;
mod seal_recipes;
mod seals;
mod tokens;
mod verification;
mod vote_recipes;
mod walls;
mod world;
