//! Hashes of fields and signatures over them: what seals of periods and the chain of the audit trail are made of.

mod hash;
mod key;

pub use hash::{Hash, Hashing};
pub use key::{PublicSealKey, SealKey, SealKeyError, Signature};
