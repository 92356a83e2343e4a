//! Triangle surfaces and their measures.

use super::Aabb;
use crate::Vec3;

/// Triangle surface, corners counter-clockwise seen from outside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriSurface {
    /// Vertices, mm.
    pub points: Vec<Vec3>,
    /// Vertex numbers of each triangle.
    pub triangles: Vec<[u32; 3]>,
}

impl TriSurface {
    /// Corners of a triangle, mm.
    pub fn corners(&self, triangle: usize) -> [Vec3; 3] {
        self.triangles[triangle].map(|i| self.points[i as usize])
    }

    /// Box around all vertices.
    pub fn bounds(&self) -> Aabb {
        Aabb::around(&self.points)
    }

    /// Enclosed volume by the divergence theorem, mm³; negative when inside out, meaningless when open.
    pub fn volume(&self) -> f64 {
        (0..self.triangles.len())
            .map(|t| {
                let [a, b, c] = self.corners(t);
                a.dot(&b.cross(&c)) / 6.0
            })
            .sum()
    }

    /// Area, mm².
    pub fn area(&self) -> f64 {
        (0..self.triangles.len())
            .map(|t| {
                let [a, b, c] = self.corners(t);
                0.5 * (b - a).cross(&(c - a)).norm()
            })
            .sum()
    }
}
