//! Which keywords are understood, which are harmless, and what is said about the rest.

use crate::deck::lexer::Block;
use crate::deck::source::Findings;
use crate::diagnostic::Problem;
use dens_mesher::catalog::nearest;

/// Where a keyword may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    /// Before the first step.
    Model,
    /// Between `*STEP` and `*END STEP`.
    Step,
    /// Anywhere.
    Any,
}

use Where::{Any, Model, Step};

/// Keywords that are read: name without blanks, place, parameters understood or known to be harmless.
const READ: &[(&str, Where, &[&str])] = &[
    ("HEADING", Any, &[]),
    ("NODE", Model, &["NSET", "INPUT", "SYSTEM"]),
    ("ELEMENT", Model, &["TYPE", "ELSET", "INPUT", "SOLIDELEMENTNUMBERING"]),
    ("NSET", Any, &["NSET", "ELSET", "GENERATE", "UNSORTED", "INTERNAL", "INPUT"]),
    ("ELSET", Any, &["ELSET", "GENERATE", "UNSORTED", "INTERNAL", "INPUT"]),
    ("SURFACE", Model, &["NAME", "TYPE", "INTERNAL", "INPUT"]),
    ("MATERIAL", Model, &["NAME"]),
    ("ELASTIC", Model, &["TYPE"]),
    ("DENSITY", Model, &[]),
    ("EXPANSION", Model, &["TYPE", "ZERO"]),
    ("HYPERELASTIC", Model, &["NEOHOOKE", "MOONEY-RIVLIN", "OGDEN", "N", "MODULI"]),
    ("PLASTIC", Model, &["HARDENING"]),
    ("SURFACEINTERACTION", Model, &["NAME"]),
    ("SURFACEBEHAVIOR", Model, &["PRESSURE-OVERCLOSURE"]),
    ("FRICTION", Model, &["SLIPTOLERANCE"]),
    ("CONTACTPAIR", Model, &["INTERACTION", "TYPE", "SMALLSLIDING", "ADJUST", "NOTHICKNESS"]),
    ("CLEARANCE", Model, &["MASTER", "SLAVE", "VALUE"]),
    ("ORIENTATION", Model, &["NAME", "SYSTEM", "DEFINITION"]),
    ("SOLIDSECTION", Model, &["ELSET", "MATERIAL", "ORIENTATION", "CONTROLS"]),
    ("TRANSFORM", Model, &["NSET", "TYPE"]),
    ("EQUATION", Model, &["INPUT"]),
    ("RIGIDBODY", Model, &["NSET", "ELSET", "REFNODE", "ROTNODE"]),
    ("COUPLING", Model, &["CONSTRAINTNAME", "REFNODE", "SURFACE"]),
    ("KINEMATIC", Model, &[]),
    ("DISTRIBUTING", Model, &[]),
    ("DISTRIBUTINGCOUPLING", Model, &["ELSET"]),
    ("SPRING", Model, &["ELSET", "NONLINEAR"]),
    (
        "TIE",
        Model,
        &["NAME", "POSITIONTOLERANCE", "ADJUST", "TYPE", "NOROTATION", "NOTHICKNESS", "CONSTRAINTRATIO"],
    ),
    ("AMPLITUDE", Any, &["NAME", "TIME", "DEFINITION", "VALUE", "INPUT"]),
    ("INITIALCONDITIONS", Model, &["TYPE", "INPUT"]),
    ("BOUNDARY", Any, &["OP", "AMPLITUDE", "TYPE", "INPUT"]),
    (
        "STEP",
        Any,
        &[
            "NAME",
            "INC",
            "NLGEOM",
            "PERTURBATION",
            "AMPLITUDE",
            "EXTRAPOLATION",
            "SOLVER",
            "UNSYMM",
            "CONVERTSDI",
        ],
    ),
    ("STATIC", Step, &["SOLVER", "DIRECT", "STABILIZE", "ALLSDTOL", "CONTINUE", "FACTOR", "EXPLICIT"]),
    ("CLOAD", Step, &["OP", "AMPLITUDE", "INPUT"]),
    ("DLOAD", Step, &["OP", "AMPLITUDE", "INPUT"]),
    ("DSLOAD", Step, &["OP", "AMPLITUDE", "FOLLOWER", "INPUT"]),
    ("TEMPERATURE", Step, &["OP", "AMPLITUDE", "INPUT"]),
    ("ENDSTEP", Step, &[]),
];

/// Keywords whose requests are read or passed over; any parameter will do.
const OUTPUT: &[&str] = &[
    "NODEPRINT",
    "ELPRINT",
    "NODEFILE",
    "ELFILE",
    "OUTPUT",
    "NODEOUTPUT",
    "ELEMENTOUTPUT",
    "PREPRINT",
    "FILEFORMAT",
    "FILEOUTPUT",
    "MONITOR",
    "PRINT",
    "ENERGYOUTPUT",
    "ENERGYPRINT",
    "ENERGYFILE",
    "CONTACTFILE",
    "CONTACTPRINT",
    "CONTACTOUTPUT",
    "SECTIONPRINT",
    "SECTIONFILE",
    "RESTART",
    "TIMEPOINTS",
    "ELEMENTMATRIXOUTPUT",
    "DIAGNOSTICS",
];

/// Keywords without effect on a linear static solution, which are passed over with a warning.
const IDLE: &[&str] = &[
    "CONDUCTIVITY",
    "SPECIFICHEAT",
    "LATENTHEAT",
    "DAMPING",
    "SECTIONCONTROLS",
    "HOURGLASSSTIFFNESS",
    "PHYSICALCONSTANTS",
    "CONTROLS",
    "SOLVERCONTROLS",
    "NOANALYSIS",
    "DEPVAR",
];

/// Known keywords that change the answer and are not read, each with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("PART", PARTS),
    ("ENDPART", PARTS),
    ("ASSEMBLY", PARTS),
    ("ENDASSEMBLY", PARTS),
    ("INSTANCE", PARTS),
    ("ENDINSTANCE", PARTS),
    ("SYSTEM", "give node positions in global axes"),
    ("NGEN", "write the nodes out"),
    ("NFILL", "write the nodes out"),
    ("NCOPY", "write the nodes out"),
    ("NMAP", "write the nodes out"),
    ("ELGEN", "write the elements out"),
    ("ELCOPY", "write the elements out"),
    ("PARAMETER", "write the numbers out"),
    ("IMPORT", "write the model out"),
    ("CONTACT", CONTACT),
    ("CONTACTINCLUSIONS", CONTACT),
    ("CONTACTPROPERTYASSIGNMENT", CONTACT),
    ("CONTACTINITIALIZATIONDATA", CONTACT),
    ("CHANGEFRICTION", CONTACT),
    ("CHANGESURFACEBEHAVIOR", CONTACT),
    ("CHANGECONTACTTYPE", CONTACT),
    ("MODELCHANGE", CONTACT),
    ("GAP", CONTACT),
    ("CONTACTDAMPING", CONTACT),
    ("CYCLICHARDENING", LAW),
    ("HYPERFOAM", LAW),
    ("CREEP", LAW),
    ("DEFORMATIONPLASTICITY", LAW),
    ("USERMATERIAL", LAW),
    ("VISCOELASTIC", LAW),
    ("DRUCKERPRAGER", LAW),
    ("CRUSHABLEFOAM", LAW),
    ("CONCRETEDAMAGEDPLASTICITY", LAW),
    ("MOHRCOULOMB", LAW),
    ("CAPPLASTICITY", LAW),
    ("CHANGEMATERIAL", LAW),
    ("CHANGEPLASTIC", LAW),
    ("CHANGESOLIDSECTION", LAW),
    ("NOCOMPRESSION", LAW),
    ("NOTENSION", LAW),
    ("KINEMATICCOUPLING", RIGID),
    ("MPC", RIGID),
    ("PRE-TENSIONSECTION", RIGID),
    ("EMBEDDEDELEMENT", RIGID),
    ("EQUATIONF", "it belongs to fluid dynamics"),
    ("DASHPOT", ELEMENT),
    ("MASS", ELEMENT),
    ("SHELLSECTION", ELEMENT),
    ("BEAMSECTION", ELEMENT),
    ("BEAMGENERALSECTION", ELEMENT),
    ("MEMBRANESECTION", ELEMENT),
    ("FLUIDSECTION", ELEMENT),
    ("USERELEMENT", ELEMENT),
    ("CONNECTORSECTION", ELEMENT),
    ("COHESIVESECTION", ELEMENT),
    ("GASKETSECTION", ELEMENT),
    ("MATRIXASSEMBLE", ELEMENT),
    ("SUBSTRUCTUREGENERATE", ELEMENT),
    ("ELEMENTPROPERTIES", ELEMENT),
    ("DYNAMIC", PROCEDURE),
    ("FREQUENCY", PROCEDURE),
    ("BUCKLE", PROCEDURE),
    ("VISCO", PROCEDURE),
    ("HEATTRANSFER", PROCEDURE),
    ("COUPLEDTEMPERATURE-DISPLACEMENT", PROCEDURE),
    ("UNCOUPLEDTEMPERATURE-DISPLACEMENT", PROCEDURE),
    ("MODALDYNAMIC", PROCEDURE),
    ("STEADYSTATEDYNAMICS", PROCEDURE),
    ("COMPLEXFREQUENCY", PROCEDURE),
    ("GREEN", PROCEDURE),
    ("SENSITIVITY", PROCEDURE),
    ("CRACKPROPAGATION", PROCEDURE),
    ("ELECTROMAGNETICS", PROCEDURE),
    ("GEOSTATIC", PROCEDURE),
    ("SOILS", PROCEDURE),
    ("STEADYSTATETRANSPORT", PROCEDURE),
    ("FILM", LOAD),
    ("RADIATE", LOAD),
    ("CFLUX", LOAD),
    ("DFLUX", LOAD),
    ("INERTIARELIEF", LOAD),
    ("CYCLICSYMMETRYMODEL", LOAD),
    ("SUBMODEL", LOAD),
    ("MASSFLOW", LOAD),
    ("FIELD", LOAD),
    ("USERAMPLITUDE", LOAD),
    ("BASEMOTION", LOAD),
    ("SELECTCYCLICSYMMETRYMODES", LOAD),
    ("DISTRIBUTION", "give one *ORIENTATION per element set instead"),
    ("DISTRIBUTIONTABLE", "give one *ORIENTATION per element set instead"),
    ("VALUESATINFINITY", "it belongs to fluid dynamics"),
];

const PARTS: &str = "write the model flat: in Abaqus/CAE, Model > Edit Attributes > \"Do not use parts and assemblies in input files\"";
const CONTACT: &str =
    "contact is described by *CONTACT PAIR with *SURFACE INTERACTION, *SURFACE BEHAVIOR and *FRICTION";
const LAW: &str = "the materials solved are *ELASTIC, *PLASTIC and *HYPERELASTIC";
const RIGID: &str =
    "write the relation as *EQUATION, *TIE, *RIGID BODY or *COUPLING with *KINEMATIC or *DISTRIBUTING";
const ELEMENT: &str = "only solid elements and springs are solved: C3D4, C3D10, C3D8, C3D8I, C3D6, C3D15, C3D20, C3D20R, SPRINGA, SPRING1, SPRING2";
const PROCEDURE: &str = "only *STATIC steps are solved";
const LOAD: &str = "the loads read are *CLOAD, *DLOAD, *DSLOAD, *TEMPERATURE and *BOUNDARY";

/// Judges every keyword and its parameters; the blocks left are those a reader handles.
pub(super) fn sift(blocks: Vec<Block>, findings: &mut Findings) -> Vec<Block> {
    let mut in_step = false;
    let mut seen_step = false;
    let mut kept = Vec::with_capacity(blocks.len());
    for block in blocks {
        let word = block.keyword.as_str();
        if word == "RESTART" {
            restart(&block, findings);
        } else if OUTPUT.contains(&word) {
            kept.push(block);
        } else if IDLE.contains(&word) {
            findings
                .warn(block.place, format!("`{}` has no effect on a linear static solution", block.shown));
        } else if let Some((_, place, parameters)) = READ.iter().find(|(name, ..)| *name == word) {
            let misplaced = match place {
                Model if seen_step => Some("belongs before the first `*STEP`"),
                Step if !in_step => Some("belongs between `*STEP` and `*END STEP`"),
                _ => None,
            };
            if let Some(reason) = misplaced {
                findings.wrong(block.place, format!("`{}` {reason}", block.shown));
                continue;
            }
            match word {
                "STEP" if in_step => {
                    findings.wrong(block.place, "`*STEP` inside a step: `*END STEP` is missing")
                }
                "STEP" => (in_step, seen_step) = (true, true),
                "ENDSTEP" => in_step = false,
                _ => {}
            }
            check(&block, parameters, findings);
            kept.push(block);
        } else {
            unknown(&block, findings);
        }
    }
    kept
}

fn check(block: &Block, known: &[&str], findings: &mut Findings) {
    for parameter in &block.parameters {
        if !known.contains(&parameter.name.as_str()) {
            let mut problem = Problem::at(
                None,
                format!("parameter `{}` of `{}` is not supported", parameter.name, block.shown),
            );
            if let Some(near) = nearest(&parameter.name, known.iter().copied()) {
                problem = problem.label(format!("did you mean `{near}`?"));
            }
            findings.error(parameter.place, problem);
        }
    }
}

/// Abaqus/CAE writes `*RESTART, WRITE, FREQUENCY=0` into every deck: no restart at all.
fn restart(block: &Block, findings: &mut Findings) {
    let off = block.parameter("READ").is_none() && block.value("FREQUENCY") == Some("0");
    if !off {
        findings.error(
            block.place,
            Problem::at(None, "`*RESTART` is not supported")
                .hint("every solution is computed anew from the start; remove the line"),
        );
    }
}

fn unknown(block: &Block, findings: &mut Findings) {
    if let Some((_, reason)) = REFUSED.iter().find(|(name, _)| *name == block.keyword) {
        findings.error(
            block.place,
            Problem::at(None, format!("`{}` is not supported", block.shown)).hint(*reason),
        );
        return;
    }
    let known = READ.iter().map(|(name, ..)| *name).chain(OUTPUT.iter().copied());
    let mut problem = Problem::at(None, format!("unknown keyword `{}`", block.shown))
        .hint("a keyword that might change the answer is not passed over");
    if let Some(near) = nearest(&block.keyword, known) {
        problem = problem.label(format!("did you mean `*{near}`?"));
    }
    findings.error(block.place, problem);
}
