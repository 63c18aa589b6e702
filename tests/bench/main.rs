//! The benchmark: what the wall costs, and how many journals a second.

fn main() {}
