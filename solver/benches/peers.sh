#!/usr/bin/env bash
# Dens and its peers on the same matrices, each in turn, three times; medians and ratios at the end.
#
#   solver/benches/peers.sh FOLDER_OF_PEER_SCRIPTS [CASE...]     CASE: tet10-100k tet10-300k tet10-1m tet4-1m loads-300k
#
# Needs solve_csr.py (PyPI pypardiso, scipy) and solve_petsc.py (Debian python3-petsc4py, mpi); PYTHON and
# PETSC_PYTHON3 name the interpreters that have them. A peer that is not there is left out, and said.
set -euo pipefail
peers="$(cd "$1" && pwd)"
shift
cd "$(dirname "$0")/../.."
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(tet10-100k tet10-300k tet10-1m tet4-1m loads-300k)
work="${PEERS_WORK:-target/peers}"
repeats="${PEERS_REPEATS:-3}"
mkdir -p "$work"
work="$(cd "$work" && pwd)"
export OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 RAYON_NUM_THREADS=2
dens() { cargo bench --quiet -p dens-solver --bench peers -- "$@"; }
pardiso() { "${PYTHON:-python3}" "$peers/solve_csr.py" pardiso "$1" 2>/dev/null; }
petsc() {
    OMP_NUM_THREADS=1 mpirun --allow-run-as-root -n 2 "${PETSC_PYTHON3:-python3}" "$peers/solve_petsc.py" "$1" "$2" 2>/dev/null
}
for case in "${cases[@]}"; do
    file="$work/$case.bin"
    out="$work/$case.jsonl"
    : >"$out"
    case "$case" in
        tet10-100k) dens write tet10 100000 "$file" ;;
        tet10-300k | loads-300k) dens write tet10 300000 "$file" ;;
        tet10-1m) dens write tet10 1000000 "$file" ;;
        tet10-3m) dens write tet10 3000000 "$file" ;;
        tet4-1m) dens write tet4 1000000 "$file" ;;
        tet4-300k) dens write tet4 300000 "$file" ;;
    esac
    for _ in $(seq "$repeats"); do
        case "$case" in
            tet10-100k)
                dens solve cholesky "$file" >>"$out"
                dens solve multigrid "$file" >>"$out"
                pardiso "$file" >>"$out" || echo "no PARDISO" ;;
            loads-300k)
                dens solve cholesky "$file" 10 >>"$out"
                dens solve multigrid "$file" 10 >>"$out"
                pardiso "$file" >>"$out" || echo "no PARDISO" ;;
            *)
                dens solve multigrid "$file" >>"$out"
                petsc gamg "$file" >>"$out" || echo "no PETSc"
                petsc boomer "$file" >>"$out" || echo "no BoomerAMG"
                if [ "$case" = tet10-300k ]; then pardiso "$file" >>"$out" || echo "no PARDISO"; fi ;;
        esac
    done
    "${PYTHON:-python3}" - "$case" "$out" <<'PY'
import json, statistics, sys
case, path = sys.argv[1:]
runs = {}
for line in open(path):
    if line.startswith("{"):
        row = json.loads(line)
        runs.setdefault(row["solver"], []).append(row)
middle = lambda rows, key: statistics.median(r.get(key, float("nan")) for r in rows)
best = min((middle(r, "total_s") for s, r in runs.items() if not s.startswith("dens")), default=float("nan"))
least = min((middle(r, "rss_gb") for s, r in runs.items() if not s.startswith("dens")), default=float("nan"))
print(f"{case}: {next(iter(runs.values()))[0]['n']} unknowns, medians of {len(next(iter(runs.values())))}")
for solver, rows in runs.items():
    total, memory = middle(rows, "total_s"), middle(rows, "rss_gb")
    iterations = rows[0].get("iters", "")
    print(f"  {solver:16} total {total:8.2f} s  memory {memory:6.2f} GB  iterations {iterations!s:4}"
          f"  f.u {rows[0]['compliance']:.9e}  time / best peer {total / best:.3f}  memory / best peer {memory / least:.3f}")
PY
    rm -f "$file"
done
