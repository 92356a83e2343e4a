//! The program `dens`.

fn main() {
    std::process::exit(dens_cases::fall::guarded(|| dens_cases::cli::main(std::env::args_os())));
}
