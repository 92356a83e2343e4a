//! The manifest of a run: what may differ from run to run, and the hashes of what was written.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Version of the layout of a manifest.
pub const SCHEMA: &str = "dens-manifest/1";

/// Facts of one run that are not results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout, [`SCHEMA`].
    pub schema: String,
    /// Program that ran.
    pub program: String,
    /// Version of that program.
    pub version: String,
    /// Name of the case.
    pub case: String,
    /// Worker threads.
    pub threads: usize,
    /// Wall time of each phase in order.
    pub phases: Vec<Phase>,
    /// Wall time of the run, s.
    pub seconds: f64,
    /// Largest resident memory, MiB; 0 where the system does not tell.
    pub peak_memory_mib: f64,
    /// Kind of host: operating system, architecture, cores; no name of a machine or person.
    pub host: String,
    /// Instructions the numerics are fixed to.
    pub instruction_set: String,
    /// Written files by path relative to the output folder.
    pub outputs: BTreeMap<String, Output>,
}

/// Phase of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Name of the phase.
    pub name: String,
    /// Wall time, s.
    pub seconds: f64,
}

/// Written file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
    /// Length of the content, bytes.
    pub bytes: u64,
}

impl Output {
    /// Hash and length of a content.
    pub fn of(content: &[u8]) -> Self {
        Self { sha256: sha256_hex(content), bytes: content.len() as u64 }
    }
}

impl Manifest {
    /// Empty manifest.
    pub fn new(program: &str, version: &str, case: &str) -> Self {
        Self {
            schema: SCHEMA.to_string(),
            program: program.to_string(),
            version: version.to_string(),
            case: case.to_string(),
            threads: 0,
            phases: Vec::new(),
            seconds: 0.0,
            peak_memory_mib: 0.0,
            host: String::new(),
            instruction_set: String::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// The manifest as indented JSON in UTF-8, ending in a line feed.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain fields always serialize");
        bytes.push(b'\n');
        bytes
    }
}

/// SHA-256 of `content`.
pub fn digest(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

/// SHA-256 of `content` in lower-case hexadecimal.
pub fn sha256_hex(content: &[u8]) -> String {
    digest(content).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_gives_the_published_digest() {
        // FIPS 180-2, appendix B.1: message "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }

    #[test]
    fn manifest_survives_json() {
        let mut m = Manifest::new("dens", "0.1.0", "tiny");
        m.outputs.insert("record.json".to_string(), Output::of(b"{}"));
        let back: Manifest = serde_json::from_slice(&m.to_json()).expect("it was just written");
        assert_eq!(back, m);
    }
}
