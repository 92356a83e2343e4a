//! Small decks for the tests: blocks of bricks, and tables read back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Block of bricks as deck text.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// `*NODE` and `*ELEMENT` lines.
    pub text: String,
    /// Labels with positions.
    pub nodes: Vec<(u32, [f64; 3])>,
    /// Labels of the elements.
    pub elements: Vec<u32>,
}

/// How a block is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    /// `C3D8` or `C3D20R` and the like.
    pub kind: &'a str,
    /// Element set.
    pub set: &'a str,
    /// First label of nodes and elements.
    pub first: u32,
    /// Lowest corner.
    pub origin: [f64; 3],
    /// Edges.
    pub size: [f64; 3],
    /// Bricks along the edges.
    pub n: [usize; 3],
}

/// Middle nodes of a quadratic brick, by their corners.
const EDGES: [[usize; 2]; 12] =
    [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]];

/// A block whose nodes are moved by `map`.
pub(crate) fn block(shape: Shape<'_>, map: impl Fn([f64; 3]) -> [f64; 3]) -> Block {
    let mut numbers: BTreeMap<[usize; 3], u32> = BTreeMap::new();
    let mut nodes = Vec::new();
    let mut elements = String::new();
    let mut labels = Vec::new();
    let quadratic = shape.kind.starts_with("C3D20");
    for k in 0..shape.n[2] {
        for j in 0..shape.n[1] {
            for i in 0..shape.n[0] {
                let corner = |d: [usize; 3]| [2 * (i + d[0]), 2 * (j + d[1]), 2 * (k + d[2])];
                let bottom = [[0, 0], [1, 0], [1, 1], [0, 1]];
                let mut keys: Vec<[usize; 3]> =
                    (0..8).map(|c| corner([bottom[c % 4][0], bottom[c % 4][1], c / 4])).collect();
                if quadratic {
                    let middles = EDGES.map(|[a, b]| std::array::from_fn(|x| (keys[a][x] + keys[b][x]) / 2));
                    keys.extend(middles);
                }
                let own: Vec<String> = keys
                    .into_iter()
                    .map(|key| {
                        let next = shape.first + numbers.len() as u32;
                        let label = *numbers.entry(key).or_insert_with(|| {
                            let x = std::array::from_fn(|a| {
                                shape.origin[a] + shape.size[a] * key[a] as f64 / (2 * shape.n[a]) as f64
                            });
                            nodes.push((next, map(x)));
                            next
                        });
                        label.to_string()
                    })
                    .collect();
                let label = shape.first + labels.len() as u32;
                labels.push(label);
                writeln!(elements, "{label}, {}", own[..own.len().min(15)].join(", ")).expect("a string");
                if quadratic {
                    // The first line ends without its comma: the reader counts.
                    writeln!(elements, "{}", own[15..].join(", ")).expect("a string");
                }
            }
        }
    }
    let mut text = String::from("*NODE\n");
    for (label, x) in &nodes {
        writeln!(text, "{label}, {:?}, {:?}, {:?}", x[0], x[1], x[2]).expect("a string");
    }
    let text = format!("{text}*ELEMENT, TYPE={}, ELSET={}\n{elements}", shape.kind, shape.set);
    Block { text, nodes, elements: labels }
}

/// Block at the origin, in the set `EALL`, as it is.
pub(crate) fn plain(kind: &str, size: [f64; 3], n: [usize; 3]) -> Block {
    block(Shape { kind, set: "EALL", first: 1, origin: [0.0; 3], size, n }, |x| x)
}

impl Block {
    /// Labels of nodes for which `keep` holds.
    pub(crate) fn find(&self, keep: impl Fn([f64; 3]) -> bool) -> Vec<u32> {
        self.nodes.iter().filter(|(_, x)| keep(*x)).map(|(label, _)| *label).collect()
    }

    /// `*NSET` of the nodes for which `keep` holds.
    pub(crate) fn set(&self, name: &str, keep: impl Fn([f64; 3]) -> bool) -> String {
        let labels: Vec<String> = self.find(keep).iter().map(u32::to_string).collect();
        let lines: Vec<String> = labels.chunks(10).map(|l| l.join(", ")).collect();
        format!("*NSET, NSET={name}\n{}\n", lines.join("\n"))
    }

    /// Sets `X0`, `X1`, `Y0`, … of the nodes on the faces of a box.
    pub(crate) fn faces(&self, size: [f64; 3]) -> String {
        let mut out = String::new();
        for (axis, letter) in ["X", "Y", "Z"].into_iter().enumerate() {
            for (end, value) in [0.0, size[axis]].into_iter().enumerate() {
                out.push_str(&self.set(&format!("{letter}{end}"), |x| (x[axis] - value).abs() < 1e-9));
            }
        }
        out
    }

    /// Position of a node.
    pub(crate) fn at(&self, label: u32) -> [f64; 3] {
        self.nodes.iter().find(|n| n.0 == label).expect("a node of the block").1
    }
}

/// Rows of `nodes.csv` of a step by label: displacements and reactions.
pub(crate) fn nodes(folder: &Path, step: u32) -> BTreeMap<u32, [f64; 6]> {
    rows(&folder.join("nodes.csv"))
        .into_iter()
        .filter(|r| r[0] as u32 == step)
        .map(|r| (r[1] as u32, std::array::from_fn(|i| r[2 + i])))
        .collect()
}

/// Rows of `elements.csv` of a step by element and point: stresses xx yy zz xy xz yz.
pub(crate) fn stresses(folder: &Path, step: u32) -> BTreeMap<(u32, u32), [f64; 6]> {
    rows(&folder.join("elements.csv"))
        .into_iter()
        .filter(|r| r[0] as u32 == step)
        .map(|r| ((r[1] as u32, r[2] as u32), std::array::from_fn(|i| r[3 + i])))
        .collect()
}

fn rows(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("a table");
    let number = |t: &str| t.parse::<f64>().expect("a number");
    text.lines().skip(1).map(|l| l.split(',').map(number).collect()).collect()
}
