//! What the token wrapper refuses, one forged token after another.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod forge;
mod refusals;
