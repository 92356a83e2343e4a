//! Scripts that hand a sweep to the machines of a cluster.
//!
//! Slurm runs it as job arrays and merges after them whatever became of them (`afterany`): a dependency that failed
//! once is never run, even if the failed job is run again with success. PBS, LSF, HyperQueue and Kubernetes get texts
//! to edit; they were not run here.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a job asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// This program as the nodes call it.
    pub dens: Vec<String>,
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
    /// Runs without a result yet, by number.
    pub left: BTreeSet<usize>,
}

impl Job {
    /// This program in words of a shell.
    fn dens(&self) -> String {
        let words: Vec<String> = self.dens.iter().map(|w| word(w)).collect();
        words.join(" ")
    }

    /// Words that run cases of the sweep in `folder`, behind those of the program.
    fn arguments(&self, folder: &str) -> Vec<String> {
        // The rest is for the program that starts the cases.
        let memory = (self.memory_mib * 95 / 100).max(1);
        let mut words = ["sweep", "run", folder, "--threads"].map(str::to_string).to_vec();
        words.extend([self.threads.to_string(), "--mem".into(), format!("{memory} MiB")]);
        words.extend(self.program.iter().flat_map(|p| ["--program".to_string(), p.clone()]));
        words
    }

    /// Command of a shell that runs cases of the sweep.
    fn run(&self) -> String {
        let words: Vec<String> = self.arguments(&self.folder).iter().map(|w| word(w)).collect();
        format!("{} {}", self.dens(), words.join(" "))
    }

    /// Array elements of the whole sweep.
    pub fn elements(&self) -> usize {
        self.runs.div_ceil(self.chunk)
    }

    /// Elements with a run that has no result yet, in order.
    pub fn unfinished(&self) -> Vec<usize> {
        let elements: BTreeSet<usize> = self.left.iter().map(|k| k / self.chunk).collect();
        elements.into_iter().collect()
    }

    /// Unfinished elements of each array: the first, and all as numbers from there. None is beyond what an array may have.
    pub fn arrays(&self) -> Vec<(usize, Vec<usize>)> {
        let mut arrays: Vec<(usize, Vec<usize>)> = Vec::new();
        for k in self.unfinished() {
            match arrays.last_mut() {
                Some((first, numbers)) if k - *first < self.max_array => numbers.push(k - *first),
                _ => arrays.push((k, vec![0])),
            }
        }
        arrays
    }

    /// Script of the array of elements `first` + each of `numbers`.
    pub fn slurm(&self, first: usize, numbers: &[usize]) -> String {
        let throttle = if self.throttle == 0 { String::new() } else { format!("%{}", self.throttle) };
        // The signal may come a minute early; a running case is then put off, not lost.
        let lead = (self.minutes * 60 / 4).clamp(20, 120);
        let mut t = String::from("#!/bin/bash\n");
        let mut line = |text: String| {
            let _ = writeln!(t, "{text}");
        };
        line("#SBATCH --job-name=dens-sweep".into());
        line(format!("#SBATCH --array={}{throttle}", ranges(numbers)));
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
        line("signaled=0".into());
        line("trap 'told=1; signaled=1; kill -USR1 $child 2>/dev/null' USR1".into());
        line("trap 'told=1; signaled=1; kill -TERM $child 2>/dev/null' TERM".into());
        line("# wait returns early when a signal is trapped, with the code of the signal".into());
        line("while :; do told=0; wait $child; code=$?; [ $told = 1 ] || break; done".into());
        line("# bash loses the code of a child that ends just then; all that was finished is kept, so it is run again".into());
        line("if [ $signaled = 1 ] && { [ $code = -1 ] || [ $code = 127 ]; }; then code=75; fi".into());
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
            self.dens(),
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
        // An array of one element is refused.
        let (array, index) = match self.elements() {
            0 | 1 => (String::new(), "0"),
            n => (format!("#PBS -J 0-{}{throttle}\n", n - 1), "PBS_ARRAY_INDEX"),
        };
        self.template(
            &format!(
                "#PBS -N dens-sweep\n{array}#PBS -l select=1:ncpus={}:mem={}mb\n#PBS -l walltime={:02}:{:02}:00\n#PBS -r y\n",
                self.threads,
                self.memory_mib,
                self.minutes / 60,
                self.minutes % 60
            ),
            index,
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
        let mut arguments = self.arguments("/sweep");
        arguments.extend(["--chunk".to_string(), self.chunk.to_string()]);
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: dens-sweep\nspec:\n  completionMode: Indexed\n  completions: {n}\n  parallelism: {p}\n  backoffLimitPerIndex: 3\n  maxFailedIndexes: {n}\n  podFailurePolicy:\n    rules:\n    - action: FailIndex\n      onExitCodes:\n        operator: In\n        values: [2, 3]\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: dens\n        image: REGISTRY/dens:VERSION   # edit: an image that holds the program\n        command: {program}\n        args: {arguments}\n        resources:\n          requests: {{cpu: \"{threads}\", memory: \"{mem}Mi\"}}\n          limits: {{memory: \"{mem}Mi\"}}\n        volumeMounts:\n        - {{name: sweep, mountPath: /sweep}}\n      volumes:\n      - name: sweep\n        persistentVolumeClaim: {{claimName: sweep}}   # edit: a volume that holds the folder of the sweep\n",
            n = self.elements(),
            p = if self.throttle == 0 { self.elements().min(100) } else { self.throttle },
            program = serde_json::json!(self.dens),
            arguments = serde_json::json!(arguments),
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

/// A word of a shell, in quotes where it needs them.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
    if !text.is_empty() && text.chars().all(plain) { text.to_string() } else { quoted(text) }
}

/// Ascending numbers as a scheduler takes them: `0-3,7,9-12`.
fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for k in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *k => *last = *k,
            _ => parts.push((*k, *k)),
        }
    }
    let text = |(a, b): (usize, usize)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    parts.into_iter().map(text).collect::<Vec<_>>().join(",")
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
            dens: vec!["dens".into()],
            program: None,
            folder: "/scratch/it's here".into(),
            runs,
            chunk,
            throttle: 4,
            threads: 2,
            memory_mib: 4000,
            minutes: 30,
            max_array,
            left: (0..runs).collect(),
        }
    }

    #[test]
    fn arrays_cover_every_element_once_and_none_is_too_long() {
        for (runs, chunk, most) in
            [(1000, 1, 100), (1000, 7, 100), (1, 10, 100), (100, 1, 100), (101, 1, 100)]
        {
            let job = job(runs, chunk, most);
            let mut next = 0;
            for (first, numbers) in job.arrays() {
                for k in numbers {
                    assert!(first + k == next && k < most);
                    next += 1;
                }
            }
            assert_eq!(next, runs.div_ceil(chunk));
        }
    }

    #[test]
    fn only_elements_with_a_run_that_is_left_are_submitted() {
        let mut job = job(1000, 2, 100);
        job.left = BTreeSet::from([3, 4, 5, 20, 21, 900, 901, 903]);
        assert_eq!(job.arrays(), [(1, vec![0, 1, 9]), (450, vec![0, 1])]);
        let script = job.slurm(1, &[0, 1, 9]);
        assert!(script.contains("--array=0-1,9%4") && script.contains("1 + SLURM_ARRAY_TASK_ID"), "{script}");
        job.left.clear();
        assert!(job.arrays().is_empty());
    }

    #[test]
    fn the_code_of_a_trapped_signal_is_never_that_of_the_runs() {
        // The lines of the script from the start of the child on, with a child that signals and ends later or at once.
        let script = job(1, 1, 100).slurm(0, &[0]);
        assert!(script.contains("--mem '3800 MiB'"), "{script}");
        let (_, tail) = script.split_once("child=$!").expect("a child");
        for (after, codes) in [("sleep 0.2;", &[3][..]), ("", &[3, 75])] {
            let child = format!("trap \"\" USR1; sleep 0.1; kill -USR1 $PPID; {after} exit 3");
            let text = format!("bash -c '{child}' &\nchild=$!{tail}");
            let mut bash = std::process::Command::new("bash");
            // Not to be put back into a queue.
            let ended = bash.env("SLURM_RESTART_COUNT", "20").args(["-c", &text]).status().expect("bash");
            assert!(ended.code().is_some_and(|c| codes.contains(&c)), "{ended:?}");
        }
    }

    #[test]
    fn one_element_is_no_array_and_a_container_gets_plain_words() {
        let mut job = job(4, 4, 100);
        assert!(!job.pbs().contains("-J") && job.pbs().contains("from=$(( 0 * 4 ))"));
        job.runs = 5;
        assert!(job.pbs().contains("#PBS -J 0-1%4"));
        job.dens = vec!["/opt/my dens".into(), "--x".into()];
        job.program = Some("wrap dens".into());
        let text = job.kubernetes();
        assert!(text.contains(r#"command: ["/opt/my dens","--x"]"#), "{text}");
        assert!(text.contains(r#""--program","wrap dens""#) && text.contains(r#""/sweep""#), "{text}");
        assert!(job.lsf().contains("'/opt/my dens' --x sweep run"), "{}", job.lsf());
    }

    #[test]
    fn a_requeue_names_the_element_and_never_the_whole_array() {
        let script = job(10, 1, 100).slurm(0, &(0..10).collect::<Vec<_>>());
        assert!(script.contains("requeue ${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"));
        assert!(!script.contains("SLURM_JOB_ID"));
        assert!(script.contains("--array=0-9%4"));
    }

    #[test]
    fn a_folder_with_a_quote_is_one_word() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
