//! Hyperelastic and rigid materials of FEBio.
//!
//! ```text
//! neo-Hookean      ψ = μ/2 (I₁ − 3) − μ ln J + λ/2 ln²J
//! Mooney-Rivlin    ψ = c₁ (Ī₁ − 3) + c₂ (Ī₂ − 3) + k/2 ln²J
//! Ogden            ψ = Σ cᵢ/mᵢ² (λ̄₁^mᵢ + λ̄₂^mᵢ + λ̄₃^mᵢ − 3) + k/2 ln²J
//! ```
//!
//! # Source
//! FEBio User Manual 4, chapters on uncoupled and unconstrained materials.

use super::read::{Done, Reader, child, numbers, place};
use super::rigid::Rigid;
use crate::deck::fields::key;
use crate::deck::model::{Elastic, Hyperelastic, Material};
use dens_mesher::Vec3;
use roxmltree::Node;

/// Terms an Ogden material may have.
const TERMS: usize = 6;

impl Reader {
    /// A material of one of these laws.
    pub(super) fn law(&mut self, m: Node<'_, '_>, name: &str, law: &str) -> Done {
        let number = |tag: &str, default: Option<f64>| -> Result<f64, String> {
            let Some(n) = child(m, tag) else {
                return default.ok_or_else(|| format!("material `{name}` does not say `{tag}`"));
            };
            match numbers(n.text().unwrap_or(""))?.as_slice() {
                &[x] => Ok(x),
                _ => Err(format!("material `{name}`: `{tag}` is not a number")),
            }
        };
        let mut material =
            Material { name: name.to_string(), place: place(m), green: true, ..Material::default() };
        if child(m, "density").is_some() {
            material.density = Some(number("density", None)?);
        }
        let bulk = |k: f64| if 0.0 < k { 2.0 / k } else { 0.0 };
        match law {
            "neo-Hookean" => {
                self.expect(m, &["density", "E", "v"]);
                let (e, nu) = (number("E", None)?, number("v", None)?);
                if let Err(reason) = Elastic::Isotropic(e, nu).stiffness() {
                    return Err(format!("material `{name}`: {reason}"));
                }
                material.hyperelastic = Some(Hyperelastic::NeoHookean(e, nu));
            }
            "Mooney-Rivlin" => {
                self.uncoupled(m, &["c1", "c2"]);
                let (c1, c2) = (number("c1", None)?, number("c2", Some(0.0))?);
                material.hyperelastic = Some(Hyperelastic::MooneyRivlin(c1, c2, bulk(number("k", None)?)));
                material.log_volume = true;
            }
            "Ogden" => {
                let tags: Vec<String> =
                    (1..=TERMS).flat_map(|i| [format!("c{i}"), format!("m{i}")]).collect();
                self.uncoupled(m, &tags.iter().map(String::as_str).collect::<Vec<_>>());
                let mut terms = Vec::new();
                for i in 1..=TERMS {
                    let c = number(&format!("c{i}"), Some(0.0))?;
                    if c != 0.0 {
                        // 2μ/α² = c/m².
                        terms.push([0.5 * c, number(&format!("m{i}"), Some(1.0))?, 0.0]);
                    }
                }
                let d = bulk(number("k", None)?);
                match terms.first_mut() {
                    Some(first) => first[2] = d,
                    None => return Err(format!("material `{name}` has no term `c1`")),
                }
                material.hyperelastic = Some(Hyperelastic::Ogden(terms));
                material.log_volume = true;
            }
            "rigid body" => {
                self.expect(m, &["density", "center_of_mass", "E", "v"]);
                let center = match child(m, "center_of_mass") {
                    Some(n) => match numbers(n.text().unwrap_or(""))?.as_slice() {
                        &[x, y, z] => Some(Vec3::new(x, y, z)),
                        _ => return Err(format!("material `{name}`: a center has three numbers")),
                    },
                    None => None,
                };
                // Its elements do not strain: any stiffness will do.
                material.elastic = Some(Elastic::Isotropic(1.0, 0.0));
                let rigid = Rigid { material: key(name), center, place: place(m), nodes: None };
                for known in [Some(name), m.attribute("id")].into_iter().flatten() {
                    self.bodies.insert(key(known), rigid.clone());
                }
            }
            _ => {
                self.lose(m, format!("the law `{law}` of material `{name}` is not supported"));
                return Ok(());
            }
        }
        self.deck.materials.push(material);
        Ok(())
    }

    /// Parameters that all uncoupled materials share.
    fn uncoupled(&mut self, m: Node<'_, '_>, own: &[&str]) {
        let shared = ["density", "k", "pressure_model", "laugon", "atol"];
        let all: Vec<&str> = own.iter().copied().chain(shared).collect();
        self.expect(m, &all);
        if let Some(n) = child(m, "pressure_model") {
            let word = n.text().unwrap_or("").trim().to_lowercase();
            if !matches!(word.as_str(), "default" | "0") {
                self.lose(n, format!("the pressure model `{word}` is not supported: the default one is"));
            }
        }
    }
}
