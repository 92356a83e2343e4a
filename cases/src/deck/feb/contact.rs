//! Contact of FEBio. Penalties and the manner of augmentation have no meaning here: contact is exact.

use super::read::{Done, Reader, child, numbers, place};
use crate::deck::fields::key;
use crate::deck::model::{ContactPair, Interaction};
use roxmltree::Node;

/// Parameters that steer how other programs find the same answer.
const IGNORED: [&str; 24] = [
    "laugon",
    "penalty",
    "auto_penalty",
    "update_penalty",
    "tolerance",
    "gaptol",
    "minaug",
    "maxaug",
    "two_pass",
    "search_tol",
    "search_radius",
    "search_tolerance",
    "symmetric_stiffness",
    "seg_up",
    "smooth_aug",
    "smooth_fls",
    "node_reloc",
    "knmult",
    "flip_primary",
    "flip_secondary",
    "shell_bottom_primary",
    "shell_bottom_secondary",
    "ktmult",
    "dtol",
];

impl Reader {
    /// Pairs of a section.
    pub(super) fn contacts(&mut self, section: Node<'_, '_>, root: Node<'_, '_>) -> Done {
        for n in section.children().filter(|n| n.has_tag_name("contact")) {
            let kind = n.attribute("type").unwrap_or("");
            let bonded = match kind {
                "sliding-elastic" | "sliding-facet-on-facet" => false,
                "tied-elastic" | "tied-facet-on-facet" => true,
                _ => {
                    self.lose(n, format!("contact of type `{kind}` is not supported"));
                    continue;
                }
            };
            let mut tags = IGNORED.to_vec();
            tags.extend(["fric_coeff", "tension", "offset"]);
            self.expect(n, &tags);
            let number = |tag: &str| -> Result<f64, String> {
                match child(n, tag).map(|c| numbers(c.text().unwrap_or(""))) {
                    None => Ok(0.0),
                    Some(Ok(found)) if found.len() == 1 => Ok(found[0]),
                    Some(_) => Err(format!("contact: `{tag}` is not a number")),
                }
            };
            for tag in ["tension", "offset"] {
                if number(tag)? != 0.0 {
                    self.lose(n, format!("`{tag}` of a contact is not supported unless it is 0"));
                }
            }
            if n.children().any(|c| c.has_tag_name("penalty") || c.has_tag_name("auto_penalty")) {
                self.findings.warn(place(n), "penalties of contact are not used: contact is exact");
            }
            let friction = number("fric_coeff")?;
            if friction < 0.0 {
                self.lose(n, "a coefficient of friction cannot be negative".to_string());
            }
            let named = n.attribute("surface_pair").unwrap_or("");
            let pair = root
                .descendants()
                .find(|p| p.has_tag_name("SurfacePair") && p.attribute("name") == Some(named));
            let side = |tag: &str| {
                let text = pair.and_then(|p| child(p, tag)).and_then(|s| s.text());
                text.map(|t| key(t.trim())).filter(|k| self.deck.surfaces.contains_key(k))
            };
            let (Some(slave), Some(master)) = (side("primary"), side("secondary")) else {
                self.lose(n, format!("`{named}` is not a pair of surfaces of the mesh"));
                continue;
            };
            let name = n.attribute("name").unwrap_or(kind).to_string();
            self.deck.interactions.push(Interaction { name, friction, bonded, place: place(n) });
            let (interaction, adjust) = (self.deck.interactions.len() - 1, None);
            self.deck.contact_pairs.push(ContactPair { slave, master, interaction, adjust, place: place(n) });
        }
        Ok(())
    }
}
