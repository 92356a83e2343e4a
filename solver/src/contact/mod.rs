//! Contact and ties between surfaces whose meshes do not match, straight or curved.
//!
//! ```text
//! slave   x       traction  t(x) = Σⱼ Φⱼ(x) zⱼ     z = (p, t₁, t₂) per node of the slave
//!    g n  │       −t acts on the slave at x, +t on the master at the same point of space
//! master  x_m     closed where p > 0:  ∫ Φⱼ g dA = 0
//! ```
//! Reading order: [`Surface`] (facets with the stiffness behind them), `flat` and `pairing` (search, segmentation),
//! `space` (functions of the multipliers), `mortar` (integrated rows), `law` (tied, sliding, friction), [`Pair`],
//! `increment` (the interaction the engine sees), `overlap`.
//!
//! The overlap is weighted by the multipliers' own functions (mortar method), and the multipliers are found by an
//! augmented Lagrangian with semi-smooth Newton inside. Nothing is tuned by hand: the regularisation follows from
//! size and stiffness of the elements, search lengths from the surfaces.
//!
//! Sliding pairs have a multiplier at every node of a quadratic facet (`space`), so that closed facets do not overlap
//! between their corners either: on a roller (C2) and two spheres (C4) no point of a facet that touches at all its nodes
//! overlaps by more than 7e-4 and 4e-4 of the element size. In the facets at the rim, closed in part, a mean around a
//! node says less: points of C2 overlap by up to 2.5e-3 there, half of what multipliers at corners alone leave (5.3e-3).
//! No choice of multipliers removes it: the displacement of one facet cannot turn from closed to open within it.
//! [`Pair::overlap`] states both.
//!
//! On triangles the multipliers' roughest patterns (from node to node) are felt by quadratic displacements ten times
//! less than smooth ones. They are therefore smoothed by the mass of their own functions, which leaves the rough part of
//! the pressure to the regularisation and a constant one exact; where the overlap that this costs is more than 3e-4 of
//! the element size in the mean, the regularisation is made firmer. Pressures at single nodes near the rim of a contact
//! still scatter by tens of percent with four elements across its radius; peaks are better taken from a fit or a mean.
//! The change of a shear that sticks is smoothed alike: next to supports that hold both bodies it would have no bound.
//!
//! Guaranteed: a uniform pressure or traction passes flat interfaces exactly, up to the tolerance of the multipliers;
//! forces and moments balance to round-off on curved ones and across gaps; the same bits for any thread count.
//! Not guaranteed: contact of a surface with itself; sharp edges against each other.

mod checkpoint;
mod flat;
mod increment;
mod law;
mod mortar;
mod overlap;
mod pair;
mod pairing;
mod space;
mod surface;
#[cfg(test)]
mod tests;

pub use law::{Law, Status};
pub use overlap::Overlap;
pub use pair::{ContactNode, InitialGap, Motion, Pair, PairOptions};
pub use surface::{ContactError, Surface};
