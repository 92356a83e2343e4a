//! A lattice as one JSON object.

use super::book::Book;
use super::study::{BLOCK_VOXELS, DIRECTIONS, Dimensions, SHARES, Study, TAIL};
use dens_solver::homogenize::Homogenized;
use serde_json::{Map, Value, json};

/// The object that `dens lattice --json` prints.
///
/// Stresses and moduli in MPa, lengths in mm, stiffness in the order xx yy zz yz xz xy with engineering shear. What is
/// homogenised is what carries: the as-printed section where one was asked for, then `as_drawn` holds the ideal.
pub fn object(study: &Study, book: &Book, seconds: f64) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| {
        all.insert(key.to_string(), value);
    };
    let Dimensions { relative_density, strut, pore, area } = study.drawn;
    put("schema", json!("dens-lattice/1"));
    put("cell", json!(study.lattice.cell.name()));
    put("cell_size_mm", json!(study.lattice.cell_size_mm));
    put("material", json!(study.material.name));
    put("relative_density", json!(relative_density));
    put("strut_mm", json!(strut));
    put("pore_mm", json!(pore));
    put("surface_area_per_volume", json!(area));
    put("stiffness_mpa", json!(study.best().stiffness));
    put("young_mpa", young(study.best()));
    put("zener", json!(study.best().zener()));
    put("solid_young_mpa", json!(study.material.modulus_mpa));
    put("error", json!(study.grids.error()));
    put("seconds", json!(seconds));
    let finest = study.grids.finest.homogenized();
    put(
        "grids",
        json!({
            "resolution": finest.resolution, "order": study.grids.order, "iterations": finest.iterations,
            "residual": finest.residual, "hill_mandel_gap": finest.hill_mandel_gap,
            "relative_density": finest.relative_density,
            "young_z_mpa": [
                study.grids.coarse.as_ref().map(along_z), Some(along_z(&study.grids.middle)), Some(along_z(finest)),
            ],
        }),
    );
    put("bulk_mpa", json!(study.best().bulk()));
    put("universal_anisotropy", json!(study.best().universal_anisotropy()));
    put("strength", strength(study, book));
    if let (Some(p), Some(ideal)) = (&study.printed, &study.ideal) {
        put(
            "as_printed",
            json!({
                "upright_oversize_mm": p.printing.upright_oversize_mm, "lying_oversize_mm": p.printing.lying_oversize_mm,
                "effective_fraction": p.printing.effective_fraction, "roughness_mm": p.printing.roughness_mm,
                "build_direction": p.printing.build.as_slice(), "printed_mm": p.outer, "effective_mm": p.effective,
                "relative_density": p.relative_density,
            }),
        );
        put(
            "as_drawn",
            json!({ "stiffness_mpa": ideal.stiffness, "young_mpa": young(ideal), "zener": ideal.zener() }),
        );
    }
    if let Some(t) = &study.tetrahedra {
        put(
            "cross_check",
            json!({
                "stiffness_mpa": t.homogenized.stiffness, "young_mpa": young(&t.homogenized),
                "relative_density": t.homogenized.relative_density, "cells": t.n_cells, "nodes": t.n_nodes,
                "difference": differences(study.best(), &t.homogenized),
            }),
        );
    }
    if let Some((infinite, blocks)) = &study.blocks {
        let rows: Vec<Value> = blocks
            .iter()
            .map(|b| json!({ "cells": b.cells, "young_z_mpa": b.modulus, "difference": b.difference }))
            .collect();
        put(
            "blocks",
            json!({ "voxels_per_cell": BLOCK_VOXELS, "homogenised_young_z_mpa": infinite, "resolved": rows }),
        );
    }
    Value::Object(all)
}

fn along_z(h: &Homogenized) -> f64 {
    h.young([0.0, 0.0, 1.0])
}

fn young(h: &Homogenized) -> Value {
    let axes: Vec<f64> = DIRECTIONS[..3].iter().map(|(_, d)| h.young(*d)).collect();
    let [(min, to_min), (max, to_max)] = h.young_extremes();
    json!({ "axes": axes, "min": min, "max": max, "directions": { "min": to_min, "max": to_max } })
}

/// Voxels over tetrahedra less one: E along x, y, z, mean C₄₄, K.
pub fn differences(voxels: &Homogenized, tetrahedra: &Homogenized) -> Value {
    let ratio = |of: &dyn Fn(&Homogenized) -> f64| of(voxels) / of(tetrahedra) - 1.0;
    let young: Vec<f64> = DIRECTIONS[..3].iter().map(|(_, d)| ratio(&|h| h.young(*d))).collect();
    json!({ "young": young, "c44": ratio(&|h| h.cubic_part()[2]), "bulk": ratio(&|h| h.bulk()) })
}

fn strength(study: &Study, book: &Book) -> Value {
    let s = &study.strength;
    let [low, high] = study.material.fatigue_range_mpa;
    let by_direction = |of: &dyn Fn(usize) -> Value| -> Map<String, Value> {
        DIRECTIONS.iter().enumerate().map(|(i, (name, _))| ((*name).to_string(), of(i))).collect()
    };
    let sections: Vec<Value> =
        s.sections.iter().map(|(names, points)| json!({ "stresses": names, "points_mpa": points })).collect();
    let buckling: Vec<Value> = s
        .buckling
        .iter()
        .map(|ends| {
            let [clamped, hinged, foam] = ends.map(|b| b.map(|b| b.factor));
            json!({ "clamped_mpa": clamped, "hinged_mpa": hinged, "foam_mpa": foam,
                "length_over_diameter": ends[1].map(|b| b.slenderness) })
        })
        .collect();
    json!({
        "solid_yield_mpa": study.material.yield_mpa,
        "percentiles": SHARES.map(|s| 100.0 * s),
        "von_mises_per_unit": by_direction(&|i| json!(s.uniaxial[i])),
        "von_mises_per_unit_shear": { "yz": s.shear[0], "xz": s.shear[1], "xy": s.shear[2] },
        "first_yield_tail": TAIL,
        "first_yield_mpa": by_direction(&|i| json!(study.first_yield(i))),
        "first_yield_sections": sections,
        "buckling_xyz": buckling,
        "fatigue": {
            "solid_amplitude_mpa": study.material.fatigue_mpa, "solid_range_mpa": [low, high],
            "lattice_amplitude_mpa": by_direction(&|i| json!(study.fatigue(i, study.material.fatigue_mpa))),
            "lattice_range_mpa": by_direction(&|i| json!([study.fatigue(i, low), study.fatigue(i, high)])),
            "of_first_yield": study.material.fatigue_mpa / study.material.yield_mpa,
            "published_of_yield": book.fatigue.compression_of_yield,
            "published_ebm_of_yield_at_1e6": book.fatigue.ebm_of_yield_at_1e6,
        },
    })
}
