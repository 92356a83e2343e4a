//! What decks mean, one fact each.

use super::read;
use crate::deck::build::{Brick, build};
use crate::deck::kind::Kind;
use crate::deck::model::{Deck, Elastic, ElementLoadKind, Lines, Surface, Target};
use crate::deck::source::Findings;
use crate::deck::states::states;

/// Nodes 1 to 8 of a brick, 11 to 13 outside it.
const NODES: &str = "*NODE\n1, 0,0,0\n2, 1,0,0\n3, 1,1,0\n4, 0,1,0\n5, 0,0,1\n6, 1,0,1\n7, 1,1,1\n8, 0,1,1\n\
                     11, 0,0,2\n12, 1,0,2\n13, 1,1,2\n14, 0,1,2\n";

fn understood(text: &str) -> (Deck, Findings) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("deck.inp");
    std::fs::write(&path, text).expect("writable");
    read(&path).unwrap_or_else(|e| panic!("{}", e.message))
}

fn labels(deck: &Deck, set: &str) -> Vec<u32> {
    deck.node_sets[set].members.iter().map(|&n| deck.nodes.labels[n as usize]).collect()
}

#[test]
fn sets_nest_overlap_and_generate() {
    let (deck, _) = understood(&format!(
        "{NODES}*ELEMENT, TYPE=C3D8, ELSET=E1\n1, 1,2,3,4,5,6,7,8\n*NSET, NSET=outer\nInner, 2, 2\nMore,\n\
         *NSET, NSET=INNER, GENERATE\n3, 13, 4\n1, 1\n*NSET, NSET=More\n8, 7,\n*NSET, NSET=More\n6\n*NSET, NSET=OF, ELSET=E1\n\
         *ELSET, ELSET=E2\nE1\n"
    ));
    // Labels 3, 7, 11 of the range exist.
    assert_eq!(labels(&deck, "INNER"), [1, 3, 7, 11]);
    assert_eq!(labels(&deck, "MORE"), [6, 7, 8]);
    assert_eq!(labels(&deck, "OUTER"), [1, 2, 3, 6, 7, 8, 11]);
    assert_eq!(deck.node_sets["OUTER"].name, "outer");
    assert_eq!(labels(&deck, "OF"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(deck.element_sets["E2"].members, [0]);
}

#[test]
fn keyword_lines_go_on_after_a_comma_and_names_may_be_quoted() {
    let (deck, _) = understood(&format!(
        "** caf\u{e9}\n*heading\nA title, with a comma\n{NODES}*element,\n  type = c3d8 ,\n elset=\"my set\"\n\
         9, 1,2,3,4,\n5,6,7,8\n*ELSET, ELSET=B\n\"my set\"\n"
    ));
    assert_eq!(deck.title, ["A title, with a comma"]);
    assert_eq!(deck.elements.labels, [9]);
    assert_eq!(deck.elements.kinds, [Kind::C3d8]);
    assert_eq!(deck.element_sets["MY SET"].members, [0]);
    assert_eq!(deck.element_sets["B"].members, [0]);
}

#[test]
fn comments_may_hold_any_bytes() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("deck.inp");
    std::fs::write(&path, b"** caf\xe9\r\n*NODE\r\n1, 0., 1.D0, -.5e+1\r\n** \xff\r\n2\r\n")
        .expect("writable");
    let (deck, _) = read(&path).unwrap_or_else(|e| panic!("{}", e.message));
    assert_eq!(deck.nodes.labels, [1, 2]);
    assert_eq!(deck.nodes.points[0].as_slice(), [0.0, 1.0, -5.0]);
    assert_eq!(deck.nodes.points[1].as_slice(), [0.0; 3]);
}

#[test]
fn nodes_and_elements_are_sorted_by_label() {
    let (deck, _) = understood(
        "*NODE\n30, 3.\n10, 1.\n20, 2.\n40, 4.\n*ELEMENT, TYPE=C3D4\n7, 40,30,20,10\n2, 10,20,30,40\n",
    );
    assert_eq!(deck.nodes.labels, [10, 20, 30, 40]);
    assert_eq!(deck.elements.labels, [2, 7]);
    assert_eq!(deck.elements.nodes_of(1), [3, 2, 1, 0]);
}

#[test]
fn materials_keep_their_constants() {
    let (deck, _) = understood(
        "*MATERIAL, NAME=A\n*DENSITY\n2.\n*ELASTIC, TYPE=ENGINEERING CONSTANTS\n1.,2.,3.,.1,.2,.3,4.,5.\n6., 20.\n*EXPANSION, TYPE=ORTHO, ZERO=20\n\
         1.E-5, 2.E-5, 3.E-5\n*MATERIAL, NAME=B\n*ELASTIC\n7.\n*CONDUCTIVITY\n5.\n*MATERIAL, NAME=C\n*ELASTIC, TYPE=ORTHOTROPIC\n\
         10., 1., 11., 1., 1., 12., 4., 5.,\n6.\n",
    );
    let [a, b, c] = deck.materials.as_slice() else { panic!("three materials") };
    assert_eq!(a.elastic, Some(Elastic::Engineering([1.0, 2.0, 3.0, 0.1, 0.2, 0.3, 4.0, 5.0, 6.0])));
    assert_eq!((a.density, a.expansion, a.zero), (Some(2.0), Some([1e-5, 2e-5, 3e-5]), 20.0));
    assert_eq!(b.elastic, Some(Elastic::Isotropic(7.0, 0.0)));
    assert_eq!(c.elastic, Some(Elastic::Orthotropic([10.0, 1.0, 11.0, 1.0, 1.0, 12.0, 4.0, 5.0, 6.0])));
}

#[test]
fn a_surface_without_facet_numbers_is_the_outside() {
    let (deck, _) = understood(&format!(
        "{NODES}*ELEMENT, TYPE=C3D8, ELSET=BOTH\n1, 1,2,3,4,5,6,7,8\n2, 5,6,7,8,11,12,13,14\n*SURFACE, NAME=SKIN\nBOTH\n\
         *SURFACE, NAME=TOP\n2, S2\n*SURFACE, NAME=DOTS, TYPE=NODE\n13,\n1, 0.5\n"
    ));
    let skin = deck.facets("SKIN");
    assert_eq!(skin.len(), 10);
    assert!(!skin.contains(&(0, 1)) && !skin.contains(&(1, 0)), "{skin:?}");
    assert_eq!(deck.facets("TOP"), [(1, 1)]);
    assert_eq!(deck.surfaces["DOTS"], Surface::Nodes("DOTS".to_string(), vec![0, 10]));
}

#[test]
fn equations_run_over_lines() {
    let (deck, _) = understood(&format!(
        "{NODES}*EQUATION\n5\n1,1,1., 2,1,-.5, 3,2,.25, 4,3,2.,\n5,1,-1.\n2\n6,1,1., 7,1,-1.\n"
    ));
    let found: Vec<usize> = deck.equations.iter().map(|e| e.terms.len()).collect();
    assert_eq!(found, [5, 2]);
    assert_eq!(deck.equations[0].terms[4], (Target::One(4), 0, -1.0));
}

#[test]
fn supports_have_names_and_ranges() {
    let (deck, findings) = understood(&format!(
        "{NODES}*NSET, NSET=N\n1, 2\n*BOUNDARY\nN, ENCASTRE\n3, YASYMM\n4, 1, 6\n5, 2, 0\n6, 2,, 0.5\n"
    ));
    let found: Vec<(u8, u8, f64)> = deck.supports.iter().map(|b| (b.first, b.last, b.value)).collect();
    // Named supports hold rotations too, where a node has them.
    let named = [(0, 5, 0.0), (0, 0, 0.0), (2, 2, 0.0), (4, 4, 0.0)];
    assert_eq!(found[..4], named);
    assert_eq!(found[4..], [(0, 2, 0.0), (1, 1, 0.0), (1, 1, 0.5)]);
    assert!(findings.warnings()[0].contains("beyond 3"), "{:?}", findings.warnings());
}

#[test]
fn steps_hold_their_loads_and_requests() {
    let (deck, findings) = understood(&format!(
        "{NODES}*ELEMENT, TYPE=C3D8, ELSET=E\n1, 1,2,3,4,5,6,7,8\n*RESTART, WRITE, FREQUENCY=0\n*PREPRINT, ECHO=NO\n\
         *STEP, NAME=one, INC=10, NLGEOM=NO\n*STATIC, DIRECT\n0.1, 2.\n*DLOAD, OP=NEW\nE, p3, 5.\n, GRAV, 2., 0, 0, -3.\n\
         E, CENTRIF, 9., 1, 2, 3, 0, 0, 2.\n*OUTPUT, FIELD\n*NODE OUTPUT\nU\n*EL PRINT, ELSET=E, GLOBAL=NO\nS, E\n\
         *NODE PRINT, FREQUENCY=0\nU\n*END STEP\n"
    ));
    assert!(findings.warnings().is_empty(), "{:?}", findings.warnings());
    let [step] = deck.steps.as_slice() else { panic!("one step") };
    assert_eq!((step.name.as_str(), step.period, step.perturbation), ("one", 2.0, false));
    assert!(step.actions[0].fresh);
    let Lines::ElementLoads(loads) = &step.actions[0].lines else { panic!("element loads") };
    assert_eq!(loads[0].kind, ElementLoadKind::Pressure(2));
    assert_eq!(loads[1].target, None);
    assert!(matches!(loads[1].kind, ElementLoadKind::Gravity(d) if d.as_slice() == [0.0, 0.0, -1.0]));
    assert!(matches!(loads[2].kind, ElementLoadKind::Centrifugal(p, d) if p.z == 3.0 && d.z == 1.0));
    let [request] = step.requests.as_slice() else { panic!("one request") };
    assert_eq!((request.elements, request.local, request.variables.len()), (true, true, 2));
}

#[test]
fn broken_decks_are_errors_and_never_panics() {
    let sound = format!(
        "*HEADING\nx\n{NODES}*ELEMENT, TYPE=C3D8, ELSET=E\n1, 1,2,3,4,5,6,7,8\n2, 5,6,7,8,11,12,13,14\n*NSET, NSET=A, GENERATE\n1, 8, 1\n\
         *NSET, NSET=B\nA, 11\n*SURFACE, NAME=S\nE, S2\n*SURFACE, NAME=N, TYPE=NODE\nB\n*TIE, NAME=T, POSITION TOLERANCE=.1\nN, S\n\
         *TRANSFORM, NSET=A, TYPE=C\n0,0,0,0,0,1\n*ORIENTATION, NAME=O, SYSTEM=CYLINDRICAL\n0,0,0,0,0,1\n3, 30.\n*MATERIAL, NAME=M\n\
         *ELASTIC, TYPE=ENGINEERING CONSTANTS\n1.,2.,3.,.1,.2,.3,4.,5.\n6.\n*EXPANSION\n1.E-5\n*DENSITY\n1.\n*SOLID SECTION, ELSET=E, MATERIAL=M, ORIENTATION=O\n\
         *EQUATION\n2\n12, 1, 1., 13, 1, -1.\n*AMPLITUDE, NAME=C\n0., 0., 1., 2.\n*INITIAL CONDITIONS, TYPE=TEMPERATURE\nB, 20.\n*BOUNDARY\nA, 1, 3\n\
         *STEP\n*STATIC\n1., 1.\n*CLOAD, OP=NEW, AMPLITUDE=C\n14, 3, 1.\n*DLOAD\nE, P3, 5.\n, GRAV, 2., 0, 0, -3.\nE, CENTRIF, 9., 1, 2, 3, 0, 0, 2.\n\
         *DSLOAD\nS, P, 1.\n*TEMPERATURE\nB, 30.\n*NODE PRINT, NSET=B\nU\n*EL PRINT, ELSET=E\nS\n*END STEP\n*STEP, PERTURBATION\n*STATIC\n*END STEP\n"
    );
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("deck.inp");
    let mut state = 1_u64;
    let mut next = |n: usize| {
        // Knuth's linear congruential generator; the same changes on every run.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let pieces: [&[u8]; 12] =
        [b",", b"\n", b"*", b"-", b"nan", b"1e999", b"99999999999", b"0", b"\xff", b"\"", b"E", b",,"];
    let mut sound_ones = 0;
    for round in 0..1500 {
        let mut bytes = sound.clone().into_bytes();
        for _ in 0..(round % 4) {
            let at = next(bytes.len());
            match next(3) {
                0 => drop(bytes.splice(at..at, pieces[next(pieces.len())].iter().copied())),
                1 => drop(bytes.splice(
                    at..(at + 1 + next(12)).min(bytes.len()),
                    pieces[next(pieces.len())].iter().copied(),
                )),
                _ => bytes.truncate(at.max(1)),
            }
        }
        std::fs::write(&path, &bytes).expect("writable");
        let Ok((deck, mut findings)) = read(&path) else { continue };
        let states = states(&deck);
        let Ok(built) = build(&deck, Brick::Full, &mut findings) else { continue };
        for state in &states {
            if let Ok(bound) = built.bind(state, &deck, &mut findings) {
                built.load(state, &bound, &deck, &mut findings);
            }
        }
        sound_ones += 1;
    }
    assert!(sound_ones > 300, "the deck itself is sound: {sound_ones}");
}
