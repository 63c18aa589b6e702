//! The stories, each as the API tells it.

mod agreements;
mod contributions;
mod decisions;
mod demonstration;
mod loopholes;
mod oldham;
mod oldham_overspend;
mod partner;
mod pooled_money;
mod public_side;
mod region;
mod returns;
mod salford;
mod wigan;
mod wigan_commissioning;
mod wirral;
mod wirral_money;
