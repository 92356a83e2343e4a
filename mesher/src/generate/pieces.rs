//! Pieces of a body: crumbs to drop, and breaks that the fields do not have.

use super::body::{Body, pair};
use super::shape::volume6;
use super::topology::{Groups, NONE};
use super::{MeshError, MeshSpec, Piece, Place};
use crate::Vec3;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A piece smaller than this share of the body is a crumb.
const CRUMB: f64 = 0.01;

/// Pieces nearer than this, in edge lengths, are looked at for a lost connection.
const REACH: f64 = 3.0;

/// Samples per edge length when looking for it: what is thinner stays unseen.
const SAMPLES: f64 = 6.0;

impl Body {
    /// Removes crumbs: face-connected pieces below a hundredth of the whole.
    ///
    /// # Errors
    /// [`MeshError::TooCoarse`] when two remaining pieces are near each other and the fields say that the
    /// straight way between them is inside.
    pub(super) fn drop_crumbs(&mut self, spec: &MeshSpec<'_>) -> Result<Vec<Piece>, MeshError> {
        let next = pair(&self.points, &self.corners())?;
        let mut groups = Groups::new(self.cells.len());
        for (c, n) in next.iter().enumerate() {
            n.iter().filter(|&&n| n != NONE).for_each(|&n| groups.join(c as u32, n));
        }
        let piece: Vec<u32> = (0..self.cells.len() as u32).map(|c| groups.find(c)).collect();
        let mut measure = vec![(0.0, Vec3::zeros(), 0usize); self.cells.len()];
        for (cell, &p) in self.cells.iter().zip(&piece) {
            let x = self.corner_points(&cell.v);
            let volume = volume6(x).abs() / 6.0;
            let m = &mut measure[p as usize];
            m.0 += volume;
            m.1 += volume * (x[0] + x[1] + x[2] + x[3]) / 4.0;
            m.2 += 1;
        }
        let total: f64 = measure.iter().map(|m| m.0).sum();
        let crumb = |p: u32| measure[p as usize].0 < CRUMB * total;
        let dropped = (0..self.cells.len() as u32)
            .filter(|&c| piece[c as usize] == c && crumb(c))
            .map(|c| {
                let (volume, moment, cells) = measure[c as usize];
                Piece { volume_mm3: volume, place: moment / volume.max(1e-300), cells }
            })
            .collect();
        let kept = (0..self.cells.len() as u32).filter(|&c| piece[c as usize] == c && !crumb(c)).count();
        if kept > 1 {
            self.refuse_broken(spec, &piece, &crumb, kept)?;
        }
        let mut c = 0;
        self.cells.retain(|_| {
            c += 1;
            !crumb(piece[c - 1])
        });
        self.compact();
        Ok(dropped)
    }

    /// Follows the fields between pieces near each other, on a fine grid about their nearest vertices.
    fn refuse_broken(
        &self,
        spec: &MeshSpec<'_>,
        piece: &[u32],
        crumb: &dyn Fn(u32) -> bool,
        kept: usize,
    ) -> Result<(), MeshError> {
        // A cell of its piece for every vertex on a surface.
        let mut owner = vec![NONE; self.points.len()];
        for c in (0..piece.len()).filter(|&c| !crumb(piece[c])) {
            let on_surface = self.cells[c].v.iter().filter(|&&v| self.on[v as usize] != 0);
            on_surface.for_each(|&v| owner[v as usize] = c as u32);
        }
        let reach = REACH * spec.edge_mm;
        let mut filed: Vec<([i64; 3], u32)> = (0..self.points.len() as u32)
            .filter(|&v| owner[v as usize] != NONE)
            .map(|v| ((self.points[v as usize] / reach).map(|c| c.floor() as i64).into(), v))
            .collect();
        filed.par_sort_unstable();
        let mut nearest: BTreeMap<[u32; 2], (f64, u32, u32)> = BTreeMap::new();
        for &([i, j, k], v) in &filed {
            for shift in 0..27 {
                let at = [i + shift % 3 - 1, j + shift / 3 % 3 - 1, k + shift / 9 - 1];
                let from = filed.partition_point(|f| f.0 < at);
                for &(_, w) in filed[from..].iter().take_while(|f| f.0 == at) {
                    let own = [v, w].map(|v| piece[owner[v as usize] as usize]);
                    let d = (self.points[v as usize] - self.points[w as usize]).norm();
                    if own[0] < own[1] && d < reach {
                        let best = nearest.entry(own).or_insert((d, v, w));
                        *best = if d < best.0 { (d, v, w) } else { *best };
                    }
                }
            }
        }
        let middle = |v: u32| {
            let cell = self.cells[owner[v as usize] as usize];
            self.corner_points(&cell.v).iter().sum::<Vec3>() / 4.0
        };
        for (_, v, w) in nearest.into_values() {
            let place = 0.5 * (self.points[v as usize] + self.points[w as usize]);
            if connected(spec, middle(v), middle(w)) {
                let place = Place(place);
                return Err(MeshError::TooCoarse {
                    body: spec.name.clone(),
                    pieces: kept,
                    place,
                    edge_mm: spec.edge_mm,
                });
            }
        }
        Ok(())
    }
}

/// Whether one can walk from `a` to `b` inside the body near the straight way, on a grid of a sixth of the edge length.
fn connected(spec: &MeshSpec<'_>, a: Vec3, b: Vec3) -> bool {
    let step = spec.edge_mm / SAMPLES;
    let low = a.inf(&b) - Vec3::repeat(spec.edge_mm);
    let n: [usize; 3] =
        (a.sup(&b) + Vec3::repeat(spec.edge_mm) - low).map(|x| (x / step) as usize + 2).into();
    let at = |i: usize| {
        low + Vec3::new((i % n[0]) as f64, (i / n[0] % n[1]) as f64, (i / (n[0] * n[1])) as f64) * step
    };
    let solid: Vec<bool> = (0..n[0] * n[1] * n[2])
        .into_par_iter()
        .map(|i| {
            let p = at(i);
            let bits =
                spec.surfaces.iter().enumerate().fold(0, |m, (s, f)| m | u32::from(f.value(p) < 0.0) << s);
            (spec.region)(bits, p).is_some()
        })
        .collect();
    let mut groups = Groups::new(solid.len());
    let (row, slab) = (n[0], n[0] * n[1]);
    for i in (0..solid.len()).filter(|&i| solid[i]) {
        let far = [(i % row + 1 < row, 1), (i % slab + row < slab, row), (i + slab < solid.len(), slab)];
        for (_, d) in far.into_iter().filter(|&(there, d)| there && solid[i + d]) {
            groups.join(i as u32, (i + d) as u32);
        }
    }
    // The solid sample nearest to each end; a cell of the piece is about six samples wide.
    let mut nearest = |p: Vec3| {
        let d = |i: usize| (at(i) - p).norm_squared();
        let best = (0..solid.len()).filter(|&i| solid[i]).min_by(|&i, &j| d(i).total_cmp(&d(j)));
        best.map(|i| groups.find(i as u32))
    };
    let from = nearest(a);
    from.is_some() && from == nearest(b)
}
