//! Exports: everything a borough owns, across all services, in one archive.

mod archive;
mod export;
pub(crate) mod http;
mod maker;
mod manifest;
mod store;

pub(crate) use maker::{Places, make_exports};
pub(crate) use manifest::{FORMAT, Manifest, ManifestBorough, ManifestFile, ManifestRegion, ManifestTable};
pub(crate) use store::{ask_on_platform, made_since};
