//! The binary: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// Requests make and drop many small values; `MiMalloc` is measurably quicker with them (ADR 6). Memory is overwritten
/// when it is freed, whichever library freed it, so that nothing of a visitor is left in it (ADR 25).
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> ExitCode {
    entrenous::cli::run()
}
