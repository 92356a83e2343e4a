//! What the numerics need of the processor, so that the same input gives the same bits on another one.

/// Instructions this build is fixed to, as results record it.
///
/// The dense kernels of the factorisation choose among the kinds of processors. From AVX2 with FMA on, wider vectors
/// leave the order of every sum as it is, so the bits are equal (shown by a test that emulates a processor with AVX2
/// on whatever runs it); without FMA they are not, hence [`processor_is_supported`].
pub const INSTRUCTION_SET: &str = if cfg!(target_arch = "x86_64") {
    "x86-64 with AVX2 and FMA"
} else if cfg!(target_arch = "aarch64") {
    "aarch64 with NEON"
} else {
    "generic"
};

/// Whether this processor has [`INSTRUCTION_SET`].
#[cfg(target_arch = "x86_64")]
pub fn processor_is_supported() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

/// Whether this processor has [`INSTRUCTION_SET`].
#[cfg(not(target_arch = "x86_64"))]
pub fn processor_is_supported() -> bool {
    true
}
