//! Moves from state to state: state is output only, a move is asked for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Problem, problems};

/// A move asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveDraft<S> {
    /// The state to move to.
    pub to: S,
    /// Why, for those who read the history: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, example = "Month end")]
    pub reason: String,
}

impl<S> MoveDraft<S> {
    /// Whether the reason says anything.
    ///
    /// # Errors
    /// 422 where it does not.
    pub fn check(&self) -> Result<(), Problem> {
        let said = self.reason.trim().chars().count();
        if (1..=500).contains(&said) {
            return Ok(());
        }
        Err(Problem::invalid("/reason", "Say why in 1 to 500 characters."))
    }
}

/// A move made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Move<S> {
    /// Where from.
    pub from: S,
    /// Where to.
    pub to: S,
    /// Why.
    pub reason: String,
    /// The client that asked.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub by: String,
    /// When.
    pub moved_at: DateTime<Utc>,
}

/// Where a thing stands, where it may go, and how it came here, oldest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Transitions<S> {
    /// The state it is in.
    pub state: S,
    /// The moves the caller may ask for now.
    pub allowed: Vec<S>,
    /// The moves made.
    pub data: Vec<Move<S>>,
    /// Always null: histories are short.
    pub next_cursor: Option<String>,
}

/// The refusal of a move, with the moves that are allowed.
pub fn move_refused<S: Serialize>(from: &S, to: &S, allowed: &[S]) -> Problem {
    let name =
        |state: &S| serde_json::to_value(state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let allowed: Vec<String> = allowed.iter().map(name).collect();
    Problem::new(&problems::TRANSITION_REFUSED, format_args!("From {} you cannot move it to {}.", name(from), name(to)))
        .with("allowed", allowed)
}
