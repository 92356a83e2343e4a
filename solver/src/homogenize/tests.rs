//! Exact values, bounds and published values of homogenised cells.

use dens_mesher::lattice::{CATALOGUE, cell};

use super::*;

const SOLID: Base = Base { youngs_modulus: 1.0, poissons_ratio: 0.3 };

fn options(resolution: usize) -> Options {
    Options { resolution, ..Options::default() }
}

fn lattice(name: &str, density: f64) -> Lattice {
    let cell = cell(name).expect("a cell of the catalogue");
    Lattice::with_relative_density(cell, 1.0, density).expect("a density in range")
}

fn solved(name: &str, density: f64, resolution: usize) -> Homogenized {
    homogenize_lattice(&lattice(name, density), SOLID, &options(resolution)).expect("a connected cell")
}

fn isotropic(base: Base) -> [[f64; 6]; 6] {
    let [lambda, mu] = base.lame();
    std::array::from_fn(|i| {
        std::array::from_fn(|j| match (i == j, i < 3 && j < 3) {
            (true, true) => lambda + 2.0 * mu,
            (true, false) => mu,
            (false, true) => lambda,
            (false, false) => 0.0,
        })
    })
}

fn largest_difference(a: &[[f64; 6]; 6], b: &[[f64; 6]; 6]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn full_cell_has_the_stiffness_of_its_material() {
    let base = Base::new(110_000.0, 0.342).expect("in range");
    let found = homogenize(&|_| -1.0, base, &options(16)).expect("solid");
    // Round-off of sums over 16³ cubes.
    assert!(largest_difference(&found.stiffness, &isotropic(base)) < 1e-12 * 110_000.0);
    assert_eq!((found.relative_density, found.iterations), (1.0, 0));
}

#[test]
fn layers_have_the_stiffness_of_the_exact_laminate() {
    // 110 GPa / 0.342 and 10 GPa / 0.3 in equal shares, normal along z; exact laminate values in GPa.
    let (stiff, soft) = (Base::new(110.0, 0.342).expect("valid"), Base::new(10.0, 0.3).expect("valid"));
    let found = homogenize_materials(&|[_, _, z]| Some(if z % 8 < 4 { stiff } else { soft }), &options(16))
        .expect("two solids");
    let c = found.stiffness;
    let pairs = [
        (c[0][0], 73.3903),
        (c[1][1], 73.3903),
        (c[0][1], 28.5605),
        (c[0][2], 11.8327),
        (c[2][2], 24.9549),
        (c[3][3], 7.03235),
        (c[4][4], 7.03235),
        (c[5][5], 22.4149),
    ];
    for (found, exact) in pairs {
        assert!((found / exact - 1.0).abs() < 1e-5, "{found} {exact}: printed digits");
    }
}

#[test]
fn cubic_cells_have_cubic_stiffness() {
    for cell in CATALOGUE.iter().filter(|c| c.is_cubic()) {
        let found = solved(cell.name(), 0.3, 16);
        let [c11, c12, c44] = found.cubic_part();
        let cubic: [[f64; 6]; 6] = std::array::from_fn(|i| {
            std::array::from_fn(|j| match (i == j, i < 3 && j < 3) {
                (true, true) => c11,
                (true, false) => c44,
                (false, true) => c12,
                (false, false) => 0.0,
            })
        });
        let gap = largest_difference(&found.stiffness, &cubic) / c11;
        // The grid keeps the symmetry of the cell; what is left is the square of the residual.
        assert!(gap < 1e-6, "{}: {gap:.1e}", cell.name());
        assert!(found.hill_mandel_gap < 1e-5, "{}: first order in the residual", cell.name());
    }
}

#[test]
fn stiffness_stays_below_the_bounds_of_voigt_and_of_hashin_and_shtrikman() {
    for (name, density) in [("octet", 0.2), ("gyroid-sheet", 0.3), ("diamond-sheet", 0.2), ("kelvin", 0.4)] {
        let found = solved(name, density, 32);
        let (f, [lambda, mu]) = (found.relative_density, SOLID.lame());
        let kappa = lambda + 2.0 / 3.0 * mu;
        // Upper bounds with void, Hashin & Shtrikman (1963), J. Mech. Phys. Solids 11:127.
        let bulk = f * kappa / (1.0 + (1.0 - f) * kappa / (4.0 / 3.0 * mu));
        let zeta = mu / 6.0 * (9.0 * kappa + 8.0 * mu) / (kappa + 2.0 * mu);
        let shear = f * mu / (1.0 + (1.0 - f) * mu / zeta);
        let [c11, c12, c44] = found.cubic_part();
        assert!(found.bulk() < bulk, "{name}: bulk modulus");
        // The bound holds for isotropic cells; for cubic ones for the mean of their two shear moduli.
        assert!(0.4 * 0.5 * (c11 - c12) + 0.6 * c44 < shear, "{name}: shear modulus");
        let voigt = isotropic(SOLID).map(|row| row.map(|c| c * f));
        assert!((0..6).all(|i| found.stiffness[i][i] < voigt[i][i]), "{name}: Voigt");
        // The mean of Voigt holds in every direction: E(n) of the lattice stays below ρ E.
        assert!(found.young_range()[1] < f * SOLID.youngs_modulus, "{name}: Voigt in every direction");
    }
}

#[test]
fn young_of_nearly_isotropic_cells_stays_below_the_bound_of_hashin_and_shtrikman() {
    let mut seen = 0;
    for (name, density) in
        [("gyroid-sheet", 0.1), ("iwp-sheet", 0.2), ("kelvin", 0.3), ("diamond-sheet", 0.5)]
    {
        let found = solved(name, density, 32);
        if (found.zener() - 1.0).abs() < 0.05 {
            seen += 1;
            let (f, [lambda, mu]) = (found.relative_density, SOLID.lame());
            let kappa = lambda + 2.0 / 3.0 * mu;
            let bulk = f * kappa / (1.0 + (1.0 - f) * kappa / (4.0 / 3.0 * mu));
            let zeta = mu / 6.0 * (9.0 * kappa + 8.0 * mu) / (kappa + 2.0 * mu);
            let shear = f * mu / (1.0 + (1.0 - f) * mu / zeta);
            let young = 9.0 * bulk * shear / (3.0 * bulk + shear);
            assert!(found.young_range()[1] < young, "{name} {density}: {} {young}", found.young_range()[1]);
        }
    }
    assert!(0 < seen, "no cell of the list is isotropic within 5 %");
}

#[test]
fn re_entrant_cell_widens_where_it_is_pulled() {
    let found = solved("re-entrant", 0.15, 32);
    let (x, y, z) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
    assert!(found.poisson(z, x) < -0.05, "{}", found.poisson(z, x));
    // A quarter turn about z maps the cell onto itself.
    assert!((found.poisson(z, x) - found.poisson(z, y)).abs() < 1e-5);
    assert!((found.young(x) / found.young(y) - 1.0).abs() < 1e-5);
}

#[test]
fn stochastic_cell_is_stiff_in_no_direction_above_the_others() {
    let found = solved("voronoi", 0.3, 32);
    let [least, most] = found.young_range();
    // Sixteen pores a period: the scatter of foams of that size, Zhu, Hobdell & Windle (2000), is some ten percent.
    assert!(most / least < 1.6, "{least} to {most}");
    // An open foam: at least a fifth of E ρ² (Gibson & Ashby 1997), below the bound of Hashin and Shtrikman at 0.3.
    assert!(0.2 * 0.09 < least && most < 0.1761, "{least} to {most}");
}

/// E₁₀₀, C₄₄ and K over E_s at a density: best estimates of the source notes from voxel grids up to 128³ and
/// quadratic tetrahedra, stated to 2.5 to 5 %.
const REFERENCE: [(&str, f64, [f64; 3]); 6] = [
    ("simple-cubic", 0.2, [0.09097, 0.005269, 0.03655]),
    ("octet", 0.2, [0.03784, 0.02501, 0.03591]),
    ("gyroid-sheet", 0.2, [0.07057, 0.02962, 0.06492]),
    ("simple-cubic", 0.3, [0.1497, 0.01487, 0.06409]),
    ("octet", 0.3, [0.07052, 0.04333, 0.06306]),
    ("gyroid-sheet", 0.3, [0.118, 0.05084, 0.1016]),
];

fn errors(found: &Homogenized, reference: [f64; 3]) -> [f64; 3] {
    let values = [found.young([1.0, 0.0, 0.0]), found.cubic_part()[2], found.bulk()];
    std::array::from_fn(|i| values[i] / reference[i] - 1.0)
}

#[test]
fn stiffness_at_32_cubes_matches_the_reference_within_its_voxel_error() {
    for (name, density, reference) in REFERENCE {
        let error = errors(&solved(name, density, 32), reference);
        // Four to five cubes a strut: published voxel errors reach 14 %, always on the stiff side here.
        assert!(error.iter().all(|e| (-0.01..0.125).contains(e)), "{name} {density}: {error:?}");
    }
}

#[test]
fn two_grids_meet_the_reference() {
    for (name, density, reference) in &REFERENCE[..3] {
        let lattice = lattice(name, *density);
        let value = |q: [f64; 3]| lattice.cell_value(Vec3::from(q));
        let grids = TwoGrids::solve(&value, SOLID, &options(64)).expect("connected");
        let (fine, best) = (errors(&grids.fine, *reference), errors(&grids.best, *reference));
        assert!(fine.iter().all(|e| e.abs() < 0.05), "{name}: published voxel error at 64: {fine:?}");
        // The tolerance of the reference itself at this density is 2.5 %.
        assert!(best.iter().all(|e| e.abs() < 0.02), "{name}: {best:?}");
        assert!(fine.iter().all(|e| e.abs() < grids.spread()), "{name}: the spread covers the error");
        assert!((grids.fine.relative_density - density).abs() < 5e-4, "{name}: density of the shares");
    }
}

#[test]
fn stiffness_does_not_depend_on_where_the_cell_begins() {
    let lattice = lattice("gyroid-sheet", 0.3);
    let tight = Options { tolerance: 1e-9, ..options(16) };
    let at = |shift: f64| {
        let value =
            |q: [f64; 3]| lattice.cell_value(Vec3::new(q[0] + 3.0 * shift, q[1] - shift, q[2] + shift));
        homogenize(&value, SOLID, &tight).expect("connected").stiffness
    };
    // Whole cubes: only the order of sums changes, except for the rounding of the shares.
    assert!(largest_difference(&at(0.0), &at(1.0 / 16.0)) < 1e-10);
}

#[test]
fn doubled_cell_has_the_same_stiffness() {
    let lattice = lattice("octet", 0.3);
    let one = homogenize_lattice(&lattice, SOLID, &options(16)).expect("connected");
    let value = |q: [f64; 3]| 0.5 * lattice.cell_value(2.0 * Vec3::from(q));
    let eight = homogenize(&value, SOLID, &options(32)).expect("connected");
    assert!(
        largest_difference(&one.stiffness, &eight.stiffness) < 1e-8,
        "square of the residual, and round-off"
    );
}

#[test]
fn thread_count_does_not_change_a_bit() {
    let lattice = lattice("diamond", 0.25);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let value = |q: [f64; 3]| lattice.cell_value(Vec3::from(q));
            let solution = CellSolution::from_value(&value, SOLID, &options(16)).expect("connected");
            (solution.homogenized().clone(), solution.amplification())
        })
    };
    assert!(with(1) == with(3));
}

#[test]
fn iterations_do_not_grow_with_the_grid() {
    let counts = [16, 32, 48].map(|n| solved("gyroid-sheet", 0.2, n).iterations);
    // Source notes: 5 to 11 to 1e-5, 7 to 15 to 1e-8, any size.
    assert!(counts.iter().all(|count| *count <= 13), "{counts:?}");
}

#[test]
fn kept_voxels_give_the_stress_of_all_voxels() {
    let lattice = lattice("gyroid-sheet", 0.2);
    let value = |q: [f64; 3]| lattice.cell_value(Vec3::from(q));
    let solution = CellSolution::from_value(&value, SOLID, &options(32)).expect("connected");
    let amplification = solution.amplification();
    let maps = solution.stress_maps();
    for i in 1..40 {
        // Stresses between those the set was chosen with.
        let stress: [f64; 6] = std::array::from_fn(|d| (i as f64 * (d as f64 + 1.7).sqrt()).sin());
        let mut all: Vec<f64> = maps
            .iter()
            .map(|map| {
                let s: [f64; 6] = std::array::from_fn(|r| (0..6).map(|j| map[r][j] * stress[j]).sum());
                let normal = (0..3).map(|r| 0.5 * (s[r] - s[(r + 1) % 3]).powi(2)).sum::<f64>();
                (normal + 3.0 * (s[3] * s[3] + s[4] * s[4] + s[5] * s[5])).sqrt()
            })
            .collect();
        all.sort_by(f64::total_cmp);
        let exact = all[(0.995 * all.len() as f64) as usize];
        let error = amplification.strut_stress(stress) / exact - 1.0;
        assert!(error.abs() < 0.03, "{stress:?}: {error:+.3}; the figure stated at KEPT");
    }
}

#[test]
fn posts_of_the_simple_cubic_cell_carry_the_force_over_their_section() {
    let lattice = lattice("simple-cubic", 0.2);
    let value = |q: [f64; 3]| lattice.cell_value(Vec3::from(q));
    let amplification =
        CellSolution::from_value(&value, SOLID, &options(48)).expect("connected").amplification();
    let nominal = 1.0 / (std::f64::consts::PI * lattice.parameter.powi(2));
    let found = amplification.along([0.0, 0.0, 1.0]) / nominal;
    // At least the mean over the section; the notch at the joints holds little volume.
    assert!((0.98..1.6).contains(&found), "{found}");
}

#[test]
fn bad_input_is_refused() {
    let full = |_: [f64; 3]| -1.0;
    let error = |n: usize| homogenize(&full, SOLID, &options(n)).expect_err("no such grid");
    assert_eq!(error(28), HomogenizeError::Resolution { resolution: 28 });
    assert_eq!(error(0), HomogenizeError::Resolution { resolution: 0 });
    assert_eq!(error(31), HomogenizeError::Resolution { resolution: 31 });
    assert!(
        Base::new(-1.0, 0.3).is_err() && Base::new(1.0, 0.5).is_err() && Base::new(f64::NAN, 0.3).is_err()
    );
    let bad = Base { youngs_modulus: 1.0, poissons_ratio: 0.6 };
    assert!(matches!(homogenize(&full, bad, &options(8)), Err(HomogenizeError::Base { .. })));
    assert!(matches!(homogenize_materials(&|_| Some(bad), &options(8)), Err(HomogenizeError::Base { .. })));
    assert_eq!(homogenize(&|_| 1.0, SOLID, &options(8)), Err(HomogenizeError::Empty));
    // Balls that do not touch.
    let balls = |q: [f64; 3]| q.iter().map(|x| (x - x.round()).powi(2)).sum::<f64>().sqrt() - 0.3;
    assert_eq!(homogenize(&balls, SOLID, &options(16)), Err(HomogenizeError::Disconnected));
}
