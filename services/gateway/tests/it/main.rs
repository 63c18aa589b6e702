//! The gateway, whole: a real one on a free port, with services behind it that write down what reaches them.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop the test they help")]

mod bodies;
mod doors;
mod failures;
mod frames;
mod house;
mod pages;
mod paths;
mod personas;
mod rates;
mod redis_server;
mod services;
mod shared_rates;
mod slowness;
mod smuggling;
mod spoofing;
mod stopping;
mod tokens;
