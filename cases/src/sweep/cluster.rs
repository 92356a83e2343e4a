//! Scripts that hand a sweep to the machines of a cluster.
//!
//! Slurm runs it as job arrays and merges after them whatever became of them (`afterany`): a dependency that failed
//! once is never run, even if the failed job is run again with success. PBS, LSF, HyperQueue and Kubernetes get texts
//! to edit; they were not run here.

use std::fmt::Write as _;

/// What a job asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// This program as the nodes call it, words of a shell.
    pub dens: String,
    /// Program that runs a case, where it is another.
    pub program: Option<String>,
    /// Folder of the sweep, as the nodes see it.
    pub folder: String,
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs of one array element.
    pub chunk: usize,
    /// Elements at once; 0 for no limit.
    pub throttle: usize,
    /// Threads of a run.
    pub threads: usize,
    /// Memory of an element, MiB.
    pub memory_mib: u64,
    /// Time of an element, minutes.
    pub minutes: u64,
    /// Elements an array may have.
    pub max_array: usize,
}

impl Job {
    /// Words that run cases of the sweep.
    fn run(&self) -> String {
        let program = self.program.as_ref().map_or_else(String::new, |p| format!(" --program {}", quoted(p)));
        format!("{} sweep run {} --threads {}{program}", self.dens, quoted(&self.folder), self.threads)
    }

    /// Array elements the sweep needs.
    pub fn elements(&self) -> usize {
        self.runs.div_ceil(self.chunk)
    }

    /// First element and number of elements of each array.
    pub fn arrays(&self) -> Vec<(usize, usize)> {
        let all = self.elements();
        (0..all).step_by(self.max_array).map(|first| (first, (all - first).min(self.max_array))).collect()
    }

    /// Script of the array that begins at element `first`.
    pub fn slurm(&self, first: usize, count: usize) -> String {
        let throttle = if self.throttle == 0 { String::new() } else { format!("%{}", self.throttle) };
        // The signal may come a minute early; a running case is then put off, not lost.
        let lead = (self.minutes * 60 / 4).clamp(20, 120);
        let mut t = String::from("#!/bin/bash\n");
        let mut line = |text: String| {
            let _ = writeln!(t, "{text}");
        };
        line("#SBATCH --job-name=dens-sweep".into());
        line(format!("#SBATCH --array=0-{}{throttle}", count - 1));
        line("#SBATCH --ntasks=1".into());
        line(format!("#SBATCH --cpus-per-task={}", self.threads));
        line(format!("#SBATCH --mem={}M", self.memory_mib));
        line(format!("#SBATCH --time={}", self.minutes));
        line("#SBATCH --requeue".into());
        line("#SBATCH --open-mode=append".into());
        line(format!("#SBATCH --signal=B:USR1@{lead}"));
        line(format!("#SBATCH --output={}/slurm/log-%A-%a.txt", quoted_in_directive(&self.folder)));
        line(format!("element=$(( {first} + SLURM_ARRAY_TASK_ID ))"));
        line(format!("from=$(( element * {} ))", self.chunk));
        line(format!("to=$(( from + {} ))", self.chunk - 1));
        line(format!("if [ $to -ge {0} ]; then to=$(( {0} - 1 )); fi", self.runs));
        line(format!("{} --tasks $from..$to --within \"{} s\" &", self.run(), self.minutes * 60 - lead));
        line("child=$!".into());
        line("trap 'kill -USR1 $child 2>/dev/null' USR1".into());
        line("trap 'kill -TERM $child 2>/dev/null' TERM".into());
        line("# wait returns early when a signal is trapped".into());
        line("while :; do wait $child; code=$?; kill -0 $child 2>/dev/null || break; done".into());
        line("# 75: stopped in time with all that was finished kept; with the plain job id the whole array would start again".into());
        line("if [ $code = 75 ] && [ ${SLURM_RESTART_COUNT:-0} -lt 20 ]; then".into());
        line("  scontrol requeue ${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID} && sleep 60".into());
        line("fi".into());
        line("exit $code".into());
        t
    }

    /// Script that merges.
    pub fn slurm_merge(&self) -> String {
        format!(
            "#!/bin/bash\n#SBATCH --job-name=dens-merge\n#SBATCH --ntasks=1\n#SBATCH --time=30\n#SBATCH --output={}/slurm/log-merge-%j.txt\nexec {} sweep merge {}\n",
            quoted_in_directive(&self.folder),
            self.dens,
            quoted(&self.folder)
        )
    }

    /// Script that submits the arrays `names` and the merge after them.
    pub fn slurm_submit(&self, names: &[String]) -> String {
        let mut t = String::from("#!/bin/bash\nset -e\ncd \"$(dirname \"$0\")\"\nids=\n");
        for name in names {
            let _ = writeln!(t, "ids=$ids:$(sbatch --parsable {name})");
        }
        let _ = writeln!(t, "sbatch --parsable --dependency=afterany$ids merge.sh");
        t
    }

    /// PBS Professional: `qsub FILE`.
    pub fn pbs(&self) -> String {
        let throttle = if self.throttle == 0 { String::new() } else { format!("%{}", self.throttle) };
        self.template(
            &format!(
                "#PBS -N dens-sweep\n#PBS -J 0-{}{throttle}\n#PBS -l select=1:ncpus={}:mem={}mb\n#PBS -l walltime={:02}:{:02}:00\n#PBS -r y\n",
                self.elements() - 1,
                self.threads,
                self.memory_mib,
                self.minutes / 60,
                self.minutes % 60
            ),
            "PBS_ARRAY_INDEX",
        )
    }

    /// LSF: `bsub < FILE`.
    pub fn lsf(&self) -> String {
        let throttle = if self.throttle == 0 { String::new() } else { format!("%{}", self.throttle) };
        self.template(
            &format!(
                "#BSUB -J \"dens-sweep[1-{}]{throttle}\"\n#BSUB -n {}\n#BSUB -R \"span[hosts=1] rusage[mem={}]\"\n#BSUB -W {}\n#BSUB -r\nLSB_FROM_ZERO=$(( LSB_JOBINDEX - 1 ))\n",
                self.elements(),
                self.threads,
                self.memory_mib,
                self.minutes
            ),
            "LSB_FROM_ZERO",
        )
    }

    /// HyperQueue: `sh FILE`.
    pub fn hyperqueue(&self) -> String {
        format!(
            "#!/bin/sh\nhq submit --array 0-{} --cpus {} --time-limit {}m --crash-limit 5 -- {} --chunk {}\n",
            self.elements() - 1,
            self.threads,
            self.minutes,
            self.run(),
            self.chunk
        )
    }

    /// Kubernetes indexed job: `kubectl apply -f FILE`. Exit 75 is tried again; 2 and 3 are for good.
    pub fn kubernetes(&self) -> String {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: dens-sweep\nspec:\n  completionMode: Indexed\n  completions: {n}\n  parallelism: {p}\n  backoffLimitPerIndex: 3\n  maxFailedIndexes: {n}\n  podFailurePolicy:\n    rules:\n    - action: FailIndex\n      onExitCodes:\n        operator: In\n        values: [2, 3]\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: dens\n        image: REGISTRY/dens:VERSION   # edit: an image that holds the program\n        command: [{program}]\n        args: [\"sweep\", \"run\", \"/sweep\", \"--chunk\", \"{chunk}\", \"--threads\", \"{threads}\"]\n        resources:\n          requests: {{cpu: \"{threads}\", memory: \"{mem}Mi\"}}\n          limits: {{memory: \"{mem}Mi\"}}\n        volumeMounts:\n        - {{name: sweep, mountPath: /sweep}}\n      volumes:\n      - name: sweep\n        persistentVolumeClaim: {{claimName: sweep}}   # edit: a volume that holds the folder of the sweep\n",
            n = self.elements(),
            p = if self.throttle == 0 { self.elements().min(100) } else { self.throttle },
            program = serde_json::json!(self.dens),
            chunk = self.chunk,
            threads = self.threads,
            mem = self.memory_mib,
        )
    }

    fn template(&self, head: &str, index: &str) -> String {
        format!(
            "#!/bin/bash\n{head}from=$(( {index} * {chunk} ))\nto=$(( from + {last} ))\nif [ $to -ge {runs} ]; then to=$(( {runs} - 1 )); fi\nexec {run} --tasks $from..$to --within \"{seconds} s\"\n",
            chunk = self.chunk,
            last = self.chunk - 1,
            runs = self.runs,
            run = self.run(),
            seconds = self.minutes * 60 - 60,
        )
    }
}

/// Text as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A folder within a directive of a scheduler, where quotes are not words of a shell.
fn quoted_in_directive(text: &str) -> String {
    text.replace(' ', "\\ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(runs: usize, chunk: usize, max_array: usize) -> Job {
        Job {
            dens: "dens".into(),
            program: None,
            folder: "/scratch/it's here".into(),
            runs,
            chunk,
            throttle: 4,
            threads: 2,
            memory_mib: 4000,
            minutes: 30,
            max_array,
        }
    }

    #[test]
    fn arrays_cover_every_element_once_and_none_is_too_long() {
        for (runs, chunk, most) in
            [(1000, 1, 100), (1000, 7, 100), (1, 10, 100), (100, 1, 100), (101, 1, 100)]
        {
            let job = job(runs, chunk, most);
            let arrays = job.arrays();
            let mut next = 0;
            for (first, count) in arrays {
                assert_eq!(first, next);
                assert!(0 < count && count <= most);
                next += count;
            }
            assert_eq!(next, runs.div_ceil(chunk));
        }
    }

    #[test]
    fn a_requeue_names_the_element_and_never_the_whole_array() {
        let script = job(10, 1, 100).slurm(0, 10);
        assert!(script.contains("requeue ${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"));
        assert!(!script.contains("SLURM_JOB_ID"));
        assert!(script.contains("--array=0-9%4"));
    }

    #[test]
    fn a_folder_with_a_quote_is_one_word() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
