//! Reading a key's file, where it is kept from others.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// What was found of a key's file.
pub(crate) enum Private {
    /// Its text.
    Kept(String),
    /// Somebody else may read or write it.
    Open,
}

/// Reads a file that nobody but ourselves may read or write; or one of root's that a group we are in may read and
/// not write, as a container is given its secrets.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Private> {
    let mut file = File::open(path)?;
    // Of the very file that is read, not of whatever has the name meanwhile.
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if !is_private(&about, &groups()) {
        return Ok(Private::Open);
    }
    let mut text = String::new();
    file.by_ref().take(64 * 1024).read_to_string(&mut text)?;
    Ok(Private::Kept(text))
}

fn is_private(about: &Metadata, groups: &[u32]) -> bool {
    allowed(about.mode(), about.uid(), about.gid(), groups)
}

fn allowed(mode: u32, owner: u32, group: u32, groups: &[u32]) -> bool {
    let (of_group, of_others) = (mode >> 3 & 0o7, mode & 0o7);
    of_others == 0 && (of_group == 0 || (of_group == 0o4 && owner == 0 && groups.contains(&group)))
}

/// The groups this process is in.
fn groups() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let named = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()
    };
    // Of the line of the group's four ids the second is the one that counts.
    named("Gid:").into_iter().skip(1).take(1).chain(named("Groups:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_ours_alone_or_roots_and_our_groups_to_read() {
        let ours = |mode, owner| allowed(mode, owner, 1000, &[1000, 2000]);
        for mode in [0o600, 0o400, 0o100_600] {
            assert!(ours(mode, 1000) && ours(mode, 0), "{mode:o}");
        }
        for mode in [0o440, 0o640, 0o100_440] {
            assert!(ours(mode, 0), "{mode:o} of root, readable by a group of ours");
            assert!(!ours(mode, 1000), "{mode:o} of our own: nobody else is to read it");
            assert!(!allowed(mode, 0, 3000, &[1000, 2000]), "{mode:o} of a group we are not in");
        }
        for mode in [0o644, 0o604, 0o660, 0o460, 0o450, 0o601, 0o666, 0o444] {
            assert!(!ours(mode, 0) && !ours(mode, 1000), "{mode:o}");
        }
        assert!(!groups().is_empty());
    }
}
