//! Contact and ties between surfaces whose meshes do not match, straight or curved.
//!
//! ```text
//! slave   x       traction  t(x) = Σⱼ Φⱼ(x) zⱼ     z = (p, t₁, t₂) per corner of the slave
//!    g n  │       −t acts on the slave at x, +t on the master at the same point of space
//! master  x_m     closed where p > 0:  ∫ Φⱼ g dA = 0
//! ```
//! Reading order: [`Surface`] (facets with the stiffness behind them), `flat` and `pairing` (search, segmentation),
//! `mortar` (integrated rows), `law` (tied, sliding, friction), [`Pair`], `increment` (the interaction the engine sees).
//!
//! The overlap is weighted by the multipliers' own functions (mortar method), and the multipliers are found by an
//! augmented Lagrangian with semi-smooth Newton inside. Nothing is tuned by hand: the regularisation follows from
//! size and stiffness of the elements, search lengths from the surfaces.
//!
//! On triangles the multipliers' roughest patterns (from corner to corner) are felt by quadratic displacements ten
//! times less than smooth ones. They are therefore smoothed by the mass of their own functions, which leaves the
//! rough part of the pressure to the regularisation and a constant one exact; the overlap that this costs is held
//! below 1e-3 of the element size, else smoothing ends. Pressures at single corners near the rim of a contact still
//! scatter by tens of percent with four elements across its radius; peaks are better taken from a fit or a mean.
//!
//! Guaranteed: a uniform pressure or traction passes flat interfaces exactly, up to the tolerance of the multipliers;
//! forces and moments balance to round-off on curved ones and across gaps; the same bits for any thread count.
//! Not guaranteed: sliding by more than a fraction of an element within one increment; contact of a surface with
//! itself; sharp edges against each other.

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
