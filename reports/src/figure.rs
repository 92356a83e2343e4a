//! Plots as SVG and CSV.
