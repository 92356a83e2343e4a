//! Who is next to whom: facets, edges and stars of tetrahedra, by counting sort.

use rayon::prelude::*;

/// No neighbor.
pub(super) const NONE: u32 = u32::MAX;

/// Vertices per parallel chunk of the bucket sorts.
const CHUNK: usize = 4096;

/// Items grouped by vertex: those of vertex v are `items[start[v]..start[v + 1]]`.
pub(super) struct Buckets<T> {
    pub(super) start: Vec<u32>,
    pub(super) items: Vec<T>,
}

impl<T: Copy + Default> Buckets<T> {
    /// Groups the items that `each` lists for cell after cell; the order within a vertex is that of cells.
    pub(super) fn new<I: Iterator<Item = (u32, T)>>(
        n_vertices: usize,
        n_cells: usize,
        each: impl Fn(usize) -> I,
    ) -> Self {
        let mut start = vec![0u32; n_vertices + 1];
        for cell in 0..n_cells {
            for (v, _) in each(cell) {
                start[v as usize + 1] += 1;
            }
        }
        for v in 0..n_vertices {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut items = vec![T::default(); start[n_vertices] as usize];
        for cell in 0..n_cells {
            for (v, item) in each(cell) {
                items[next[v as usize] as usize] = item;
                next[v as usize] += 1;
            }
        }
        Self { start, items }
    }

    /// Items of a vertex.
    pub(super) fn of(&self, v: u32) -> &[T] {
        &self.items[self.start[v as usize] as usize..self.start[v as usize + 1] as usize]
    }
}

/// Cells around every vertex.
pub(super) fn stars(n_vertices: usize, cells: &[[u32; 4]]) -> Buckets<u32> {
    Buckets::new(n_vertices, cells.len(), |c| cells[c].into_iter().map(move |v| (v, c as u32)))
}

/// For each cell and corner, the cell beyond the facet opposite to that corner, or [`NONE`].
///
/// # Errors
/// The vertices of a facet that more than two cells share.
pub(super) fn neighbors(n_vertices: usize, cells: &[[u32; 4]]) -> Result<Vec<[u32; 4]>, [u32; 3]> {
    // A facet is filed under its lowest vertex, with the other two, its cell and its local number.
    let facets = Buckets::new(n_vertices, cells.len(), |c| {
        let v = cells[c];
        (0..4).map(move |i| {
            let [a, b, d] = sorted3([v[(i + 1) % 4], v[(i + 2) % 4], v[(i + 3) % 4]]);
            (a, ([b, d], (c * 4 + i) as u32))
        })
    });
    let vertices: Vec<u32> = (0..n_vertices as u32).collect();
    let pairs: Vec<Result<Vec<[u32; 2]>, [u32; 3]>> = vertices
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut pairs = Vec::new();
            let mut own = Vec::new();
            for &v in chunk {
                own.clear();
                own.extend_from_slice(facets.of(v));
                own.sort_unstable();
                for same in own.chunk_by(|a, b| a.0 == b.0) {
                    match same {
                        [_] => {}
                        [a, b] => pairs.push([a.1, b.1]),
                        _ => return Err([v, same[0].0[0], same[0].0[1]]),
                    }
                }
            }
            Ok(pairs)
        })
        .collect();
    let mut next = vec![[NONE; 4]; cells.len()];
    for pairs in pairs {
        for [a, b] in pairs? {
            next[a as usize / 4][a as usize % 4] = b / 4;
            next[b as usize / 4][b as usize % 4] = a / 4;
        }
    }
    Ok(next)
}

/// Edges of the cells: their ends in ascending order, and the number of each cell's six edges in that list.
pub(super) fn edges(n_vertices: usize, cells: &[[u32; 4]]) -> (Vec<[u32; 2]>, Vec<[u32; 6]>) {
    let filed = Buckets::new(n_vertices, cells.len(), |c| {
        let v = cells[c];
        crate::mesh::EDGE_CORNERS
            .iter()
            .enumerate()
            .map(move |(k, &[i, j])| (v[i].min(v[j]), (v[i].max(v[j]), (c * 6 + k) as u32)))
    });
    let vertices: Vec<u32> = (0..n_vertices as u32).collect();
    let sorted: Vec<Vec<(u32, u32, u32)>> = vertices
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut list = Vec::new();
            for &v in chunk {
                let first = list.len();
                list.extend(filed.of(v).iter().map(|&(w, place)| (v, w, place)));
                list[first..].sort_unstable();
            }
            list
        })
        .collect();
    let mut ends: Vec<[u32; 2]> = Vec::new();
    let mut number = vec![[0u32; 6]; cells.len()];
    for (v, w, place) in sorted.into_iter().flatten() {
        if ends.last() != Some(&[v, w]) {
            ends.push([v, w]);
        }
        number[place as usize / 6][place as usize % 6] = ends.len() as u32 - 1;
    }
    (ends, number)
}

/// Three numbers in ascending order.
pub(super) fn sorted3([a, b, c]: [u32; 3]) -> [u32; 3] {
    let (a, b) = (a.min(b), a.max(b));
    let (b, c) = (b.min(c), b.max(c));
    [a.min(b), a.max(b), c]
}

/// Connected sets of numbers below n.
pub(super) struct Groups {
    parent: Vec<u32>,
}

impl Groups {
    pub(super) fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect() }
    }

    /// Lowest member of the group of `i`.
    pub(super) fn find(&mut self, mut i: u32) -> u32 {
        while self.parent[i as usize] != i {
            let up = self.parent[self.parent[i as usize] as usize];
            self.parent[i as usize] = up;
            i = up;
        }
        i
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tetrahedra_share_one_facet_and_three_edges() {
        let cells = [[0, 1, 2, 3], [1, 2, 3, 4]];
        let next = neighbors(5, &cells).expect("each facet has at most two cells");
        assert_eq!(next, vec![[1, NONE, NONE, NONE], [NONE, NONE, NONE, 0]]);
        let (ends, number) = edges(5, &cells);
        assert_eq!(ends.len(), 9);
        assert_eq!(ends[number[0][1] as usize], [1, 2]);
        assert_eq!(number[0][1], number[1][0]);
        assert_eq!(stars(5, &cells).of(2), [0, 1]);
    }

    #[test]
    fn facet_with_three_cells_is_refused() {
        assert_eq!(neighbors(6, &[[0, 1, 2, 3], [0, 1, 2, 4], [2, 1, 0, 5]]), Err([0, 1, 2]));
    }

    #[test]
    fn groups_are_named_after_their_lowest_member() {
        let mut g = Groups::new(5);
        g.join(4, 2);
        g.join(2, 3);
        assert_eq!([0, 1, 2, 3, 4].map(|i| g.find(i)), [0, 1, 2, 2, 2]);
    }
}
