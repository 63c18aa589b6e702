#!/bin/sh
# Builds the programs of the images. Called twice, over sources without content and over the real ones, so that what
# they depend on is a layer of its own: it has to ask for exactly the same both times.
set -eu
# `tenfold` is without `up`, and so without every service: in an image it does jobs beside services that run elsewhere.
exec cargo build --release --locked --no-default-features --features budgets/parquet \
  --package tenfold --package gateway --package tenants --package budgets --package governance --bins
