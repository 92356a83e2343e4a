//! Sweeps by a real Slurm on this machine.
//!
//! Runs where `mini-slurm.sh` lies in the folder that `DENS_SLURM` names, or in `../shared/slurm`, and Slurm is
//! installed; with `slurm` in `DENS_REQUIRE` it must.

use super::{densities, folder, local, plan, table};
use crate::skipped;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A private Slurm, stopped when dropped.
struct Cluster {
    script: PathBuf,
    env: Vec<(String, String)>,
}

impl Cluster {
    fn start(nodes: usize) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let kit = std::env::var_os("DENS_SLURM").map_or_else(|| root.join("../shared/slurm"), Into::into);
        let script = kit.join("mini-slurm.sh");
        let started = Command::new("bash")
            .arg(&script)
            .arg("start")
            .env("MINI_SLURM_NODES", nodes.to_string())
            .env("MINI_SLURM_CPUS", "8")
            .env("MINI_SLURM_MEM", "4000")
            .output();
        let out = match started {
            Ok(o) if script.is_file() && o.status.success() => o,
            other => {
                skipped("slurm", &format!("Slurm does not start: {other:?}"));
                return None;
            }
        };
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let pairs = text.split(['\n', ';']).filter_map(|l| {
            let (name, value) = l.trim().trim_start_matches("export ").split_once('=')?;
            Some((name.to_string(), value.trim_matches(['\'', '"']).to_string()))
        });
        Some(Self { script, env: pairs.collect() })
    }

    fn run(&self, program: &str, arguments: &[&str], dir: &Path) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(dir).envs(self.env.iter().cloned());
        command.output().expect("the program starts")
    }

    fn text(&self, program: &str, arguments: &[&str], dir: &Path) -> String {
        String::from_utf8_lossy(&self.run(program, arguments, dir).stdout).into_owned()
    }

    /// Submits the sweep and waits until the queue is empty.
    fn sweep(&self, dir: &Path, name: &str, more: &[&str]) {
        let mut arguments = vec!["sweep", "slurm", name, "--submit", "--mem", "100 MB", "--threads", "1"];
        let stub = dir.join("stub").display().to_string();
        arguments.extend(["--time", "5 min", "--program", &stub]);
        arguments.extend(more);
        let out = self.run(env!("CARGO_BIN_EXE_dens"), &arguments, dir);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    fn wait(&self, dir: &Path) {
        let start = Instant::now();
        while !self.text("squeue", &["-h"], dir).trim().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(50), "{}", self.text("squeue", &[], dir));
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("bash").arg(&self.script).arg("stop").envs(self.env.iter().cloned()).output();
    }
}

#[test]
fn slurm_gives_the_bytes_of_a_local_sweep_through_several_arrays_and_a_requeue() {
    let Some(cluster) = Cluster::start(1) else { return };
    let values = densities(24);
    let dir = folder(&values, 0.05);
    let dir = dir.path();
    plan(dir, "local");
    assert_eq!(local(dir, "local", "4"), 0);
    let expected = table(dir, "local");

    // Arrays of at most four elements of two runs each: twelve elements, three arrays.
    plan(dir, "arrays");
    cluster.sweep(dir, "arrays", &["--chunk", "2", "--max-array", "4", "--throttle", "3"]);
    assert!(
        dir.join("arrays/slurm/array-0002.sh").is_file() && !dir.join("arrays/slurm/array-0003.sh").exists()
    );
    cluster.wait(dir);
    let merged = std::fs::read_to_string(dir.join("arrays/results.csv")).expect("the last job merged");
    assert_eq!(merged, expected);

    // One element with all runs is told that its time is over, puts itself back and goes on.
    plan(dir, "requeued");
    cluster.sweep(dir, "requeued", &["--chunk", "24"]);
    let cases = dir.join("requeued/cases");
    let begun = Instant::now();
    while std::fs::read_dir(&cases).map_or(0, Iterator::count) < 3 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", cluster.text("squeue", &[], dir));
        std::thread::sleep(Duration::from_millis(20));
    }
    let queue = cluster.text("squeue", &["-h", "-t", "R", "-o", "%F"], dir);
    let id = queue.trim().to_string();
    cluster.run("scancel", &["--batch", "--signal=USR1", &id], dir);
    cluster.wait(dir);
    let log = dir.join(format!("requeued/slurm/log-{id}-0.txt"));
    let log = std::fs::read_to_string(log).expect("written");
    assert!(log.contains(" left"), "the first start was stopped: {log}");
    assert!(log.contains("had a result"), "the second went on: {log}");
    assert_eq!(std::fs::read_to_string(dir.join("requeued/results.csv")).expect("merged"), expected);
}
