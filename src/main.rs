//! The command `opsctl`.

/// A plan is many small texts: with the allocator of glibc, one over 100,000 resources takes half as long again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    opsctl::cli::main()
}
