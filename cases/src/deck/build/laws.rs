//! Laws of the nonlinear engine for the materials of a deck.

use crate::deck::model::{Deck, Elastic, Hyperelastic, Material};
use crate::deck::source::Findings;
use dens_solver::nonlinear::laws::{
    Hardening, Law, LinearElastic, LogarithmicPlastic, LogarithmicVolume, MooneyRivlin, NeoHooke, Ogden,
    OgdenTerm, Plastic, SaintVenantKirchhoff,
};
use dens_solver::tensor::{self, Stiffness};

/// Bulk over shear modulus that stands for incompressible: Poisson's ratio 0.499.
const INCOMPRESSIBLE: f64 = 500.0;

/// One law per material; unused materials get the stand-in of their linear stiffness.
///
/// Elastic materials of steps with `NLGEOM` follow the logarithmic strain where they are isotropic, as in Abaqus,
/// and Saint-Venant–Kirchhoff where they are not.
pub fn laws(deck: &Deck, stiffness: &[Stiffness], findings: &mut Findings) -> Vec<Law> {
    let large = deck.steps.iter().any(|s| s.large);
    let mut out = Vec::with_capacity(stiffness.len());
    for (m, &stiffness) in deck.materials.iter().zip(stiffness) {
        let name = &m.name;
        if let Some(energy) = &m.hyperelastic {
            if !large {
                findings.warn(
                    m.place,
                    format!("material `{name}` is hyperelastic: its strains are large even without `NLGEOM`"),
                );
            }
            if energy.moduli().1.is_infinite() {
                findings.warn(
                    m.place,
                    format!(
                        "material `{name}` gives D1 = 0: a bulk modulus of {INCOMPRESSIBLE} shear moduli stands for it"
                    ),
                );
            }
        }
        out.push(law(m, stiffness, large).unwrap_or_else(|reason| {
            findings.wrong(m.place, format!("material `{name}`: {reason}"));
            Law::small(LinearElastic { stiffness })
        }));
    }
    out
}

fn law(m: &Material, stiffness: Stiffness, large: bool) -> Result<Law, String> {
    let bad = |e: dens_solver::nonlinear::laws::BadLaw| e.to_string();
    let compressible = |d: f64, shear: f64| if d == 0.0 { 2.0 / (INCOMPRESSIBLE * shear) } else { d };
    if let Some(energy) = &m.hyperelastic {
        let (shear, bulk) = energy.moduli();
        let law = match energy {
            Hyperelastic::NeoHookean(e, nu) => Ok(Law::finite(NeoHooke::new(*e, *nu))),
            Hyperelastic::MooneyRivlin(c10, c01, d) => {
                MooneyRivlin::new(*c10, *c01, compressible(*d, shear)).map(Law::finite).map_err(bad)
            }
            Hyperelastic::Ogden(terms) => {
                let term = |(i, [mu, alpha, d]): (usize, &[f64; 3])| OgdenTerm {
                    mu: *mu,
                    alpha: *alpha,
                    d: if i == 0 { compressible(*d, shear) } else { *d },
                };
                Ogden::new(terms.iter().enumerate().map(term).collect()).map(Law::finite).map_err(bad)
            }
        };
        return match (law, m.log_volume) {
            (Ok(Law::Finite(law)), true) => {
                let bulk = bulk.min(INCOMPRESSIBLE * shear);
                Ok(Law::finite(LogarithmicVolume::in_place_of_square(law, bulk)))
            }
            (law, _) => law,
        };
    }
    let hardening = if m.plastic.is_empty() {
        None
    } else {
        Some(
            Hardening::new(m.plastic.iter().map(|&(stress, strain)| (strain, stress)).collect())
                .map_err(bad)?,
        )
    };
    match (&m.elastic, hardening) {
        (Some(Elastic::Isotropic(e, nu)), hardening) if large && !m.green => {
            LogarithmicPlastic::new(*e, *nu, hardening).map(Law::finite).map_err(bad)
        }
        (Some(Elastic::Isotropic(e, nu)), Some(hardening)) => {
            Plastic::new(*e, *nu, hardening).map(Law::small).map_err(bad)
        }
        (Some(_), _) if large => Ok(Law::finite(SaintVenantKirchhoff { stiffness })),
        _ => Ok(Law::small(LinearElastic { stiffness })),
    }
}

/// Stiffness at small strain, for the choice of elements and the regularisation of contact.
pub(super) fn linear(energy: &Hyperelastic) -> Stiffness {
    let (shear, bulk) = energy.moduli();
    let bulk = bulk.min(INCOMPRESSIBLE * shear);
    let (e, nu) = (
        9.0 * bulk * shear / (3.0 * bulk + shear),
        (3.0 * bulk - 2.0 * shear) / (2.0 * (3.0 * bulk + shear)),
    );
    tensor::isotropic(e, nu)
}
