//! The binary: everything is in the library, so that tests run the same code.

use std::process::ExitCode;

/// A large file is millions of small texts, which the C library's allocator is slow at, and slower still where it is musl's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    anxin::app::cli::run()
}
