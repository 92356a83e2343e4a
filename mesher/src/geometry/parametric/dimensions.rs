//! Dimensions of the vertebrae, one field per entry of the evidence file.

/// Mean adult dimensions before scaling to a sex, mm and degrees.
///
/// Names and values follow `anthropometry.toml` (`[[dim]]` keys in the comments). Where left and right are
/// given, the mean of both; where the file holds a male and a female value, or a male one only, the value
/// between the sexes with a female to male ratio of 0.92.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dimensions {
    /// `c1_overall.width`, between the tips of the transverse processes.
    pub c1_width: f64,
    /// `c1_overall.ap`, from the anterior to the posterior tubercle.
    pub c1_depth: f64,
    /// `c1_overall.anterior_arch_height`.
    pub c1_anterior_arch_height: f64,
    /// `c1_superior_facet`: antero-posterior, transverse.
    pub c1_superior_facet: [f64; 2],
    /// `c1_inferior_facet` and `c2_superior_facet` meet in one joint: antero-posterior, transverse.
    pub c1_c2_facet: [f64; 2],
    /// `c1_c2_facet_coronal_slope_deg`.
    pub c1_c2_slope: f64,
    /// `c2_inferior_facet` and `c3_superior_facet`: along the slope, transverse.
    pub c2_c3_facet: [f64; 2],
    /// `c3_inferior_facet` (Patel): along the slope, transverse.
    pub c3_c4_facet: [f64; 2],
    /// `subaxial_lateral_mass.facet_angle_deg`, from the horizontal.
    pub subaxial_slope: f64,
    /// `c2_body_and_dens.body_ap`.
    pub c2_body_depth: f64,
    /// `c2_heights_male_ct.body_posterior_height`, between the sexes.
    pub c2_posterior_height: f64,
    /// `c2_body_and_dens.dens_height` (14.86) and `c2_heights_male_ct.dens_height` (17.8, between the sexes
    /// 17.1): their mean.
    pub dens_height: f64,
    /// `c2_body_and_dens.dens_transverse`.
    pub dens_width: f64,
    /// `c2_c3_c4_endplates_panjabi.C2`: width and depth of the lower endplate.
    pub c2_endplate: [f64; 2],
    /// `c3_body.superior_ap`, `c3_body.inferior_ap`.
    pub c3_depth: [f64; 2],
    /// `c3_body.superior_transverse`, `c3_body.inferior_transverse`.
    pub c3_width: [f64; 2],
    /// Height in the middle, between `c3_body.height` (12.04) and `c2_c3_c4_endplates_panjabi.C3.VBHp` (11.6,
    /// behind, where the lower endplate hangs 0.5 mm lower).
    pub c3_height: f64,
    /// `c2_c3_c4_endplates_panjabi.C3`: bearing width and depth of the upper and of the lower endplate.
    pub c3_endplates: [[f64; 2]; 2],
    /// `c2_c3_c4_endplates_panjabi.C4`: upper width and depth, lower width and depth.
    pub c4_endplates: [[f64; 2]; 2],
    /// Height in the middle; `c2_c3_c4_endplates_panjabi.C4.VBHp` is 11.4 behind.
    pub c4_height: f64,
    /// `c2_c3_disc_height`.
    pub disc_height: f64,
    /// `endplate_shape.superior_tilt_deg`.
    pub endplate_tilt: f64,
}

/// Female over mean of both sexes, from `sex_scale.female_over_male_linear` = 0.92.
pub(super) const FEMALE: f64 = 2.0 * 0.92 / 1.92;
/// Male over mean of both sexes.
pub(super) const MALE: f64 = 2.0 / 1.92;

/// The evidence, entry by entry.
pub(super) const ADULT: Dimensions = Dimensions {
    c1_width: 75.5,
    c1_depth: 45.0,
    c1_anterior_arch_height: 10.5,
    c1_superior_facet: [21.5, 11.25],
    c1_c2_facet: [17.5, 15.1],
    c1_c2_slope: 25.0,
    c2_c3_facet: [11.0, 9.9],
    c3_c4_facet: [9.5, 9.9],
    subaxial_slope: 40.1,
    c2_body_depth: 14.8,
    c2_posterior_height: 20.5,
    dens_height: 16.0,
    dens_width: 9.3,
    c2_endplate: [17.5, 15.6],
    c3_depth: [14.67, 15.71],
    c3_width: [20.24, 19.35],
    c3_height: 11.5,
    c3_endplates: [[15.8, 15.0], [17.2, 15.6]],
    c4_endplates: [[17.2, 15.3], [17.0, 15.9]],
    c4_height: 11.1,
    disc_height: 4.8,
    endplate_tilt: 12.0,
};
