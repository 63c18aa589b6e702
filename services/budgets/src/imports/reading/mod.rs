//! Reading a file: what each line means in the fund, and where it will stand in the ledger.

mod chart;
mod line;
mod places;
mod reader;
pub(super) mod store;

pub(super) use chart::{Account, Body, Chart, Codes};
pub(super) use line::{Line, LineFault, Meaning};
pub(super) use places::Places;
pub(super) use reader::FileReader;
