//! A free body has exactly six motions that cost nothing.
//!
//! Two bricks of six tet10 in a row, no supports: the spectrum of the assembled stiffness has six zeros, then a
//! gap. Mean dilatation has three more free motions on a single cell; neighbours stop them.

use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;
use dens_solver::elements::CATALOGUE;
use dens_solver::tensor::isotropic;
use dens_tests::{Statics, block};
use nalgebra::DMatrix;

#[test]
fn a_body_has_six_rigid_motions_and_no_other_free_one() {
    for &element in CATALOGUE.iter().filter(|e| e.shape() == Shape::Tet10) {
        for nu in [0.3, 0.499] {
            let mesh = block([2.0, 1.0, 1.0], [2, 1, 1], |x| x + Vec3::new(0.1 * x.y, 0.0, 0.05 * x.x));
            let matrix = Statics::new(mesh, isotropic(1.0, nu), element).matrix();
            let n = 3 * matrix.n();
            let mut dense = DMatrix::zeros(n, n);
            for row in 0..matrix.n() {
                for (at, &column) in matrix.row(row).iter().enumerate() {
                    let block = &matrix.blocks[matrix.row_starts[row] + at];
                    for k in 0..9 {
                        dense[(3 * row + k / 3, 3 * column as usize + k % 3)] = block[k];
                    }
                }
            }
            assert!((&dense - dense.transpose()).amax() < 1e-15 * dense.amax().max(1.0));
            let mut values: Vec<f64> = dense.symmetric_eigenvalues().iter().copied().collect();
            values.sort_by(f64::total_cmp);
            let largest = values[n - 1];
            assert!(values[5].abs() < 1e-13 * largest, "{} {nu}: {:?}", element.name(), &values[..8]);
            assert!(1e-6 * largest < values[6], "{} {nu}: {:?}", element.name(), &values[..8]);
        }
    }
}
