//! Failures of the solver in the words of the deck: labels, set names, lines.

use super::{Bound, Built};
use crate::deck::kind::Kind;
use crate::deck::model::Deck;
use crate::deck::source::{Findings, Place};
use crate::diagnostic::Problem;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_solver::linear::LinearError;
use dens_solver::nonlinear::{Cause, NonlinearError};
use dens_solver::statics::{ConstraintName, ErrorKind, FreeMotion, StaticsError};
use std::fmt::Write as _;

/// Residuals shown of a solve that failed.
const HISTORY: usize = 40;

/// Names elements, nodes and lines of the deck in a failure of the solver.
pub fn explain(
    error: &StaticsError,
    deck: &Deck,
    built: &Built,
    bound: Option<&Bound>,
    findings: &mut Findings,
) -> Failure {
    let element = |cell: usize| deck.elements.labels.get(cell).copied().unwrap_or(0);
    let node = |n: usize| {
        built.deck_node.get(n).and_then(|&d| deck.nodes.labels.get(d as usize)).copied().unwrap_or(0)
    };
    let at = |name: &ConstraintName| match (name, bound) {
        (ConstraintName::Support(i), Some(b)) => b.supports.get(*i).copied().unwrap_or(Place::NOWHERE),
        (ConstraintName::Equation(i), Some(b)) => b.equation(*i),
        _ => Place::NOWHERE,
    };
    let (place, problem) = match error {
        StaticsError::Inverted { cell, .. } => (
            deck.elements.place(*cell),
            Problem::at(None, format!("element {} is turned inside out or has no volume", element(*cell)))
                .hint("check the order of its nodes and their positions"),
        ),
        StaticsError::OverConstrained { dof, first, second } => {
            let words = |name: &ConstraintName| match name {
                ConstraintName::Support(_) => format!("a support ({})", findings.describe(at(name))),
                ConstraintName::Equation(_) => {
                    format!("an equation, tie or rigid body ({})", findings.describe(at(name)))
                }
            };
            (
                at(second),
                Problem::at(
                    None,
                    format!(
                        "degree of freedom {} of node {} is eliminated twice: by {} and by {}",
                        dof.axis + 1,
                        node(dof.node as usize),
                        words(first),
                        words(second)
                    ),
                )
                .hint("put another term of the equation first, or remove one of the two"),
            )
        }
        StaticsError::Cycle { equation, dof } => (
            at(&ConstraintName::Equation(*equation)),
            Problem::at(
                None,
                format!(
                    "equations make degree of freedom {} of node {} depend on itself",
                    dof.axis + 1,
                    node(dof.node as usize)
                ),
            ),
        ),
        StaticsError::UnderConstrained { motions } => {
            return Failure::input(free(motions, deck, built));
        }
        StaticsError::Linear(LinearError::Singular { node: n, .. }) => {
            let reduced = deck.elements.kinds.contains(&Kind::C3d20r);
            let hourglass =
                if reduced { "; a few C3D20R elements can move without strain, C3D20 cannot" } else { "" };
            return Failure::input(format!(
                "the model is singular at node {}: a part is not held or has no stiffness\n  = hint: support every part with `*BOUNDARY`, or join it with `*TIE`{hourglass}",
                node(*n)
            ));
        }
        StaticsError::Linear(LinearError::NotConverged { history, .. }) => {
            return Failure::not_converged(format!("{error}{}", residuals(history)));
        }
        StaticsError::Memory { .. } => {
            return Failure::limit(format!(
                "{error}\n  = hint: raise the limit with `--max-memory`, or choose `--solver multigrid`"
            ));
        }
        _ => {
            return match error.kind() {
                ErrorKind::NoConvergence => Failure::not_converged(error),
                ErrorKind::Limit => Failure::limit(error),
                ErrorKind::Input => Failure::input(error),
            };
        }
    };
    findings.error(place, problem);
    Failure::problems(findings.errors())
}

/// The same for the nonlinear engine.
pub fn explain_nonlinear(
    error: &NonlinearError,
    deck: &Deck,
    built: &Built,
    bound: &Bound,
    findings: &mut Findings,
) -> Failure {
    match error {
        NonlinearError::Statics(error) => explain(error, deck, built, Some(bound), findings),
        NonlinearError::Formulation { cell, .. } => {
            let label = deck.elements.labels.get(*cell).copied().unwrap_or(0);
            let problem = Problem::at(None, format!("element {label} cannot be used in a nonlinear step"))
                .hint("incompatible modes (C3D8I) are for linear steps; take C3D8, C3D20 or C3D10");
            findings.error(deck.elements.place(*cell), problem);
            Failure::problems(findings.errors())
        }
        NonlinearError::NotConverged(what) => {
            let mut text = format!(
                "no equilibrium in step {}, increment {}: {:.4} of its loads were reached, {:.4} not: ",
                what.stage + 1,
                what.increment,
                what.reached,
                what.tried
            );
            match &what.cause {
                Cause::Point { cell, point, fault } => {
                    let label = deck.elements.labels.get(*cell).copied().unwrap_or(0);
                    let _ = write!(text, "element {label}, point {}: {fault}", point + 1);
                }
                other => {
                    let _ = write!(text, "{other}");
                }
            }
            if let Some(worst) = what.worst {
                let label = built.deck_node.get(worst.node).map(|&n| deck.nodes.labels[n as usize]);
                let [x, y, z] = worst.place;
                let _ = write!(
                    text,
                    "\n  worst: node {} at ({x:.4}, {y:.4}, {z:.4}), {:.3e} out of balance",
                    label.unwrap_or(0),
                    Vec3::from(worst.force).norm()
                );
            }
            for line in what.interactions.iter().filter(|line| !line.is_empty()) {
                let _ = write!(text, "\n  {line}");
            }
            let history: Vec<f64> = what.history.iter().map(|i| i.residual).collect();
            if !history.is_empty() {
                text.push_str(&residuals(&history));
            }
            text.push_str(
                "\n  = hint: smaller increments (data line of `*STATIC`) help where loads are near a limit or contact closes abruptly",
            );
            Failure::not_converged(text)
        }
        _ => Failure::input(error),
    }
}

fn residuals(history: &[f64]) -> String {
    let mut text = String::from("\n  relative residuals:");
    let skipped = history.len().saturating_sub(HISTORY);
    if skipped > 0 {
        let _ = write!(text, " ({skipped} earlier)");
    }
    for r in &history[skipped..] {
        let _ = write!(text, " {r:.2e}");
    }
    text
}

/// What moves, and how.
fn free(motions: &[FreeMotion], deck: &Deck, built: &Built) -> String {
    let mut text = format!(
        "the model is not held: {} free motion{}",
        motions.len(),
        if motions.len() == 1 { "" } else { "s" }
    );
    for motion in motions.iter().take(12) {
        let _ = write!(text, "\n  - {}", one(motion, deck, built));
    }
    text.push_str("\n  = hint: support every part with `*BOUNDARY`, or join it with `*TIE` or `*EQUATION`");
    text
}

fn one(motion: &FreeMotion, deck: &Deck, built: &Built) -> String {
    let label = |n: u32| deck.nodes.labels[built.deck_node[n as usize] as usize];
    let mut who: Vec<String> = motion.pieces.iter().take(3).map(|&cell| piece(cell, deck)).collect();
    let of_node = |&n: &u32| match built.turning.iter().find(|t| t[1] == n) {
        Some(t) => format!("the rotation of node {}", label(t[0])),
        None => format!("node {} without elements", label(n)),
    };
    who.extend(motion.nodes.iter().take(3).map(of_node));
    let more = (motion.pieces.len() + motion.nodes.len()).saturating_sub(who.len());
    if more > 0 {
        who.push(format!("{more} more"));
    }
    format!("{} {}", who.join(", "), motion.motion())
}

/// A part by its lowest element and the set of its section.
fn piece(cell: u32, deck: &Deck) -> String {
    let section = deck
        .sections
        .iter()
        .filter_map(|s| deck.element_sets.get(&s.set))
        .find(|s| s.members.binary_search(&cell).is_ok() || s.members.contains(&cell));
    let label = deck.elements.labels.get(cell as usize).copied().unwrap_or(0);
    match section {
        Some(set) => format!("the part with element {label} (set `{}`)", set.name),
        None => format!("the part with element {label}"),
    }
}
