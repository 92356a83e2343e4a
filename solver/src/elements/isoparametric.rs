//! Isoparametric formulations without further assumption, one static per element type of Abaqus.
//!
//! | static | Abaqus | points |
//! | --- | --- | --- |
//! | [`TET4`] | C3D4 | 1 |
//! | [`TET10`] | C3D10, curved cells as in CalculiX | 4 |
//! | [`HEX8`] | C3D8 of CalculiX | 2 × 2 × 2 |
//! | [`HEX20`] | C3D20 | 3 × 3 × 3 |
//! | [`HEX20_REDUCED`] | C3D20R | 2 × 2 × 2 |
//! | [`WEDGE6`] | C3D6 | 2 |
//! | [`WEDGE15`] | C3D15 | 3 × 3 |
//!
//! C3D8 of Abaqus and C3D8I assume more: [`super::MeanDilatationHex8`], [`super::IncompatibleHex8`].

use super::points::Table;
use super::{Element, Inverted, PointStrain, moments};
use crate::tensor::{Six, Stiffness, apply};
use dens_mesher::Vec3;
use dens_mesher::cells::{Rule, quadrature};
use dens_mesher::mixed::Shape;
use std::sync::LazyLock;

/// Displacements of the cell's shape functions, strains as they come, one rule for everything.
///
/// HEX20_REDUCED: eight points leave a single cell six free motions beyond the rigid ones, and a straight column
/// of cells one for each cell, even when it is clamped at an end. A millionth of the full integration stops
/// them; forces that drive them still give useless displacements (CalculiX, which adds nothing, gives 1e11 mm
/// or a plausible answer by luck): two cells side by side are safe. On curved cells TET10, HEX20_REDUCED and WEDGE15 integrate a constant stress only
/// approximately and miss the patch test by the square of the curvature; [`super::Displacement`] and HEX20 pass.
/// WEDGE6: a single cell can also twist freely about its axis. TET4, HEX8 and WEDGE6 are stiff in bending and lock beyond a Poisson's ratio of about 0.4; the
/// quadratic ones lock beyond 0.49.
#[derive(Debug)]
pub struct Isoparametric {
    name: &'static str,
    shape: Shape,
    rule: &'static Rule,
    table: &'static LazyLock<Table>,
    /// Rule of full rank that stops the free motions of the other one, with the weight [`HOURGLASS`].
    guard: Option<&'static LazyLock<Table>>,
}

/// Share of the full integration in a reduced one. Large enough for a factorisation of single columns of cells to
/// find positive pivots, small enough to change answers by less than 1e-7.
const HOURGLASS: f64 = 1e-6;

macro_rules! tables {
    ($($name:ident = $shape:ident, $rule:ident;)*) => {
        $(pub(crate) static $name: LazyLock<Table> =
            LazyLock::new(|| Table::new(Shape::$shape.cell(), &quadrature::$rule));)*
    };
}

tables! {
    TET4_1 = Tet4, TET_1;
    TET10_4 = Tet10, TET_4;
    TET10_14 = Tet10, TET_14;
    HEX8_8 = Hex8, HEX_8;
    HEX20_27 = Hex20, HEX_27;
    HEX20_8 = Hex20, HEX_8;
    WEDGE6_2 = Wedge6, WEDGE_2;
    WEDGE15_9 = Wedge15, WEDGE_9;
}

/// C3D4: linear tetrahedron, one point.
pub static TET4: Isoparametric =
    Isoparametric { name: "tet4", shape: Shape::Tet4, rule: &quadrature::TET_1, table: &TET4_1, guard: None };

/// C3D10: quadratic tetrahedron, four points, curved cells included.
pub static TET10: Isoparametric = Isoparametric {
    name: "tet10",
    shape: Shape::Tet10,
    rule: &quadrature::TET_4,
    table: &TET10_4,
    guard: None,
};

/// C3D8 of CalculiX: linear brick, eight points, nothing averaged.
pub static HEX8: Isoparametric =
    Isoparametric { name: "hex8", shape: Shape::Hex8, rule: &quadrature::HEX_8, table: &HEX8_8, guard: None };

/// C3D20: quadratic brick, 27 points.
pub static HEX20: Isoparametric = Isoparametric {
    name: "hex20",
    shape: Shape::Hex20,
    rule: &quadrature::HEX_27,
    table: &HEX20_27,
    guard: None,
};

/// C3D20R: quadratic brick, eight points.
pub static HEX20_REDUCED: Isoparametric = Isoparametric {
    name: "hex20-reduced",
    shape: Shape::Hex20,
    rule: &quadrature::HEX_8,
    table: &HEX20_8,
    guard: Some(&HEX20_27),
};

/// C3D6: linear prism, two points.
pub static WEDGE6: Isoparametric = Isoparametric {
    name: "wedge6",
    shape: Shape::Wedge6,
    rule: &quadrature::WEDGE_2,
    table: &WEDGE6_2,
    guard: None,
};

/// C3D15: quadratic prism, nine points.
pub static WEDGE15: Isoparametric = Isoparametric {
    name: "wedge15",
    shape: Shape::Wedge15,
    rule: &quadrature::WEDGE_9,
    table: &WEDGE15_9,
    guard: None,
};

impl Element for Isoparametric {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        "Zienkiewicz, Taylor & Zhu (2013), The Finite Element Method: Its Basis and Fundamentals, 7th ed., ch. 5 and 6"
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn rule(&self) -> &'static Rule {
        self.rule
    }

    fn stiffness(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        out: &mut [[f64; 9]],
    ) -> Result<(), Inverted> {
        let Some(guard) = self.guard else {
            return moments::integrate(self.table, points, stiffness, out);
        };
        out.fill([0.0; 9]);
        self.table.visit(points, |_, g, weight| moments::accumulate(g, (1.0 - HOURGLASS) * weight, out))?;
        guard.visit(points, |_, g, weight| moments::accumulate(g, HOURGLASS * weight, out))?;
        moments::contract(stiffness, out);
        Ok(())
    }

    fn strains(
        &self,
        points: &[Vec3],
        _stiffness: &Stiffness,
        displacements: &[Vec3],
        _initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        self.table.strains(points, displacements, out)
    }

    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        self.table.forces(points, |q| apply(stiffness, &initial[q]), out)
    }
}
