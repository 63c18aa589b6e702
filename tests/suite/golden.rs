//! Reviewed files: what is there must be what was reviewed. `TENFOLD_GOLDEN=write` writes them anew, for review.

use std::{fs, path::PathBuf};

/// Compares with `golden/{name}`, or writes it.
pub(crate) fn check(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("suite/golden").join(name);
    if std::env::var("TENFOLD_GOLDEN").is_ok_and(|set| set == "write") {
        fs::write(&path, found).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    for (was, is) in reviewed.lines().zip(found.lines()) {
        assert_eq!(was, is, "{name} is not what was reviewed; TENFOLD_GOLDEN=write writes it anew, for review");
    }
    assert_eq!(reviewed.lines().count(), found.lines().count(), "{name} has more or fewer lines than were reviewed");
}
