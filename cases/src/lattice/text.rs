//! A lattice in words and tables.

use super::book::Book;
use super::study::{BLOCK_VOXELS, DIRECTIONS, Study};
use dens_mesher::lattice::{CATALOGUE, Kind};
use dens_reports::table::significant;
use dens_solver::homogenize::Homogenized;
use std::fmt::Write as _;

/// The list of cells.
pub fn list() -> String {
    let mut t = String::new();
    let _ = writeln!(t, "{:<24} {:<8} {:<14} {:<11} source", "cell", "kind", "density", "symmetry");
    for cell in CATALOGUE {
        let [least, most] = cell.density_range();
        let kind = match cell.kind() {
            Kind::Strut => "struts",
            Kind::Sheet => "sheet",
            Kind::Network => "network",
        };
        let range = format!("{least} to {most}");
        let symmetry = if cell.is_cubic() { "cubic" } else { "not cubic" };
        let _ = writeln!(t, "{:<24} {kind:<8} {range:<14} {symmetry:<11} {}", cell.name(), cell.source());
    }
    t.push_str("voronoi-SEED is the stochastic cell of another seed; density: where solid and pores each hang together\n");
    t
}

/// The numbers of a lattice.
pub fn summary(study: &Study, book: &Book, seconds: f64) -> String {
    let mut t = String::new();
    let lattice = &study.lattice;
    let d = study.drawn;
    let what = if lattice.cell.kind() == Kind::Sheet { "wall" } else { "strut" };
    let n = |v: f64| significant(v, 4);
    let _ = writeln!(
        t,
        "{} of {}: cell {} mm, {what} {} mm, relative density {}, largest pore {} mm, surface {} mm²/mm³",
        lattice.cell.name(),
        study.material.name,
        n(lattice.cell_size_mm),
        n(d.strut),
        n(d.relative_density),
        n(d.pore),
        n(d.area)
    );
    if let Some(p) = &study.printed {
        let _ = writeln!(
            t,
            "as printed: {what} {} to {} mm is there, {} to {} mm carries (relative density {}); drawn {} mm",
            n(p.outer[0]),
            n(p.outer[1]),
            n(p.effective[0]),
            n(p.effective[1]),
            n(p.relative_density),
            n(d.strut)
        );
        let _ = writeln!(
            t,
            "  oversize {} mm upright, {} mm lying; carries {} of the drawn section (Suard 2014, 0.6 to 1.0); Ra {} mm",
            p.printing.upright_oversize_mm,
            p.printing.lying_oversize_mm,
            p.printing.effective_fraction,
            p.printing.roughness_mm
        );
    }
    stiffness(&mut t, study);
    strength(&mut t, study, book);
    if let Some(tetrahedra) = &study.tetrahedra {
        let h = &tetrahedra.homogenized;
        let _ = writeln!(
            t,
            "\ncross-check by {} ten-node tetrahedra (relative density {})",
            tetrahedra.n_cells,
            n(h.relative_density)
        );
        let row = |t: &mut String, name: &str, of: &dyn Fn(&Homogenized) -> f64| {
            let (v, e) = (of(study.best()), of(h));
            let _ = writeln!(
                t,
                "  {name:<10} voxels {:>10} MPa   tetrahedra {:>10} MPa   {:+.1} %",
                n(v),
                n(e),
                100.0 * (v / e - 1.0)
            );
        };
        for (name, direction) in &DIRECTIONS[..3] {
            row(&mut t, &format!("E {name}"), &|h| h.young(*direction));
        }
        row(&mut t, "C44 mean", &|h| h.cubic_part()[2]);
        row(&mut t, "K", &Homogenized::bulk);
    }
    if let Some((infinite, blocks)) = &study.blocks {
        let _ = writeln!(
            t,
            "\nblocks with every strut between smooth platens, {BLOCK_VOXELS} cubes a cell; homogenised {} MPa",
            n(*infinite)
        );
        for b in blocks {
            let _ = writeln!(
                t,
                "  {} cells across   {:>10} MPa   {:+.1} %",
                b.cells,
                n(b.modulus),
                100.0 * b.difference
            );
        }
    }
    let _ = writeln!(t, "\n{seconds:.1} s");
    t
}

fn stiffness(t: &mut String, study: &Study) {
    let best = study.best();
    let fine = study.grids.finest.homogenized();
    let _ = writeln!(
        t,
        "\nstiffness, MPa, xx yy zz yz xz xy with engineering shear; extrapolated from {}³ cubes and coarser, order {:.1}, error {:.1} %",
        fine.resolution,
        study.grids.order,
        100.0 * study.grids.error()
    );
    let largest = best.stiffness[0][0];
    for row in best.stiffness {
        let cells: Vec<String> = row
            .iter()
            .map(|c| if c.abs() < 1e-5 * largest { "0".into() } else { significant(*c, 5) })
            .collect();
        let _ = writeln!(t, "  {}", cells.iter().map(|c| format!("{c:>10}")).collect::<String>());
    }
    let [(least, to_least), (most, to_most)] = best.young_extremes();
    let way = |v: [f64; 3]| format!("({:.2} {:.2} {:.2})", v[0], v[1], v[2]);
    let axes: Vec<String> = DIRECTIONS[..3].iter().map(|(_, d)| significant(best.young(*d), 4)).collect();
    let _ = writeln!(
        t,
        "  E along x, y, z: {} MPa; least {} MPa along {}, most {} MPa along {}",
        axes.join(", "),
        significant(least, 4),
        way(to_least),
        significant(most, 4),
        way(to_most)
    );
    let _ = writeln!(
        t,
        "  Zener ratio {:.3}, bulk modulus {} MPa, solid {} MPa",
        best.zener(),
        significant(best.bulk(), 4),
        significant(study.material.modulus_mpa, 4)
    );
    if let Some(ideal) = &study.ideal {
        let axes: Vec<String> =
            DIRECTIONS[..3].iter().map(|(_, d)| significant(ideal.young(*d), 4)).collect();
        let _ = writeln!(t, "  as drawn E along x, y, z: {} MPa", axes.join(", "));
    }
}

fn strength(t: &mut String, study: &Study, book: &Book) {
    let m = &study.material;
    let s = &study.strength;
    let n = |v: f64| significant(v, 3);
    let _ = writeln!(
        t,
        "\nstrength: von Mises stress in the solid per stress on the lattice (share of the solid below), first yield of the\nstruts at {} MPa (0.5 % of the solid), fatigue at {} MPa ({} to {})",
        n(m.yield_mpa),
        n(m.fatigue_mpa),
        n(m.fatigue_range_mpa[0]),
        n(m.fatigue_range_mpa[1])
    );
    let _ = writeln!(
        t,
        "  {:<9}{:>8}{:>8}{:>8}{:>16}{:>30}",
        "along", "50 %", "95 %", "99.5 %", "first yield MPa", "amplitude for 1e7 cycles MPa"
    );
    let [low, high] = m.fatigue_range_mpa;
    for (i, (name, _)) in DIRECTIONS.iter().enumerate() {
        let [a, b, c] = s.uniaxial[i];
        let fatigue = format!(
            "{} ({} to {})",
            n(study.fatigue(i, m.fatigue_mpa)),
            n(study.fatigue(i, low)),
            n(study.fatigue(i, high))
        );
        let _ = writeln!(
            t,
            "  {name:<9}{:>8}{:>8}{:>8}{:>16}{fatigue:>30}",
            n(a),
            n(b),
            n(c),
            n(study.first_yield(i))
        );
    }
    for (name, [a, b, c]) in ["shear yz", "shear xz", "shear xy"].iter().zip(s.shear) {
        let _ = writeln!(t, "  {name:<9}{:>8}{:>8}{:>8}{:>16}", n(a), n(b), n(c), n(m.yield_mpa / c));
    }
    let f = &book.fatigue;
    let _ = writeln!(
        t,
        "  amplitude over first yield {:.2} ({:.2} to {:.2}); published {} to {} of yield ({}), {} to {} ({})",
        m.fatigue_mpa / m.yield_mpa,
        low / m.yield_mpa,
        high / m.yield_mpa,
        f.compression_of_yield[0],
        f.compression_of_yield[1],
        f.compression_source,
        f.ebm_of_yield_at_1e6[0],
        f.ebm_of_yield_at_1e6[1],
        f.ebm_source
    );
    if s.buckling.is_empty() {
        let _ = writeln!(t, "  no round struts: buckling of walls and networks is not checked");
    }
    for ((name, _), ends) in DIRECTIONS.iter().zip(&s.buckling) {
        let value = |i: usize| ends[i].map_or("none".to_string(), |b| n(b.factor));
        let slender = ends[1].map_or(0.0, |b| b.slenderness);
        let _ = writeln!(
            t,
            "  pressure along {name} at which the first strut buckles: {} MPa clamped, {} hinged, {} as in a foam; strut of {:.1} diameters{}",
            value(0),
            value(1),
            value(2),
            slender,
            match ends[1] {
                Some(b)
                    if b.factor
                        < study.first_yield(["x", "y", "z"].iter().position(|a| a == name).unwrap_or(0)) =>
                    ": BEFORE first yield",
                _ => "",
            }
        );
    }
}
