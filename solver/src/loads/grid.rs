//! Boxes sorted into the cells of a uniform grid, for neighbor search.

use dens_mesher::Vec3;
use dens_mesher::geometry::Aabb;
use std::collections::BTreeMap;

/// Uniform grid of boxes.
pub(crate) struct BoxGrid {
    cell: f64,
    boxes: Vec<Aabb>,
    buckets: BTreeMap<[i32; 3], Vec<u32>>,
}

impl BoxGrid {
    /// Grid over `boxes` with cells of about their mean size.
    pub(crate) fn new(boxes: Vec<Aabb>) -> Self {
        let sum: f64 = boxes.iter().map(|b| b.size().max()).sum();
        let cell = (sum / boxes.len().max(1) as f64).max(1e-6);
        let mut buckets: BTreeMap<[i32; 3], Vec<u32>> = BTreeMap::new();
        for (i, b) in boxes.iter().enumerate() {
            for key in keys(b, cell) {
                buckets.entry(key).or_default().push(i as u32);
            }
        }
        Self { cell, boxes, buckets }
    }

    /// Numbers of the boxes that meet `query`, ascending.
    pub(crate) fn meeting(&self, query: &Aabb) -> Vec<u32> {
        let mut found: Vec<u32> =
            keys(query, self.cell).filter_map(|k| self.buckets.get(&k)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|&i| {
            let both = self.boxes[i as usize].intersection(*query);
            (0..3).all(|a| both.min[a] <= both.max[a])
        });
        found
    }
}

fn keys(b: &Aabb, cell: f64) -> impl Iterator<Item = [i32; 3]> + use<> {
    let key = |p: Vec3| -> [i32; 3] { std::array::from_fn(|a| (p[a] / cell).floor() as i32) };
    let (lo, hi) = (key(b.min), key(b.max));
    (lo[0]..=hi[0])
        .flat_map(move |i| (lo[1]..=hi[1]).flat_map(move |j| (lo[2]..=hi[2]).map(move |k| [i, j, k])))
}
