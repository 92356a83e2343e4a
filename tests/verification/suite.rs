//! The suite of `dens verify`: every row within its tolerance. Sources stand with the checks themselves.

use dens_solver::verification::{CATALOGUE, Check};

fn met(belongs: impl Fn(&Check) -> bool) {
    for check in CATALOGUE.iter().filter(|c| belongs(c)) {
        let rows = (check.run)().unwrap_or_else(|e| panic!("{}: {e}", check.id));
        assert!(!rows.is_empty(), "{} says nothing", check.id);
        for row in rows {
            let (target, found) = (row.target, row.found);
            assert!(row.passed(), "{}: {}: {found} against {target}", check.id, row.quantity);
        }
    }
}

#[test]
fn manufactured_solutions_converge_at_the_orders_of_theory() {
    met(|c| c.id == "MMS");
}

#[test]
fn published_stresses_and_displacements_are_met() {
    let published =
        ["LE1", "LE10", "COOK", "SPHERE", "CYLINDER", "KIRSCH", "GOODIER", "BEAM", "TWIST", "INC"];
    met(|c| published.contains(&c.id));
}

#[test]
fn what_is_exact_is_exact() {
    met(|c| {
        [
            "P1", "RBM", "INV", "P2", "C1", "C10", "LAMINATE", "LATTICE", "P2M", "C1M", "C10M", "C12", "C13",
            "BED",
        ]
        .contains(&c.id)
    });
}

#[test]
fn published_contact_problems_are_met() {
    met(|c| ["C2", "C4", "C7", "C9"].contains(&c.id));
}

#[test]
fn results_of_other_programs_in_contact_are_met() {
    met(|c| ["C3", "C11", "C14"].contains(&c.id));
}

#[test]
fn large_strain_and_plasticity_meet_their_sources() {
    met(|c| ["N1", "N2", "N4-N5", "N7", "N8", "NEWTON", "CRUSH"].contains(&c.id));
}

#[test]
fn no_check_is_left_out_here() {
    assert_eq!(CATALOGUE.len(), 1 + 10 + 14 + 4 + 3 + 7);
}
