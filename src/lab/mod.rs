//! Bounds, simulation and comparison: what a run could take at best.
