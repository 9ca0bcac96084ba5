//! The command `opsctl`.

fn main() -> std::process::ExitCode {
    opsctl::cli::main()
}
