//! Screws and rods from C1 to C2 as beams.

use super::anatomy::Neck;
use super::ligaments::Place;
use super::tissue::Rods;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{Level, Side};
use dens_solver::loads::beam::{BeamSection, stiffness};
use dens_solver::spine::{Link, PoseLaw};
use nalgebra::{DMatrix, Matrix3, SMatrix};

/// One link per side: screw, rod, screw, clamped in the bones where the screws enter them.
///
/// Between head and bone the screw of C1 has a smooth shank, that of C2 its thread, of which the core carries.
///
/// What the bone around a screw gives is left out: the construct is stiffer than a real one.
///
/// # Errors
/// A screw path or a landmark that is not there; exit 2.
pub(super) fn links(neck: &Neck, rods: &Rods) -> Result<Vec<Box<dyn Link>>, Failure> {
    let mut out: Vec<Box<dyn Link>> = Vec::new();
    for side in Side::BOTH {
        let path = neck.spine().screws.iter().find(|(l, s, _)| *l == Level::C1 && *s == side);
        let path = path.ok_or_else(|| Failure::input("the anatomy has no screw path in C1"))?.2;
        // Pars of C2 above its inferior facet, where a pedicle screw enters; it heads as the one in C1 does.
        let pars =
            Place { bone: "C2".into(), at: "inferior facet posterior".into(), shift: [-1.0, 4.0, 9.0] };
        let low = neck.point(&pars, side)?;
        let heads = [path.entry - path.direction * rods.offset_mm, low - path.direction * rods.offset_mm];
        let nodes = [path.entry, heads[0], heads[1], low];
        let section =
            |diameter| BeamSection { diameter, youngs_modulus: rods.modulus, poissons_ratio: rods.poisson };
        let diameters = [rods.atlas_shank_mm, rods.rod_diameter_mm, rods.screw_core_mm];
        let name = format!("C1-C2 rod {}", side.name());
        let law = chain(&nodes, &diameters.map(section))
            .ok_or_else(|| Failure::bug("screws and rods without stiffness"))?;
        out.push(Box::new(PoseLaw::linear(&name, [1, 2], path.entry, Matrix3::identity(), law)));
    }
    Ok(out)
}

/// Stiffness of a chain of beams at its first node when its last one is held, N/mm, N, N·mm.
fn chain(nodes: &[Vec3; 4], sections: &[BeamSection; 3]) -> Option<SMatrix<f64, 6, 6>> {
    let mut k = DMatrix::<f64>::zeros(24, 24);
    for (i, section) in sections.iter().enumerate() {
        let mut view = k.view_mut((6 * i, 6 * i), (12, 12));
        view += stiffness(nodes[i], nodes[i + 1], section);
    }
    // Flexibility of the chain at its first node.
    let free = k.view((0, 0), (18, 18)).into_owned().try_inverse()?;
    let tip = SMatrix::<f64, 6, 6>::from_fn(|i, j| 0.5 * (free[(i, j)] + free[(j, i)]));
    let law = tip.try_inverse()?;
    Some(0.5 * (law + law.transpose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_chain_is_a_cantilever() {
        let section = BeamSection { diameter: 3.5, youngs_modulus: 110e3, poissons_ratio: 0.3 };
        let nodes = [30.0, 20.0, 7.0, 0.0].map(|z| Vec3::new(0.0, 0.0, z));
        let law = chain(&nodes, &[section; 3]).expect("stiff");
        let flexibility = law.try_inverse().expect("regular");
        let bending = 30.0_f64.powi(3) / (3.0 * 110e3 * section.inertia());
        let shear = 30.0 / (section.shear_coefficient() * section.shear_modulus() * section.area());
        assert!((flexibility[(0, 0)] / (bending + shear) - 1.0).abs() < 1e-8);
        assert!((flexibility[(2, 2)] / (30.0 / (110e3 * section.area())) - 1.0).abs() < 1e-8);
    }
}
