//! Material laws: small-strain stiffness from engineering constants, and bone density laws.
//!
//! A law states its stiffness in its own axes; the caller turns it with [`crate::tensor::rotate`].

pub mod anisotropic;
pub mod calibrated;
pub mod calibration;
pub mod density;
pub mod fibers;
pub mod layers;
pub mod linear_elastic;
pub mod orthotropic;
pub mod perforated;
pub mod scan;
pub mod transversely_isotropic;

use crate::tensor::{self, Stiffness};
use dens_mesher::catalog::Entry;
use thiserror::Error;

/// Linear elastic law.
pub trait Material: Send + Sync {
    /// Stiffness in the axes of the material, MPa.
    ///
    /// # Errors
    /// [`MaterialError::NotStable`] when the constants, each in its range, do not together make an energy
    /// that is positive for every strain.
    fn stiffness(&self) -> Result<Stiffness, MaterialError>;
}

/// Why a law gives no stiffness.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MaterialError {
    /// The stiffness is not symmetric and positive definite.
    #[error("the constants of `{law}` give an energy that is not positive for every strain")]
    NotStable {
        /// Name of the law.
        law: &'static str,
    },
    /// A density outside the range a density law was measured in.
    #[error("density {value} {unit} is outside the range {min} to {max} {unit} of `{law}`")]
    OutOfRange {
        /// Name of the law.
        law: &'static str,
        /// Density given.
        value: f64,
        /// Smallest density of the law.
        min: f64,
        /// Largest density of the law.
        max: f64,
        /// Unit of the three.
        unit: &'static str,
    },
    /// The law says nothing about strength.
    #[error("`{law}` gives no strength")]
    NoStrength {
        /// Name of the law.
        law: &'static str,
    },
}

/// Every material law.
pub static CATALOGUE: &[&Entry<dyn Material>] =
    &[&linear_elastic::ENTRY, &transversely_isotropic::ENTRY, &orthotropic::ENTRY, &anisotropic::ENTRY];

/// The stiffness, if it is stable.
fn stable(law: &'static str, stiffness: Option<Stiffness>) -> Result<Stiffness, MaterialError> {
    stiffness.filter(tensor::is_admissible).ok_or(MaterialError::NotStable { law })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(entry: &Entry<dyn Material>) -> Box<dyn Material> {
        entry.build_checked(entry.example).expect("the example lies in its ranges")
    }

    #[test]
    fn every_example_is_symmetric_and_stores_positive_energy() {
        for entry in CATALOGUE {
            let c = example(entry).stiffness().expect("stable example");
            for i in 0..6 {
                for j in 0..6 {
                    assert!((c[i][j] - c[j][i]).abs() < 1e-10 * c[0][0], "{}", entry.name);
                }
            }
            assert!(tensor::is_admissible(&c), "{}", entry.name);
        }
    }

    #[test]
    fn no_stress_at_rest() {
        for entry in CATALOGUE {
            let c = example(entry).stiffness().expect("stable example");
            assert_eq!(tensor::apply(&c, &[0.0; 6]), [0.0; 6]);
        }
    }

    #[test]
    fn names_are_unique_and_sources_stated() {
        for (i, entry) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..i].iter().all(|other| other.name != entry.name));
            assert!(!entry.source.is_empty() && entry.example.len() == entry.params.len());
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        for entry in CATALOGUE {
            let mut values = entry.example.to_vec();
            values[0] = -1.0;
            assert!(entry.build_checked(&values).is_err(), "{}", entry.name);
        }
    }

    #[test]
    fn the_general_laws_contain_the_isotropic_one() {
        let (e, nu) = (1200.0, 0.3);
        let g = e / (2.0 * (1.0 + nu));
        let isotropic = tensor::isotropic(e, nu);
        let mut upper = Vec::new();
        for (i, row) in isotropic.iter().enumerate() {
            upper.extend_from_slice(&row[i..]);
        }
        let cases: [(&Entry<dyn Material>, Vec<f64>); 4] = [
            (&linear_elastic::ENTRY, vec![e, nu]),
            (&transversely_isotropic::ENTRY, vec![e, e, nu, nu, g]),
            (&orthotropic::ENTRY, vec![e, e, e, nu, nu, nu, g, g, g]),
            (&anisotropic::ENTRY, upper),
        ];
        for (entry, values) in cases {
            let c = entry.build_checked(&values).expect("valid values").stiffness().expect("stable");
            for i in 0..6 {
                for j in 0..6 {
                    assert!((c[i][j] - isotropic[i][j]).abs() < 1e-11 * e, "{}", entry.name);
                }
            }
        }
    }
}
