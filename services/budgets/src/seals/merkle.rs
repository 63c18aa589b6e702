//! A tree of hashes over accounts: shows one of them to be under the root without showing the others.
//!
//! Split as in RFC 6962, at the largest power of two below the number of leaves, so that no leaf stands in twice.

use auth::{Hash, Hashing};
/// The hash of a tree of these leaves.
pub(super) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hashing::of("tenfold empty 1").done(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The hashes beside the way from a leaf up to the root, the lowest first.
pub(super) fn path(leaves: &[Hash], place: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut path, beside) = match place.checked_sub(left.len()) {
        None => (self::path(left, place), root(right)),
        Some(place) => (self::path(right, place), root(left)),
    };
    path.push(beside);
    path
}

/// The root that a leaf at a place among so many leads to by a path; none where the path is of another length.
pub(super) fn climb(leaf: Hash, place: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    if place >= count {
        return None;
    }
    let Some((beside, below)) = path.split_last() else { return (count == 1).then_some(leaf) };
    let left = half(count);
    if count == 1 {
        return None;
    }
    Some(match place.checked_sub(left) {
        None => node(&climb(leaf, place, left, below)?, beside),
        Some(place) => node(beside, &climb(leaf, place, count - left, below)?),
    })
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Hashing::of("tenfold node 1").hash(left).hash(right).done()
}

/// The largest power of two below a number above one.
fn half(count: usize) -> usize {
    (count.next_power_of_two() / 2).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|at| Hashing::of("test").number(i64::try_from(at).expect("few")).done()).collect()
    }

    #[test]
    fn a_last_leaf_that_stands_twice_is_another_tree() {
        let three = leaves(3);
        let twice = [three.clone(), vec![three[2]]].concat();
        assert_ne!(root(&three), root(&twice));
        assert_ne!(root(&[]), root(&leaves(1)));
    }

    proptest! {
        #[test]
        fn every_leaf_is_shown_and_no_other(count in 1usize..40, at in any::<prop::sample::Index>(), bit in 0usize..256) {
            let (leaves, place) = (leaves(count), at.index(count));
            let (root, path) = (root(&leaves), path(&leaves, place));
            prop_assert_eq!(climb(leaves[place], place, count, &path), Some(root));
            let mut other = leaves[place];
            other.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(climb(other, place, count, &path), Some(root));
            for wrong in (0..=count).filter(|wrong| *wrong != place) {
                prop_assert_ne!(climb(leaves[place], wrong, count, &path), Some(root));
            }
            if let Some(last) = path.len().checked_sub(1) {
                prop_assert_ne!(climb(leaves[place], place, count, &path[..last]), Some(root));
                let mut altered = path.clone();
                altered[last].0[bit / 8] ^= 1 << (bit % 8);
                prop_assert_ne!(climb(leaves[place], place, count, &altered), Some(root));
            }
        }
    }
}
