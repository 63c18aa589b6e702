//! Medians and ratios, in integers.

/// The middle one; of two middle ones the upper. Nil of none.
pub(crate) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// Half of the values lie between these.
pub(crate) fn quartiles(mut values: Vec<u64>) -> [u64; 2] {
    values.sort_unstable();
    let at = |n: usize| values.get(n).copied().unwrap_or(0);
    [at(values.len() / 4), at(values.len() * 3 / 4)]
}

/// The value that 99 of 100 do not exceed.
pub(crate) fn p99(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get((values.len() * 99 / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// `a` in thousandths of `b`, rounded; nil of nothing.
pub(crate) fn per_mille(a: u64, b: u64) -> u64 {
    a.saturating_mul(1000).saturating_add(b / 2).checked_div(b).unwrap_or(0)
}

/// A ratio as people read it: 930 ‰ is `0.93`.
pub(crate) fn ratio(per_mille: u64) -> String {
    let hundredths = (per_mille + 5) / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// What is above the whole, in per cent with one decimal: 1043 ‰ is `4.3`, 990 ‰ is `-1.0`.
pub(crate) fn per_cent_above_one(per_mille: u64) -> String {
    let above = i64::try_from(per_mille).unwrap_or(i64::MAX) - 1000;
    format!("{}{}.{}", if above < 0 { "-" } else { "" }, above.abs() / 10, above.abs() % 10)
}

/// How many in a second, of a count in so many microseconds.
pub(crate) fn per_second(count: u64, micros: u64) -> u64 {
    count.saturating_mul(1_000_000) / micros.max(1)
}

/// The median of what each pair makes.
pub(crate) fn median_of(pairs: impl IntoIterator<Item = (u64, u64)>) -> u64 {
    median(pairs.into_iter().map(|(a, b)| per_mille(a, b)).collect())
}
